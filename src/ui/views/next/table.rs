//! All suggestions as a table: a click selects the pair, arrows walk, Enter composes.

use eframe::egui::{
    Align2, Color32, EventFilter, FontId, Id, Key, Modifiers, Rect, Response, Sense, Stroke, Ui,
    UiBuilder, WidgetType, vec2,
};
use egui_phosphor::regular as icon;

use super::files;
use super::shown::Row;
use crate::study::{Command, ModelId, Selection};
use crate::ui::ext::ResponseExt;
use crate::ui::format;
use crate::ui::theme::{self, ROW_HEIGHT, Tokens, radius, space};
use crate::ui::views::ViewContext;
use crate::ui::widgets::{focus_ring, icon_button, text};
use crate::workbench::suggesting::Recommended;

/// Widths of the columns with numbers, in points.
const PLACE: f32 = 28.0;
const NUMBER: f32 = 72.0;
const INTERVAL: f32 = 150.0;
const MOST_PAIR: f32 = 340.0;
const COMPOSE: f32 = ROW_HEIGHT + space::M;
/// Below this width the interval and the reason stay in the hover.
const ROOM_FOR_INTERVAL: f32 = 640.0;
const ROOM_FOR_REASON: f32 = 900.0;

#[derive(Default)]
pub struct Table {
    /// The row that gets the keyboard as soon as it is drawn.
    go_to: Option<[ModelId; 2]>,
}

impl Table {
    /// Draws all rows; of those out of sight only their room is kept.
    pub fn ui(&mut self, ui: &mut Ui, view: &ViewContext<'_>, rows: &[Row]) {
        ui.spacing_mut().item_spacing.y = 0.0;
        header_ui(ui);
        let sight = ui.clip_rect().expand(2.0 * ROW_HEIGHT);
        for (k, row) in rows.iter().enumerate() {
            let size = vec2(ui.available_width(), ROW_HEIGHT);
            let rect = Rect::from_min_size(ui.cursor().min, size);
            if !sight.intersects(rect) && self.go_to != Some(row.pair) {
                ui.allocate_space(size);
                continue;
            }
            let response = row_ui(ui, view, (k, rows.len()), row);
            self.keys(ui, view, rows, k, &response);
            if self.go_to == Some(row.pair) {
                self.go_to = None;
                response.request_focus();
                response.scroll_to_me(None);
            }
        }
    }

    /// Arrows walk, Enter composes.
    fn keys(
        &mut self,
        ui: &Ui,
        view: &ViewContext<'_>,
        rows: &[Row],
        k: usize,
        response: &Response,
    ) {
        if !response.has_focus() {
            return;
        }
        let arrows = EventFilter {
            vertical_arrows: true,
            ..EventFilter::default()
        };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        let to = if pressed(Key::ArrowDown) {
            rows.get(k + 1)
        } else if pressed(Key::ArrowUp) {
            k.checked_sub(1).and_then(|k| rows.get(k))
        } else {
            None
        };
        if let Some(to) = to {
            self.go_to = Some(to.pair);
            view.push(select(to));
            ui.ctx().request_repaint();
        }
    }
}

fn select(row: &Row) -> Command {
    let [a, b] = row.pair;
    Command::Select(Selection::Pair(a, b))
}

/// Where the cells of a row are: place, pair, child, kinship, gain, interval, reason, button.
/// Those there is no room for are empty.
fn cells(rect: Rect) -> [Rect; 8] {
    let width = rect.width();
    let free = width - PLACE - 3.0 * NUMBER - INTERVAL - COMPOSE;
    let reason = match width >= ROOM_FOR_REASON {
        true => free - (free * 0.45).min(MOST_PAIR),
        false => 0.0,
    };
    let interval = if width >= ROOM_FOR_INTERVAL {
        INTERVAL
    } else {
        0.0
    };
    let widths = [COMPOSE, reason, interval, NUMBER, NUMBER, NUMBER];
    let mut cells = [rect; 8];
    let mut rest = rect;
    for (k, width) in widths.into_iter().enumerate() {
        (rest, cells[7 - k]) = rest.split_left_right_at_x(rest.right() - width);
    }
    (cells[0], cells[1]) = rest.split_left_right_at_x(rest.left() + PLACE);
    let inside = |cell: Rect| cell.shrink2(vec2(space::XS, 0.0));
    let [place, pair, score, kinship, gain, interval, reason, compose] = cells;
    let [place, pair, score, kinship, gain, interval] =
        [place, pair, score, kinship, gain, interval].map(inside);
    let reason = reason.shrink2(vec2(space::S, 0.0));
    [place, pair, score, kinship, gain, interval, reason, compose]
}

