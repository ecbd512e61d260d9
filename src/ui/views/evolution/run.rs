//! One evolution: its set-up as a sentence, its generations as columns, its curves.

use eframe::egui::Ui;

use crate::study::EvolutionId;
use crate::ui::action::Action;
use crate::workbench::Workbench;

/// What the part keeps.
#[derive(Default)]
pub struct RunPart;

impl RunPart {
    /// Draws an evolution.
    pub fn ui(
        &mut self,
        _ui: &mut Ui,
        _bench: &Workbench,
        _id: EvolutionId,
        _out: &mut Vec<Action>,
    ) {
    }
}
