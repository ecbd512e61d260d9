//! What is to be looked at: a snapshot, beside which the answer is kept.

use std::path::PathBuf;
use std::sync::Arc;

use crate::checkpoint::Checkpoint;
use crate::kinship::Metric;
use crate::kinship::store::CachedKinship;
use crate::merge::composition::Place;
use crate::merge::recipe::Parsed;
use crate::study::ModelId;

#[derive(Clone)]
pub struct Request {
    pub text: String,
    /// What it spells, perhaps without positions.
    pub parsed: Arc<Parsed>,
    /// Which of its merges is written; `None` while it has a mistake.
    pub output: Option<usize>,
    /// Every model of the study with files, its base, and its files.
    pub models: Vec<(ModelId, Option<ModelId>, Arc<Checkpoint>)>,
    /// Those whose files are gone.
    pub missing: Vec<ModelId>,
    /// What is measured, by base.
    pub measured: Vec<(ModelId, Arc<CachedKinship>)>,
    /// The measure of the profile over the layers.
    pub metric: Metric,
    pub hub: Option<PathBuf>,
    /// A parameter whose values are tried one after the other.
    pub swept: Option<Swept>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Swept {
    pub merge: usize,
    pub place: Place,
    pub key: String,
    pub range: (f64, f64),
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Request({:?}, {} models)", self.text, self.models.len())
    }
}

impl PartialEq for Request {
    fn eq(&self, other: &Self) -> bool {
        // Files and sums are the same where they lie in the same place.
        let files = |of: &Self| -> Vec<_> {
            let models = of.models.iter();
            models
                .map(|(id, base, c)| (*id, *base, Arc::as_ptr(c)))
                .collect()
        };
        let sums = |of: &Self| -> Vec<_> {
            let measured = of.measured.iter();
            measured
                .map(|(base, sums)| (*base, Arc::as_ptr(sums)))
                .collect()
        };
        self.text == other.text
            && self.output == other.output
            && self.metric == other.metric
            && self.missing == other.missing
            && self.hub == other.hub
            && self.swept == other.swept
            && files(self) == files(other)
            && sums(self) == sums(other)
    }
}
