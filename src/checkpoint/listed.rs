//! What opening one file of weights gives, whatever its format.

use std::sync::Arc;

use super::tensor::Tensor;
use super::weights::Weights;

/// A file together with its checked table of tensors.
pub(super) struct Listed {
    pub(super) file: Arc<Weights>,
    pub(super) tensors: Vec<Tensor>,
    /// Sentences about what was left out.
    pub(super) remarks: Vec<String>,
}
