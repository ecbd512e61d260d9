//! What to merge next, and why: every pair that was not merged yet, as [`Advice`] ranks them,
//! with the reasons in words.

mod reason;

pub use reason::{NameOf, Reason};

use super::strategy::Population;
use crate::advice::{Advice, Advised};

#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    pub advised: Advised,
    /// Why, the weightiest first.
    pub reasons: Vec<Reason>,
}

impl Suggestion {
    /// The two, by position; the better one first.
    pub const fn pair(&self) -> [usize; 2] {
        self.advised.pair
    }
}

/// The first `n` pairs of an advice on a population. Models without a score are not suggested,
/// and pairs that were merged before neither.
pub fn suggest(population: &Population<'_>, advice: &Advice, n: usize) -> Vec<Suggestion> {
    let suggested = advice.pairs.iter().take(n).map(|advised| Suggestion {
        advised: *advised,
        reasons: reason::reasons(population, advice, advised),
    });
    suggested.collect()
}
