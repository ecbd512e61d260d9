//! A program of the user's that evaluates a model: run without a shell, in a process group of
//! its own, so that it and everything that it starts end together.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The call of an evaluator.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Call {
    /// The program, looked for on the path.
    pub program: String,
    /// Its arguments; `{model}` stands for the model's folder and `{output}` for an empty folder
    /// that the results are written to.
    pub arguments: Vec<String>,
    /// The folder that it runs in; else that of the study.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// Variables that are set for it beside those of this program.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<(String, String)>,
    /// After how many minutes it is ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_minutes: Option<u32>,
}
