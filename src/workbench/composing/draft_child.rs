//! The child of the draft on the canvas, for the other views: a ghost among the living.

use super::Prediction;
use crate::figures::Ghost;
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
        let made = child.prediction.child.as_ref().ok();
        let parents = made.map_or(&[][..], |made| &made.parents);
        let kind = child.prediction.kind;
        let expected = kind.and_then(|kind| self.expected_gain(parents, kind));
        let source = expected.as_ref().map_or_else(String::new, |gain| {
            let rank = gain.spearman.map_or(String::new(), |rank| {
                let rank = with_minus(&format!("{rank:.2}"));
                format!(", rank correlation {rank} on held-out merges")
            });
            format!("from n = {} merges of this study{rank}", gain.n)
        });
        Some(Ghost {
            name: child.draft.name.clone(),
            parents: parents.to_vec(),
            kinship: child.prediction.of_parents.clone(),
            gain: expected.map(|gain| gain.value),
            source,
        })
    }
}
