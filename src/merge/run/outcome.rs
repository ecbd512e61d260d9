//! How a merge is run, and what came out.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use super::super::recipe::OnNan;
use super::super::write::Parents;
use crate::checkpoint::CheckpointError;
use crate::files::Removal;
use crate::jobs::Cancelled;

/// How a plan is carried out.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder that is made.
    pub out: PathBuf,
    /// Largest file of weights; 0 for one file.
    pub shard_bytes: u64,
    /// Whether a model at `out` is replaced.
    pub force: bool,
    /// Seed of random methods, before the recipe's.
    pub seed: Option<u64>,
    /// What to do about NaN, before what the recipe says.
    pub on_nan: Option<OnNan>,
    /// For the model card.
    pub parents: Parents,
    /// The run that it is made for, which may remove it later; empty for a merge of its own.
    pub maker: String,
    /// Where a model goes that is replaced.
    pub removal: Removal,
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// The folder.
    pub out: PathBuf,
    /// The folders of other documents' results.
    pub others: Vec<PathBuf>,
    /// Files of weights.
    pub files: Vec<String>,
    /// Tensors in them.
    pub tensors: usize,
    /// Bytes of inputs that were read, counted as often as they were.
    pub bytes_read: u64,
    /// Bytes of weights.
    pub bytes_written: u64,
    /// Shards that an earlier run had finished.
    pub reused_files: usize,
    /// Time it took.
    pub seconds: f64,
    /// Tensors with NaN or infinities.
    pub non_finite: Vec<NonFinite>,
    /// SHA-256 of the recipe, also in the headers of the files.
    pub recipe_sha256: String,
}

/// NaN and infinities of one tensor, and what was done: they were computed with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NonFinite {
    /// The tensor of the child.
    pub tensor: String,
    /// How many each model has; models without are not listed.
    pub inputs: BTreeMap<String, u64>,
    /// How many the child has.
    pub written: u64,
}

/// Why nothing came out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The user asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// The sentence for the user.
    #[error("{0}")]
    Failed(String),
}

impl From<String> for RunError {
    fn from(sentence: String) -> Self {
        Self::Failed(sentence)
    }
}

impl From<CheckpointError> for RunError {
    fn from(error: CheckpointError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl std::fmt::Display for NonFinite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: ", self.tensor)?;
        for (model, count) in &self.inputs {
            write!(f, "{count} NaN or infinite numbers in {model}, ")?;
        }
        write!(f, "{} in the child", self.written)
    }
}
