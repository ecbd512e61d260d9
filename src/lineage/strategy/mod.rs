//! Whom to merge next: a registry of strategies. Each goes from what is known of a population
//! to the pairs of one generation, and to nothing else: no clock, no shared generator of random
//! numbers, so a run that is taken up again goes on as it would have.

mod exploring;
mod greedy;
mod improvement;
mod random;

use std::collections::BTreeSet;

pub use exploring::{Kinship, RandomPartner};
pub use greedy::Greedy;
pub use improvement::Improvement;
pub use random::Random;

/// A model of an evolution.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Member {
    /// What it is selected by, in points: its average over the tasks that count.
    pub score: Option<f64>,
    /// Its score on each task that counts, in points; the same tasks for all.
    pub tasks: Vec<Option<f64>>,
    /// Its generation; founders are 0.
    pub generation: u32,
    /// What it was made from, by position in the population; empty for founders.
    pub parents: Vec<usize>,
}

/// Everybody who may be merged, founders first, then in the order of creation: where scores are
/// equal, who was there first is the better.
#[derive(Clone, Copy)]
pub struct Population<'p> {
    /// The models.
    pub members: &'p [Member],
    /// Pearson correlation of two models' task vectors by their positions, where it is known.
    pub kinship: &'p dyn Fn(usize, usize) -> Option<f64>,
}

/// Where a partner that is to bring something new is looked for. The paper's line says
/// "from G_{i−1}", its runs took it mostly from G_{i−2} (V3, algorithm 2, line 11).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartnerPool {
    /// Everybody.
    #[default]
    Everyone,
    /// The generation before the one that is made.
    LastGeneration,
    /// The one before that.
    GenerationBefore,
    /// The best themselves. They are merged with each other anyway, so that nothing is added:
    /// the paper's words taken literally.
    Selection,
}

impl PartnerPool {
    /// Every pool, as on screen.
    pub const ALL: [Self; 4] = [
        Self::Everyone,
        Self::LastGeneration,
        Self::GenerationBefore,
        Self::Selection,
    ];

    /// The words on screen, after "a partner from".
    pub const fn title(self) -> &'static str {
        match self {
            Self::Everyone => "everyone",
            Self::LastGeneration => "the last generation",
            Self::GenerationBefore => "the generation before the last",
            Self::Selection => "the selection",
        }
    }
}

/// What a user chooses for a strategy.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Choices {
    /// How many of the best are merged with each other: the paper's k.
    pub top: usize,
    /// Whether the first generation merges all founders, as the paper's algorithms do, and not
    /// only the best of them.
    pub all_founders_first: bool,
    /// Where a distant partner is looked for.
    pub pool: PartnerPool,
    /// What random choices are drawn from.
    pub seed: u64,
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            top: 3,
            all_founders_first: false,
            pool: PartnerPool::Everyone,
            seed: 0,
        }
    }
}

impl Choices {
    /// How many pairs the best have among each other: as many merges a generation as greedy
    /// merging makes at most.
    pub const fn most_pairs(&self) -> usize {
        self.top * self.top.saturating_sub(1) / 2
    }
}

/// Two models that are to be merged.
#[derive(Clone, Debug, PartialEq)]
pub struct Pairing {
    /// Their positions in the population, the better one first.
    pub parents: [usize; 2],
    /// Whether they are merged for something new, and not for being the best.
    pub explores: bool,
    /// Why, in words that stand behind the names of the two: `both among the 3 best`.
    pub reason: String,
}

/// What a strategy says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Description {
    /// Its name in files and on the command line.
    pub name: &'static str,
    /// Its name on screen.
    pub title: &'static str,
    /// What it does, in one sentence.
    pub help: &'static str,
    /// Whether kinship decides anything: models have to be measured for it.
    pub uses_kinship: bool,
    /// Whether [`Choices::pool`] decides anything.
    pub uses_pool: bool,
    /// Whether [`Choices::seed`] decides anything.
    pub uses_seed: bool,
}

/// A way to choose whom to merge.
pub trait Strategy: Sync {
    /// What it is.
    fn description(&self) -> &'static Description;

    /// The pairs of a generation, in the order in which they are merged; none that was merged
    /// before. `population` holds the generations before it, all with scores.
    fn pairings(
        &self,
        population: &Population<'_>,
        generation: u32,
        choices: &Choices,
    ) -> Vec<Pairing>;

    /// For each member, whether it may still be chosen in this generation or a later one; the
    /// files of others are not needed any more. `population` holds everybody, with what is
    /// made of this generation so far.
    fn may_choose(
        &self,
        population: &Population<'_>,
        generation: u32,
        choices: &Choices,
    ) -> Vec<bool>;
}

/// Every strategy, in the order on screen.
pub static STRATEGIES: [&dyn Strategy; 5] =
    [&Greedy, &Kinship, &Improvement, &RandomPartner, &Random];

