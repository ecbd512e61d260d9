//! Ours: the pairs whose children may be expected to improve most on the best model.
//!
//! Two equal models cannot gain by merging, and distant ones may gain or lose much. So with
//! x = 1 − kinship the gain of a child over its parents' mean is taken as normal with mean b·x
//! and variance s²·x. b and s are learned from the run's own merges (weighted least squares:
//! b = Σ gain / Σ x, s² = mean of (gain − b·x)²/x), and pairs are ranked by the
//! [`expected_improvement`] of the child over the best. Near copies of each other lead to
//! nothing under this rule, however good they are, which is where greedy merging stagnates; and
//! a distant partner is worth a merge only if it is good enough, which is where exploration by
//! the lowest kinship loses its merges.
//!
//! On the demo family, with equal merges, it is ahead of greedy merging and of exploration by
//! kinship from the fifth merge on; the mean difference of task scores would serve as well as
//! x there, and no distance at all would not (`cargo bench --bench strategies`, README).
//!
//! Before there are merges, b and s are shares of the founders' spread; that guess weighs as
//! much as one merge of strangers. Cost for n models: n²/2 questions for a kinship and a sort.

use super::greedy::pairs_of_best;
use super::{Description, Member, Pairing, Population, Round, Strategy, two_decimals};
use crate::stats::{expected_improvement, mean};

/// The guess at b, as a share of the standard deviation of the founders' scores.
const GAIN_GUESS: f64 = 0.5;

/// The guess at s, likewise.
const SPREAD_GUESS: f64 = 0.25;

/// How many merges of strangers the guesses weigh.
const GUESS_WEIGHT: f64 = 1.0;

/// Parents as near as this lie on no scale: the least 1 − kinship that a merge is counted with.
const LEAST_DISTANCE: f64 = 1e-4;

pub struct Improvement;

impl Strategy for Improvement {
    fn description(&self) -> &'static Description {
        &Description {
            name: "improvement",
            title: "Expected improvement",
            help: "Merges the pairs most likely to beat the best, by what kinship has meant in this run so far",
            uses_kinship: true,
            uses_pool: false,
            uses_seed: false,
        }
    }

    fn pairings(&self, round: &Round<'_>) -> Vec<Pairing> {
        let population = &round.population;
        if round.merges_all_founders() {
            return pairs_of_best(round);
        }
        let Some(best) = population.best_score() else {
            return Vec::new();
        };
        let gain = Gain::learned(population);
        let pairs = population.unmerged_pairs().into_iter();
        let mut hopes: Vec<Hope> = pairs
            .filter_map(|pair| Hope::new(population, &gain, best, pair))
            .collect();
        // Where there is hope for none, the better parents and then the more distant ones go
        // first. The sort is stable, so that the order is the same on any machine.
        hopes.sort_by(|a, b| {
            let by = |value: fn(&Hope) -> f64| value(b).total_cmp(&value(a));
            by(|h| h.improvement)
                .then_with(|| by(|h| h.mean))
                .then_with(|| by(|h| h.distance))
        });
        hopes.truncate(round.choices.most_pairs());
        let selection = round.selection();
        hopes.iter().map(|hope| hope.pairing(&selection)).collect()
    }

    /// All, always: what is learned may favour any of them.
    fn may_choose(&self, round: &Round<'_>) -> Vec<bool> {
        vec![true; round.population.members.len()]
    }
}

/// What merges gain at a distance x: normal with mean `slope`·x and variance `spread`²·x.
struct Gain {
    slope: f64,
    spread: f64,
}

impl Gain {
    fn learned(population: &Population<'_>) -> Self {
        let guess = founders_deviation(population);
        let members = population.members.iter();
        let merges: Vec<(f64, f64)> = members
            .filter_map(|member| distance_and_gain(population, member))
            .collect();
        let distances: f64 = merges.iter().map(|(x, _)| x).sum();
        let gains: f64 = merges.iter().map(|(_, gain)| gain).sum();
        let slope = (gains + GUESS_WEIGHT * GAIN_GUESS * guess) / (distances + GUESS_WEIGHT);
        let square = |(x, gain): &(f64, f64)| (gain - slope * x).powi(2) / x;
        let squares: f64 = merges.iter().map(square).sum();
        let guessed = GUESS_WEIGHT * (SPREAD_GUESS * guess).powi(2);
        let variance = (squares + guessed) / (merges.len() as f64 + GUESS_WEIGHT);
        Self {
            slope,
            spread: variance.sqrt(),
        }
    }
}

/// How far apart the two parents of a merge were, and what it gained over their mean.
fn distance_and_gain(population: &Population<'_>, member: &Member) -> Option<(f64, f64)> {
    let [a, b] = member.parents[..] else {
        return None;
    };
    let mean = population.mean_score(a, b)?;
    let gain = member.score.filter(|s| s.is_finite())? - mean;
    Some((distance(population, a, b).max(LEAST_DISTANCE), gain))
}

