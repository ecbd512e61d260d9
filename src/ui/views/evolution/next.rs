//! What to merge next: suggestions with their reasons.

use eframe::egui::Ui;

use crate::ui::action::Action;
use crate::workbench::Workbench;

/// What the part keeps.
#[derive(Default)]
pub struct NextPart {
    is_folded: bool,
}

impl NextPart {
    /// Draws the suggestions.
    pub fn ui(&mut self, _ui: &mut Ui, _bench: &Workbench, _out: &mut Vec<Action>) {
        self.is_folded = false;
    }
}
