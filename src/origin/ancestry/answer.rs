//! What is found about the ancestry of a model.

use serde::Serialize;

/// How a child was made, as far as its weights tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A weighted sum of its parents, in each tensor.
    Linear,
    /// The smaller changes of the parents were left out: TIES, breadcrumbs.
    Trimmed,
    /// Changes of the parents were left out at random: DARE, DELLA.
    Dropped,
    /// One parent, trained further.
    FineTune,
    /// The candidates do not explain it.
    ParentMissing,
    /// The evidence does not decide.
    CannotTell,
}

/// What a verdict rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Why {
    /// What is left is what rounding leaves.
    Rounding,
    /// The same with shares that change from tensor to tensor.
    SharesChange,
    /// The child is one of the candidates to the last bit.
    Copy,
    /// The child is the base, or differs from it by rounding alone.
    Unchanged,
    /// No candidate, or none that has numbers in common with the child.
    NoCandidate,
    /// Some candidates are so near each other that they explain the child equally well.
    Alike,
    /// Sums of whole changes of the parents, which were kept or left out number by number, are
    /// this part of the child's changed numbers to the last digit.
    Subsets(f64),
    /// The difference to the parent is at right angles to the parent's own change.
    Continues,
    /// It has all of one candidate's change, and others explain a part of the rest: trained further
    /// on what these were trained on, or merged with them and with a model that is not here.
    TrainedOrMerged,
    /// The candidate looks like a descendant of the child.
    Descendant,
    /// With negative shares, rounding is all that is left.
    Negative,
    /// Changes are left out in a pattern that is neither by size nor at random.
    Pattern,
    /// Whole changes of some candidates are in the child, and the fit names others.
    Disagree,
    /// The candidates leave more than rounding does, and nothing says why.
    Unexplained,
    /// The first look does not decide, and the weights were not looked at.
    NotLookedAt,
}

/// A model that went into the child.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// The candidate, by its place among them.
    pub candidate: usize,
    /// How much of its task vector is in the child's.
    pub share: f64,
}

/// What is found.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The candidates with a share, the largest first.
    pub parts: Vec<Part>,
    /// |δ_c − Σ xᵢδᵢ| / |δ_c| of the best fit of the same kind: one share a model, or one for each
    /// tensor where the shares change; of the whole change to its parent for a fine-tune.
    pub residual: f64,
    /// What rounding to the child's format alone leaves of that, as expected.
    pub rounding: f64,
    /// What it is.
    pub verdict: Verdict,
    /// Why.
    pub why: Why,
    /// Pairs of candidates that cannot be told apart; the first of each has the share.
    pub alike: Vec<[usize; 2]>,
    /// Numbers that were compared.
    pub compared: u64,
}

/// Below this share a candidate is left out.
pub const SMALLEST_SHARE: f64 = 0.02;

impl Answer {
    /// With the candidates that have a share.
    #[must_use]
    pub(super) fn with_shares(self, shares: &[f64]) -> Self {
        let all = shares.iter().copied().enumerate();
        self.with_parts(all.map(|(candidate, share)| Part { candidate, share }))
    }

    /// With these parts, as far as they are large enough, the largest first.
    #[must_use]
    pub(super) fn with_parts(mut self, parts: impl IntoIterator<Item = Part>) -> Self {
        let large = |part: &Part| part.share.abs() >= SMALLEST_SHARE;
        self.parts = parts.into_iter().filter(large).collect();
        let size = |part: &Part| part.share.abs();
        self.parts.sort_by(|a, b| size(b).total_cmp(&size(a)));
        self
    }

    /// With another verdict.
    #[must_use]
    pub(super) fn judged(self, verdict: Verdict, why: Why) -> Self {
        Self {
            verdict,
            why,
            ..self
        }
    }
}
