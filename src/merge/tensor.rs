//! One tensor of a merge with its inputs lined up: what a method works on.

use std::ops::Range;

use super::error::MergeError;
use crate::checkpoint::{Dtype, LowRank, RawTensor};

/// A tensor to be made from the tensors of several inputs.
pub struct MergeTensor<'a> {
    /// Name in the output; random methods draw from (seed, name, index).
    pub name: &'a str,
    /// Its dimensions; those of every input.
    pub shape: &'a [usize],
    /// What it is made from, in the order of the recipe; a base that the recipe does not list
    /// is the last.
    pub inputs: Vec<Input<'a>>,
    /// Which input is the base.
    pub base: Option<usize>,
    /// Format that inputs are rounded to when they are read: the recipe's `dtype`. With F64 the
    /// tensor is computed in `f64`.
    pub rounded_to: Option<Dtype>,
    /// Seed of random methods.
    pub seed: u64,
}

/// One input of a tensor.
pub struct Input<'a> {
    /// The stored weights.
    pub stored: RawTensor<'a>,
    /// What a LoRA adapter adds to them.
    pub adapter: Option<LowRank<'a>>,
}

impl<'a> Input<'a> {
    /// Numbers in memory, without an adapter.
    pub fn of_numbers(numbers: &'a [f32]) -> Self {
        Self {
            stored: RawTensor::of_numbers(numbers),
            adapter: None,
        }
    }
}

impl MergeTensor<'_> {
    /// Whether it is computed in `f64`, and not in `f32`.
    pub fn is_wide(&self) -> bool {
        self.rounded_to.is_some_and(Dtype::is_wide)
    }

    /// Numbers in the tensor.
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }

    /// The inputs other than the base.
    pub fn models(&self) -> Vec<usize> {
        (0..self.inputs.len())
            .filter(|&i| Some(i) != self.base)
            .collect()
    }

    /// The base.
    ///
    /// # Errors
    /// If there is none.
    pub fn needed_base(&self) -> Result<usize, MergeError> {
        self.base.ok_or_else(|| {
            MergeError::Refused(
                "This method needs a base_model, and the recipe has none".to_owned(),
            )
        })
    }

    /// Length of a row: the last dimension; a vector is one row.
    pub fn row_len(&self) -> usize {
        self.shape.last().copied().unwrap_or(1)
    }

    /// Numbers of a block of whole rows that is about `wanted` long.
    pub fn whole_rows(&self, wanted: usize) -> Range<usize> {
        let row = self.row_len().max(1);
        0..(wanted / row).max(1) * row
    }
}