/// The strategy of a name.
pub fn strategy(name: &str) -> Option<&'static dyn Strategy> {
    let named = |s: &&&dyn Strategy| s.description().name == name;
    STRATEGIES.iter().find(named).copied()
}

impl<'p> Population<'p> {
    /// The number of the last generation; 0 where there are founders only.
    pub fn last_generation(&self) -> u32 {
        self.members.iter().map(|m| m.generation).max().unwrap_or(0)
    }

    /// Those of the generations before one, which stand first.
    pub fn before(&self, generation: u32) -> Self {
        let is_before = |m: &&Member| m.generation < generation;
        let count = self.members.iter().take_while(is_before).count();
        Self {
            members: &self.members[..count],
            kinship: self.kinship,
        }
    }

    /// Positions of those without a score.
    pub fn unscored(&self) -> Vec<usize> {
        let none = |k: &usize| self.members[*k].score.is_none();
        (0..self.members.len()).filter(none).collect()
    }

    /// Positions by score, the best first; who has none is left out, and among equals who was
    /// there first is first.
    pub fn ranked(&self) -> Vec<usize> {
        let score = |k: &usize| self.members[*k].score.filter(|s| s.is_finite());
        let mut out: Vec<usize> = (0..self.members.len())
            .filter(|k| score(k).is_some())
            .collect();
        out.sort_by(|a, b| {
            let (a, b) = (score(a).unwrap_or_default(), score(b).unwrap_or_default());
            b.total_cmp(&a)
        });
        out
    }

    /// The best score, in points.
    pub fn best_score(&self) -> Option<f64> {
        let best = self.ranked().first().copied()?;
        self.members[best].score
    }

    /// Mean score of two, in points.
    pub(super) fn mean_score(&self, a: usize, b: usize) -> Option<f64> {
        let score = |k: usize| self.members.get(k)?.score.filter(|s| s.is_finite());
        Some(f64::midpoint(score(a)?, score(b)?))
    }

    /// The best `top`.
    pub fn selection(&self, top: usize) -> Vec<usize> {
        let mut out = self.ranked();
        out.truncate(top);
        out
    }

    /// Whether two were merged with each other, and nobody else with them.
    pub fn were_merged(&self, a: usize, b: usize) -> bool {
        let is_theirs = |m: &Member| m.parents[..] == [a, b] || m.parents[..] == [b, a];
        self.members.iter().any(is_theirs)
    }

    /// Every pair that can be merged: both have a score and were not merged with each other.
    /// The better one is first in a pair, and pairs of good models come first.
    pub fn unmerged_pairs(&self) -> Vec<[usize; 2]> {
        let merged: BTreeSet<[usize; 2]> = self.members.iter().filter_map(pair_of).collect();
        pairs_among(&self.ranked())
            .filter(|pair| !merged.contains(&ascending(*pair)))
            .collect()
    }

    /// Mean kinship over all pairs of some; `None` if a pair's is not known.
    pub fn mean_kinship(&self, of: &[usize]) -> Option<f64> {
        let values: Vec<f64> = pairs_among(of)
            .map(|[a, b]| (self.kinship)(a, b))
            .collect::<Option<_>>()?;
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    }

    /// For each member, whether it is still waited for in a generation: it has no score yet,
    /// or it is to be merged and has not been.
    fn awaited(&self, generation: u32, pairings: &[Pairing]) -> Vec<bool> {
        let mut out: Vec<bool> = self.members.iter().map(|m| m.score.is_none()).collect();
        for pairing in pairings {
            if self.child_of(pairing, generation).is_none() {
                for k in pairing.parents {
                    out[k] = true;
                }
            }
        }
        out
    }

    /// The child of a pairing in a generation, by position.
    pub(super) fn child_of(&self, pairing: &Pairing, generation: u32) -> Option<usize> {
        let parents = ascending(pairing.parents);
        self.members
            .iter()
            .position(|m| m.generation == generation && pair_of(m) == Some(parents))
    }
}

/// The two that a member was made from, if there are two.
fn pair_of(member: &Member) -> Option<[usize; 2]> {
    let pair: Result<[usize; 2], _> = member.parents[..].try_into();
    pair.ok().map(ascending)
}

fn ascending([a, b]: [usize; 2]) -> [usize; 2] {
    [a.min(b), a.max(b)]
}

/// Every pair of some, in their order.
fn pairs_among(of: &[usize]) -> impl Iterator<Item = [usize; 2]> {
    (0..of.len()).flat_map(move |i| (i + 1..of.len()).map(move |j| [of[i], of[j]]))
}

/// A number with two decimals and a true minus sign.
pub(super) fn two_decimals(value: f64) -> String {
    format!("{value:.2}").replace('-', "−")
}
