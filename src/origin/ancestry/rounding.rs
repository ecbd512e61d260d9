//! What rounding a child to its format leaves unexplained.
//!
//! Rounding w to a format moves it by an error whose mean square is a known share of w² (see
//! [`Dtype::rounding_share`]), whatever made w. Summed over the child's weights and divided by
//! |δ_c|² it is the part of a fit's residual that says nothing about the parents.

use super::fit::System;
use crate::checkpoint::{Checkpoint, Dtype};
use crate::kinship::Kinship;

/// The expected error of rounding, for each tensor of a kinship result.
#[derive(Clone, Debug, PartialEq)]
pub struct Rounding {
    /// Mean square error as a share of the mean square.
    shares: Vec<f64>,
    /// Σ of squared errors that quantisation has made, where the child is quantised.
    quantised: f64,
}

impl Rounding {
    /// That of a child whose every tensor is of one format.
    pub fn of_format(kinship: &Kinship, format: Dtype) -> Self {
        let share = format.rounding_share().unwrap_or(0.0);
        Self {
            shares: vec![share; kinship.tensors.len()],
            quantised: 0.0,
        }
    }

    /// None at all.
    pub fn none(kinship: &Kinship) -> Self {
        Self::of_format(kinship, Dtype::F32)
    }

    /// That of an opened child, whose names of tensors are those of `base`.
    pub fn of(kinship: &Kinship, child: &Checkpoint, base: &Checkpoint) -> Self {
        let child = child.seen_as(base);
        let share = |name: &str| child.tensor(name)?.dtype.rounding_share();
        let of_tensor = kinship
            .tensors
            .iter()
            .map(|t| share(&t.tensor).unwrap_or(0.0));
        Self {
            shares: of_tensor.collect(),
            quantised: child.rounding().map_or(0.0, |distance| distance * distance),
        }
    }

    /// Σ of squared errors to expect in tensor `tensor` of the result, whose system this is.
    pub(super) fn of_tensor(&self, tensor: usize, system: &System) -> f64 {
        self.shares.get(tensor).unwrap_or(&0.0) * system.weights_square()
    }

    /// What quantisation has added to all tensors together.
    pub(super) fn quantised(&self) -> f64 {
        self.quantised
    }
}
