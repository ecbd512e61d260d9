//! Ways to merge against each other: what another way gained more than the usual one.
//!
//! Best told by merges of the same two by both ways: the difference of their gains is the way's
//! alone. Where there is none, each merge by another way is set against what is expected of the
//! same two by the usual one. The interval of the mean difference is Student's, with n − 1 degrees
//! of freedom, and no narrower than [`NOISE`] allows for differences that happen to agree.
//!
//! Differences are also kept in units of how far apart the parents are, as gains are: from near
//! copies every way makes the same child.

use std::collections::BTreeMap;

use super::LEVEL;
use super::record::{Merge, Record};
use crate::stats::{mean, t_reach};

/// Fewer merges than this, of other pairs than those of the usual way, say nothing of a way.
const ENOUGH_MERGES: usize = 4;

/// After so many merges of the same two by both ways a run compares no more.
const ENOUGH_COMPARISONS: usize = 3;

/// How far off one difference may be by chance, as a share of [`Record::guess`]: about a point on
/// 1200 items, where that is three.
const NOISE: f64 = 0.3;

/// How many errors a difference must be above, or below, zero to be believed; normal, 90 %.
const BELIEVED: f64 = 1.645;

/// What another way to merge gained more than the usual one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WayGain {
    /// Its number, from 1.
    pub way: usize,
    /// How many differences that is learned from.
    pub n: usize,
    /// Whether they are of the same two merged by both ways, and not of what was expected.
    pub is_paired: bool,
    /// Mean difference in points.
    pub difference: f64,
    /// Where the mean difference lies at [`LEVEL`]; without end for one.
    pub interval: [f64; 2],
    /// Mean difference in units of the parents' distance.
    pub(super) ratio: f64,
    /// The error of the mean difference that is to be reckoned with, in points.
    error: f64,
}

impl WayGain {
    /// Whether more is to be expected of it than of the usual way.
    pub fn is_better(&self) -> bool {
        match self.is_paired {
            true => self.difference > 0.0,
            false => self.n >= ENOUGH_MERGES && self.interval[0] > 0.0,
        }
    }

    /// Whether it is not known yet which is better, and another comparison may tell.
    pub fn is_open(&self) -> bool {
        let is_told = self.difference.abs() >= BELIEVED * self.error;
        !self.is_paired || self.n < ENOUGH_COMPARISONS && !is_told
    }

    /// Whether it is worse beyond its error.
    pub fn is_worse(&self) -> bool {
        match self.is_paired {
            true => self.difference <= -BELIEVED * self.error,
            false => self.n >= ENOUGH_MERGES && self.interval[1] < 0.0,
        }
    }
}

/// A merge by another way against the usual one: in points, and in units of distance.
struct Difference {
    points: f64,
    ratio: f64,
}

/// The ways that made the same two as the usual way did.
pub(super) fn paired(record: &Record<'_>, scale: impl Fn([usize; 2]) -> f64) -> Vec<WayGain> {
    compare(record, true, scale, |merge| {
        let [a, b] = merge.parents;
        let is_same = |own: &&Merge| own.parents == [a, b] || own.parents == [b, a];
        record
            .merges
            .iter()
            .find(is_same)
            .map(|own| record.gain(own))
    })
}

/// Every way, against what is expected by the usual one.
pub(super) fn unpaired(
    record: &Record<'_>,
    scale: impl Fn([usize; 2]) -> f64,
    expected: impl Fn([usize; 2]) -> f64,
) -> Vec<WayGain> {
    compare(record, false, scale, |merge| Some(expected(merge.parents)))
}

fn compare(
    record: &Record<'_>,
    is_paired: bool,
    scale: impl Fn([usize; 2]) -> f64,
    usual: impl Fn(&Merge) -> Option<f64>,
) -> Vec<WayGain> {
    let mut differences: BTreeMap<usize, Vec<Difference>> = BTreeMap::new();
    for (way, merge) in record.others {
        let Some(usual) = usual(merge) else { continue };
        let points = record.gain(merge) - usual;
        if points.is_finite() {
            let ratio = points / scale(merge.parents);
            let own = differences.entry(*way).or_default();
            own.push(Difference { points, ratio });
        }
    }
    let noise = NOISE * record.guess();
    let of = |(way, own): (usize, Vec<Difference>)| of(way, is_paired, &own, noise);
    differences.into_iter().map(of).collect()
}

fn of(way: usize, is_paired: bool, own: &[Difference], noise: f64) -> WayGain {
    let n = own.len();
    let over = |of: &dyn Fn(&Difference) -> f64| {
        let values: Vec<f64> = own.iter().map(of).collect();
        mean(&values).unwrap_or(0.0)
    };
    let difference = over(&|d| d.points);
    let squares: f64 = own.iter().map(|d| (d.points - difference).powi(2)).sum();
    let freedom = (n as f64 - 1.0).max(1.0);
    let deviation = (squares / freedom).sqrt().max(noise);
    let error = deviation / (n as f64).sqrt();
    let reach = match n {
        0 | 1 => f64::INFINITY,
        _ => t_reach(LEVEL, freedom) * error,
    };
    WayGain {
        way,
        n,
        is_paired,
        difference,
        interval: [difference - reach, difference + reach],
        ratio: over(&|d| d.ratio),
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(points: &[f64], is_paired: bool) -> WayGain {
        let own: Vec<Difference> = points
            .iter()
            .map(|&points| Difference {
                points,
                ratio: points,
            })
            .collect();
        of(1, is_paired, &own, 1.0)
    }

    #[test]
    fn the_interval_of_a_mean_difference_by_hand() {
        // Mean 2, deviation 1, t of 2 degrees at 90 %: 2.920.
        let three = found(&[1.0, 2.0, 3.0], false);
        assert!((three.interval[0] - (2.0 - 2.920 / 3f64.sqrt())).abs() < 1e-3);
        assert!(!three.is_better(), "three merges are too few");
        assert!(found(&[1.0, 2.0, 3.0, 2.0], false).is_better());
        assert!(found(&[-1.0, -2.0, -3.0, -2.0], false).is_worse());
        assert!(!found(&[5.0], false).is_better());
    }

    #[test]
    fn a_difference_within_its_error_is_looked_at_again() {
        assert!(found(&[1.0], true).is_open() && found(&[1.0], true).is_better());
        assert!(!found(&[-4.0], true).is_open() && found(&[-4.0], true).is_worse());
        assert!(found(&[1.0, 0.2], true).is_open());
        assert!(!found(&[0.1, -0.2, 0.2], true).is_open(), "enough of it");
        assert!(found(&[9.0], false).is_open(), "other pairs tell less");
    }
}