const LEFT: Align2 = Align2::LEFT_CENTER;
const RIGHT: Align2 = Align2::RIGHT_CENTER;
/// On which side the words of each cell stand.
const ALIGN: [Align2; 7] = [RIGHT, LEFT, RIGHT, RIGHT, RIGHT, RIGHT, LEFT];
const HEADS: [&str; 7] = ["", "Pair", "Child", "Kinship", "Gain", "90 % range", "Why"];

fn put(ui: &Ui, rect: Rect, font: &FontId, words: [(&str, Color32); 7]) {
    for ((cell, align), (words, ink)) in cells(rect).into_iter().zip(ALIGN).zip(words) {
        if cell.width() > 0.0 {
            text::line_in(ui.painter(), cell, align, words, font, ink);
        }
    }
}

fn header_ui(ui: &mut Ui) {
    let t = Tokens::of(ui);
    let size = vec2(ui.available_width(), ROW_HEIGHT);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    put(
        ui,
        rect,
        &theme::small_font(),
        HEADS.map(|head| (head, t.text_weak)),
    );
    let line = Stroke::new(1.0, t.line);
    ui.painter()
        .hline(rect.x_range(), rect.bottom() - 0.5, line);
}

fn row_ui(ui: &mut Ui, view: &ViewContext<'_>, (k, of): (usize, usize), row: &Row) -> Response {
    let t = Tokens::of(ui);
    let [a, b] = row.pair;
    let (_, rect) = ui.allocate_space(vec2(ui.available_width(), ROW_HEIGHT));
    let id = Id::new(("suggestion row", a.0, b.0));
    let response = ui.interact(rect, id, Sense::click());
    let is_selected = *view.bench.study().selection() == Selection::Pair(a, b);
    if is_selected || response.hovered() {
        let fill = if is_selected { t.selection } else { t.hover };
        ui.painter().rect_filled(rect, radius::CONTROL, fill);
    }
    paint(ui, rect, k, row);
    focus_ring(ui, &response);
    response.named_selected(WidgetType::Button, is_selected, spoken((k, of), row));
    if response.clicked() {
        view.push(select(row));
    }
    let at = cells(rect)[7].center();
    let at = Rect::from_center_size(at, vec2(ROW_HEIGHT, ROW_HEIGHT));
    ui.scope_builder(UiBuilder::new().max_rect(at), |ui| {
        let words = format!("Compose {} with {}", row.names[0], row.names[1]);
        if icon_button(ui, icon::GIT_MERGE, &words).clicked() {
            view.push(row.compose());
        }
    });
    response.on_hover_ui(|ui| hover(ui, row))
}

fn paint(ui: &Ui, rect: Rect, k: usize, row: &Row) {
    let t = Tokens::of(ui);
    let [low, high] = row.advised.interval.map(|end| format::score(Some(end)));
    let ends = format!("{low} to {high}");
    let is_warning = row.are_copies();
    let ink = if is_warning { t.warning } else { t.text_weak };
    // The first is the pair's places, which the order says already.
    let why = &row.reasons[usize::from(!is_warning).min(row.reasons.len())..];
    let words = [
        (&(k + 1).to_string()[..], t.text_weak),
        (&row.title(), t.text),
        (&format::score(Some(row.advised.expected)), t.text),
        (&format::kinship(row.advised.kinship), t.text),
        (&format::signed(Some(row.advised.gain), 2), t.text),
        (&ends, t.text_weak),
        (&why.join("  ·  "), ink),
    ];
    put(ui, rect, &theme::body_font(), words);
}

fn hover(ui: &mut Ui, row: &Row) {
    ui.label(theme::strong(row.whole.join(" × ")));
    ui.label(format!("Kinship {}", format::full(row.advised.kinship)));
    let (score, gain) = (format::full(Some(row.advised.expected)), files::gain(row));
    ui.label(format!("Child {score} expected, {gain}"));
    for reason in &row.reasons {
        ui.label(reason);
    }
    let Recommended { way, why } = &row.recommended;
    ui.label(format!("By {}: {why}", way.title()));
}

fn spoken((k, of): (usize, usize), row: &Row) -> String {
    let (pair, score) = (row.title(), format::score(Some(row.advised.expected)));
    let (kinship, gain) = (format::kinship(row.advised.kinship), files::gain(row));
    format!(
        "Pair {} of {of}: {pair}, child {score}, kinship {kinship}, {gain}",
        k + 1
    )
}
