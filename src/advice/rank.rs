//! One rule for what to merge next: the greatest expected improvement on the best model.

use statrs::distribution::{ContinuousCDF, Normal};

use super::record::Record;
use crate::stats::expected_improvement;

/// Kinship from which two models are near copies: on the demo family 486 merges at 0.99 and
/// above gained 0.0 points on average and 0.7 at most.
pub const NEARLY_EQUAL: f64 = 0.99;

/// Kinship from which two changes have nearly one direction.
const ONE_DIRECTION: f64 = 0.9;

/// What is expected of a merge of two models.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Advised {
    /// By position, the better one first.
    pub pair: [usize; 2],
    /// The way to merge that more is expected of, by its number; 0 is the usual one.
    pub way: usize,
    /// The child's score by that way, in points.
    pub expected: f64,
    /// Its gain over the parents' mean, in points.
    pub gain: f64,
    /// Where [`super::LEVEL`] of such children lie, in points.
    pub interval: [f64; 2],
    /// By how much it is expected to be above the best model, being below counting as 0.
    pub improvement: f64,
    /// Probability that it is better than the best model.
    pub chance: f64,
    /// The first measure of the two, where it is known.
    pub kinship: Option<f64>,
}

impl Advised {
    /// Whether the two are so nearly equal that a merge of them is neither.
    pub fn are_copies(&self) -> bool {
        self.kinship.is_some_and(|k| k >= NEARLY_EQUAL)
    }

    /// Whether the two have changed in nearly one direction, so that all ways between them lead
    /// to nearly the same child.
    pub fn have_one_direction(&self) -> bool {
        self.kinship.is_some_and(|k| k >= ONE_DIRECTION)
    }
}

/// Gain, half width of its interval and standard deviation of a pair, in points, by its position
/// in the list and the pair.
type Expect<'e> = dyn Fn(usize, [usize; 2]) -> (f64, f64, f64) + 'e;

/// The pairs, the most promising first: by expected improvement, then by expected score. Near
/// copies come last, whatever is expected of them: two equal models cannot gain. The sort is
/// stable, so that the order is the same on any machine.
pub(super) fn ranked(
    record: &Record<'_>,
    (best, way): (Option<f64>, usize),
    pairs: &[[usize; 2]],
    expect: &Expect<'_>,
) -> Vec<Advised> {
    let best = best.unwrap_or(0.0);
    let one = |(k, &pair): (usize, &[usize; 2])| {
        let (gain, half, deviation) = expect(k, pair);
        let expected = record.mean_score(pair) + gain;
        let kinship = record.measures.first();
        Advised {
            pair,
            way,
            expected,
            gain,
            interval: [expected - half, expected + half],
            improvement: expected_improvement(expected, deviation, best),
            chance: chance_above(expected, deviation, best),
            kinship: kinship
                .and_then(|m| (m.of)(pair[0], pair[1]))
                .filter(|k| k.is_finite()),
        }
    };
    let mut out: Vec<Advised> = pairs.iter().enumerate().map(one).collect();
    out.sort_by(|a, b| {
        let copies = a.are_copies().cmp(&b.are_copies());
        copies
            .then(b.improvement.total_cmp(&a.improvement))
            .then(b.expected.total_cmp(&a.expected))
    });
    out
}

/// Probability that a normal variable is above a limit.
fn chance_above(mean: f64, deviation: f64, limit: f64) -> f64 {
    if deviation > 0.0 {
        return Normal::standard().cdf((mean - limit) / deviation);
    }
    f64::from(u8::from(mean > limit))
}
