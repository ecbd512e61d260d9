//! The child that does not exist yet: whom it would resemble, what it may gain, what it costs.
//!
//! Every line has its place, with a dash while its value is not known; only values move. While
//! the recipe has a mistake, the child stays as it was before it, greyed.

mod cost;
pub mod gain;
mod kin;
mod over_layers;
pub mod problems;
mod sweep;

use eframe::egui::{Align, Label, Layout, RichText, ScrollArea, Ui, vec2};

use super::{Focus, Shown};
use crate::kinship::Metric;
use crate::study::ModelId;
use crate::ui::action::{Action, ModelsAction};
use crate::ui::format;
use crate::ui::theme::{self, ROW_HEIGHT, Tokens, size, space};
use crate::ui::widgets::{metric_choice, section_heading};
use crate::workbench::composing::{Child, NoChild, Swept};

/// How much of its ink something keeps that is no longer so.
const GREYED: f32 = 0.5;

/// What it keeps while it is shown.
#[derive(Default)]
pub struct ChildPanel {
    kin: kin::Kin,
    gain: gain::Gain,
}

/// What the panel changes of the view.
pub struct Own<'v> {
    /// The measure of kinship.
    pub metric: &'v mut Metric,
    /// The parameter whose sweep is shown.
    pub swept: &'v mut Option<Swept>,
    /// The parameter in the editor below the canvas.
    pub focus: &'v mut Option<Focus>,
}

impl ChildPanel {
    /// Draws it.
    pub fn ui(&mut self, ui: &mut Ui, shown: &Shown<'_>, own: Own<'_>, out: &mut Vec<Action>) {
        let Own {
            metric,
            swept,
            focus,
        } = own;
        ScrollArea::vertical()
            .id_salt("child")
            .auto_shrink(false)
            .show(ui, |ui| {
                // The scroll bar floats; nothing lies under it.
                ui.set_max_width(ui.available_width() - space::M);
                heading_ui(ui, metric);
                let metric = *metric;
                ui.scope(|ui| {
                    if shown.is_foregone() {
                        ui.multiply_opacity(GREYED);
                    }
                    self.kin.ui(ui, shown, metric, out);
                });
                // The line is as high as the button that may stand in it.
                let line = vec2(ui.available_width(), ROW_HEIGHT);
                let layout = Layout::left_to_right(Align::Center);
                ui.allocate_ui_with_layout(line, layout, |ui| {
                    ui.set_min_height(ROW_HEIGHT);
                    how_sure_ui(ui, shown, out);
                });
                ui.scope(|ui| {
                    if shown.is_foregone() {
                        ui.multiply_opacity(GREYED);
                    }
                    over_layers::ui(ui, shown, metric);
                    self.gain.ui(ui, shown);
                    cost::ui(ui, shown);
                });
                let rows = self.kin.rows();
                sweep::ui(ui, shown, metric, rows, (swept, focus), out);
                ui.add_space(space::S);
            });
    }
}

impl Shown<'_> {
    /// The child's kinship, if it is known; as it was, while the recipe has a mistake.
    pub(super) fn child(&self) -> Option<&Child> {
        match &self.ahead?.child {
            Ok(child) => Some(child),
            Err(_) => (self.before.filter(|_| self.is_foregone())).map(|before| &before.child),
        }
    }

    /// Kinship of the parents with each other; as it was, while the recipe has a mistake.
    pub(super) fn of_parents(&self, metric: Metric) -> Option<f64> {
        let values = match self.ahead? {
            _ if self.is_foregone() => &self.before?.of_parents,
            ahead => &ahead.of_parents,
        };
        values.get(metric)
    }

    /// Whether the child that is shown is the one before the recipe got a mistake.
    pub(super) fn is_foregone(&self) -> bool {
        let has_mistake = |ahead: &crate::workbench::composing::Prediction| {
            matches!(ahead.child, Err(NoChild::NoRecipe))
        };
        self.before.is_some()
            && !self.draft.sheet.text.trim().is_empty()
            && self.ahead.is_some_and(has_mistake)
    }
}

/// A line of small text that keeps to one line; all of it on hover.
fn line_ui(ui: &mut Ui, text: &str) -> eframe::egui::Response {
    let weak = Tokens::of(ui).text_weak;
    let text = RichText::new(text).size(size::SMALL).color(weak);
    ui.add(Label::new(text).truncate())
}

fn heading_ui(ui: &mut Ui, metric: &mut Metric) {
    ui.horizontal(|ui| {
        ui.label(theme::strong("The child").size(size::HEADING));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if let Some(chosen) = metric_choice(ui, "Measure of the child's kinship", *metric) {
                *metric = chosen;
            }
        });
    });
    section_heading(ui, "Kinship to");
}

/// One line: exact, how far off, or why there is nothing and what to do.
fn how_sure_ui(ui: &mut Ui, shown: &Shown<'_>, out: &mut Vec<Action>) {
    let Some(ahead) = shown.ahead else {
        line_ui(ui, "Looking ahead…");
        return;
    };
    match &ahead.child {
        Ok(child) if child.exact => {
            let help = "Worked out from what was measured, without a sample. Only the rounding to \
                        the format that is written may move it.";
            line_ui(ui, "Exact").on_hover_text(help);
        }
        Ok(child) => {
            let error = format::decimals(Some(child.error), 2);
            let help = "The method keeps or drops numbers by their size or by chance. It is tried \
                        on a small stand-in with the same norms and angles.";
            line_ui(ui, &format!("An estimate, off by up to {error}")).on_hover_text(help);
        }
        Err(NoChild::NoRecipe) if shown.is_foregone() => {
            line_ui(ui, "As it was before the mistake");
        }
        Err(NoChild::NoRecipe) => {
            line_ui(ui, "Known once the merge has no errors");
        }
        Err(NoChild::Refused(_)) => {
            line_ui(ui, "Cannot be foreseen");
        }
        Err(NoChild::NotMeasured(base, names)) => measure_ui(ui, shown, *base, names, out),
    }
}

/// The button that measures in the line that says what is missing, so that nothing below moves.
fn measure_ui(
    ui: &mut Ui,
    shown: &Shown<'_>,
    base: Option<ModelId>,
    names: &[String],
    out: &mut Vec<Action>,
) {
    let Some(base) = base else {
        let text = "Add these models to the study and say what their base is";
        line_ui(ui, text).on_hover_text(text);
        return;
    };
    if let Some(job) = shown.bench.measuring(base) {
        let job = shown.bench.jobs().get(job);
        let done = job.and_then(|j| j.ticket.progress().fraction());
        let done = format::percent(done.unwrap_or(0.0));
        line_ui(ui, &format!("Measuring, {done}"));
        return;
    }
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        if ui.button("Measure kinship").clicked() {
            out.push(Action::Models(ModelsAction::MeasureHere(base)));
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let all = format!("Not measured: {}", names.join(", "));
            line_ui(ui, &all).on_hover_text(&all);
        });
    });
}
