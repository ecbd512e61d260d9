//! The child of the draft on the canvas, for the other views: a ghost among the living.

use super::{GainSource, Prediction};
use crate::figures::Ghost;
use crate::kinship::Metric;
use crate::study::Draft;
use crate::text::with_minus;
use crate::workbench::Workbench;

/// A child that does not exist yet.
#[derive(Clone, Copy)]
pub struct DraftChild<'w> {
    pub draft: &'w Draft,
    pub prediction: &'w Prediction,
}

impl Workbench {
    /// The child of the draft on the canvas, if that was looked at as it is now. Once a model
    /// has its name it is no longer a ghost.
    pub fn draft_child(&self) -> Option<DraftChild<'_>> {
        let doc = self.doc();
        let draft = doc.shown_draft()?;
        let prediction = self.prediction_of(draft)?;
        let is_born = doc.models.iter().any(|model| model.name == draft.name);
        (!is_born).then_some(DraftChild { draft, prediction })
    }

    /// The same as a point of a chart.
    pub(in crate::workbench) fn predicted_point(&self) -> Option<Ghost> {
        let child = self.draft_child()?;
        let kinship = child.prediction.of_parents.get(Metric::DEFAULT)?;
        let kind = child.prediction.kind;
        let expected = kind.and_then(|kind| self.expected_gain(kinship, kind));
        let source = expected.map_or_else(String::new, |gain| {
            let whose = match gain.source {
                GainSource::Study => "of this study",
                GainSource::Community => "of the Open LLM Leaderboard",
            };
            let r = with_minus(&format!("{:.2}", gain.r));
            format!("from n = {} merges {whose}, r = {r}", gain.n)
        });
        let made = child.prediction.child.as_ref();
        Some(Ghost {
            name: child.draft.name.clone(),
            parents: made.map_or_else(|_| Vec::new(), |made| made.parents.clone()),
            kinship: child.prediction.of_parents.clone(),
            gain: expected.map(|gain| gain.value),
            source,
        })
    }
}
