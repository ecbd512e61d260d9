//! Windows that stand before the views until they are answered.

mod import;

pub use import::ImportView;
