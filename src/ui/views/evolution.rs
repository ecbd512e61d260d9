//! Evolutions: set up, run, and compared, with what to merge next on top.

mod evaluator;
mod known;
mod new;
mod next;
mod run;
mod start;
mod words;

use eframe::egui::{CentralPanel, Frame, Margin, ScrollArea, Ui};

use crate::study::EvolutionId;
use crate::ui::action::Action;
use crate::ui::theme::{Tokens, space};
use crate::workbench::Workbench;

pub use new::new_evolution;

use evaluator::EvaluatorPart;
use known::Known;
use next::NextPart;
use run::{Ask, Look, RunPart};

/// What the view keeps while it is shown.
#[derive(Default)]
pub struct EvolutionView {
    /// Which evolution is looked at; the last one if none was chosen.
    shown: Option<EvolutionId>,
    known: Known,
    next: NextPart,
    run: RunPart,
    evaluator: EvaluatorPart,
}

impl EvolutionView {
    /// Draws the view.
    pub fn ui(&mut self, ui: &mut Ui, bench: &Workbench, out: &mut Vec<Action>) {
        let t = Tokens::of(ui);
        let frame = Frame::new()
            .fill(t.background)
            .inner_margin(Margin::same(space::M as i8));
        self.known.bring_up_to_date(bench);
        CentralPanel::default().frame(frame).show(ui, |ui| {
            let height = ui.available_height();
            ScrollArea::vertical()
                .auto_shrink(false)
                .show(ui, |ui| self.parts_ui(ui, bench, height, out));
        });
        self.evaluator.ui(ui, bench, out);
    }

    fn parts_ui(&mut self, ui: &mut Ui, bench: &Workbench, height: f32, out: &mut Vec<Action>) {
        ui.spacing_mut().item_spacing.y = space::S;
        let top = ui.cursor().top();
        self.next.ui(ui, bench, out);
        let current = self.shown_evolution(bench);
        let tabs = (current, &mut self.shown);
        start::ui(ui, bench, &self.known, tabs, out);
        if let Some(id) = self.shown_evolution(bench) {
            let look = Look {
                bench,
                known: &self.known,
                id,
            };
            let left = height - (ui.cursor().top() - top);
            match self.run.ui(ui, look, left, out) {
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
