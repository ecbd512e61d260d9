//! Windows that stand before the views until they are answered.

mod comparison;
mod extraction;
mod import;
mod number;

pub use comparison::ComparisonView;
pub use extraction::ExtractionView;
pub use import::ImportView;
