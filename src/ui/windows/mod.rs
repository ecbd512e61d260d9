//! Windows that stand before the views until they are answered.

mod comparison;
mod import;
mod mixture;

pub use comparison::ComparisonView;
pub use import::ImportView;
pub use mixture::MixtureView;
