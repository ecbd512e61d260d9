//! Top-k greedy merging: the best with each other (paper, algorithm 1).

use super::{Description, Pairing, Round, Strategy, pairs_among};

pub struct Greedy;

impl Strategy for Greedy {
    fn description(&self) -> &'static Description {
        &Description {
            name: "greedy",
            title: "Greedy",
            help: "Merges the best models with each other; kinship plays no part",
            uses_kinship: false,
            uses_pool: false,
            uses_seed: false,
            uses_ways: false,
        }
    }

    fn pairings(&self, round: &Round<'_>) -> Vec<Pairing> {
        pairs_of_best(round)
    }

    /// Who is not among the best now never will be again: scores do not change.
    fn may_choose(&self, round: &Round<'_>) -> Vec<bool> {
        round.still_needed(&self.pairings(&round.as_it_began()))
    }
}

/// Every pair of the best that was not merged before, the best ones first.
pub(super) fn pairs_of_best(round: &Round<'_>) -> Vec<Pairing> {
    let population = &round.population;
    let all = round.merges_all_founders();
    let best = match all {
        true => population.ranked(),
        false => round.selection(),
    };
    let reason = if all {
        "both are founders".to_owned()
    } else {
        format!("both are among the {} best", best.len())
    };
    pairs_among(&best)
        .filter(|&[a, b]| !population.were_merged(a, b))
        .map(|parents| Pairing {
            parents,
            way: 0,
            explores: false,
            reason: reason.clone(),
        })
        .collect()
}
