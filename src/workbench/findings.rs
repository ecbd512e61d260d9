//! What stands out in the study that is open, looked for when it is asked for.

use super::Workbench;
use crate::findings::{Facts, Finding, findings};
use crate::kinship::Metric;
use crate::study::ModelId;

impl Workbench {
    /// Everything that stands out and was not dismissed; worked out once for each state.
    pub fn findings(&self) -> &[Finding] {
        let known = &self.session.derived.findings;
        known.get_or_init(|| {
            let doc = self.doc();
            let given = doc.given_kinships(Metric::DEFAULT);
            let kinship = |a: ModelId, b: ModelId| {
                self.kinship_of(a, b, Metric::DEFAULT)
                    .or_else(|| given.get(&[a.min(b), a.max(b)]).copied())
            };
            let facts = Facts {
                doc,
                record: self.record(),
                kinship: &kinship,
                norm: &|id| self.norm_of(id),
                tokens: &|id| self.tokens_of(id),
            };
            findings(&facts, &doc.view.dismissed)
        })
    }

    /// The size of the vocabulary that a model's configuration names.
    fn tokens_of(&self, id: ModelId) -> Option<usize> {
        self.checkpoint(id)?.config().vocab_size
    }
}
