//! The views. Each is a function of the workbench that pushes actions; it keeps of its own
//! only what may be lost.

mod charts;
mod evolution;
mod family;
pub(in crate::ui) mod kinship;
mod lineage;
mod merge;
mod models;

pub mod settings;
pub mod welcome;

pub use charts::{ChartsView, KINDS as CHARTS, title as chart_title};
pub use evolution::{EvolutionView, evaluate_button, evaluate_objection, new_evolution};
pub use kinship::KinshipView;
pub use lineage::LineageView;
pub use merge::{
    CAVEAT as GAIN_CAVEAT, MergeView, RECORD as GAIN_RECORD, meaning as gain_meaning, to_merge,
};
pub use models::{
    ADAPTER_COLOUR, Keys, ModelsView, bar as score_bar, base_menu, compose,
    kinship as known_kinship, merge_menu, place, read_number, score_lines, selection_actions,
};
