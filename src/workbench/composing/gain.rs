//! What a merge may be expected to gain, from merges whose parents' kinship is known.

use crate::kinship::Metric;
use crate::lineage::gain::{ENOUGH, GainLine, Known};
use crate::study::StudyFacts;
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

impl Workbench {
    /// What a child may be expected to gain, by the mean kinship of its parents in
    /// the default measure.
    pub fn expected_gain(&self, kinship: f64) -> Option<ExpectedGain> {
        expected(self.record(), kinship, GainSource::Study).or_else(|| {
            let community = library::bundled("community");
            let record = StudyFacts::new(community, &|_, _, _| None);
            expected(&record, kinship, GainSource::Community)
        })
    }
}

/// The line of gain over kinship through a record, at one kinship.
fn expected(record: &StudyFacts, kinship: f64, source: GainSource) -> Option<ExpectedGain> {
    let line = GainLine::through(&known_merges(record), ENOUGH)?;
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
    let rows = record.rows.iter();
    rows.filter_map(|row| {
        Some(Known {
            kinship: row.kinship.get(Metric::DEFAULT)?,
            gain: row.gain?,
        })
    })
    .collect()
}
