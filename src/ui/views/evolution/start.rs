//! The evolutions of the study as tabs, a new one, and the empty state.

use eframe::egui::Ui;

use crate::study::EvolutionId;
use crate::ui::action::Action;
use crate::workbench::Workbench;

/// Draws the tabs.
pub fn ui(
    _ui: &mut Ui,
    _bench: &Workbench,
    _shown: &mut Option<EvolutionId>,
    _out: &mut Vec<Action>,
) {
}
