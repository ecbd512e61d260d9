//! Where a model comes from, as its weights tell it.

pub mod related;
pub mod scan;
