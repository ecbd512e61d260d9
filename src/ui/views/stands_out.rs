//! The line over every view: what stands out in the study, and what to do next.

use eframe::egui::{
    Align, FontId, Label, Layout, Margin, Panel, Rect, Response, RichText, Sense, Ui, WidgetType,
    pos2, vec2,
};
use egui_phosphor::regular as icon;

use super::next_step::{Step, next_step};
use crate::findings::{Finding, Place};
use crate::study::{Command, Selection, ViewEdit};
use crate::ui::action::{Action, View};
use crate::ui::ext::{ResponseExt, UiExt};
use crate::ui::theme::{self, Tokens, space};
use crate::ui::widgets::{focus_ring, icon_button, text};
use crate::workbench::Workbench;

const HEIGHT: f32 = 34.0;
/// What the arrows, the count and the cross take, in points.
const BUTTONS: f32 = 132.0;
/// Below this width the next step is its button alone.
const ROOM_FOR_WORDS: f32 = 860.0;
const ICON: f32 = 22.0;

#[derive(Default)]
pub struct StandsOut {
    /// Which of the findings is shown.
    at: usize,
}

impl StandsOut {
    /// Draws the line; its place is kept while there is nothing to say, so that no view moves.
    pub fn ui(&mut self, ui: &mut Ui, bench: &Workbench, view: View, actions: &mut Vec<Action>) {
        if bench.study().doc().models.is_empty() || view == View::Settings {
            return;
        }
        let panel = Panel::top("what stands out").exact_size(HEIGHT);
        ui.strip(panel, Margin::symmetric(16, 4), |ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if let Some(step) = next_step(bench, view) {
                    step_ui(ui, &step, actions);
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    self.findings_ui(ui, bench, view, actions);
                });
            });
        });
    }

    fn findings_ui(
        &mut self,
        ui: &mut Ui,
        bench: &Workbench,
        view: View,
        actions: &mut Vec<Action>,
    ) {
        // What is seen here comes first.
        let mut findings: Vec<&Finding> = bench.findings().iter().collect();
        findings.sort_by_key(|finding| seen_in(finding.place) != view);
        self.at = self.at.min(findings.len().saturating_sub(1));
        let Some(&finding) = findings.get(self.at) else {
            return;
        };
        ui.spacing_mut().item_spacing.x = space::XS;
        let buttons = if findings.len() > 1 { BUTTONS } else { 40.0 };
        let most = (ui.available_width() - buttons).max(80.0);
        if finding_ui(ui, finding, most).clicked() {
            show(finding, actions);
        }
        if findings.len() > 1 {
            self.arrows_ui(ui, findings.len());
        }
        if icon_button(ui, icon::X, "Dismiss this finding").clicked() {
            let dismiss = ViewEdit::Dismiss(finding.key.clone());
            actions.push(Action::Study(Command::View(dismiss)));
        }
    }

    fn arrows_ui(&mut self, ui: &mut Ui, of: usize) {
        if icon_button(ui, icon::CARET_LEFT, "Previous finding").clicked() {
            self.at = (self.at + of - 1) % of;
        }
        ui.quiet(format!("{} of {of}", self.at + 1));
        if icon_button(ui, icon::CARET_RIGHT, "Next finding").clicked() {
            self.at = (self.at + 1) % of;
        }
    }
}

/// The view in which a finding is seen.
const fn seen_in(place: Place) -> View {
    match place {
        Place::Models => View::Models,
        Place::Kinship => View::Kinship,
        Place::Charts => View::Charts,
        Place::Evolution => View::Evolution,
    }
}

fn show(finding: &Finding, actions: &mut Vec<Action>) {
    if finding.selection != Selection::Nothing {
        actions.push(Action::Study(Command::Select(finding.selection.clone())));
    }
    actions.push(Action::Go(seen_in(finding.place)));
}

/// The sentence, which leads to what it is about.
fn finding_ui(ui: &mut Ui, finding: &Finding, most: f32) -> Response {
    let t = Tokens::of(ui);
    let font = theme::body_font();
    let width = text::width(ui, &finding.sentence, font.clone()) + ICON + space::XS;
    let size = vec2(width.min(most), ui.available_height());
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.named(WidgetType::Button, &finding.sentence);
    let ink = if response.hovered() {
        t.accent_text
    } else {
        t.text
    };
    let glyph = FontId::proportional(16.0);
    let at = pos2(rect.left(), rect.center().y);
    ui.painter().text(
        at,
        eframe::egui::Align2::LEFT_CENTER,
        icon::LIGHTBULB,
        glyph,
        t.accent,
    );
    let words = Rect::from_min_max(pos2(rect.left() + ICON, rect.top()), rect.max);
    let is_cut = text::left(ui.painter(), words, &finding.sentence, &font, ink);
    focus_ring(ui, &response);
    let hover = match is_cut {
        true => format!("{}\nClick to see it", finding.sentence),
        false => "Click to see it".to_owned(),
    };
    response.on_hover_text(hover)
}

/// What to do next: its button at the right, and why beside it.
fn step_ui(ui: &mut Ui, step: &Step, actions: &mut Vec<Action>) {
    let is_roomy = ui.available_width() >= ROOM_FOR_WORDS;
    let button = ui.button(&step.button);
    button.named(WidgetType::Button, format!("Next: {}", step.button));
    let button = match is_roomy {
        true => button,
        false => button.on_hover_text(&step.words),
    };
    if button.clicked() {
        actions.push(step.action.clone());
    }
    if is_roomy {
        ui.add(Label::new(RichText::new(&step.words).weak()));
    }
    ui.add_space(space::M);
}
