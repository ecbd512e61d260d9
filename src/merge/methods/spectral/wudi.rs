//! WUDI in closed form: the d for which Σ‖(d − dᵢ)dᵢᵀ‖²/‖dᵢ‖² is smallest.
//!
//! The paper (2503.08099, (9)) descends on it by steps. Its gradient is zero where
//! d·S = Σ dᵢGᵢ with Gᵢ = dᵢᵀdᵢ/‖dᵢ‖² and S = ΣGᵢ, so that d = Σ dᵢ(GᵢS⁻¹): a mean of the changes
//! with matrices that add up to 1 as weights. What no model has in its rows stays zero, as it does
//! on the paper's way from Σdᵢ. Directions in which all changes are weak may come out strong: the
//! loss hardly sees them, and a descent of few steps leaves them as they are in Σdᵢ.

use faer::linalg::solvers::Solve;
use faer::{Mat, Side};

use super::Square;
use super::matrix::Matrix;
use super::products::{add_rows, gram};
use crate::jobs::Ticket;
use crate::merge::error::MergeError;
use crate::numeric::vector;

/// What is added to the diagonal, as a share of its mean: S is singular where changes have fewer
/// rows than columns.
const RIDGE: f64 = 1e-10;

pub(super) fn combine(changes: &[Matrix], ticket: &Ticket) -> Result<Matrix, MergeError> {
    let shape = changes[0].shape;
    let mut out = vec![0.0f32; shape[0] * shape[1]];
    let moving: Vec<(&Matrix, f64)> = (changes.iter().map(|change| (change, square(change))))
        .filter(|(_, square)| *square > 0.0)
        .collect();
    let mut sum = Square::zeros(shape[1], shape[1]);
    for (change, square) in &moving {
        sum += gram(change.view(), ticket)? * faer::Scale(1.0 / square);
    }
    if moving.is_empty() {
        return Ok(Matrix::new(shape, out));
    }
    let ridge = RIDGE * trace(&sum) / shape[1] as f64;
    for i in 0..shape[1] {
        sum[(i, i)] += ridge;
    }
    let refused = || MergeError::Refused("Its changes are too small to be told apart".to_owned());
    let solver = sum.llt(Side::Lower).map_err(|_| refused())?;
    for (change, square) in &moving {
        ticket.advance(0)?;
        let own = gram(change.view(), ticket)? * faer::Scale(1.0 / square);
        // (GS⁻¹)ᵀ = S⁻¹G, as both are symmetric.
        let weights: Mat<f64> = solver.solve(&own);
        add_rows(
            &mut out,
            change.view(),
            weights.as_ref().transpose(),
            ticket,
        )?;
    }
    Ok(Matrix::new(shape, out))
}

/// ‖d‖²
fn square(change: &Matrix) -> f64 {
    let mut sum = 0.0;
    vector::add_squares(&mut sum, &change.numbers);
    sum
}

fn trace(square: &Square) -> f64 {
    (0..square.nrows()).map(|i| square[(i, i)]).sum()
}
