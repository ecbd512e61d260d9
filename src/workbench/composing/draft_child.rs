//! The child of the draft on the canvas, for the other views: a ghost among the living.

use super::{GainSource, Prediction};
use crate::figures::Ghost;
use crate::kinship::Metric;
use crate::study::Draft;
use crate::workbench::Workbench;

/// A child that does not exist yet.
#[derive(Clone, Copy)]
pub struct DraftChild<'w> {
    /// The draft that it is composed in.
    pub draft: &'w Draft,
    /// What is known of it.
    pub prediction: &'w Prediction,
}

impl Workbench {
    /// The child of the draft on the canvas, if that was looked at as it is now. Once a model
    /// has its name it is no longer a ghost.
    pub fn draft_child(&self) -> Option<DraftChild<'_>> {
        let doc = self.study().doc();
        let draft = doc.shown_draft()?;
        let prediction = self.prediction_of(&draft.sheet.text)?;
        let is_born = doc.models.iter().any(|model| model.name == draft.name);
        (!is_born).then_some(DraftChild { draft, prediction })
    }

    /// The same as a point of a chart.
    pub(in crate::workbench) fn predicted_point(&self) -> Option<Ghost> {
        let child = self.draft_child()?;
        let expected = self.expected_gain(child.prediction.of_parents.get(Metric::DEFAULT)?);
        let source = expected.map_or_else(String::new, |gain| {
            let whose = match gain.source {
                GainSource::Study => "of this study",
                GainSource::Community => "of the community",
            };
            let r = format!("{:.2}", gain.r).replace('-', "−");
            format!("from n = {} merges {whose}, r = {r}", gain.n)
        });
        Some(Ghost {
            name: child.draft.name.clone(),
            parents: child
                .prediction
                .child
                .as_ref()
                .map_or_else(|_| Vec::new(), |child| child.parents.clone()),
            kinship: child.prediction.of_parents.clone(),
            gain: expected.map(|gain| gain.value),
            source,
        })
    }
}
