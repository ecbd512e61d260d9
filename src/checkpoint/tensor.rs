//! One stored tensor, as the table of a checkpoint lists it.

use std::ops::Range;

use super::dtype::Dtype;
use super::names::TensorLocation;

/// One stored tensor; its numbers stay on disk until [`super::Checkpoint::bytes`] is read.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// As in the file.
    pub name: String,
    /// Number format.
    pub dtype: Dtype,
    /// Dimensions, outermost first; empty for a single number.
    pub shape: Vec<usize>,
    /// Layer and kind, by the name.
    pub place: TensorLocation,
    pub(super) elements: usize,
    pub(super) file: usize,
    pub(super) range: Range<usize>,
}

impl Tensor {
    /// How many numbers it has.
    pub fn elements(&self) -> usize {
        self.elements
    }

    /// Bytes on disk.
    pub fn size_bytes(&self) -> usize {
        self.range.len()
    }
}
