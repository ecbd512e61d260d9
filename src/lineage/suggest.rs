//! What to merge next, and why: every pair that was not merged yet, by the score that its child
//! may be expected to have.
//!
//! That is the mean of the parents' scores plus the gain at their kinship on the least-squares
//! line through the merges that are known ([`GainLine`]): the study's own from eight on, else
//! others' if there are any, else the study's own from three on, else nothing but the scores.
//! Nearly equal models come last: whatever a line says, two equal models cannot gain.
//!
//! Cost for n models: n²/2 questions for a kinship and a sort; 200 models take milliseconds.

mod reason;

pub use reason::{NameOf, Reason};

use super::gain::{ENOUGH, Expected, GainLine, Known};
use super::strategy::Population;

/// Fewer merges than this have no line that could be wrong.
const LEAST: usize = 3;

/// Kinship from which two models are near copies: on the demo family 486 merges at 0.99 and
/// above gained 0.0 points on average and 0.7 at most.
pub const NEARLY_EQUAL: f64 = 0.99;

#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    /// The two, by position; the better one first.
    pub pair: [usize; 2],
    /// Pearson correlation of their task vectors, where it is known.
    pub kinship: Option<f64>,
    /// The score that the child may be expected to have, in points.
    pub score: f64,
    /// The gain over the parents' mean in it; `None` where scores alone are known, and for near
    /// copies.
    pub gain: Option<Expected>,
    pub basis: Basis,
    /// Why, the weightiest first.
    pub reasons: Vec<Reason>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Basis {
    Study(GainLine),
    /// Merges of others, as the study has too few.
    Others(GainLine),
    Scores,
}

impl Basis {
    /// The line of gain over kinship, if there is one; it has the n and the r.
    pub fn line(&self) -> Option<&GainLine> {
        match self {
            Self::Study(line) | Self::Others(line) => Some(line),
            Self::Scores => None,
        }
    }
}

/// The `n` merges to be made next, the most promising first.
///
/// `merges` are those of the study, `others` what is known of others' merges. Models without a
/// score are not suggested, and pairs that were merged before neither.
pub fn suggest(
    population: &Population<'_>,
    merges: &[Known],
    others: &[Known],
    n: usize,
) -> Vec<Suggestion> {
    let basis = basis(merges, others);
    let pairs = population.unmerged_pairs().into_iter();
    let mut found: Vec<Candidate> = pairs
        .filter_map(|pair| Candidate::new(population, &basis, pair))
        .collect();
    // The sort is stable: among equals the pair of the better model stays first.
    found.sort_by(|a, b| {
        let copies = a.are_copies().cmp(&b.are_copies());
        copies.then(b.score.total_cmp(&a.score))
    });
    found.truncate(n);
    let suggested = found.into_iter().map(|candidate| Suggestion {
        pair: candidate.pair,
        kinship: candidate.kinship,
        score: candidate.score,
        gain: candidate.gain(&basis),
        basis,
        reasons: reason::reasons(population, &candidate, &basis, merges, others),
    });
    suggested.collect()
}

fn basis(merges: &[Known], others: &[Known]) -> Basis {
    let own = |least| GainLine::through(merges, least).map(Basis::Study);
    let others = || GainLine::through(others, LEAST).map(Basis::Others);
    own(ENOUGH)
        .or_else(others)
        .or_else(|| own(LEAST))
        .unwrap_or(Basis::Scores)
}

/// A pair that may be suggested.
struct Candidate {
    pair: [usize; 2],
    kinship: Option<f64>,
    score: f64,
}

impl Candidate {
    fn new(population: &Population<'_>, basis: &Basis, pair: [usize; 2]) -> Option<Self> {
        let [a, b] = pair;
        let mut out = Self {
            pair,
            kinship: (population.kinship)(a, b).filter(|k| k.is_finite()),
            score: population.mean_score(a, b)?,
        };
        if let Some((line, kinship)) = out.on_line(basis) {
            out.score += line.at(kinship);
        }
        Some(out)
    }

    fn are_copies(&self) -> bool {
        self.kinship.is_some_and(|k| k >= NEARLY_EQUAL)
    }

    /// The line, and where on it the pair is.
    fn on_line<'b>(&self, basis: &'b Basis) -> Option<(&'b GainLine, f64)> {
        let known = basis.line().zip(self.kinship);
        known.filter(|_| !self.are_copies())
    }

    fn gain(&self, basis: &Basis) -> Option<Expected> {
        self.on_line(basis)
            .map(|(line, kinship)| line.expected(kinship))
    }
}
