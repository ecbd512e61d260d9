//! Who judges the models of the study: the window that sets it up, and its log.

use eframe::egui::Ui;

use crate::ui::action::Action;
use crate::workbench::Workbench;

/// What the part keeps.
#[derive(Default)]
pub struct EvaluatorPart {
    is_open: bool,
}

impl EvaluatorPart {
    /// Opens the window that sets the evaluator up.
    pub fn open(&mut self) {
        self.is_open = true;
    }

    /// Draws the window, if it is open.
    pub fn ui(&mut self, _ui: &mut Ui, _bench: &Workbench, _out: &mut Vec<Action>) {}
}
