//! The pairs whose children may be expected to improve most on the best model, by what the run's
//! own merges have taught: the rule of [`crate::advice`], which the suggestions of the window and
//! `kinfolk advise` follow too.
//!
//! Two equal models cannot gain by merging, and distant ones may gain or lose much: expected gain
//! and its spread shrink towards near copies, so that these lead to nothing, however good they
//! are, which is where greedy merging stagnates; and a distant partner is worth a merge only if it
//! is good enough, which is where exploration by the lowest kinship loses its merges. Where near
//! copies are all that is left it names no pair, and the run ends.
//!
//! Where a run has several ways to merge, a promising pair is merged by each, again while the
//! difference is within its error ([`WayGain::is_open`]), and the rest by the one that gained more
//! so far: which is better differs between families, by more than strategies do.
//!
//! Before there are merges the spread of the founders' scores stands in for them.

use super::greedy::pairs_of_best;
use super::{Description, Pairing, Round, Strategy, two_decimals};
use crate::advice::{Advice, Advised, WayGain};

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
            uses_ways: true,
        }
    }

    fn pairings(&self, round: &Round<'_>) -> Vec<Pairing> {
        if round.merges_all_founders() {
            return pairs_of_best(round);
        }
        let advice = round.population.advice();
        let selection = round.selection();
        // A run of near copies has nothing left to gain, whatever its budget.
        let mut worth: Vec<&Advised> = advice.pairs.iter().filter(|a| !a.are_copies()).collect();
        let mut out = comparison(&advice, round.choices.other_ways, &mut worth, &selection);
        let most = round.choices.most_pairs().max(out.len());
        let rest = worth
            .into_iter()
            .map(|advised| pairing(advised, &selection));
        out.extend(rest.take(most - out.len()));
        out
    }

    /// All, always: what is learned may favour any of them.
    fn may_choose(&self, round: &Round<'_>) -> Vec<bool> {
        vec![true; round.population.members.len()]
    }
}

/// Among so many of the first pairs one is looked for that ways to merge are compared on.
const LOOKED_AT: usize = 10;
/// Below this kinship ways to merge differ enough to be told apart: the mean of two equally long
/// changes at cosine c is √((1 + c)/2) as long, 0.87 here.
const TELLING: f64 = 0.5;

/// A promising pair merged by the first way and by each other one of which it is not known yet
/// whether it gains more: the same two, so that what differs is the way alone. Takes the pair
/// out of `worth`.
fn comparison(
    advice: &Advice,
    other_ways: usize,
    worth: &mut Vec<&Advised>,
    selection: &[usize],
) -> Vec<Pairing> {
    let known = |way: usize| advice.ways.iter().find(|gain| gain.way == way);
    let is_open = |way: &usize| known(*way).is_none_or(WayGain::is_open);
    let open: Vec<usize> = (1..=other_ways).filter(is_open).collect();
    let tells = |advised: &&Advised| advised.kinship.is_none_or(|k| k < TELLING);
    let Some(first) = worth.iter().take(LOOKED_AT).position(tells) else {
        return Vec::new();
    };
    if open.is_empty() {
        return Vec::new();
    }
    let pair = worth.remove(first);
    let by = |way: usize| Pairing {
        way,
        reason: "merged by several ways, to compare them".to_owned(),
        ..pairing(pair, selection)
    };
    std::iter::once(0).chain(open).map(by).collect()
}

fn pairing(advised: &Advised, selection: &[usize]) -> Pairing {
    let [low, high] = advised.interval.map(two_decimals);
    Pairing {
        parents: advised.pair,
        way: advised.way,
        explores: !advised.pair.iter().all(|k| selection.contains(k)),
        reason: format!(
            "expected at {} ({low} to {high})",
            two_decimals(advised.expected)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Choices, Member, Population};
    use super::*;

    /// A model with these scores on four tasks.
    fn founder(tasks: [f64; 4]) -> Member {
        Member {
            score: Some(tasks.iter().sum::<f64>() / 4.0),
            tasks: tasks.map(Some).into(),
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

    fn first(members: &[Member]) -> Pairing {
        let population = Population {
            members,
            kinship: &|_, _| None,
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

    /// Two near copies at the top, a good stranger to both, and a weak one.
    fn four() -> Vec<Member> {
        vec![
            founder([80.0, 70.0, 70.0, 60.0]),
            founder([80.0, 70.0, 70.0, 59.0]),
            founder([60.0, 60.0, 80.0, 78.0]),
            founder([50.0, 50.0, 50.0, 50.0]),
        ]
    }

    #[test]
    fn near_copies_at_the_top_give_way_to_a_stranger() {
        let found = first(&four());
        assert_eq!(found.parents, [0, 2]);
        assert!(found.reason.starts_with("expected at "), "{}", found.reason);
    }

    #[test]
    fn near_copies_alone_end_a_run() {
        let members = four();
        let choices = Choices::default();
        let round = |kinship| Round {
            population: Population {
                members: &members,
                kinship,
                base: &[],
                measures: &[],
            },
            generation: 2,
            choices: &choices,
        };
        let are_copies = |_: usize, _: usize| Some(0.995);
        assert!(Improvement.pairings(&round(&are_copies)).is_empty());
        let two_differ = |a: usize, b: usize| Some(if a + b == 1 { 0.5 } else { 0.995 });
        assert_eq!(Improvement.pairings(&round(&two_differ)).len(), 1);
    }

    #[test]
    fn a_run_whose_strangers_lose_learns_to_merge_relatives() {
        let mut members = four();
        // Kin of the first, and no copy of it.
        members[1] = founder([74.0, 76.0, 64.0, 66.0]);
        for pair in [[0, 2], [1, 2], [0, 3], [1, 3]] {
            members.push(child(30.0, pair));
        }
        assert_eq!(first(&members).parents, [0, 1]);
    }
}
