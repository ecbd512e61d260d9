//! Top-k greedy merging: the best with each other (paper, algorithm 1).

use super::{Choices, Description, Pairing, Population, Strategy, pairs_among};

/// All pairs of the best.
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
        }
    }

    fn pairings(
        &self,
        population: &Population<'_>,
        generation: u32,
        choices: &Choices,
    ) -> Vec<Pairing> {
        pairs_of_best(population, generation, choices)
    }

    /// Who is not among the best now never will be again: scores do not change.
    fn may_choose(
        &self,
        population: &Population<'_>,
        generation: u32,
        choices: &Choices,
    ) -> Vec<bool> {
        let pairings = self.pairings(&population.before(generation), generation, choices);
        let mut out = population.awaited(generation, &pairings);
        for k in population.selection(choices.top) {
            out[k] = true;
        }
        out
    }
}

/// Every pair of the best that was not merged before, the best ones first.
pub(super) fn pairs_of_best(
    population: &Population<'_>,
    generation: u32,
    choices: &Choices,
) -> Vec<Pairing> {
    let all = generation <= 1 && choices.all_founders_first;
    let top = if all { usize::MAX } else { choices.top };
    let best = population.selection(top);
    let reason = if all {
        "both are founders".to_owned()
    } else {
        format!("both are among the {} best", best.len())
    };
    pairs_among(&best)
        .filter(|&[a, b]| !population.were_merged(a, b))
        .map(|parents| Pairing {
            parents,
            explores: false,
            reason: reason.clone(),
        })
        .collect()
}
