//! Intervals around a correlation: Fisher's, and the bootstrap's.

use super::draw::below;
use super::sample::{Sample, quantile};
use super::student::{is_level, z_reach};

/// Where Pearson's r of the population may lie, by Fisher's z: tanh(artanh r ± z/√(n−3)), for
/// normal data. `None` for fewer than four points, where it would be all of −1 to 1, and for a
/// level outside 0 to 1; for |r| = 1 both ends are r.
///
/// Source: R. A. Fisher, *On the probable error of a coefficient of correlation*, 1921.
pub fn fisher_interval(r: f64, n: usize, level: f64) -> Option<(f64, f64)> {
    let usable = (-1.0..=1.0).contains(&r) && is_level(level);
    let weight = n.checked_sub(3).filter(|&w| w > 0 && usable)? as f64;
    let (z, reach) = (r.atanh(), z_reach(level) / weight.sqrt());
    Some(((z - reach).tanh(), (z + reach).tanh()))
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bootstrap {
    pub low: f64,
    pub high: f64,
    pub draws: usize,
    /// For how many of them the statistic was not defined; these are left out.
    pub undefined: usize,
}

/// The percentile bootstrap: `draws` samples of the same size are drawn from the points with
/// replacement, and the ends are the quantiles of the statistic over them (Efron and
/// Tibshirani, *An introduction to the bootstrap*, 1993, chapter 13). With few points it is
/// too narrow.
///
/// `None` for a level outside 0 to 1, and where the statistic is not defined for the sample or
/// for half of what was drawn. Cost: `draws` times that of the statistic.
pub fn bootstrap_interval(
    sample: &Sample,
    statistic: impl Fn(&Sample) -> Option<f64>,
    level: f64,
    draws: usize,
    seed: u64,
) -> Option<Bootstrap> {
    if !is_level(level) || statistic(sample).is_none() {
        return None;
    }
    let mut drawn = sample.clone();
    let mut values: Vec<f64> = Vec::with_capacity(draws);
    for draw in 0..draws {
        redraw(sample, &mut drawn, draw, seed);
        values.extend(statistic(&drawn).filter(|v| v.is_finite()));
    }
    if values.len() * 2 <= draws {
        return None;
    }
    values.sort_by(f64::total_cmp);
    Some(Bootstrap {
        low: quantile(&values, (1.0 - level) / 2.0)?,
        high: quantile(&values, (1.0 + level) / 2.0)?,
        draws,
        undefined: draws - values.len(),
    })
}

/// Fills `into` with as many points of `from`, each drawn from all.
fn redraw(from: &Sample, into: &mut Sample, draw: usize, seed: u64) {
    let n = from.n();
    for place in 0..n {
        let k = below(n, seed, (draw * n + place) as u64);
        into.x[place] = from.x[k];
        into.y[place] = from.y[k];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::pearson;
    use crate::stats::sample::points;

    fn r(sample: &Sample) -> Option<f64> {
        pearson(sample).map(|c| c.r)
    }

    #[test]
    fn fisher_by_hand() {
        // r = 0.5, n = 28: artanh 0.5 = 0.549306, reach 1.959964/5 = 0.391993.
        let (low, high) = fisher_interval(0.5, 28, 0.95).unwrap();
        assert!((low - 0.157_313_f64.tanh()).abs() < 1e-5, "{low}");
        assert!((high - 0.941_299_f64.tanh()).abs() < 1e-5, "{high}");
    }

    #[test]
    fn fisher_without_an_answer_gives_none() {
        assert_eq!(fisher_interval(0.5, 3, 0.95), None);
        assert_eq!(fisher_interval(0.5, 9, 1.0), None);
        assert_eq!(fisher_interval(1.5, 9, 0.95), None);
        assert_eq!(fisher_interval(f64::NAN, 9, 0.95), None);
        assert_eq!(fisher_interval(1.0, 9, 0.95), Some((1.0, 1.0)));
        assert_eq!(fisher_interval(-1.0, 9, 0.95), Some((-1.0, -1.0)));
    }

    #[test]
    fn a_bootstrap_is_the_same_again_and_another_with_another_seed() {
        let sample = points(&[(1.0, 1.0), (2.0, 3.0), (3.0, 2.0), (4.0, 4.5), (5.0, 4.0)]);
        let run = |seed| bootstrap_interval(&sample, r, 0.9, 500, seed).unwrap();
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
        assert!(run(1).low < r(&sample).unwrap() && run(1).high <= 1.0);
    }

    #[test]
    fn samples_without_the_statistic_are_counted() {
        let sample = points(&[(1.0, 1.0), (2.0, 3.0), (3.0, 2.0)]);
        let found = bootstrap_interval(&sample, r, 0.95, 9_000, 3).unwrap();
        // Three draws of three are all the same point in 3 of 27 cases; x is then constant.
        let share = found.undefined as f64 / 9_000.0;
        assert!((share - 1.0 / 9.0).abs() < 0.02, "{found:?}");
        let constant = points(&[(1.0, 1.0); 5]);
        assert_eq!(bootstrap_interval(&constant, r, 0.95, 100, 3), None);
        assert_eq!(bootstrap_interval(&sample, r, 0.95, 0, 3), None);
        assert_eq!(bootstrap_interval(&sample, r, 0.0, 100, 3), None);
    }
}
