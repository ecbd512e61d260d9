//! Why a tensor could not be merged.

use crate::jobs::Cancelled;

/// Why a tensor could not be merged.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// The user asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// The sentence for the user; the caller adds the tensor.
    #[error("{0}")]
    Refused(String),
    /// What was made could not be written.
    #[error("The result could not be written: {0}")]
    Write(#[from] std::io::Error),
}
