//! Windows that stand before the views until they are answered.

mod comparison;
mod import;
mod job;
mod write;

pub use comparison::ComparisonView;
pub use import::ImportView;
pub use write::{Place, WriteView};
