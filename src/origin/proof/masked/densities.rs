//! The densities that a child shows for given weights.
//!
//! With all else given, a number of the child is right with a parent's change, right without it,
//! both, or neither. Going through the numbers from the parent's largest change to its smallest,
//! each that is right only with it speaks for a density above its rank, and each that is right
//! only without it for one below: the running sum is highest at the threshold itself. Of several
//! densities that are as good, the one with the fewest places was written.

use super::super::decimals::Fitted;
use super::super::elements::Elements;
use super::way::{Fit, Way};

/// Densities are taken for as good as the best if they are right for no fewer numbers than these.
const AS_GOOD: f64 = 2.0;
/// Ranks are known to some 1e-7.
const SAME: f64 = 1e-6;
/// The most places that a density is written with.
const MOST_PLACES: i32 = 4;

/// Densities from here to there, and for how many numbers they are right.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Span {
    from: f64,
    to: f64,
    right: f64,
}

impl Fit<'_> {
    /// A way with the best density of one parent after the other.
    pub(super) fn dense(&self, mut way: Way) -> Way {
        for i in 0..self.parents.len() {
            let steps = self.steps(&way, i);
            if let Some(density) = best(steps, 1.0 - way.gamma) {
                way.densities[i] = density;
            }
        }
        way
    }

    /// Densities of parent `i` and how many more numbers are right from there on.
    fn steps(&self, way: &Way, i: usize) -> Vec<(f64, f64)> {
        let mut out = Vec::new();
        for own in self.elements {
            for k in 0..own.len() {
                let [larger, as_large] = self.rank(own, k, i);
                // What is dropped as an outlier says nothing of the density.
                if larger < way.gamma || self.change(own, k, i) == 0.0 {
                    continue;
                }
                let Some(gain) = self.gain(way, own, k, i) else {
                    continue;
                };
                // Of equal changes it is not known which is first.
                out.extend([larger, as_large].map(|rank| (rank - way.gamma, gain / 2.0)));
            }
        }
        out
    }

    /// 1 if a number is right only with parent `i`, −1 if only without; `None` if that makes no
    /// difference.
    fn gain(&self, way: &Way, own: &Elements, k: usize, i: usize) -> Option<f64> {
        let mut others = 0u32;
        for j in (0..self.parents.len()).filter(|&j| j != i) {
            others |= u32::from(self.is_kept(way, own, k, j)?) << j;
        }
        let is_right = |kept| self.is_good(way, own, k, self.elected(way, own, k, kept));
        let (with, without) = (is_right(others | 1 << i), is_right(others));
        (with != without).then_some(if with { 1.0 } else { -1.0 })
    }
}

/// The shortest of the densities that are right for most numbers.
fn best(mut steps: Vec<(f64, f64)>, most: f64) -> Option<f64> {
    steps.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let (mut spans, mut right): (Vec<Span>, f64) = (Vec::new(), 0.0);
    for (at, (rank, gain)) in steps.iter().enumerate() {
        right += gain;
        // The last reaches as far as there are densities.
        let to = steps.get(at + 1).map_or(most + SAME, |next| next.0);
        let from = *rank;
        if to > from {
            spans.push(Span { from, to, right });
        }
    }
    let highest = spans.iter().max_by(|a, b| a.right.total_cmp(&b.right))?;
    let is_as_good = |span: &&Span| span.right >= highest.right - AS_GOOD;
    for places in 0..=MOST_PLACES {
        let written = (spans.iter().filter(is_as_good))
            .filter_map(|span| Some((span.right, decimal(span, places)?)));
        let best = written.max_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((_, density)) = best.filter(|(_, density)| *density > 0.0) {
            return Some(density.min(most));
        }
    }
    Some(f64::midpoint(highest.from, highest.to))
}

/// A decimal with this many places in a span.
fn decimal(span: &Span, places: i32) -> Option<f64> {
    let unit = 10f64.powi(places);
    let nearest = ((span.from - SAME) * unit).ceil() / unit;
    let short = Fitted {
        value: nearest,
        error: 0.0,
    };
    (nearest < span.to - SAME / 2.0 || nearest - span.from < SAME).then(|| short.shortest().0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_density_that_is_right_for_most_numbers_is_taken() {
        // Right with the change up to rank 0.4237, without it from 0.436 on.
        let steps: Vec<(f64, f64)> = (1..=1000)
            .map(|k| f64::from(k) / 1000.0)
            .filter(|rank| !(0.4237..0.436).contains(rank))
            .map(|rank| (rank, if rank < 0.43 { 1.0 } else { -1.0 }))
            .collect();
        assert_eq!(best(steps.clone(), 1.0), Some(0.43));
        // A few numbers that are wrong by chance change nothing.
        let mut noisy = steps;
        noisy.extend([(0.1, -1.0), (0.9, 1.0), (0.91, 1.0)]);
        assert_eq!(best(noisy, 1.0), Some(0.43));
        assert_eq!(best(Vec::new(), 1.0), None);
    }

    #[test]
    fn all_changes_kept_are_a_density_of_one() {
        let steps = (1..=1000).map(|k| (f64::from(k) / 1000.0, 1.0)).collect();
        assert_eq!(best(steps, 1.0), Some(1.0));
    }
}
