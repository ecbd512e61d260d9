//! Where a model comes from: told from its weights, and proved by making it again.

pub mod ancestry;
pub mod lineage;
pub mod population;
pub mod proof;
pub mod related;
pub mod scan;
