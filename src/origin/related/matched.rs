//! Which of two models' hidden dimensions or units are most alike, and whether those at the same
//! place are so too often for chance.
//!
//! Training knows no order among the dimensions of the residual stream, nor among the units of
//! an MLP: to start from a permuted start is to end at the permuted model. So if two models were
//! trained independently, every order of the first is equally likely whatever the second is.
//! For each dimension i of B let f(i) be the dimension of A that is most like it, by the cosine
//! of their weights. Under independence f(i) = σ(g(i)) with σ uniformly random and g fixed, and
//! the number of hits, f(i) = i, has factorial moments of at most 1, for whatever reasons
//! dimensions may be alike. Therefore
//!
//! P(hits ≥ k) ≤ 1/k!, and ≤ Lᵏ/k! for the sum over L orders that are independent.
//!
//! The argument of exchangeable units is that of Zhu et al., *Independence tests for language
//! models* (arXiv 2502.12292), whose test by Spearman's correlation of a linear assignment this
//! replaces: the bound needs no assignment and is a p-value without approximation.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

/// Vectors to be matched, row-major.
#[derive(Clone, Debug, Default)]
pub(super) struct Vectors {
    pub(super) count: usize,
    width: usize,
    numbers: Vec<f32>,
}

impl Vectors {
    /// Vectors of `count` things, each the concatenation of its rows in all `blocks`, which are
    /// row-major. Numbers at one place are centred over the things, so that what all have in
    /// common counts for nothing, and vectors have length 1.
    pub(super) fn new(count: usize, blocks: &[&[f32]]) -> Self {
        let widths: Vec<usize> = blocks.iter().map(|b| b.len() / count.max(1)).collect();
        let width: usize = widths.iter().sum();
        let mut numbers = Vec::with_capacity(count * width);
        for k in 0..count {
            for (block, &width) in blocks.iter().zip(&widths) {
                numbers.extend_from_slice(&block[k * width..(k + 1) * width]);
            }
        }
        centre(&mut numbers, width);
        for row in numbers.chunks_exact_mut(width.max(1)) {
            to_length_one(row);
        }
        Self {
            count,
            width,
            numbers,
        }
    }

    fn matrix(&self) -> MatRef<'_, f32> {
        MatRef::from_row_major_slice(&self.numbers, self.count, self.width)
    }
}

fn centre(numbers: &mut [f32], width: usize) {
    let rows = numbers.len() / width.max(1);
    let mut mean = vec![0.0f64; width];
    for row in numbers.chunks_exact(width.max(1)) {
        for (mean, &x) in mean.iter_mut().zip(row) {
            *mean += f64::from(x) / rows as f64;
        }
    }
    for row in numbers.chunks_exact_mut(width.max(1)) {
        for (x, mean) in row.iter_mut().zip(&mean) {
            *x = (f64::from(*x) - mean) as f32;
        }
    }
}

fn to_length_one(row: &mut [f32]) {
    let square: f64 = row.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
    // Below this a vector is the rounding of the mean that was taken away.
    let scale = if square > 1e-9 {
        square.sqrt().recip()
    } else {
        0.0
    };
    row.iter_mut()
        .for_each(|x| *x = (f64::from(*x) * scale) as f32);
}

/// How the vectors of B find those of A.
#[derive(Clone, Debug, Default)]
pub(super) struct Matched {
    /// For each of B the one of A that is most like it, and their cosine; none where two of A
    /// are equally like it, or nothing is.
    pub(super) best: Vec<Option<(usize, f32)>>,
    /// How many found the one at their own place.
    pub(super) hits: usize,
}

/// Mean cosine of the vectors at the same place; 0 where the two differ in number or width.
pub(super) fn in_place(a: &Vectors, b: &Vectors) -> f64 {
    if (a.count, a.width) != (b.count, b.width) || a.numbers.is_empty() {
        return 0.0;
    }
    let products = a.numbers.iter().zip(&b.numbers);
    let sum: f64 = products.map(|(x, y)| f64::from(*x) * f64::from(*y)).sum();
    sum / a.count as f64
}

/// Cosines closer than this are equal: rounding of sums depends on the place.
const SAME: f32 = 1e-6;

