//! The mixture of experts that is being put together: kept with the study until it is written.

use serde::{Deserialize, Serialize};

/// A mixture as its recipe is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MixtureSheet {
    pub name: String,
    /// The YAML of mergekit-moe.
    pub recipe: String,
    /// Whether it is to be trained once it is written.
    pub is_for_training: bool,
}
