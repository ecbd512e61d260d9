//! The first suggestions as cards, side by side where there is room, else one below the other.

use eframe::egui::{
    Align, Frame, Id, Label, Layout, Response, RichText, Sense, Stroke, Ui, UiBuilder, WidgetType,
    vec2,
};

use super::files;
use super::shown::Row;
use crate::kinship::Metric;
use crate::study::{Command, Selection};
use crate::text::sentence_case;
use crate::ui::ext::{ResponseExt, quiet};
use crate::ui::format;
use crate::ui::theme::{self, Tokens, radius, space};
use crate::ui::views::{GAIN_RECORD, ViewContext};
use crate::ui::widgets::{fact_ui, focus_ring, primary_button};
use crate::workbench::suggesting::Recommended;

/// How many cards there are, and how many in a wide window.
const USUAL: usize = 3;
const MOST: usize = 5;
/// Below this width of a card they stand one below the other, in points.
const LEAST_WIDTH: f32 = 206.0;
/// No card is wider, in points: lines of reasons are read, not followed.
const MOST_WIDTH: f32 = 460.0;
/// Height of the line of a model, in points.
const LINE: f32 = 22.0;
const GAP: f32 = space::M;

/// What the cards keep: how high the highest was, so that all are.
#[derive(Default)]
pub struct Cards {
    height: f32,
}

impl Cards {
    /// Draws them; how many there are.
    pub fn ui(&mut self, ui: &mut Ui, view: &ViewContext<'_>, rows: &[Row]) -> usize {
        let room = (ui.available_width() + GAP) / (MOST_WIDTH + GAP);
        let most = (room.round() as usize).clamp(USUAL, MOST);
        let rows = &rows[..rows.len().min(most)];
        // Two cards are as wide as two of three.
        let width = (ui.available_width() - GAP * (most - 1) as f32) / most as f32;
        let mut highest: f32 = 0.0;
        if width < LEAST_WIDTH {
            for (k, row) in rows.iter().enumerate() {
                let width = ui.available_width();
                card_ui(ui, view, (k, row), vec2(width, 0.0));
            }
        } else {
            let size = vec2(width.min(MOST_WIDTH), self.height);
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = GAP;
                for (k, row) in rows.iter().enumerate() {
                    highest = highest.max(card_ui(ui, view, (k, row), size));
                }
            });
            if (highest - self.height).abs() > 0.5 {
                self.height = highest;
                ui.ctx().request_repaint();
            }
        }
        rows.len()
    }
}

/// One card; how high its content is.
fn card_ui(
    ui: &mut Ui,
    view: &ViewContext<'_>,
    (k, row): (usize, &Row),
    size: eframe::egui::Vec2,
) -> f32 {
    let t = Tokens::of(ui);
    let [a, b] = row.pair;
    let is_selected = *view.bench.study().selection() == Selection::Pair(a, b);
    let layout = Layout::top_down(Align::Min);
    let id = Id::new(("suggested merge", a.0, b.0));
    let builder = UiBuilder::new().id(id).sense(Sense::click()).layout(layout);
    let mut natural = 0.0;
    let response = ui
        .scope_builder(builder, |ui| {
            let response = ui.response();
            response.named_selected(
                WidgetType::Button,
                is_selected,
                format!("Suggestion {}: {}", k + 1, row.title()),
            );
            // As thick at all times, or what is inside would move.
            let outline = match (is_selected, response.hovered()) {
                (true, _) => t.accent,
                (_, true) => t.line_strong,
                _ => t.line,
            };
            let frame = Frame::new()
                .fill(t.raised)
                .stroke(Stroke::new(1.0, outline))
                .corner_radius(radius::CARD)
                .inner_margin(space::M);
            frame.show(ui, |ui| {
                ui.set_width(size.x - 2.0 * (space::M + 1.0));
                natural = content_ui(ui, view, (k, row), size.y);
            });
        })
        .response;
    focus_ring(ui, &response);
    if response.clicked() {
        view.push(Command::Select(Selection::Pair(a, b)));
    }
    natural
}

/// Everything in a card; `height` is that of the highest, whose foot is everybody's.
fn content_ui(ui: &mut Ui, view: &ViewContext<'_>, (k, row): (usize, &Row), height: f32) -> f32 {
    let top = ui.cursor().top();
    ui.spacing_mut().item_spacing.y = 2.0;
    for (k, average) in row.averages.into_iter().enumerate() {
        parent_ui(ui, &row.names[k], &row.whole[k], average);
    }
    ui.add_space(space::XS);
    facts_ui(ui, row);
    ui.add_space(space::XS);
    for (at, reason) in row.reasons.iter().enumerate() {
        reason_ui(ui, reason, at == 0 && row.are_copies());
    }
    ui.add_space(space::S);
    let above = ui.cursor().top() - top;
    let foot = theme::ROW_HEIGHT;
    if height > above + foot {
        ui.add_space(height - above - foot);
    }
    let button = compose_button(ui, k, row);
    let button = match &row.lacks {
        Some(lacks) => button.on_hover_text(lacks),
        None => button,
    };
    if button.clicked() {
        view.push(row.compose());
    }
    above + foot
}

/// The first is the way on, unless it is one of near copies.
fn compose_button(ui: &mut Ui, k: usize, row: &Row) -> Response {
    let response = if k > 0 || row.are_copies() {
        ui.button("Compose merge")
    } else {
        primary_button(ui, "Compose merge")
    };
    let words = format!("Compose merge of {} and {}", row.names[0], row.names[1]);
    response.named(WidgetType::Button, &words);
    response
}

fn parent_ui(ui: &mut Ui, name: &str, whole: &str, average: Option<f64>) {
    let line = vec2(ui.available_width(), LINE);
    ui.allocate_ui_with_layout(line, Layout::right_to_left(Align::Center), |ui| {
        ui.label(format::score(average))
            .on_hover_text(format::full(average));
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            ui.add(Label::new(theme::strong(name)).truncate())
                .on_hover_text(whole);
        });
    });
}

fn facts_ui(ui: &mut Ui, row: &Row) {
    let advised = &row.advised;
    let score = Some(advised.expected);
    let help = "The mean of the two scores plus the gain that is expected";
    let hover = format!("{}\n{help}", format::full(score));
    fact_ui(ui, "Expected score", &format::score(score), &hover);
    let gain = Some(advised.gain);
    fact_ui(
        ui,
        "Expected gain",
        &format::signed(gain, 2),
        &format::full(gain),
    );
    let kinship = format::kinship(advised.kinship);
    let hover = match advised.kinship {
        Some(_) => format!(
            "{}\n{}",
            format::full(advised.kinship),
            Metric::DEFAULT.title
        ),
        None => "Not known".to_owned(),
    };
    fact_ui(ui, "Kinship", &kinship, &hover);
    let Recommended { way, why } = &row.recommended;
    fact_ui(ui, "By", &way.title(), &sentence_case(why));
    let under = match row.are_copies() {
        true => "None to be expected of near copies".to_owned(),
        false => format!("{}\n{}", files::interval(row), files::chance(row)),
    };
    let under = quiet(under);
    ui.add(Label::new(under).wrap()).on_hover_text(GAIN_RECORD);
}

fn reason_ui(ui: &mut Ui, reason: &str, is_warning: bool) {
    let t = Tokens::of(ui);
    let ink = if is_warning { t.warning } else { t.text };
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        ui.weak("·");
        ui.add(Label::new(RichText::new(reason).small().color(ink)).wrap());
    });
}
