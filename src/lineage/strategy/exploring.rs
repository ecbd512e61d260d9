//! Greedy merging with one merge more, of the best model and a partner that is to bring
//! something new: the least similar one (paper, algorithm 2), or anyone, to see what kinship adds.
//!
//! The paper's first version looked for the highest kinship, the later ones for the lowest, as
//! its text and its runs do; so does this.

use super::greedy::pairs_of_best;
use super::{Description, Pairing, PartnerPool, Population, Round, Strategy, two_decimals};
use crate::stats::below;

pub struct Kinship;

pub struct RandomPartner;

impl Strategy for Kinship {
    fn description(&self) -> &'static Description {
        &Description {
            name: "kinship",
            title: "Greedy with kinship",
            help: "Merges the best with each other, and the very best with its most distant relative",
            uses_kinship: true,
            uses_pool: true,
            uses_seed: false,
            uses_ways: false,
        }
    }

    fn pairings(&self, round: &Round<'_>) -> Vec<Pairing> {
        with_explorer(round, |best, partners| {
            least_akin(&round.population, best, partners, round.choices.pool)
        })
    }

    fn may_choose(&self, round: &Round<'_>) -> Vec<bool> {
        may_explore(self, round)
    }
}

impl Strategy for RandomPartner {
    fn description(&self) -> &'static Description {
        &Description {
            name: "random-partner",
            title: "Greedy with a random partner",
            help: "Merges the best with each other, and the very best with anyone: shows what kinship adds",
            uses_kinship: false,
            uses_pool: true,
            uses_seed: true,
            uses_ways: false,
        }
    }

    fn pairings(&self, round: &Round<'_>) -> Vec<Pairing> {
        with_explorer(round, |_, partners| {
            let index = u64::from(round.generation);
            let drawn = below(partners.len(), round.choices.seed, index);
            let partner = *partners.get(drawn)?;
            Some((partner, "the best with a partner drawn by lot".to_owned()))
        })
    }

    fn may_choose(&self, round: &Round<'_>) -> Vec<bool> {
        may_explore(self, round)
    }
}

/// The greedy pairs, and the best with the partner that `choose` finds, and why.
fn with_explorer(
    round: &Round<'_>,
    choose: impl FnOnce(usize, &[usize]) -> Option<(usize, String)>,
) -> Vec<Pairing> {
    let mut pairs = pairs_of_best(round);
    let Some(&best) = round.population.ranked().first() else {
        return pairs;
    };
    let partners = partners(round, best, &pairs);
    if let Some((partner, reason)) = choose(best, &partners) {
        pairs.push(Pairing {
            parents: [best, partner],
            way: 0,
            explores: true,
            reason,
        });
    }
    pairs
}

/// The models of the pool that were not merged with the best, nor are about to be.
fn partners(round: &Round<'_>, best: usize, pairs: &[Pairing]) -> Vec<usize> {
    let (population, pool) = (&round.population, round.choices.pool);
    let selection = round.selection();
    let is_in_pool = |k: usize| match pool {
        PartnerPool::Selection => selection.contains(&k),
        _ => in_pool(pool, population.members[k].generation, round.generation),
    };
    let is_paired = |k: usize| pairs.iter().any(|p| p.parents == [best, k]);
    let mut partners = population.ranked();
    partners.sort_unstable();
    partners.retain(|&k| {
        k != best && is_in_pool(k) && !is_paired(k) && !population.were_merged(best, k)
    });
    partners
}

/// Whether a pool takes in models of generation `of` when `generation` is made.
fn in_pool(pool: PartnerPool, of: u32, generation: u32) -> bool {
    match pool {
        PartnerPool::Everyone => true,
        PartnerPool::LastGeneration => generation.checked_sub(1) == Some(of),
        PartnerPool::GenerationBefore => generation.checked_sub(2) == Some(of),
        PartnerPool::Selection => false,
    }
}

/// The partner with the lowest kinship to the best; whose kinship is not known cannot be it.
fn least_akin(
    population: &Population<'_>,
    best: usize,
    partners: &[usize],
    pool: PartnerPool,
) -> Option<(usize, String)> {
    let known = partners
        .iter()
        .filter_map(|&k| Some((k, (population.kinship)(best, k)?)));
    let (partner, kinship) = known.min_by(|a, b| a.1.total_cmp(&b.1))?;
    let reason = format!(
        "of {}, the least akin to the best: kinship {}",
        pool.title(),
        two_decimals(kinship)
    );
    Some((partner, reason))
}

/// The best, those of this generation's pairs, and what the pool will still take in.
fn may_explore(strategy: &dyn Strategy, round: &Round<'_>) -> Vec<bool> {
    let generation = round.generation;
    let mut out = round.still_needed(&strategy.pairings(&round.as_it_began()));
    // A partner of this generation is among the pairings; the next one looks a generation on.
    for (may, member) in out.iter_mut().zip(round.population.members) {
        *may |= match round.choices.pool {
            PartnerPool::Everyone => true,
            PartnerPool::LastGeneration => member.generation >= generation,
            PartnerPool::GenerationBefore => member.generation.saturating_add(1) >= generation,
            PartnerPool::Selection => false,
        };
    }
    out
}
