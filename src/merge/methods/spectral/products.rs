//! Products of matrices on all threads, each piece of the result made by one of them.

use std::sync::Mutex;

use faer::linalg::matmul::matmul;
use faer::prelude::ReborrowMut;
use faer::{Accum, Mat, MatMut, MatRef, Par, Side};

use super::Square;
use crate::jobs::Ticket;
use crate::merge::error::MergeError;
use crate::parallel::{in_order, lock};

/// Rows that are widened to `f64` at once.
const BAND: usize = 256;
/// Columns of the result that a thread takes at once.
const STRIP: usize = 128;

/// MᵀM, both halves.
pub(super) fn gram(matrix: MatRef<'_, f32>, ticket: &Ticket) -> Result<Square, MergeError> {
    let n = matrix.ncols();
    let mut out = Mat::<f64>::zeros(n, n);
    by_strips(out.as_mut(), |start, mut strip| {
        let mut below = strip.rb_mut().subrows_mut(start, n - start);
        for top in (0..matrix.nrows()).step_by(BAND) {
            let rows = BAND.min(matrix.nrows() - top);
            let band = widened(matrix.submatrix(top, start, rows, n - start));
            let own = band.as_ref().subcols(0, below.ncols());
            let left = band.as_ref().transpose();
            matmul(below.rb_mut(), Accum::Add, left, own, 1.0, Par::Seq);
        }
        Ok(ticket.advance(0)?)
    })?;
    for column in 0..n {
        for row in 0..column {
            out[(row, column)] = out[(column, row)];
        }
    }
    Ok(out)
}

/// A·B.
pub(super) fn product(
    left: MatRef<'_, f64>,
    right: MatRef<'_, f64>,
    ticket: &Ticket,
) -> Result<Mat<f64>, MergeError> {
    let mut out = Mat::zeros(left.nrows(), right.ncols());
    by_strips(out.as_mut(), |start, strip| {
        let right = right.subcols(start, strip.ncols());
        matmul(strip, Accum::Replace, left, right, 1.0, Par::Seq);
        Ok(ticket.advance(0)?)
    })?;
    Ok(out)
}

/// Adds the rows of A·B, row-major, to `out`.
pub(super) fn add_rows(
    out: &mut [f32],
    left: MatRef<'_, f32>,
    right: MatRef<'_, f64>,
    ticket: &Ticket,
) -> Result<(), MergeError> {
    let columns = right.ncols();
    let bands: Vec<_> = (out.chunks_mut((BAND * columns).max(1)))
        .map(Mutex::new)
        .collect();
    in_order(bands.len(), |k| {
        let mut own = lock(&bands[k]);
        let rows = own.len() / columns.max(1);
        let made = widened(left.subrows(k * BAND, rows)) * right;
        for (row, out) in own.chunks_mut(columns.max(1)).enumerate() {
            for (column, out) in out.iter_mut().enumerate() {
                *out += made[(row, column)] as f32;
            }
        }
        Ok(ticket.advance(0)?)
    })
}

/// Eigenvalues of a symmetric matrix, the largest first, with their vectors as columns.
pub(super) fn eigen(square: &Square) -> Result<(Vec<f64>, Square), MergeError> {
    if square.nrows() == 0 {
        return Ok((Vec::new(), Square::new()));
    }
    let refused = || MergeError::Refused("Its singular values could not be found".to_owned());
    let found = square
        .self_adjoint_eigen(Side::Lower)
        .map_err(|_| refused())?;
    let values: Vec<f64> = found.S().column_vector().iter().rev().copied().collect();
    let n = values.len();
    let vectors = found.U();
    Ok((values, Mat::from_fn(n, n, |i, j| vectors[(i, n - 1 - j)])))
}

fn by_strips(
    out: MatMut<'_, f64>,
    make: impl Fn(usize, MatMut<'_, f64>) -> Result<(), MergeError> + Sync,
) -> Result<(), MergeError> {
    let mut strips = Vec::new();
    let mut rest = out;
    while rest.ncols() > 0 {
        let width = STRIP.min(rest.ncols());
        let (own, after) = rest.split_at_col_mut(width);
        strips.push(Mutex::new(own));
        rest = after;
    }
    in_order(strips.len(), |k| make(k * STRIP, lock(&strips[k]).rb_mut()))
}

fn widened(matrix: MatRef<'_, f32>) -> Mat<f64> {
    Mat::from_fn(matrix.nrows(), matrix.ncols(), |i, j| {
        f64::from(matrix[(i, j)])
    })
}
