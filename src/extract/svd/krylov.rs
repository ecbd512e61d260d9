//! The first singular vectors from a block Krylov space of MᵀM.
//!
//! Musco, Musco: *Randomized Block Krylov Methods for Stronger and Faster Approximate Singular
//! Value Decomposition*, NIPS 2015, grown block by block (Golub, Underwood: *The Block Lanczos
//! Method*, 1977) with every new block made orthogonal to all before it, twice. The changes of a
//! fine-tune fall off slowly: powers of MᵀM on one block take several times as many products for
//! the same accuracy.
//!
//! It ends when the energy that the wanted ranks hold has come to rest: what further blocks can
//! still add, by the ratio of the last two steps, is below [`REST`] of what the best
//! approximation leaves. Cost: 4 · rows · columns for each vector of the space.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par, Side};

use super::products::Products;
use super::{Goal, SvdError};
use crate::numeric::random::Stream;

/// What may be missing, as a share of the energy that the best approximation leaves. The norm of
/// what is left is then above the smallest by half of this share.
const REST: f64 = 2e-5;
/// The same, as a share of all energy: below it are rounding errors.
const ROUNDING: f64 = 2e-10;
/// The ratio of two steps that is counted on at best: one good step may be an accident.
const LEAST_RATIO: f64 = 0.1;
/// Vectors of a block.
const BLOCKS: [usize; 2] = [16, 64];

/// The vectors of the ranks that a goal keeps, [columns, rank]; `None` if the space grew to where
/// the exact way is the shorter one.
pub(super) fn right_vectors(
    products: &Products<'_>,
    goal: Goal,
    energy: f64,
    random: Stream,
) -> Result<Option<Mat<f32>>, SvdError> {
    let [rows, columns] = products.shape();
    let block = (goal.most.div_ceil(16) * 8).clamp(BLOCKS[0], BLOCKS[1]);
    let largest = rows.min(columns) / 2;
    let mut space = Space::new(columns, block, random);
    let mut rest = Rest::new(goal, energy);
    loop {
        space.grow(products)?;
        // A look takes as long as a step.
        let is_worth_a_look = goal.energy.is_some() || space.known > goal.most;
        if is_worth_a_look {
            let ritz = space.ritz()?;
            if rest.is_reached(&ritz) {
                return Ok(Some(space.vectors(&ritz, rest.rank)));
            }
        }
        if space.known + block > largest {
            return Ok(None);
        }
    }
}

/// A growing space with what M makes of it.
struct Space {
    block: usize,
    /// Vectors in it that M was applied to.
    known: usize,
    /// Orthonormal: [columns, known + block].
    basis: Mat<f32>,
    /// M times the basis: [rows, known].
    forward: Mat<f32>,
    /// (M·basis)ᵀ(M·basis), in its upper half: [known, known].
    inner: Mat<f64>,
}

/// Singular values squared and vectors of M on a space, the largest first.
struct Ritz {
    squares: Vec<f64>,
    /// In terms of the basis, rising: the last column is that of the largest.
    vectors: Mat<f64>,
}

impl Space {
    fn new(columns: usize, block: usize, random: Stream) -> Self {
        let number = |i: usize, j: usize| {
            let bits = random.at((j * columns + i) as u64) >> 40;
            bits as f32 / (1u64 << 23) as f32 - 1.0
        };
        let first = Mat::<f32>::from_fn(columns, block, number);
        Self {
            block,
            known: 0,
            basis: first.qr().compute_thin_Q(),
            forward: Mat::new(),
            inner: Mat::new(),
        }
    }

    /// Applies M to the last block, and makes the next one of what comes back.
    fn grow(&mut self, products: &Products<'_>) -> Result<(), SvdError> {
        let (known, block) = (self.known, self.block);
        let all = known + block;
        let [rows, columns] = products.shape();
        self.forward.resize_with(rows, all, |_, _| 0.0);
        let last = self.basis.as_ref().subcols(known, block);
        let step = products.step(last, &mut self.forward, known)?;
        self.inner.resize_with(all, all, |_, _| 0.0);
        let mut to = self.inner.as_mut().submatrix_mut(0, known, all, block);
        to.copy_from(&step.inner);
        let next = orthonormal(step.back, self.basis.as_ref());
        self.basis.resize_with(columns, all + block, |_, _| 0.0);
        let mut to = self.basis.as_mut().subcols_mut(all, block);
        to.copy_from(next);
        self.known = all;
        Ok(())
    }

    fn ritz(&self) -> Result<Ritz, SvdError> {
        let found = self.inner.self_adjoint_eigen(Side::Upper);
        let found = found.map_err(|_| SvdError::NoConvergence)?;
        let squares = found.S().column_vector().iter().rev().copied().collect();
        Ok(Ritz {
            squares,
            vectors: found.U().to_owned(),
        })
    }

    /// The first `rank` Ritz vectors, in the coordinates of the matrix.
    fn vectors(&self, ritz: &Ritz, rank: usize) -> Mat<f32> {
        let last = self.known - 1;
        let own = Mat::from_fn(self.known, rank, |i, j| ritz.vectors[(i, last - j)] as f32);
        self.basis.as_ref().subcols(0, self.known) * own
    }
}

/// The columns of `block` without their parts in `basis`, made orthonormal.
fn orthonormal(mut block: Mat<f32>, basis: MatRef<'_, f32>) -> Mat<f32> {
    // Once leaves rounding errors of the size of what was taken away.
    for _ in 0..2 {
        let parts = basis.transpose() * &block;
        matmul(&mut block, Accum::Add, basis, &parts, -1.0, Par::Seq);
        block = block.qr().compute_thin_Q();
    }
    block
}

/// The energy of the wanted ranks, step by step.
struct Rest {
    goal: Goal,
    energy: f64,
    /// How many ranks the goal keeps, as far as is known.
    rank: usize,
    /// The energy that they held at the last look, and what had been added by then.
    held: Option<f64>,
    gain: Option<f64>,
}

impl Rest {
    fn new(goal: Goal, energy: f64) -> Self {
        Self {
            goal,
            energy,
            rank: goal.most,
            held: None,
            gain: None,
        }
    }

    /// Takes in what a larger space has found; whether it is near enough to the best.
    fn is_reached(&mut self, ritz: &Ritz) -> bool {
        let rank = match self.goal.energy {
            None => self.goal.most,
            Some(share) => match enough(&ritz.squares, share * self.energy) {
                Some(rank) => rank.min(self.goal.most),
                None => self.goal.most,
            },
        };
        let is_there = rank <= ritz.squares.len();
        let held: f64 = ritz.squares.iter().take(rank).sum();
        let before = (rank == self.rank).then_some(self.held).flatten();
        (self.rank, self.held) = (rank, Some(held));
        let Some(before) = before else {
            self.gain = None;
            return false;
        };
        let gain = (held - before).max(0.0);
        let missing = match self.gain.replace(gain) {
            Some(last) if last > 0.0 => {
                let ratio = (gain / last).clamp(LEAST_RATIO, 0.95);
                gain * ratio / (1.0 - ratio)
            }
            _ => gain,
        };
        let limit = (REST * (self.energy - held)).max(ROUNDING * self.energy);
        is_there && missing <= limit
    }
}

/// How many of the first squares sum up to `wanted`.
fn enough(squares: &[f64], wanted: f64) -> Option<usize> {
    let mut sum = 0.0;
    let last = squares.iter().position(|square| {
        sum += square.max(0.0);
        sum >= wanted
    });
    last.map(|last| last + 1)
}
