//! When an evolution has come to its plateau.
//!
//! The rule in plain words. Go through the generations in order and keep the best score so far.
//! A generation is *still* if it is known that the best gained less than ε in it, and known that
//! the kinship among the top k of everything so far is above τ. The evolution is saturated as
//! soon as w generations in a row are still: it is saturated *from* the first of them, and
//! *confirmed* at the last, where one would have stopped.
//!
//! The first generation with a score gains from nothing, so it counts as progress: founders are
//! generation 0 for that reason. A generation without any score or without a known kinship is
//! not still: what is not known is no reason to stop.
//!
//! What stopping would have saved are the generations after the confirmation; what it would
//! have lost is what the best gained in them.

use serde::{Deserialize, Serialize};

/// When an evolution is saturated: its best gained less than `epsilon` in each of `window`
/// generations in a row, while the kinship among the `top` best models was above `tau`.
///
/// The paper (arXiv 2410.12613, section 5.2) names 3 and 0.9 for Pearson; it names no gain and
/// no window. Half a point is about the standard error of an average over a few benchmarks of
/// a thousand items each, and one still generation may be chance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SaturationRule {
    /// The least gain of the best, in points, that counts as progress.
    pub epsilon: f64,
    /// For how many generations there must be none.
    pub window: usize,
    /// Kinship above which the best are too much alike.
    pub tau: f64,
    /// How many of the best are compared.
    pub top: usize,
}

impl Default for SaturationRule {
    fn default() -> Self {
        Self {
            epsilon: 0.5,
            window: 2,
            tau: 0.9,
            top: 3,
        }
    }
}

/// A difference of decimal numbers is off by their rounding: 64.02 − 63.52 is a little less than
/// 0.5 in floating point, and the mean of three times 0.8 a little more than 0.8. Within this
/// much, in points or in kinship, two numbers are equal.
const ROUNDING: f64 = 1e-9;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Generation {
    /// Its number; founders are 0.
    pub number: u32,
    /// The best score of its own models, in points.
    pub best: Option<f64>,
    pub mean: Option<f64>,
    /// Kinship among the best of everything up to and with this generation.
    pub kinship_of_top: Option<f64>,
    /// How many merges were made in it, if that is known.
    pub merges: Option<usize>,
}

/// Where an evolution is saturated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Saturation {
    /// Number of the first still generation.
    pub from: u32,
    /// Number of the one that made it sure, where one would have stopped.
    pub confirmed_at: u32,
    /// How many generations were made after that.
    pub saved_generations: usize,
    /// How many merges were made in them, if that is known of all.
    pub saved_merges: Option<usize>,
    /// How many points the best gained in them.
    pub lost: f64,
}

/// The best score up to and with each generation; `None` until there is one.
pub fn best_so_far(generations: &[Generation]) -> Vec<Option<f64>> {
    let step = |best: &mut Option<f64>, generation: &Generation| {
        *best = [*best, scored(generation)]
            .into_iter()
            .flatten()
            .reduce(f64::max);
        Some(*best)
    };
    generations.iter().scan(None, step).collect()
}

/// What the best gained in each generation, in points, 0 or more; `None` for the first with a
/// score and for those without.
pub fn gains(generations: &[Generation]) -> Vec<Option<f64>> {
    let best = best_so_far(generations);
    let before = std::iter::once(None).chain(best.iter().copied());
    let rows = generations.iter().zip(&best).zip(before);
    rows.map(|((generation, after), before)| {
        scored(generation)?;
        Some((*after)? - before?)
    })
    .collect()
}

/// Where the rule first says that an evolution is saturated; generations ascend. A window of 0
/// counts as 1.
pub fn saturation(generations: &[Generation], rule: &SaturationRule) -> Option<Saturation> {
    let still: Vec<bool> = generations
        .iter()
        .zip(gains(generations))
        .map(|(generation, gain)| is_still(gain, generation.kinship_of_top, rule))
        .collect();
    let window = rule.window.max(1);
    let first = still.windows(window).position(|w| w.iter().all(|&s| s))?;
    let last = first + window - 1;
    let best = best_so_far(generations);
    let after = &generations[last + 1..];
    Some(Saturation {
        from: generations[first].number,
        confirmed_at: generations[last].number,
        saved_generations: after.len(),
        saved_merges: after.iter().map(|g| g.merges).sum(),
        lost: (*best.last()?)? - best[last]?,
    })
}

