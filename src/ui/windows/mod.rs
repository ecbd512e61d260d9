//! Windows that stand before the views until they are answered.

mod comparison;
mod guide;
mod hub;
mod import;

pub use comparison::ComparisonView;
pub use guide::GuideView;
pub use hub::HubView;
pub use import::ImportView;
