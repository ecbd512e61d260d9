//! Unbiased linear CKA, and a permutation test on it.
//!
//! Linear centred kernel alignment of weights compares inner products: K = F·Fᵀ over things that
//! correspond in both models (hidden dimensions, or units), whatever the features F are, so that
//! it does not see how the other side is permuted or rotated. With U-centred kernels (Székely and
//! Rizzo, *Partial distance correlation*, 2014)
//!
//! K̃ᵢⱼ = Kᵢⱼ − rᵢ/(n−2) − rⱼ/(n−2) + s/((n−1)(n−2)) for i ≠ j, and 0 for i = j,
//!
//! where r are the sums of rows and s is that of all, both without the diagonal, Σᵢⱼ K̃ᵢⱼ·L̃ᵢⱼ is
//! n(n−3) times the unbiased HSIC of Song et al. (2012), and CKA = ⟨K̃, L̃⟩/(‖K̃‖·‖L̃‖). It is
//! about 0 for unrelated weights however few they are. Of attention weights it is what AWM
//! (arXiv 2510.06738) compares language models by.

use std::convert::Infallible;
use std::sync::Mutex;

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

use crate::jobs::{Cancelled, Ticket};
use crate::numeric::random::Stream;
use crate::parallel::{in_order, lock};

/// A U-centred kernel of length 1.
#[derive(Clone, Debug)]
pub(super) struct Kernel {
    n: usize,
    numbers: Vec<f32>,
}

/// Fewer things say nothing.
const FEWEST: usize = 12;

impl Kernel {
    /// The kernel of `n` things whose features are the rows of all `blocks`; `None` for too few
    /// things, or if nothing is left after centring.
    pub(super) fn new(n: usize, blocks: &[&[f32]]) -> Option<Self> {
        if n < FEWEST || blocks.is_empty() {
            return None;
        }
        let mut inner = Mat::<f32>::zeros(n, n);
        for block in blocks {
            let features = MatRef::from_row_major_slice(block, n, block.len() / n);
            let across = features.transpose();
            matmul(inner.as_mut(), Accum::Add, features, across, 1.0, Par::Seq);
        }
        let at = |i: usize, j: usize| f64::from(inner[(i.max(j), i.min(j))]);
        let sum = |i: usize| (0..n).filter(|&j| j != i).map(|j| at(i, j)).sum::<f64>();
        let rows: Vec<f64> = (0..n).map(sum).collect();
        let all: f64 = rows.iter().sum();
        let (less, both) = ((n - 2) as f64, ((n - 1) * (n - 2)) as f64);
        let mut centred = vec![0.0f64; n * n];
        for i in 0..n {
            for j in (0..n).filter(|&j| j != i) {
                centred[i * n + j] = at(i, j) - rows[i] / less - rows[j] / less + all / both;
            }
        }
        let length = centred.iter().map(|x| x * x).sum::<f64>().sqrt();
        let numbers = centred.iter().map(|x| (x / length) as f32).collect();
        (length > 0.0 && length.is_finite()).then_some(Self { n, numbers })
    }

    /// Unbiased CKA with another kernel over as many things, which stand in the order `order`.
    fn aligned(&self, other: &Self, order: &[u32]) -> f64 {
        let rows = self.numbers.chunks_exact(self.n).zip(order);
        let of_row = |(row, &from): (&[f32], &u32)| {
            let other = &other.numbers[from as usize * other.n..][..other.n];
            let pairs = row.iter().zip(order);
            let products = pairs.map(|(x, &k)| x * other[k as usize]);
            f64::from(products.sum::<f32>())
        };
        rows.map(of_row).sum()
    }

    /// Unbiased CKA, −1 to 1; 0 for kernels over different numbers of things.
    pub(super) fn cka(&self, other: &Self) -> f64 {
        let order: Vec<u32> = (0..self.n as u32).collect();
        if self.n == other.n {
            self.aligned(other, &order)
        } else {
            0.0
        }
    }
}

/// Pairs of kernels, A's and B's, whose things have one order in common.
pub(super) type Group = Vec<(Kernel, Kernel)>;

