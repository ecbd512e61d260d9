//! The child of the draft on the canvas, for the other views: a ghost among the living.

use super::{Ahead, GainSource};
use crate::figures::Ghost;
use crate::kinship::Metric;
use crate::study::Draft;
use crate::workbench::Workbench;

/// A child that does not exist yet.
#[derive(Clone, Copy)]
pub struct Unborn<'w> {
    /// The draft that it is composed in.
    pub draft: &'w Draft,
    /// What is known of it.
    pub ahead: &'w Ahead,
}

impl Workbench {
    /// The child of the draft on the canvas, if that was looked at as it is now. Once a model
    /// has its name it is no longer a ghost.
    pub fn unborn(&self) -> Option<Unborn<'_>> {
        let doc = self.study().doc();
        let draft = doc.shown_draft()?;
        let ahead = self.prediction_of(&draft.sheet.text)?;
        let is_born = doc.models.iter().any(|model| model.name == draft.name);
        (!is_born).then_some(Unborn { draft, ahead })
    }

    /// The same as a point of a chart.
    pub(in crate::workbench) fn ghost(&self) -> Option<Ghost> {
        let unborn = self.unborn()?;
        let expected = self.expected_gain(unborn.ahead.of_parents.get(Metric::DEFAULT)?);
        let source = expected.map_or_else(String::new, |gain| {
            let whose = match gain.source {
                GainSource::Study => "of this study",
                GainSource::Community => "of the community",
            };
            let r = format!("{:.2}", gain.r).replace('-', "−");
            format!("from n = {} merges {whose}, r = {r}", gain.n)
        });
        Some(Ghost {
            name: unborn.draft.name.clone(),
            parents: unborn
                .ahead
                .child
                .as_ref()
                .map_or_else(|_| Vec::new(), |child| child.parents.clone()),
            kinship: unborn.ahead.of_parents.clone(),
            gain: expected.map(|gain| gain.value),
            source,
        })
    }
}
