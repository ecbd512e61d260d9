//! What a merge may be expected to gain: what the suggestions say of its two parents.

use crate::study::ModelId;
use crate::workbench::Workbench;

/// What a merge may be expected to gain.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpectedGain {
    /// Over the parents' mean, in points.
    pub value: f64,
    /// Where 90 of 100 such merges lie, in points.
    pub interval: (f64, f64),
    /// How many merges of the study it is learned from.
    pub n: usize,
    /// What predicts it; `None` where nothing does yet.
    pub used: Option<String>,
    /// Rank correlation of predicted with real gain of held-out merges.
    pub spearman: Option<f64>,
}

/// Kinds of merges: the gains of one say nothing of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeKind {
    /// Two models, and a child on the way from one to the other.
    Between,
    /// More than two, averaged.
    Several,
    /// Changes of a base, added up.
    TaskVectors,
    /// Layers of models, put on top of each other.
    Layers,
}

impl MergeKind {
    /// The kind of a method with this many parents. A method that is not known is one between:
    /// that is what records of merges hold.
    pub fn of(method: &str, parents: usize) -> Self {
        match method {
            "slerp" | "linear" | "nuslerp" | "multislerp" | "karcher" | "nearswap" | "" => {
                match parents > 2 {
                    true => Self::Several,
                    false => Self::Between,
                }
            }
            "passthrough" => Self::Layers,
            _ => Self::TaskVectors,
        }
    }
}

impl Workbench {
    /// What a child of two models of the shown family may be expected to gain; `None` where they
    /// have no scores, and for another kind of merge than the study's own.
    pub fn expected_gain(&self, parents: &[ModelId], kind: MergeKind) -> Option<ExpectedGain> {
        let suggested = self.suggestions();
        let usual = suggested.ways.first()?;
        if MergeKind::of(&usual.method, 2) != kind {
            return None;
        }
        let [a, b] = *<&[ModelId; 2]>::try_from(parents).ok()?;
        let advised = suggested.of(a, b)?;
        let mean = advised.expected - advised.gain;
        let used = suggested.advice.used();
        Some(ExpectedGain {
            value: advised.gain,
            interval: (advised.interval[0] - mean, advised.interval[1] - mean),
            n: suggested.advice.n,
            used: used.map(|used| used.title.clone()),
            spearman: used.and_then(|used| used.spearman),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_of_a_kind() {
        assert_eq!(MergeKind::of("slerp", 2), MergeKind::Between);
        assert_eq!(MergeKind::of("linear", 3), MergeKind::Several);
        assert_eq!(MergeKind::of("ties", 2), MergeKind::TaskVectors);
        assert_eq!(MergeKind::of("passthrough", 2), MergeKind::Layers);
        assert_eq!(MergeKind::of("", 2), MergeKind::Between);
    }
}
