//! A line that outliers hardly move: Theil–Sen.
//!
//! The slope is the median of the slopes through all pairs of points with different x, the
//! intercept the median of y − slope·x. The interval of the slope is Sen's: with N slopes and
//! C = z·√V, the slopes at places (N − C)/2 and (N + C)/2 of the sorted list, where
//! V = [n(n−1)(2n+5) − Σt(t−1)(2t+5)]/18 with a term for every group of t equal x or y.
//! Source: P. K. Sen, *Estimates of the regression coefficient based on Kendall's tau*, 1968.
//! Places are rounded as `scipy.stats.theilslopes` does. Cost: n² slopes in time and memory.

use super::sample::{Sample, median};
use super::student::z_reach;

/// The most points: more would take over 100 MB.
pub const MOST_ROBUST: usize = 5_000;

/// Level of the slope's interval.
const LEVEL: f64 = 0.95;

/// A Theil–Sen line y = intercept + slope·x.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RobustLine {
    /// Median of the slopes.
    pub slope: f64,
    /// Median of y − slope·x.
    pub intercept: f64,
    /// Where the slope may lie, at 95 %.
    pub slope_interval: (f64, f64),
    pub n: usize,
}

impl RobustLine {
    /// y on the line.
    pub fn at(&self, x: f64) -> f64 {
        self.intercept + self.slope * x
    }
}

/// The Theil–Sen line; `None` for fewer than three or more than [`MOST_ROBUST`] points, where
/// all x are the same, and where slopes overflow.
pub fn theil_sen(sample: &Sample) -> Option<RobustLine> {
    let n = sample.n();
    if !(3..=MOST_ROBUST).contains(&n) {
        return None;
    }
    let mut slopes = slopes(sample);
    let slope = median(&mut slopes)?;
    let mut rests: Vec<f64> = sample.pairs().map(|(x, y)| y - slope * x).collect();
    let line = RobustLine {
        slope,
        intercept: median(&mut rests)?,
        slope_interval: interval(&slopes, sample)?,
        n,
    };
    let is_finite = slopes.iter().all(|v| v.is_finite()) && line.intercept.is_finite();
    is_finite.then_some(line)
}

fn slopes(sample: &Sample) -> Vec<f64> {
    let mut out = Vec::new();
    for (k, (xa, ya)) in sample.pairs().enumerate() {
        let later = sample.pairs().skip(k + 1).filter(|(xb, _)| *xb != xa);
        out.extend(later.map(|(xb, yb)| (yb - ya) / (xb - xa)));
    }
    out
}

/// Sen's interval; `sorted` are the slopes.
fn interval(sorted: &[f64], sample: &Sample) -> Option<(f64, f64)> {
    let last = sorted.len().checked_sub(1)?;
    let ties: f64 = [&sample.x, &sample.y].map(|v| tied(v)).iter().sum();
    let variance = (pairs_weight(sample.n()) - ties) / 18.0;
    let reach = z_reach(LEVEL) * variance.max(0.0).sqrt();
    let slopes = sorted.len() as f64;
    let low = ((slopes - reach) / 2.0).round_ties_even() - 1.0;
    let high = ((slopes + reach) / 2.0).round_ties_even();
    Some((
        sorted[low.max(0.0) as usize],
        sorted[(high as usize).min(last)],
    ))
}

/// n(n−1)(2n+5).
fn pairs_weight(n: usize) -> f64 {
    let n = n as f64;
    n * (n - 1.0) * (2.0 * n + 5.0)
}

/// The sum of [`pairs_weight`] over groups of equal values.
fn tied(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
        .chunk_by(|a, b| a == b)
        .map(|group| pairs_weight(group.len()))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::sample::points;

    #[test]
    fn one_wild_point_moves_nothing() {
        let mut pairs: Vec<(f64, f64)> = (0..9)
            .map(|k| (f64::from(k), 2.0 * f64::from(k) + 1.0))
            .collect();
        pairs[8].1 = 1000.0;
        let line = theil_sen(&points(&pairs)).unwrap();
        assert_eq!((line.slope, line.intercept, line.n), (2.0, 1.0, 9));
        assert_eq!(line.at(3.0), 7.0);
        assert!(line.slope_interval.0 <= 2.0 && line.slope_interval.1 >= 2.0);
    }

    #[test]
    fn points_above_each_other_have_no_slope() {
        // Slopes of (0,0)–(1,1), (0,0)–(1,3): 1 and 3; their median is 2.
        let line = theil_sen(&points(&[(0.0, 0.0), (1.0, 1.0), (1.0, 3.0)])).unwrap();
        assert_eq!(line.slope, 2.0);
        assert_eq!(line.intercept, 0.0, "of the rests 0 −1 1");
    }

    #[test]
    fn no_line_where_there_is_none() {
        assert_eq!(theil_sen(&points(&[(0.0, 0.0), (1.0, 1.0)])), None);
        assert_eq!(
            theil_sen(&points(&[(1.0, 0.0), (1.0, 1.0), (1.0, 2.0)])),
            None
        );
        let many: Vec<(f64, f64)> = (0..=MOST_ROBUST).map(|k| (k as f64, 0.0)).collect();
        assert_eq!(theil_sen(&points(&many)), None);
    }
}
