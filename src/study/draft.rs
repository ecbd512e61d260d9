//! Merges that are being composed: a recipe's text, and where its nodes lie on the canvas.
//!
//! The text is the truth. It may hold a mistake while the user types; it is kept all the same.

use serde::{Deserialize, Serialize};

use super::id::DraftId;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft {
    pub id: DraftId,
    /// What the child will be called, unless the user says otherwise when it is written.
    pub name: String,
    #[serde(flatten)]
    pub sheet: DraftContent,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DraftContent {
    /// The recipe, in mergekit's YAML. Paths of the study's models are absolute.
    pub text: String,
    /// Models on the canvas that no merge takes, as recipes name them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub loose: Vec<String>,
    /// The name of the merge that is written, where the text has several and it was said.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub output: String,
    /// Where nodes lie, by their key; a node without a place gets one from the layout.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<(String, [f32; 2])>,
}
