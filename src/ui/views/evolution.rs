//! Evolutions: set up, run, and compared, with what to merge next on top.

mod evaluator;
mod next;
mod run;
mod start;

use eframe::egui::{CentralPanel, Frame, Margin, Ui};

use crate::study::EvolutionId;
use crate::ui::action::Action;
use crate::ui::theme::{Tokens, space};
use crate::workbench::Workbench;

use evaluator::EvaluatorPart;
use next::NextPart;
use run::RunPart;

/// What the view keeps while it is shown.
#[derive(Default)]
pub struct EvolutionView {
    /// Which evolution is looked at; the last one if none was chosen.
    shown: Option<EvolutionId>,
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
        CentralPanel::default().frame(frame).show(ui, |ui| {
            self.next.ui(ui, bench, out);
            start::ui(ui, bench, &mut self.shown, out);
            if let Some(id) = self.shown_evolution(bench) {
                self.run.ui(ui, bench, id, out);
            }
        });
        self.evaluator.ui(ui, bench, out);
    }

    /// The evolution that is looked at.
    fn shown_evolution(&self, bench: &Workbench) -> Option<EvolutionId> {
        let doc = bench.study().doc();
        let chosen = self.shown.filter(|&id| doc.evolution(id).is_some());
        chosen.or_else(|| doc.evolutions.last().map(|e| e.id))
    }
}
