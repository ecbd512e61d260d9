//! Iso-C: with Σdᵢ = UΣVᵀ and σ̄ the mean of its singular values, d = σ̄UVᵀ.
//!
//! Singular values that are zero have no direction, and are left out of the mean: for changes of
//! full rank, as those of full fine-tunes are, this is the formula of the paper (2502.04959, (5));
//! for adapters it makes the directions that there are equal, and no others.

use super::matrix::Matrix;
use super::polar::polar;
use super::products::{add_rows, gram};
use crate::jobs::Ticket;
use crate::merge::error::MergeError;
use crate::numeric::vector;

pub(super) fn combine(changes: &[Matrix], ticket: &Ticket) -> Result<Matrix, MergeError> {
    let mut sum = changes[0].clone();
    for change in &changes[1..] {
        vector::add(&mut sum.numbers, &change.numbers);
    }
    let tall = sum.tall();
    let found = polar(&gram(tall, ticket)?, ticket)?;
    let mean = found.values.iter().sum::<f64>() / found.values.len().max(1) as f64;
    let turned = found.root * faer::Scale(mean);
    let mut out = vec![0.0; sum.numbers.len()];
    add_rows(&mut out, tall, turned.as_ref(), ticket)?;
    Ok(Matrix::from_tall(sum.shape, out))
}
