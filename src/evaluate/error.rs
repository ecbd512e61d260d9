//! What can go wrong with an evaluation, one variant a cause.
//!
//! Every message says what happened, then what to do, and ends with the path.

use std::path::PathBuf;

use thiserror::Error;

use crate::checkpoint::CheckpointError;
use crate::jobs::{Cancelled, Failure};

/// Why there is no score.
///
/// The strings named `reason` are clauses that finish the sentence of their variant.
#[derive(Clone, Debug, PartialEq, Error)]
#[allow(missing_docs)] // The fields are the words of the messages, which stand beside them.
pub enum EvaluateError {
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    #[error(
        "this build of Kinfolk cannot evaluate by itself; evaluate with a program of yours, or build it with the feature built-in-evaluator"
    )]
    NotBuiltIn,
    #[error(
        "this build of Kinfolk cannot read prompts; build it with the feature built-in-evaluator, or take a gate mode that needs none: random or uniform_random"
    )]
    NoPrompts,

    /// A file of the model did not stay what it was; the sentence names it.
    #[error("{0}")]
    Files(String),

    #[error("the built-in evaluator cannot run this model, {reason}; evaluate it with a program of yours: {}", path.display())]
    Unsupported { path: PathBuf, reason: String },
    #[error("the model's settings cannot be used, {reason}; download the file again: {}", path.display())]
    Settings { path: PathBuf, reason: String },
    #[error("tensor `{tensor}` is missing, and the model's config.json calls for it; download the model again: {}", path.display())]
    MissingTensor { path: PathBuf, tensor: String },
    #[error("tensor `{tensor}` has shape {found:?} where the model's config.json calls for {expected:?}; check that the two belong together: {}", path.display())]
    TensorShape {
        path: PathBuf,
        tensor: String,
        expected: Vec<usize>,
        found: Vec<usize>,
    },
    #[error("the tokenizer cannot be used, {reason}; put the model's tokenizer.json beside its weights: {}", path.display())]
    Tokenizer { path: PathBuf, reason: String },
    #[error(
        "the model takes {} of memory to run and {} are free for it; close other programs, raise the memory limit if you have set one, or evaluate it with a program of yours: {}",
        gigabytes(*needed_bytes),
        gigabytes(*available_bytes),
        path.display()
    )]
    TooLarge {
        path: PathBuf,
        needed_bytes: u64,
        available_bytes: u64,
    },

    #[error("the tasks cannot be used, {reason}: {}", path.display())]
    Tasks { path: PathBuf, reason: String },
    #[error("line {line} of the tasks cannot be used, {reason}: {}", path.display())]
    TaskLine {
        path: PathBuf,
        line: usize,
        reason: String,
    },

    #[error("the evaluation failed inside the inference library: {reason}")]
    Inference { reason: String },
}

impl From<CheckpointError> for EvaluateError {
    fn from(error: CheckpointError) -> Self {
        Self::Files(error.to_string())
    }
}

impl From<EvaluateError> for Failure {
    fn from(error: EvaluateError) -> Self {
        match error {
            EvaluateError::Cancelled(_) => Self::Cancelled,
            other => Self::Failed(other.to_string()),
        }
    }
}

#[cfg(feature = "built-in-evaluator")]
impl From<candle_core::Error> for EvaluateError {
    fn from(error: candle_core::Error) -> Self {
        Self::Inference {
            reason: error.to_string(),
        }
    }
}

fn gigabytes(bytes: u64) -> String {
    format!("{:.1} GB", bytes as f64 / 1e9)
}
