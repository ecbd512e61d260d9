//! Which models to merge next: a registry of strategies. Each goes from what is known of a population
//! to the pairs of one generation, and to nothing else: no clock, no shared generator of random
//! numbers, so a run that is taken up again goes on as it would have.

mod exploring;
mod greedy;
mod improvement;
mod population;
mod random;

pub use exploring::{Kinship, RandomPartner};
pub use greedy::Greedy;
pub use improvement::Improvement;
pub use population::{Member, Population};
pub use random::Random;

use crate::text::with_minus;
use population::pairs_among;

/// Where a partner that is to bring something new is looked for. The paper's line says
/// "from G_{i−1}", its runs took it mostly from G_{i−2} (V3, algorithm 2, line 11).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartnerPool {
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
    /// How many ways to merge there are besides the first; the setup of a run says which.
    #[serde(skip)]
    pub other_ways: usize,
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            top: 3,
            all_founders_first: false,
            pool: PartnerPool::Everyone,
            seed: 0,
            other_ways: 0,
        }
    }
}

impl Choices {
    /// How many pairs the best have among each other: as many merges a generation as greedy
    /// merging makes at most.
    pub const fn most_pairs(&self) -> usize {
        self.top.saturating_mul(self.top.saturating_sub(1)) / 2
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Pairing {
    /// Their positions in the population, the better one first.
    pub parents: [usize; 2],
    /// By which of the run's ways to merge they are merged; 0 is the first.
    pub way: usize,
    /// Whether they are merged for something new, and not for being the best.
    pub explores: bool,
    /// Why, in words that stand behind the names of the two: `both among the 3 best`.
    pub reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Description {
    /// Its name in files and on the command line.
    pub name: &'static str,
    pub title: &'static str,
    pub help: &'static str,
    /// Whether kinship decides anything: models have to be measured for it.
    pub uses_kinship: bool,
    /// Whether [`Choices::pool`] decides anything.
    pub uses_pool: bool,
    /// Whether [`Choices::seed`] decides anything.
    pub uses_seed: bool,
    /// Whether it tries several ways to merge ([`Choices::other_ways`]).
    pub uses_ways: bool,
}

#[derive(Clone, Copy)]
pub struct Round<'r> {
    pub population: Population<'r>,
    pub generation: u32,
    pub choices: &'r Choices,
}

impl Round<'_> {
    /// The same as it was before anything of the generation was made.
    pub fn as_it_began(&self) -> Self {
        Self {
            population: self.population.before(self.generation),
            ..*self
        }
    }

    /// Whether all founders are merged, and not only the best of them.
    pub const fn merges_all_founders(&self) -> bool {
        self.generation <= 1 && self.choices.all_founders_first
    }

    /// For each member, whether it is among the best or still waited for, where these pairs are
    /// made in this generation.
    fn still_needed(&self, pairings: &[Pairing]) -> Vec<bool> {
        let mut out = self.population.awaited(self.generation, pairings);
        for k in self.selection() {
            out[k] = true;
        }
        out
    }

    /// The best that are merged with each other.
    pub fn selection(&self) -> Vec<usize> {
        self.population.selection(self.choices.top)
    }
}

/// A way to choose what to merge.
pub trait Strategy: Sync {
    fn description(&self) -> &'static Description;

    /// The pairs of a generation, in the order in which they are merged; none that was merged
    /// before. The round holds the generations before it, all with scores.
    fn pairings(&self, round: &Round<'_>) -> Vec<Pairing>;

    /// For each member, whether it may still be chosen in this generation or a later one; the
    /// files of others are not needed any more. The round holds all models, with what is
    /// made of this generation so far.
    fn may_choose(&self, round: &Round<'_>) -> Vec<bool>;
}

/// Every strategy, in the order on screen.
pub static STRATEGIES: [&dyn Strategy; 5] =
    [&Greedy, &Kinship, &Improvement, &RandomPartner, &Random];

pub fn strategy(name: &str) -> Option<&'static dyn Strategy> {
    let named = |s: &&&dyn Strategy| s.description().name == name;
    STRATEGIES.iter().find(named).copied()
}

/// A number with two decimals and a true minus sign.
pub(super) fn two_decimals(value: f64) -> String {
    with_minus(&format!("{value:.2}"))
}
