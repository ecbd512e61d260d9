//! The polar factor of a matrix: the nearest one whose singular values are all 1.
//!
//! With M = UΣVᵀ it is UVᵀ = M·(MᵀM)^(−½). The root is taken from the eigenvectors of MᵀM, summed
//! in `f64`: singular values are told apart down to 10⁻⁷ of the largest, and those below 10⁻⁶ of
//! it count as zero, whose directions the factor does not have.

use faer::Mat;

use super::products::{eigen, product};
use super::{SMALL, Square};
use crate::jobs::Ticket;
use crate::merge::error::MergeError;

/// What turns a matrix into its polar factor.
pub(super) struct Polar {
    /// (MᵀM)^(−½): M times it is the factor.
    pub(super) root: Square,
    /// Singular values that are not zero, the largest first.
    pub(super) values: Vec<f64>,
}

/// That of a matrix with these inner products of its columns.
pub(super) fn polar(gram: &Square, ticket: &Ticket) -> Result<Polar, MergeError> {
    let (squares, vectors) = eigen(gram)?;
    ticket.advance(0)?;
    let values = singular_values(&squares);
    let (n, rank) = (gram.nrows(), values.len());
    let vectors = vectors.as_ref().subcols(0, rank);
    let scaled = Mat::from_fn(n, rank, |i, j| vectors[(i, j)] / values[j]);
    Ok(Polar {
        root: product(scaled.as_ref(), vectors.transpose(), ticket)?,
        values,
    })
}

/// The roots of eigenvalues in falling order, up to where they count as zero.
pub(super) fn singular_values(squares: &[f64]) -> Vec<f64> {
    let largest = squares.first().map_or(0.0, |square| square.max(0.0).sqrt());
    let values = squares.iter().map(|square| square.max(0.0).sqrt());
    values
        .take_while(|&value| value > 0.0 && value >= SMALL * largest)
        .collect()
}
