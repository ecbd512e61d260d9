//! The views. Each is a function of the workbench that pushes actions; it keeps of its own
//! only what may be lost.

mod kinship;
mod models;

pub mod model;
pub mod pair;
pub mod settings;
pub mod tensors;
pub mod welcome;

pub use kinship::KinshipView;
pub use models::{ADAPTER_COLOUR, Keys, ModelsView, base_menu, selection_actions};
