//! Singular vectors as eigenvectors of the inner products of the shorter side.
//!
//! M is squared in double precision, so that the vectors of values down to 10⁻⁷ of the largest
//! are told apart, as they are by a decomposition of M itself in single precision. Time: the
//! product, rows · columns · smaller side, and about 9 · (smaller side)³ for the eigenvectors;
//! memory 16 · (smaller side)² bytes.

use faer::{Mat, Side};

use super::products::Products;
use super::{Goal, SvdError, Vectors};

/// The vectors of the first singular values, of the side with fewer of them.
pub(super) fn vectors(
    products: &Products<'_>,
    goal: Goal,
    energy: f64,
) -> Result<Vectors, SvdError> {
    let [rows, columns] = products.shape();
    let inner = match rows < columns {
        true => products.inner_rows()?,
        false => products.inner_columns()?,
    };
    let found = inner.self_adjoint_eigen(Side::Lower);
    let found = found.map_err(|_| SvdError::NoConvergence)?;
    let squares: Vec<f64> = found.S().column_vector().iter().rev().copied().collect();
    let rank = wanted(&squares, goal, energy);
    let n = squares.len();
    let of_eigen = found.U();
    // The library has them in rising order.
    let vectors = Mat::from_fn(n, rank, |i, j| of_eigen[(i, n - 1 - j)] as f32);
    Ok(match rows < columns {
        true => Vectors::Left(vectors),
        false => Vectors::Right(vectors),
    })
}

/// How many vectors can be needed for a goal; one more than the squares say, for rounding.
fn wanted(squares: &[f64], goal: Goal, energy: f64) -> usize {
    let Some(share) = goal.energy else {
        return goal.most;
    };
    let mut sum = 0.0;
    let enough = squares.iter().position(|square| {
        sum += square.max(0.0);
        sum >= share * energy
    });
    enough.map_or(goal.most, |last| (last + 2).min(goal.most))
}