fn is_still(gain: Option<f64>, kinship: Option<f64>, rule: &SaturationRule) -> bool {
    gain.is_some_and(|gain| gain < rule.epsilon - ROUNDING)
        && kinship.is_some_and(|kinship| kinship > rule.tau + ROUNDING)
}

fn scored(generation: &Generation) -> Option<f64> {
    generation.best.filter(|best| best.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Generations from 0 with one merge each: best and kinship among the top.
    fn run(rows: &[(Option<f64>, Option<f64>)]) -> Vec<Generation> {
        let row = |(k, &(best, kinship_of_top)): (usize, &(Option<f64>, Option<f64>))| Generation {
            number: k as u32,
            best,
            kinship_of_top,
            merges: Some(1),
            ..Generation::default()
        };
        rows.iter().enumerate().map(row).collect()
    }

    fn known(rows: &[(f64, f64)]) -> Vec<Generation> {
        let rows: Vec<_> = rows.iter().map(|&(b, k)| (Some(b), Some(k))).collect();
        run(&rows)
    }

    fn found(generations: &[Generation]) -> Option<Saturation> {
        saturation(generations, &SaturationRule::default())
    }

    #[test]
    fn two_still_generations_in_a_row_saturate() {
        let generations = known(&[
            (60.0, 0.1),
            (62.0, 0.5),
            (62.25, 0.95),
            (61.0, 0.95),
            (63.0, 0.95),
            (62.0, 0.95),
        ]);
        assert_eq!(
            best_so_far(&generations).last().copied().flatten(),
            Some(63.0)
        );
        assert_eq!(
            gains(&generations),
            [
                None,
                Some(2.0),
                Some(0.25),
                Some(0.0),
                Some(0.75),
                Some(0.0)
            ]
        );
        let expected = Saturation {
            from: 2,
            confirmed_at: 3,
            saved_generations: 2,
            saved_merges: Some(2),
            lost: 0.75,
        };
        assert_eq!(found(&generations), Some(expected));
    }

    #[test]
    fn one_still_generation_or_low_kinship_is_no_plateau() {
        assert_eq!(found(&known(&[(60.0, 0.95), (60.0, 0.95)])), None);
        let distant = known(&[(60.0, 0.95), (60.0, 0.9), (60.0, 0.9), (60.0, 0.9)]);
        assert_eq!(found(&distant), None, "0.9 is not above 0.9");
        assert_eq!(found(&[]), None);
    }

    #[test]
    fn equal_to_a_limit_is_not_beyond_it_whatever_the_rounding() {
        let rule = SaturationRule {
            window: 1,
            tau: 0.8,
            ..SaturationRule::default()
        };
        let half = known(&[(63.52, 0.9), (64.02, 0.9)]);
        assert!(
            gains(&half)[1].unwrap() < 0.5,
            "without a margin it would be still"
        );
        assert_eq!(saturation(&half, &rule), None);
        let mean = [0.8; 3].iter().sum::<f64>() / 3.0;
        assert!(mean > 0.8, "without a margin it would be above");
        assert_eq!(
            saturation(&known(&[(60.0, mean), (60.0, mean)]), &rule),
            None
        );
    }

    #[test]
    fn the_first_generation_gains_only_from_founders() {
        let rows = [(60.0, 0.95), (60.0, 0.95), (60.0, 0.95)];
        assert_eq!(found(&known(&rows)).map(|s| s.from), Some(1));
        let mut founders_unknown = known(&rows);
        founders_unknown[0].best = None;
        assert_eq!(found(&founders_unknown), None);
    }

    #[test]
    fn what_is_not_known_is_not_still() {
        let still = (Some(60.0), Some(0.95));
        for unknown in [
            (None, Some(0.95)),
            (Some(60.0), None),
            (Some(f64::NAN), Some(0.95)),
        ] {
            assert_eq!(found(&run(&[still, still, unknown, still])), None);
            let later = found(&run(&[still, still, unknown, still, still])).unwrap();
            assert_eq!((later.from, later.confirmed_at), (3, 4));
        }
    }

    #[test]
    fn a_plateau_at_the_end_saves_and_loses_nothing() {
        let all = found(&known(&[(60.0, 0.95), (60.0, 0.95), (60.0, 0.95)])).unwrap();
        assert_eq!((all.saved_generations, all.saved_merges), (0, Some(0)));
        assert_eq!(all.lost, 0.0);
    }

    #[test]
    fn merges_are_counted_only_where_all_are_known() {
        let mut generations = known(&[(60.0, 0.95); 6]);
        generations[4].merges = None;
        assert_eq!(found(&generations).unwrap().saved_merges, None);
    }
}
