//! Pairs by lot: what a strategy has to beat.

use super::{Description, Pairing, Round, Strategy};
use crate::stats::below;

/// As many pairs as the greedy strategy has at most, drawn from all models.
pub struct Random;

impl Strategy for Random {
    fn description(&self) -> &'static Description {
        &Description {
            name: "random",
            title: "Random pairs",
            help: "Merges as many pairs as greedy does, drawn from all models: what a strategy has to beat",
            uses_kinship: false,
            uses_pool: false,
            uses_seed: true,
            uses_ways: false,
        }
    }

    /// The first of a shuffle (Fisher and Yates), which (seed, generation) decides.
    fn pairings(&self, round: &Round<'_>) -> Vec<Pairing> {
        let (generation, choices) = (round.generation, round.choices);
        let mut left = round.population.unmerged_pairs();
        let count = match round.merges_all_founders() {
            true => left.len(),
            false => choices.most_pairs().min(left.len()),
        };
        for k in 0..count {
            let index = (u64::from(generation) << 32) + k as u64;
            let drawn = k + below(left.len() - k, choices.seed, index);
            left.swap(k, drawn);
        }
        left.truncate(count);
        left.into_iter().map(pairing).collect()
    }

    /// All, always.
    fn may_choose(&self, round: &Round<'_>) -> Vec<bool> {
        vec![true; round.population.members.len()]
    }
}

fn pairing(parents: [usize; 2]) -> Pairing {
    Pairing {
        parents,
        way: 0,
        explores: false,
        reason: "drawn by lot".to_owned(),
    }
}
