//! Sketches of models with where they come from.

use std::path::PathBuf;

use crate::kinship::sketch::Sketch;

/// The sketches of a population.
pub struct Sketched {
    /// Name and place of the base, where changes were sketched.
    pub base: Option<(String, PathBuf)>,
    pub names: Vec<String>,
    pub paths: Vec<PathBuf>,
    pub sketches: Vec<Sketch>,
}
