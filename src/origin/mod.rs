//! Where a model comes from, read from its weights.

pub mod ancestry;
pub mod lineage;
