//! Where a model comes from: read from its weights, and proved by making it again.

pub mod ancestry;
pub mod proof;