/// The most orders that are drawn, and how many at least as good as the real one end the draw
/// (Besag and Clifford, *Sequential Monte Carlo p-values*, 1991).
const DRAWS: usize = 9_999;
const ENOUGH: usize = 20;
const BATCH: usize = 50;

/// How likely the sum of all CKA is as high if the things of A could stand in any order, each
/// group in one of its own: (hits + 1)/(draws + 1), or hits/draws where hits were enough to stop
/// at. Exact for exchangeable things; at least 1 in 10 000. `None` without a pair.
///
/// # Errors
/// If the job was cancelled.
pub(super) fn permutation_p(groups: &[Group], ticket: &Ticket) -> Result<Option<f64>, Cancelled> {
    let groups: Vec<&Group> = groups.iter().filter(|group| !group.is_empty()).collect();
    if groups.is_empty() {
        return Ok(None);
    }
    let cka = |(a, b): &(Kernel, Kernel)| a.cka(b);
    let real: f64 = groups.iter().flat_map(|group| group.iter().map(cka)).sum();
    let mut hits = 0;
    for start in (0..DRAWS).step_by(BATCH) {
        let batch = BATCH.min(DRAWS - start);
        let drawn = Mutex::new(vec![false; batch]);
        let done: Result<(), Infallible> = in_order(batch, |k| {
            let found = drawn_sum(&groups, start + k) >= real;
            lock(&drawn)[k] = found;
            Ok(())
        });
        debug_assert!(done.is_ok());
        ticket.advance(0)?;
        for (k, is_hit) in lock(&drawn).iter().enumerate() {
            hits += usize::from(*is_hit);
            if hits == ENOUGH {
                return Ok(Some(ENOUGH as f64 / (start + k + 1) as f64));
            }
        }
    }
    Ok(Some((hits + 1) as f64 / (DRAWS + 1) as f64))
}

fn drawn_sum(groups: &[&Group], draw: usize) -> f64 {
    let of_group = |(number, group): (usize, &&Group)| {
        let n = group.first().map_or(0, |(a, _)| a.n);
        let order = order(n, Stream::new(number as u64, "order", draw as u64));
        let cka = |(a, b): &(Kernel, Kernel)| b.aligned(a, &order);
        group.iter().map(cka).sum::<f64>()
    };
    groups.iter().enumerate().map(of_group).sum()
}

/// 0..n in a random order (Fisher and Yates).
fn order(n: usize, stream: Stream) -> Vec<u32> {
    let mut out: Vec<u32> = (0..n as u32).collect();
    for k in (1..n).rev() {
        let other = (u128::from(stream.at(k as u64)) * (k as u128 + 1)) >> 64;
        out.swap(k, other as usize);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(n: usize, width: usize, seed: u64) -> Vec<f32> {
        let stream = Stream::new(seed, "noise", 0);
        (0..(n * width) as u64)
            .map(|k| stream.normal(k) as f32)
            .collect()
    }

    #[test]
    fn the_kernel_does_not_see_the_order_of_features() {
        let a = noise(32, 50, 1);
        let turned: Vec<f32> = a.chunks(50).flat_map(|r| r.iter().rev().copied()).collect();
        let of = |numbers: &[f32]| Kernel::new(32, &[numbers]).unwrap();
        assert!(of(&a).cka(&of(&turned)) > 0.999);
        assert!(of(&a).cka(&of(&noise(32, 50, 2))).abs() < 0.2);
    }

    #[test]
    fn kin_have_the_least_p_and_strangers_any() {
        let ticket = Ticket::default();
        let of = |numbers: &[f32]| Kernel::new(24, &[numbers]).unwrap();
        let p = |a: &[f32], b: &[f32]| {
            let group = vec![(of(a), of(b))];
            permutation_p(&[group], &ticket).unwrap().unwrap()
        };
        let a = noise(24, 30, 3);
        assert!(p(&a, &a) < 2e-4);
        let strangers: Vec<f64> = (10..30).map(|seed| p(&a, &noise(24, 30, seed))).collect();
        let low = strangers.iter().filter(|&&p| p < 0.5).count();
        assert!((3..=17).contains(&low), "{strangers:?}");
        assert!(strangers.iter().all(|&p| p > 0.001), "{strangers:?}");
    }
}
