//! Evolutions: set up, run, and compared, with what to merge next on top.

mod evaluate;
mod evaluator;
mod log;
mod new;
mod next;
mod run;
mod start;
mod summaries;
mod words;

use eframe::egui::{CentralPanel, Context, Frame, Margin, Panel, ScrollArea, Ui};
use egui_phosphor::regular as icon;

use crate::study::EvolutionId;
use crate::ui::action::Action;
use crate::ui::theme::{self, Tokens, space};
use crate::ui::widgets::icon_toggle;
use crate::workbench::Workbench;

pub use evaluate::{evaluate_button, evaluate_objection};
pub use new::new_evolution;

use evaluator::EvaluatorPart;
use next::NextPart;
use run::{Ask, RunContext, RunPart};
use summaries::RunSummaries;

/// Room at the right for the bar that scrolls the view, in points.
const SCROLL: f32 = 12.0;
/// Height of the evaluation log, folded and at first.
const FOLDED: f32 = 42.0;
const LOG: f32 = 180.0;

/// What the view keeps while it is shown.
#[derive(Default)]
pub struct EvolutionView {
    /// Which evolution is looked at; the last one if none was chosen.
    shown: Option<EvolutionId>,
    runs: RunSummaries,
    next: NextPart,
    run: RunPart,
    evaluator: EvaluatorPart,
    log_is_open: bool,
}

impl EvolutionView {
    pub fn ui(&mut self, ui: &mut Ui, bench: &Workbench, actions: &mut Vec<Action>) {
        let t = Tokens::of(ui);
        self.log_ui(ui, bench, actions);
        let frame = Frame::new().fill(t.background).inner_margin(Margin {
            right: 0,
            ..Margin::same(space::M as i8)
        });
        self.runs.bring_up_to_date(bench);
        CentralPanel::default().frame(frame).show(ui, |ui| {
            let height = ui.available_height();
            ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                ui.set_max_width(ui.available_width() - SCROLL);
                self.parts_ui(ui, bench, height, actions);
            });
        });
    }

    /// Draws what to merge next alone, for pictures of it.
    pub fn next_ui(&mut self, ui: &mut Ui, bench: &Workbench, actions: &mut Vec<Action>) {
        self.next.ui(ui, bench, actions);
    }

    /// Draws the window that says how models are judged, over whatever view is shown.
    pub fn evaluator_ui(&mut self, ctx: &Context, bench: &Workbench, actions: &mut Vec<Action>) {
        self.evaluator.ui(ctx, bench, actions);
    }

    pub fn set_evaluator(&mut self) {
        self.evaluator.open();
    }

    /// Whether that window lies over the program.
    pub fn is_asking(&self) -> bool {
        self.evaluator.is_open()
    }

    /// Unfolds what to merge next.
    pub fn suggest(&mut self) {
        self.next.open();
    }

    /// Unfolds what the evaluator says.
    pub fn show_log(&mut self) {
        self.log_is_open = true;
    }

    /// What the evaluator says, below everything, once it has been asked.
    fn log_ui(&mut self, ui: &mut Ui, bench: &Workbench, actions: &mut Vec<Action>) {
        if !log::has_anything(bench) && !self.log_is_open {
            return;
        }
        let panel = if self.log_is_open {
            Panel::bottom("evaluation log")
                .resizable(true)
                .default_size(LOG)
                .size_range(110.0..=(ui.available_height() * 0.6).max(110.0))
        } else {
            Panel::bottom("evaluation log folded")
                .exact_size(FOLDED)
                .resizable(false)
        };
        let frame = Frame::new()
            .fill(Tokens::of(ui).background)
            .inner_margin(Margin::symmetric(12, 8));
        panel.frame(frame).show(ui, |ui| {
            ui.horizontal(|ui| {
                let glyph = if self.log_is_open {
                    icon::CARET_DOWN
                } else {
                    icon::CARET_RIGHT
                };
                icon_toggle(ui, glyph, "Evaluation log", &mut self.log_is_open);
                ui.label(theme::strong("Evaluation"));
                ui.add_space(space::S);
                log::head_ui(ui, bench, actions);
            });
            if self.log_is_open {
                log::lines_ui(ui, bench, ui.available_height());
            }
        });
    }

    fn parts_ui(&mut self, ui: &mut Ui, bench: &Workbench, height: f32, actions: &mut Vec<Action>) {
        ui.spacing_mut().item_spacing.y = space::S;
        let top = ui.cursor().top();
        self.next.ui(ui, bench, actions);
        let current = self.shown_evolution(bench);
        let tabs = (current, &mut self.shown);
        start::ui(ui, bench, &self.runs, tabs, actions);
        if let Some(id) = self.shown_evolution(bench) {
            let look = RunContext {
                bench,
                runs: &self.runs,
                id,
            };
            let left = height - (ui.cursor().top() - top);
            match self.run.ui(ui, look, left, actions) {
                Some(Ask::Evaluator) => self.evaluator.open(),
                Some(Ask::Show(id)) => self.shown = Some(id),
                None => {}
            }
        }
    }

    /// Looks at the evolution that was put in last.
    pub fn show_last(&mut self) {
        self.shown = None;
    }

    /// The evolution that is looked at.
    fn shown_evolution(&self, bench: &Workbench) -> Option<EvolutionId> {
        let doc = bench.study().doc();
        let chosen = self.shown.filter(|&id| doc.evolution(id).is_some());
        chosen.or_else(|| doc.evolutions.last().map(|e| e.id))
    }
}
