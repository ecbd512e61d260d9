//! What a merge may be expected to gain, from merges whose parents' kinship is known.

use crate::kinship::Metric;
use crate::lineage::gain::{ENOUGH, GainLine, Known};
use crate::study::{ModelId, StudyFacts};
use crate::workbench::{Workbench, library};

/// What a merge may be expected to gain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExpectedGain {
    /// On the least-squares line at the parents' kinship, in points.
    pub value: f64,
    /// Where 95 of 100 such merges lie, in points.
    pub interval: (f64, f64),
    pub n: usize,
    /// Correlation of kinship and gain among them.
    pub r: f64,
    pub p: f64,
    pub source: GainSource,
}

/// Whose merges an expectation is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GainSource {
    Study,
    /// The community's record that travels with the program, because the study's is too small.
    Community,
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
    /// What a child may be expected to gain, by the mean kinship of its parents in
    /// the default measure; `None` where no record holds enough merges of its kind.
    pub fn expected_gain(&self, kinship: f64, kind: MergeKind) -> Option<ExpectedGain> {
        let method = |id| {
            let model = self.doc().model(id)?;
            Some(MergeKind::of(&model.origin.method, model.parents.len()))
        };
        let own = merges_where(self.record(), |id| method(id) == Some(kind));
        expected(&own, kinship, GainSource::Study).or_else(|| {
            if kind != MergeKind::Between {
                return None;
            }
            let community = library::bundled("community");
            let record = StudyFacts::new(community, &|_, _, _| None);
            expected(&known_merges(&record), kinship, GainSource::Community)
        })
    }
}

/// The line of gain over kinship through merges, at one kinship.
fn expected(merges: &[Known], kinship: f64, source: GainSource) -> Option<ExpectedGain> {
    let line = GainLine::through(merges, ENOUGH)?;
    let expected = line.expected(kinship);
    Some(ExpectedGain {
        value: expected.value,
        interval: expected.interval,
        n: line.n,
        r: line.r,
        p: line.p,
        source,
    })
}

/// The merges of a record whose gain and whose parents' kinship are known.
pub(in crate::workbench) fn known_merges(record: &StudyFacts) -> Vec<Known> {
    merges_where(record, |_| true)
}

fn merges_where(record: &StudyFacts, is_meant: impl Fn(ModelId) -> bool) -> Vec<Known> {
    let rows = record.rows.iter().filter(|row| is_meant(row.id));
    rows.filter_map(|row| {
        Some(Known {
            kinship: row.kinship.get(Metric::DEFAULT)?,
            gain: row.gain?,
        })
    })
    .collect()
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
