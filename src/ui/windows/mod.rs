//! Windows that stand before the views until they are answered.

mod comparison;
mod import;

pub use comparison::ComparisonView;
pub use import::ImportView;
