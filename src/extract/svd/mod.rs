//! The best low-rank approximation of a matrix that is read in bands of rows.
//!
//! By the theorem of Eckart, Young and Mirsky the truncated singular value decomposition leaves
//! the smallest ‖M − BA‖ of any rank. Two ways lead to the singular vectors of one side: the
//! eigenvectors of MᵀM or MMᵀ where the smaller side is small or much of the spectrum is wanted
//! ([`exact`]), and a block Krylov space elsewhere ([`krylov`]). Both end in [`polish`], which takes
//! the other side and the singular values from the matrix itself, so that they do not suffer from
//! the squaring.
//!
//! Memory: a few vectors for each rank; of the matrix, a band for each thread. The result does
//! not depend on the number of threads: bands are fixed by the shape, and summed in order.

mod exact;
mod factors;
mod krylov;
mod matrix;
mod polish;
mod products;

use faer::Mat;

pub(super) use self::factors::{Factors, energy, residual};
pub(super) use self::matrix::{Held, Matrix};
use self::products::Products;
use crate::jobs::Failure;
use crate::numeric::random::Stream;

/// How many ranks are kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Goal {
    /// No more than this.
    pub(super) most: usize,
    /// The share of ‖M‖² that is enough, 0–1; `None` for all ranks up to the most.
    pub(super) energy: Option<f64>,
    /// Singular values up to this are left out.
    pub(super) epsilon: f64,
}

/// The first singular values of a matrix with their vectors.
#[derive(Debug)]
pub(super) struct Truncated {
    /// In falling order.
    pub(super) values: Vec<f64>,
    /// A column of length 1 for each value: [rows, rank].
    pub(super) left: Mat<f32>,
    /// The same for the columns: [columns, rank].
    pub(super) right: Mat<f32>,
    /// ‖M‖², all of it.
    pub(super) energy: f64,
}

/// Why there is no decomposition.
#[derive(Debug)]
pub(super) enum SvdError {
    /// The job was cancelled, or what is read has changed.
    Stopped(Failure),
    /// Some number of the matrix is NaN or infinite.
    NotFinite,
    /// The library's iteration did not end, which is not expected of finite numbers.
    NoConvergence,
}

impl From<Failure> for SvdError {
    fn from(failure: Failure) -> Self {
        Self::Stopped(failure)
    }
}

/// Orthonormal columns that span the first singular vectors of one side.
enum Vectors {
    Left(Mat<f32>),
    Right(Mat<f32>),
}

/// What is called after each band with its share of the rows, so that a long work can be stopped.
pub(super) type Tick<'t> = &'t (dyn Fn(f64) -> Result<(), Failure> + Sync);

/// Smaller sides up to this are decomposed exactly: it takes a moment.
const SMALL: usize = 192;

/// The truncated decomposition of `matrix` for a goal; `random` starts the Krylov space.
///
/// # Errors
/// See [`SvdError`].
pub(super) fn truncated(
    matrix: &dyn Matrix,
    goal: Goal,
    random: Stream,
    tick: Tick<'_>,
) -> Result<Truncated, SvdError> {
    let [rows, columns] = matrix.shape();
    let products = Products::new(matrix, tick);
    let energy = products.energy()?;
    if !energy.is_finite() {
        return Err(SvdError::NotFinite);
    }
    let smaller = rows.min(columns);
    let goal = Goal {
        most: goal.most.min(smaller),
        ..goal
    };
    let is_most_wanted = goal.energy.is_none() && goal.most * 4 > smaller;
    let krylov = match smaller <= SMALL || is_most_wanted {
        true => None,
        false => krylov::right_vectors(&products, goal, energy, random)?,
    };
    let vectors = match krylov {
        Some(right) => Vectors::Right(right),
        None => exact::vectors(&products, goal, energy)?,
    };
    let all = polish::polish(&products, &vectors, energy)?;
    Ok(all.cut(goal))
}

impl Truncated {
    /// No more ranks than the goal asks for.
    fn cut(self, goal: Goal) -> Self {
        let rank = kept(&self.values, self.energy, goal);
        Self {
            left: self.left.subcols(0, rank).to_owned(),
            right: self.right.subcols(0, rank).to_owned(),
            values: self.values[..rank].to_vec(),
            energy: self.energy,
        }
    }

    /// Σσ² of what is kept, never more than all.
    pub(super) fn kept_energy(&self) -> f64 {
        let kept: f64 = self.values.iter().map(|s| s * s).sum();
        kept.min(self.energy)
    }
}

/// How many of the first `values` a goal keeps.
fn kept(values: &[f64], energy: f64, goal: Goal) -> usize {
    let above = values.iter().take_while(|value| **value > goal.epsilon);
    // Without a threshold, values of zero are kept too, as the rank that was asked for.
    let limit = match goal.epsilon > 0.0 || goal.energy.is_some() {
        true => above.count(),
        false => values.len(),
    };
    let limit = limit.min(goal.most);
    let Some(share) = goal.energy else {
        return limit;
    };
    let mut sum = 0.0;
    let enough = values.iter().position(|value| {
        sum += value * value;
        sum >= share * energy
    });
    enough.map_or(limit, |last| (last + 1).min(limit))
}

#[cfg(test)]
mod tests;