/// 1 − kinship; models of unknown kinship count as strangers.
fn distance(population: &Population<'_>, a: usize, b: usize) -> f64 {
    let kinship = (population.kinship)(a, b).filter(|k| k.is_finite());
    (1.0 - kinship.unwrap_or(0.0)).max(0.0)
}

/// Standard deviation of the founders' scores over n − 1, in points; 0 for one alone.
fn founders_deviation(population: &Population<'_>) -> f64 {
    let founders = population.members.iter().filter(|m| m.generation == 0);
    let scores = founders.filter_map(|m| m.score).filter(|s| s.is_finite());
    let scores: Vec<f64> = scores.collect();
    let mean = mean(&scores).unwrap_or(0.0);
    let squares: f64 = scores.iter().map(|s| (s - mean).powi(2)).sum();
    (squares / (scores.len() as f64 - 1.0).max(1.0)).sqrt()
}

/// A pair, and what may be hoped for from it.
struct Hope {
    pair: [usize; 2],
    distance: f64,
    mean: f64,
    spread: f64,
    improvement: f64,
}

impl Hope {
    fn new(population: &Population<'_>, gain: &Gain, best: f64, pair: [usize; 2]) -> Option<Self> {
        let [a, b] = pair;
        let distance = distance(population, a, b);
        let mean = population.mean_score(a, b)? + gain.slope * distance;
        let spread = gain.spread * distance.sqrt();
        Some(Self {
            pair,
            distance,
            mean,
            spread,
            improvement: expected_improvement(mean, spread, best),
        })
    }

    fn pairing(&self, selection: &[usize]) -> Pairing {
        let reason = format!(
            "expected at {} ± {} from kinship {}",
            two_decimals(self.mean),
            two_decimals(self.spread),
            two_decimals(1.0 - self.distance)
        );
        Pairing {
            parents: self.pair,
            explores: !self.pair.iter().all(|k| selection.contains(k)),
            reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Choices;
    use super::*;

    fn founder(score: f64) -> Member {
        Member {
            score: Some(score),
            ..Member::default()
        }
    }

    fn child(score: f64, parents: [usize; 2]) -> Member {
        Member {
            score: Some(score),
            generation: 1,
            parents: parents.to_vec(),
            ..Member::default()
        }
    }

    fn first(members: &[Member], kinship: &dyn Fn(usize, usize) -> Option<f64>) -> Pairing {
        let population = Population { members, kinship };
        let found = Improvement.pairings(&Round {
            population,
            generation: 2,
            choices: &Choices::default(),
        });
        found[0].clone()
    }

    #[test]
    fn near_copies_at_the_top_give_way_to_a_stranger() {
        let members = [founder(70.0), founder(69.5), founder(66.0), founder(50.0)];
        let akin = |a: usize, b: usize| Some(if a + b == 1 { 0.999 } else { 0.1 });
        assert_eq!(first(&members, &akin).parents, [0, 2]);
        let strangers = first(&members, &|_, _| Some(0.1));
        assert_eq!(strangers.parents, [0, 1]);
        assert!(!strangers.explores && strangers.reason.ends_with("from kinship 0.10"));
    }

    #[test]
    fn a_run_whose_strangers_lose_learns_to_merge_relatives() {
        let akin = |a: usize, b: usize| Some(if a + b == 1 { 0.8 } else { 0.0 });
        let mut members = vec![founder(70.0), founder(69.5), founder(69.0), founder(68.5)];
        assert_eq!(first(&members, &akin).parents, [0, 2]);
        for (k, other) in [(0, 2), (0, 3), (1, 2)] {
            members.push(child(58.0, [k, other]));
        }
        let population = Population {
            members: &members,
            kinship: &akin,
        };
        assert!(Gain::learned(&population).slope < 0.0);
        assert_eq!(first(&members, &akin).parents, [0, 1]);
    }

    #[test]
    fn what_is_learned_by_hand() {
        // One merge of strangers that gained 3, founders' deviation √2: b = (3 + √2/2)/2, and
        // s² = ((3 − b)² + (√2/4)²)/2.
        let members = [founder(51.0), founder(49.0), child(53.0, [0, 1])];
        let population = Population {
            members: &members,
            kinship: &|_, _| Some(0.0),
        };
        let gain = Gain::learned(&population);
        let slope = (3.0 + 2f64.sqrt() / 2.0) / 2.0;
        let spread = (((3.0 - slope).powi(2) + 0.125) / 2.0).sqrt();
        assert!((gain.slope - slope).abs() < 1e-12, "{}", gain.slope);
        assert!((gain.spread - spread).abs() < 1e-12, "{}", gain.spread);
    }

    #[test]
    fn equal_founders_begin_with_the_most_distant_pair() {
        let members = [founder(60.0), founder(60.0), founder(60.0)];
        let kinship = |a: usize, b: usize| Some(if a + b == 3 { 0.2 } else { 0.5 });
        assert_eq!(first(&members, &kinship).parents, [1, 2]);
        let unknown = first(&members, &|_, _| None);
        assert_eq!(unknown.parents, [0, 1]);
    }
}
