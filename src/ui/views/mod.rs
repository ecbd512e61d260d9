//! The views. Each is a function of the workbench that pushes actions; it keeps of its own
//! only what may be lost.

mod charts;
mod context;
mod evolution;
mod family;
pub(in crate::ui) mod kinship;
mod lineage;
mod merge;
mod models;
mod next;
mod next_step;
mod rows;
mod stands_out;

pub mod settings;
pub mod welcome;

use eframe::egui::Ui;

use super::action::{Action, View};
use super::prefs::Prefs;
use crate::workbench::Workbench;

pub use charts::ChartsView;
use context::ViewContext;
pub use evolution::{EvolutionView, evaluate_button, evaluate_objection, new_evolution};
pub use kinship::KinshipView;
pub use lineage::{LineageView, picture as lineage_picture};
pub use merge::{MergeView, RECORD as GAIN_RECORD, meaning as gain_meaning, to_merge};
pub use models::{
    ADAPTER_COLOUR, Keys, ModelsView, ancestry_button, bar as score_bar, base_menu, compare_button,
    compose, compose_by, convert_button, extract_button, kinship as known_kinship, merge_menu,
    place, proof_buttons, read_number, relate_button, score_lines, selection_actions,
};
pub use next::{NextView, PREDICTORS};
use stands_out::StandsOut;

#[derive(Default)]
pub struct Views {
    pub(super) models: ModelsView,
    kinship: KinshipView,
    pub(super) charts: ChartsView,
    lineage: LineageView,
    merge: MergeView,
    pub(super) evolution: EvolutionView,
    pub(super) next: NextView,
    stands_out: StandsOut,
}

impl Views {
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        bench: &Workbench,
        prefs: &Prefs,
        keys: Keys,
        actions: &mut Vec<Action>,
    ) {
        self.stands_out.ui(ui, bench, prefs.view, actions);
        match prefs.view {
            View::Models => self.models.ui(ui, bench, keys, actions),
            View::Kinship => self.kinship.ui(ui, bench, actions),
            View::Charts => self.charts.ui(ui, bench, actions),
            View::Lineage => self.lineage.ui(ui, bench, actions),
            View::Merge => self.merge.ui(ui, bench, actions),
            View::Evolution => self.evolution.ui(ui, bench, actions),
            View::Next => self.next.ui(ui, bench, actions),
            View::Settings => settings::ui(ui, bench, prefs, actions),
        }
    }

    /// Another study was opened: what was kept of the one before goes.
    pub fn study_opened(&mut self) {
        self.models.study_opened();
        self.lineage.study_opened();
        self.next = NextView::default();
    }
}