/// Matches two sets of vectors of the same width. Cost: |A|·|B|·width.
pub(super) fn matched(a: &Vectors, b: &Vectors) -> Matched {
    if a.width != b.width || a.width == 0 || a.count == 0 || b.count == 0 {
        return Matched::default();
    }
    // A column for each of B.
    let mut cosines = Mat::<f32>::zeros(a.count, b.count);
    let (left, right) = (a.matrix(), b.matrix().transpose());
    matmul(cosines.as_mut(), Accum::Replace, left, right, 1.0, Par::Seq);
    let best: Vec<Option<(usize, f32)>> = (0..b.count)
        .map(|j| highest((0..a.count).map(|i| cosines[(i, j)])))
        .collect();
    let is_hit = |(at, found): &(usize, &Option<(usize, f32)>)| found.is_some_and(|f| f.0 == *at);
    let hits = best.iter().enumerate().filter(is_hit).count();
    Matched { best, hits }
}

/// The highest of the numbers, if it stands alone and above 0.
fn highest(numbers: impl Iterator<Item = f32>) -> Option<(usize, f32)> {
    let (mut best, mut second) = ((0, f32::MIN), f32::MIN);
    for (k, x) in numbers.enumerate() {
        if x > best.1 {
            (second, best) = (best.1, (k, x));
        } else {
            second = second.max(x);
        }
    }
    (best.1 > SAME && best.1 - second > SAME).then_some(best)
}

/// The smallest p that is told; below it lies the smallest positive number.
pub(super) const LEAST_P: f64 = 1e-300;

/// Lᵏ/k!, at most 1: how likely so many hits are by chance over `orders` independent orders.
pub(super) fn p_of_hits(hits: usize, orders: usize) -> f64 {
    let orders = (orders.max(1) as f64).ln();
    let log: f64 = (1..=hits).map(|k| orders - (k as f64).ln()).sum();
    log.exp().clamp(LEAST_P, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::random::Stream;

    fn noise(count: usize, width: usize, seed: u64) -> Vec<f32> {
        let stream = Stream::new(seed, "noise", 0);
        (0..(count * width) as u64)
            .map(|k| stream.normal(k) as f32)
            .collect()
    }

    #[test]
    fn a_noisy_copy_finds_its_own_places_and_a_stranger_does_not() {
        let a = noise(64, 40, 1);
        let noisy: Vec<f32> = a.iter().zip(noise(64, 40, 2)).map(|(x, e)| x + e).collect();
        let of = |numbers: &[f32]| Vectors::new(64, &[numbers]);
        assert!(matched(&of(&a), &of(&noisy)).hits > 60);
        assert!(matched(&of(&a), &of(&noise(64, 40, 3))).hits < 7);
    }

    #[test]
    fn vectors_that_are_all_the_same_find_nothing() {
        let ones = vec![1.0; 64 * 8];
        let found = matched(&Vectors::new(64, &[&ones]), &Vectors::new(64, &[&ones]));
        assert_eq!(found.hits, 0);
    }

    #[test]
    fn hits_are_as_rare_as_factorials_say() {
        assert_eq!(p_of_hits(0, 1), 1.0);
        assert_eq!(p_of_hits(1, 1), 1.0);
        assert!((p_of_hits(7, 1) - 1.0 / 5040.0).abs() < 1e-12);
        assert_eq!(p_of_hits(4, 4), 1.0);
        assert!(p_of_hits(5000, 1) == LEAST_P);
    }

    /// By Monte Carlo: strangers whose dimensions are of very different size, which is the same
    /// in both.
    #[test]
    fn strangers_with_the_same_pattern_of_sizes_are_not_taken_for_kin() {
        let uneven = |seed| {
            let mut numbers = noise(48, 24, seed);
            let sizes = noise(48, 1, seed + 1000);
            for (row, size) in numbers.chunks_mut(24).zip(sizes) {
                row.iter_mut().for_each(|x| *x = *x * size.exp() + size);
            }
            Vectors::new(48, &[&numbers])
        };
        let hits = |seed| matched(&uneven(seed), &uneven(seed + 500)).hits;
        let many = (0..200)
            .filter(|&seed| p_of_hits(hits(seed), 1) < 0.05)
            .count();
        assert!(many < 20, "{many} of 200");
    }
}
