//! The pairs whose children may be expected to improve most on the best model, by what the run's
//! own merges have taught: the rule of [`crate::advice`], which the suggestions of the window and
//! `kinfolk advise` follow too.
//!
//! Two equal models cannot gain by merging, and distant ones may gain or lose much: expected gain
//! and its spread shrink towards near copies, so that these lead to nothing, however good they
//! are, which is where greedy merging stagnates; and a distant partner is worth a merge only if it
//! is good enough, which is where exploration by the lowest kinship loses its merges.
//!
//! Before there are merges the spread of the founders' scores stands in for them.

use super::greedy::pairs_of_best;
use super::{Description, Pairing, Round, Strategy, two_decimals};
use crate::advice::Advised;

pub struct Improvement;

impl Strategy for Improvement {
    fn description(&self) -> &'static Description {
        &Description {
            name: "improvement",
            title: "Expected improvement",
            help: "Merges the pairs most likely to beat the best, by what has predicted gain in this run so far",
            uses_kinship: true,
            uses_pool: false,
            uses_seed: false,
        }
    }

    fn pairings(&self, round: &Round<'_>) -> Vec<Pairing> {
        if round.merges_all_founders() {
            return pairs_of_best(round);
        }
        let advice = round.population.advice();
        let selection = round.selection();
        let first = advice.pairs.iter().take(round.choices.most_pairs());
        first.map(|advised| pairing(advised, &selection)).collect()
    }

    /// All, always: what is learned may favour any of them.
    fn may_choose(&self, round: &Round<'_>) -> Vec<bool> {
        vec![true; round.population.members.len()]
    }
}

fn pairing(advised: &Advised, selection: &[usize]) -> Pairing {
    let [low, high] = advised.interval.map(two_decimals);
    Pairing {
        parents: advised.pair,
        explores: !advised.pair.iter().all(|k| selection.contains(k)),
        reason: format!(
            "expected at {} ({low} to {high})",
            two_decimals(advised.expected)
        ),
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
        let population = Population {
            members,
            kinship,
            base: &[],
            measures: &[],
        };
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
            base: &[],
            measures: &[],
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
            base: &[],
            measures: &[],
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
