//! Composing a merge: what the draft on the canvas would make, worked out beside the window.
//!
//! A prediction follows the draft by itself: whatever changes its text, the files or what is
//! measured asks for it. A request is a snapshot; an answer is kept beside its request, so an
//! answer is stale when the requests differ. While one is worked out the latest other one waits,
//! and those between are never looked at: a slider may move as fast as it likes.

mod request;

mod family;
mod prediction;

mod draft_child;
mod drafts;
mod gain;
mod open_recipe;
mod reading;

use super::Workbench;
use super::queue::Queue;
use crate::kinship::Metric;
use crate::merge::composition::Composition;
use crate::study::Draft;

pub use open_recipe::RecipeKind;
pub use request::{Request, Swept};

pub use gain::{ExpectedGain, MergeKind};

pub use draft_child::DraftChild;

pub use family::Profile;
pub use prediction::{
    Child, ChildCounts, NoChild, Prediction, Rounding, SweepPoint, TokensSummary, predict, sweep,
};

/// What is shown of a prediction beside the child's kinship.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PredictionOptions {
    /// The measure of the profile over the layers.
    pub metric: Metric,
    /// A parameter whose values are tried one after the other.
    pub swept: Option<Swept>,
}

/// What is asked for, what is being worked out, and what is known.
#[derive(Default)]
pub(super) struct Composing {
    options: PredictionOptions,
    /// The state of the workbench that `current` is of.
    seen: Option<u64>,
    /// The request for the draft as it is.
    current: Option<Request>,
    queue: Queue<Request, Prediction>,
    reading: Option<reading::Reading>,
}

impl Workbench {
    pub fn prediction_options(&self) -> &PredictionOptions {
        &self.session.composing.options
    }

    pub fn set_prediction_options(&mut self, options: PredictionOptions) {
        let own = &mut self.session.composing;
        if own.options != options {
            own.options = options;
            own.seen = None;
            self.predict_if_changed();
        }
    }

    /// What is known of the draft on the canvas, and whether it is of the draft as it is; else
    /// that is being worked out.
    pub fn prediction(&self) -> Option<(&Prediction, bool)> {
        let own = &self.session.composing;
        let (of, answer) = own.queue.answer()?;
        Some((answer, own.current.as_ref() == Some(of)))
    }

    /// What is known of a draft as it is.
    pub(super) fn prediction_of(&self, draft: &Draft) -> Option<&Prediction> {
        let (of, answer) = self.session.composing.queue.answer()?;
        let is_of = of.text == draft.sheet.text && of.output == self.written_of(draft);
        is_of.then_some(answer)
    }

    /// Which of a draft's merges is written.
    fn written_of(&self, draft: &Draft) -> Option<usize> {
        self.composition(draft)?.written()
    }

    /// The text of what a draft writes: merges that lead nowhere are left out.
    ///
    /// # Errors
    /// A sentence, if the recipes have no form as YAML.
    pub fn text_to_write(&self, draft: &Draft) -> Result<String, String> {
        let whole = || Ok(draft.sheet.text.clone());
        let Some(composition) = self.composition(draft) else {
            return whole();
        };
        let recipes = composition.parts();
        match recipes.len() == composition.recipes.len() {
            true => whole(),
            false => Composition {
                recipes,
                ..Composition::default()
            }
            .to_text(),
        }
    }

    /// Works out what the draft would make, unless that is known or on its way.
    pub(super) fn predict_if_changed(&mut self) {
        let now = Some(self.last_revision);
        if self.session.composing.seen == now {
            return;
        }
        let current = self.request();
        let own = &mut self.session.composing;
        own.seen = now;
        own.current.clone_from(&current);
        match current {
            Some(request) => own.queue.want_only(request),
            None => own.queue.retain_wanted(|_| false),
        }
        let title = "Predicting the child";
        self.work_on(
            title,
            |own| &mut own.composing.queue,
            |request, _| Ok(predict(request)),
        );
    }

    fn request(&self) -> Option<Request> {
        let doc = self.doc();
        let draft = doc.shown_draft()?;
        let open = |m: &crate::study::Model| Some((m.id, m.base, self.checkpoint(m.id)?.clone()));
        let PredictionOptions { metric, swept } = self.prediction_options().clone();
        Some(Request {
            text: draft.sheet.text.clone(),
            parsed: self.reading(&draft.sheet.text),
            output: self.written_of(draft),
            models: doc.models.iter().filter_map(open).collect(),
            missing: (doc.models.iter().map(|m| m.id))
                .filter(|&id| self.files(id).are_missing())
                .collect(),
            measured: self.all_measured(),
            metric,
            hub: super::hub_cache(),
            swept,
        })
    }
}
