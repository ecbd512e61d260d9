//! What an adapter has for one tensor of a base, checked as far as that goes without the base.

use std::path::Path;
use std::sync::Arc;

use super::edited::Matrix;
use super::low_rank::Pair;
use crate::checkpoint::error::CheckpointError;
use crate::checkpoint::tensor::Tensor;

/// What is stored for one base tensor.
#[derive(Debug)]
pub(super) struct Target {
    /// Stands for the base's own tensor before anything is done to it.
    pub(super) whole: Option<Tensor>,
    pub(super) kind: Kind,
    /// Whether a base may be without the tensor.
    pub(super) optional: bool,
}

/// What is done to the tensor.
#[derive(Debug)]
pub(super) enum Kind {
    Nothing,
    /// Adds the product of two factors.
    LowRank {
        pair: Arc<Pair>,
        layer: Layer,
    },
    /// The same in a parameter of several experts.
    Experts(Arc<Pair>),
    /// The same with factors that are cut to the size of the tensor.
    Vera(Arc<Pair>),
    /// The same, after which the outputs get these lengths.
    Dora {
        pair: Arc<Pair>,
        layer: Layer,
        magnitude: Tensor,
    },
    /// Adds the product to what OLoRA leaves of the tensor.
    WithoutColumns(Arc<Pair>),
    /// LoHa.
    Hadamard {
        pairs: [Arc<Pair>; 2],
        scale: f32,
    },
    /// LoKr.
    Kronecker {
        one: Matrix,
        two: Matrix,
        scale: f32,
    },
    /// IA3: a factor for each output, or for each input; of a bias always the former.
    Scaled {
        by: Tensor,
        outputs: bool,
    },
    /// OFT.
    Rotated {
        skew: Tensor,
        block: usize,
        shared: bool,
    },
    /// Trained tokens: places in the embedding with the numbers of their rows, in order.
    Rows {
        rows: Tensor,
        places: Vec<(usize, usize)>,
    },
    /// LoRA's second factor has a bias.
    AddVector {
        vector: Tensor,
        scale: f32,
    },
}

/// What a pair of factors belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layer {
    Linear,
    Embedding,
    /// A linear one whose outputs stand in the order in which GGUF has those of queries: pairs
    /// of a head, and not halves.
    PairedQueries,
    /// The same of keys.
    PairedKeys,
}

/// A tensor of the adapter is wrong; the reason is a clause that starts after its name.
pub(super) fn broken(path: &Path, tensor: &str, reason: String) -> CheckpointError {
    CheckpointError::AdapterTensor {
        path: path.to_owned(),
        tensor: tensor.to_owned(),
        reason,
    }
}

/// A tensor of the adapter is right, and of a kind that is not read.
pub(super) fn refused(path: &Path, tensor: &str, reason: &str) -> CheckpointError {
    CheckpointError::AdapterUnsupported {
        path: path.to_owned(),
        reason: format!("its tensor `{tensor}` {reason}"),
    }
}
