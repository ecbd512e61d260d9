//! Evolutions: set up, run, and compared.

mod evaluator;
mod log;
mod new;
mod run;
mod start;
mod summaries;
mod words;

use eframe::egui::{CentralPanel, Context, Margin, Panel, ScrollArea, Ui, vec2};

use super::ViewContext;
use crate::study::{Evolution, EvolutionId, ModelId};
use crate::ui::action::{Action, EvaluationAction};
use crate::ui::ext::UiExt;
use crate::ui::theme::{self, space};
use crate::ui::widgets::fold_toggle;
use crate::workbench::Workbench;
use crate::workbench::evolving::RunState;

pub use new::new_evolution;

use evaluator::EvaluatorPart;
use run::{Ask, RunContext, RunPart};
use summaries::RunSummaries;

/// Room at the right for the bar that scrolls the view, in points.
const SCROLL: f32 = 12.0;
/// Height of the evaluation log, folded and at first.
const FOLDED: f32 = 42.0;
const LOG: f32 = 180.0;
/// The height in which a run has room for all of it, in points.
const ROOM: f32 = 540.0;

#[derive(Default)]
pub struct EvolutionView {
    /// Which evolution is looked at; the last one if none was chosen.
    shown: Option<EvolutionId>,
    runs: RunSummaries,
    run: RunPart,
    evaluator: EvaluatorPart,
    log_is_open: bool,
}

impl EvolutionView {
    pub fn ui(&mut self, ui: &mut Ui, bench: &Workbench, actions: &mut Vec<Action>) {
        ViewContext::draw(bench, actions, |view| {
            self.log_ui(ui, view);
            self.runs.bring_up_to_date(bench);
            let inside = ui.available_size() - vec2(2.0 * space::M, 2.0 * space::M);
            // Where everything fits, nothing scrolls but what is in it; else the bar has the
            // margin.
            let fits = inside.y >= ROOM && run::is_wide(inside.x);
            let margin = Margin {
                right: if fits { space::M as i8 } else { 0 },
                ..Margin::same(space::M as i8)
            };
            let panel = CentralPanel::default().frame(ui.pane(margin));
            panel.show(ui, |ui| {
                if fits {
                    return self.parts_ui(ui, view, inside.y);
                }
                let size = ui.available_size() - vec2(SCROLL, 0.0);
                ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                    ui.set_max_width(size.x);
                    self.parts_ui(ui, view, size.y);
                });
            });
        });
    }

    /// Draws the window that says how models are judged, over whatever view is shown.
    pub fn evaluator_ui(&mut self, ctx: &Context, bench: &Workbench, actions: &mut Vec<Action>) {
        ViewContext::draw(bench, actions, |view| self.evaluator.ui(ctx, view));
    }

    pub fn set_evaluator(&mut self) {
        self.evaluator.open();
    }

    pub fn is_asking(&self) -> bool {
        self.evaluator.is_open
    }

    /// Unfolds what the evaluator says.
    pub fn show_log(&mut self) {
        self.log_is_open = true;
    }

    /// What the evaluator says, below everything, once it has been asked.
    fn log_ui(&mut self, ui: &mut Ui, view: &ViewContext<'_>) {
        // What runs says itself whom it judges, and how far that is.
        let is_said = !log::has_anything(view.bench) || is_running(view.bench);
        if is_said && !self.log_is_open {
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
        let frame = ui.pane(Margin::symmetric(12, 8));
        panel.frame(frame).show(ui, |ui| {
            ui.horizontal(|ui| {
                fold_toggle(ui, "Evaluation log", &mut self.log_is_open);
                ui.label(theme::strong("Evaluation"));
                ui.add_space(space::S);
                log::head_ui(ui, view);
            });
            if self.log_is_open {
                log::lines_ui(ui, view.bench, ui.available_height());
            }
        });
    }

    fn parts_ui(&mut self, ui: &mut Ui, view: &ViewContext<'_>, height: f32) {
        ui.spacing_mut().item_spacing.y = space::S;
        let top = ui.cursor().top();
        let current = self.shown_evolution(view.bench);
        let tabs = (current, &mut self.shown);
        start::ui(ui, view, &self.runs, tabs);
        if let Some(id) = self.shown_evolution(view.bench) {
            let runs = &self.runs;
            let context = RunContext { view, runs, id };
            let left = height - (ui.cursor().top() - top);
            match self.run.ui(ui, context, left) {
                Some(Ask::Evaluator) => self.evaluator.open(),
                Some(Ask::Log) => self.log_is_open = !self.log_is_open,
                Some(Ask::Show(id)) => self.shown = Some(id),
                None => {}
            }
        }
    }

    /// Looks at the evolution that was put in last.
    pub fn show_last(&mut self) {
        self.shown = None;
    }

    fn shown_evolution(&self, bench: &Workbench) -> Option<EvolutionId> {
        let doc = bench.study().doc();
        let chosen = self.shown.filter(|&id| doc.evolution(id).is_some());
        chosen.or_else(|| doc.evolutions.last().map(|e| e.id))
    }
}

fn is_running(bench: &Workbench) -> bool {
    let runs = |e: &Evolution| matches!(bench.run_state(e.id), RunState::Running(_));
    bench.study().doc().evolutions.iter().any(runs)
}

/// A button called `words` that has `models` judged. Where the evaluator cannot, it leads to
/// the window that says how models are judged, and a `…` says so; why, is told on hover.
pub fn evaluate_button(
    ui: &mut Ui,
    bench: &Workbench,
    words: &str,
    models: &[ModelId],
    actions: &mut Vec<Action>,
) {
    if let Some(objection) = bench.evaluator_objection() {
        let button = ui.button(format!("{words}…")).on_hover_text(objection);
        if button.clicked() {
            actions.push(EvaluationAction::ShowSetup.into());
        }
        return;
    }
    let objection = evaluate_objection(bench, models);
    ui.add_enabled_ui(objection.is_none(), |ui| {
        let button = ui.button(words);
        let help = "Have them judged as the study says, and write down the scores";
        let button = match &objection {
            Some(objection) => button.on_disabled_hover_text(objection),
            None => button.on_hover_text(help),
        };
        if button.clicked() {
            actions.push(EvaluationAction::Start(models.to_vec()).into());
        }
    });
}

/// Why these models cannot be judged now, if so.
pub fn evaluate_objection(bench: &Workbench, models: &[ModelId]) -> Option<String> {
    let waiting = bench.being_evaluated();
    if models.is_empty() {
        return Some("Select the models that are to be evaluated".to_owned());
    }
    if models.iter().all(|id| waiting.contains(id)) {
        return Some("This is being done, or waits for its turn".to_owned());
    }
    bench.files_objection(models)
}
