//! Windows that stand before the views until they are answered.

mod ancestry;
mod comparison;
mod extraction;
mod guide;
mod hub;
mod import;
mod job;
mod mixture;
mod number;
mod proof;
mod transplant;
mod write;

pub use ancestry::AncestryView;
pub use comparison::ComparisonView;
pub use extraction::ExtractionView;
pub use guide::GuideView;
pub use hub::HubView;
pub use import::ImportView;
pub use mixture::MixtureView;
pub use proof::ProofView;
pub use transplant::{TransplantView, donors as transplant_donors};
pub use write::{Place, WriteView};
