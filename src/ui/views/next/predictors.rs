//! *What predicts gain here?*: every predictor with its correlations on held-out merges, and the
//! real gains over what was predicted of them.

mod lines;
mod table;

use eframe::egui::{Align, Label, Layout, Ui, vec2};
use egui_phosphor::regular as icon;

use crate::advice::How;
use crate::figures::{Figure, predictions};
use crate::study::ModelId;
use crate::ui::action::{Action, Export};
use crate::ui::ext::UiExt;
use crate::ui::plot::{self, Drawing, Hand};
use crate::ui::theme::{self, size, space};
use crate::ui::views::ViewContext;
use crate::ui::views::charts::select_picked;
use crate::ui::widgets::{Choice, choice, empty_state, icon_button, segmented};
use crate::workbench::Workbench;

use lines::Lines;

pub const TITLE: &str = "What predicts gain here?";

/// From this width on, in points, table and points stand beside each other.
const BESIDE: f32 = 980.0;
const TABLE: f32 = 470.0;
const HEIGHT: f32 = 380.0;

/// What is chosen on the page; it may be lost.
pub struct PredictorsPage {
    how: How,
    /// The model whose children alone are drawn.
    parent: Option<ModelId>,
    hand: Hand,
    kept: Option<Kept>,
}

/// What is drawn, and what it follows from.
struct Kept {
    revision: u64,
    parent: Option<ModelId>,
    lines: Lines,
    figure: Figure,
}

impl Default for PredictorsPage {
    fn default() -> Self {
        Self {
            how: How::RandomFolds,
            parent: None,
            hand: Hand::default(),
            kept: None,
        }
    }
}

impl PredictorsPage {
    /// Draws it; whether the pairs are asked for.
    pub fn ui(&mut self, ui: &mut Ui, view: &ViewContext<'_>) -> bool {
        self.bring_up_to_date(view.bench);
        let Some(kept) = self.kept.take() else {
            return false;
        };
        let wants_pairs = head_ui(ui, view, &kept);
        for sentence in &kept.lines.sentences {
            ui.add(Label::new(sentence).wrap().selectable(true));
        }
        if kept.lines.predictors.is_empty() {
            empty_state(ui, icon::COMPASS, NOTHING, None);
        } else {
            self.content_ui(ui, view, &kept);
        }
        self.kept = Some(kept);
        wants_pairs
    }

    fn content_ui(&mut self, ui: &mut Ui, view: &ViewContext<'_>, kept: &Kept) {
        ui.add_space(space::XS);
        if ui.available_width() < BESIDE {
            self.table_ui(ui, kept);
            ui.add_space(space::M);
            return self.points_ui(ui, view, kept);
        }
        ui.horizontal_top(|ui| {
            ui.vertical(|ui| {
                ui.set_width(TABLE);
                self.table_ui(ui, kept);
            });
            ui.add_space(space::L);
            ui.vertical(|ui| self.points_ui(ui, view, kept));
        });
    }

    fn table_ui(&mut self, ui: &mut Ui, kept: &Kept) {
        ui.horizontal(|ui| {
            let ways = How::ALL.map(|how| (how, lines::held_out(how)));
            segmented(ui, "Which merges were held out", &mut self.how, &ways);
        });
        ui.quiet(lines::explained(self.how));
        table::table_ui(ui, &kept.lines, self.how);
    }

    fn points_ui(&mut self, ui: &mut Ui, view: &ViewContext<'_>, kept: &Kept) {
        ui.horizontal(|ui| {
            let all = [Choice::new(None, "All merges", "")];
            let own = kept.lines.parents.iter();
            let own = own.map(|(id, words)| Choice::new(Some(*id), &words[..], ""));
            let options: Vec<Choice<'_, _>> = all.into_iter().chain(own).collect();
            if let Some(parent) = choice(ui, "Merges that are drawn", self.parent, &options) {
                self.parent = parent;
            }
        });
        ui.quiet(&kept.figure.caption);
        let room = vec2(ui.available_width(), HEIGHT);
        ui.allocate_ui(room, |ui| {
            ui.set_min_size(room);
            let drawing = Drawing {
                figure: &kept.figure,
                id_salt: "predictions",
                selection: view.bench.study().selection(),
                lasso: false,
                reset: false,
            };
            if let Some(picked) = drawing.show(ui, &mut self.hand).picked
                && let Some(action) = select_picked(view.bench.study(), &picked)
            {
                view.push(action);
            }
        });
    }

    fn bring_up_to_date(&mut self, bench: &Workbench) {
        let now = (bench.revision(), self.parent);
        let holds = |kept: &Kept| (kept.revision, kept.parent) == now;
        if self.kept.as_ref().is_some_and(holds) {
            return;
        }
        let lines = Lines::new(bench);
        // A model that is gone, or has no child any more.
        let is_there = |id: &ModelId| lines.parents.iter().any(|(own, _)| own == id);
        self.parent = self.parent.filter(is_there);
        let drawn = lines.predictions_of(self.parent);
        self.kept = Some(Kept {
            revision: now.0,
            parent: self.parent,
            figure: predictions(&drawn, crate::advice::LEVEL),
            lines,
        });
    }
}

const NOTHING: &str = "Predictors are compared once five merges and their parents have scores";

/// The heading, the way back and what can be taken out; whether the pairs are asked for.
fn head_ui(ui: &mut Ui, view: &ViewContext<'_>, kept: &Kept) -> bool {
    ui.horizontal(|ui| {
        let back = icon_button(ui, icon::ARROW_LEFT, "Back to the pairs").clicked();
        ui.label(theme::strong(TITLE).size(size::HEADING));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if icon_button(ui, icon::FILE_CSV, "Save the predictors as CSV…").clicked() {
                let bytes = kept.lines.csv();
                let export = Export::table("the predictors", "predictors", bytes);
                view.push(Action::Export(export));
            }
            if icon_button(ui, icon::DOWNLOAD_SIMPLE, "Save the points as CSV…").clicked() {
                let bytes = plot::csv(&kept.figure).into_bytes();
                let export = Export::table("the points", "predicted-gains", bytes);
                view.push(Action::Export(export));
            }
            if icon_button(ui, icon::COPY, "Copy the predictors").clicked() {
                view.push(Action::Copy {
                    text: kept.lines.text(),
                    what: "Predictors".to_owned(),
                });
            }
        });
        back
    })
    .inner
}
