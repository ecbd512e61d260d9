//! How likely a Pearson correlation as strong is if y had nothing to do with x: the share of
//! all ways to pair them whose |r| is at least as great. It asks nothing of how the numbers are
//! distributed, so it is the one to trust for few points.
//!
//! Up to eight points all n! pairings are counted, 40 320 at most. For more, 9 999 are drawn
//! and p = (hits + 1) / (draws + 1), which counts what was observed as one of them and is never
//! 0 (Phipson and Smyth, *Permutation p-values should never be zero*, 2010).

use super::draw::below;
use super::sample::{Sample, dot, unit_deviations};

/// Up to this many points every pairing is counted.
const MOST_EXACT: usize = 8;

/// How many pairings are drawn for more points.
const DRAWS: usize = 9_999;

/// Sums that differ by less than this share of the greatest possible sum are equal: many times
/// the rounding of a sum, far below any difference between pairings of printed numbers.
const SAME: f64 = 1e-12;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Permutation {
    /// Two-sided p, above 0 and at most 1.
    pub p: f64,
    /// How many pairings were looked at.
    pub pairings: usize,
    /// Whether these were all; else they were drawn.
    pub is_exact: bool,
}

/// The permutation p of Pearson's r; `None` for fewer than three points or where all x or all
/// y are the same. Cost: n times the number of pairings; not for every frame.
pub fn permutation_p(sample: &Sample, seed: u64) -> Option<Permutation> {
    let n = sample.n();
    if n < 3 {
        return None;
    }
    let (x, y) = (unit_deviations(&sample.x)?, unit_deviations(&sample.y)?);
    let least = dot(&x, &y).abs() - SAME * (dot(&x, &x) * dot(&y, &y)).sqrt();
    let is_hit = |y: &[f64]| dot(&x, y).abs() >= least;
    if n <= MOST_EXACT {
        return Some(exact(y, is_hit));
    }
    Some(drawn(&y, seed, is_hit))
}

/// Counts every order of `y`, by Heap's algorithm.
fn exact(mut y: Vec<f64>, is_hit: impl Fn(&[f64]) -> bool) -> Permutation {
    let (mut hits, mut pairings) = (usize::from(is_hit(&y)), 1);
    let mut counters = vec![0; y.len()];
    let mut i = 1;
    while i < y.len() {
        if counters[i] < i {
            let other = if i % 2 == 0 { 0 } else { counters[i] };
            y.swap(other, i);
            hits += usize::from(is_hit(&y));
            pairings += 1;
            counters[i] += 1;
            i = 1;
        } else {
            counters[i] = 0;
            i += 1;
        }
    }
    Permutation {
        p: hits as f64 / pairings as f64,
        pairings,
        is_exact: true,
    }
}

fn drawn(y: &[f64], seed: u64, is_hit: impl Fn(&[f64]) -> bool) -> Permutation {
    let mut hits = 0;
    for draw in 0..DRAWS {
        hits += usize::from(is_hit(&shuffled(y, draw, seed)));
    }
    Permutation {
        p: (hits + 1) as f64 / (DRAWS + 1) as f64,
        pairings: DRAWS,
        is_exact: false,
    }
}

/// A fair shuffle, by Fisher and Yates.
fn shuffled(y: &[f64], draw: usize, seed: u64) -> Vec<f64> {
    let mut out = y.to_vec();
    for last in (1..out.len()).rev() {
        let index = (draw * y.len() + last) as u64;
        out.swap(last, below(last + 1, seed, index));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(x: &[f64], y: &[f64]) -> Sample {
        Sample::from_pairs(x.iter().map(|&v| Some(v)).zip(y.iter().map(|&v| Some(v))))
    }

    #[test]
    fn three_points_by_hand() {
        // Of the six orders of 1 2 3 only the two monotone ones have |r| = 1.
        let found = permutation_p(&points(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]), 0).unwrap();
        assert_eq!(found.p, 2.0 / 6.0);
        assert_eq!((found.pairings, found.is_exact), (6, true));
        let all = permutation_p(&points(&[1.0, 2.0, 3.0], &[1.0, 3.0, 2.0]), 0).unwrap();
        assert_eq!(all.p, 1.0);
    }

    #[test]
    fn every_order_is_visited_once() {
        let seen = std::cell::RefCell::new(Vec::new());
        let all = exact(vec![1.0, 2.0, 3.0, 4.0, 5.0], |y| {
            seen.borrow_mut().push(y.to_vec());
            false
        });
        let mut seen = seen.into_inner();
        seen.sort_by(|a, b| a.partial_cmp(b).unwrap());
        seen.dedup();
        assert_eq!((all.pairings, seen.len()), (120, 120));
    }

    #[test]
    fn drawing_agrees_with_counting() {
        let x = [0.3, 1.0, 2.5, 3.1, 4.0, 4.4, 6.0, 7.5];
        let y = [1.0, 0.2, 2.0, 1.4, 3.9, 2.2, 2.0, 3.3];
        let counted = permutation_p(&points(&x, &y), 0).unwrap();
        let (dx, dy) = (unit_deviations(&x).unwrap(), unit_deviations(&y).unwrap());
        let least = dot(&dx, &dy).abs() - 1e-12;
        let guessed = drawn(&dy, 5, |y| dot(&dx, y).abs() >= least);
        // Four standard errors of a share over 9 999 draws.
        let most = 4.0 * (counted.p * (1.0 - counted.p) / DRAWS as f64).sqrt();
        assert!(
            (counted.p - guessed.p).abs() < most,
            "{counted:?} {guessed:?}"
        );
    }

    #[test]
    fn shuffles_are_fair() {
        let mut counts = std::collections::BTreeMap::new();
        for draw in 0..24_000 {
            let order = shuffled(&[1.0, 2.0, 3.0, 4.0], draw, 9);
            *counts
                .entry(order.iter().map(|&v| v as u8).collect::<Vec<u8>>())
                .or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 24);
        // Five standard deviations of a count with mean 1000.
        assert!(
            counts.values().all(|&c: &i32| (c - 1000).abs() < 155),
            "{counts:?}"
        );
    }
}
