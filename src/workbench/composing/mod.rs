//! Composing a merge: what the draft on the canvas would make, worked out beside the window.
//!
//! A request is a snapshot; an answer is kept beside its request, so an answer is stale when
//! the requests differ. While one is worked out the latest other one waits, and those between
//! are never looked at: a slider may move as fast as it likes.

mod request;

mod ahead;
mod family;

mod drafts;
mod gain;
mod import;
mod reading;
mod unborn;

use super::Workbench;
use super::events::Outcome;
use crate::kinship::Metric;

pub use request::{Request, Swept};

pub(super) use gain::known_merges;
pub use gain::{ExpectedGain, GainSource};

pub use unborn::Unborn;

pub use ahead::{Ahead, Child, NoChild, Profile, SweepPoint, look_ahead, sweep};

pub(super) const LOOKING_AHEAD: &str = "Looking ahead";

/// What is asked for, what is being worked out, and what is known.
#[derive(Default)]
pub(super) struct Composing {
    wanted: Option<Request>,
    running: bool,
    reading: Option<reading::Reading>,
    pub(super) answer: Option<(Request, Ahead)>,
}

impl Workbench {
    /// The request for the draft on the canvas; `None` without one.
    pub fn request(&self, swept: Option<Swept>, metric: Metric) -> Option<Request> {
        let doc = self.study().doc();
        let draft = doc.shown_draft()?;
        let open =
            |m: &crate::study::Model| Some((m.id, m.base, self.files(m.id).checkpoint()?.clone()));
        Some(Request {
            text: draft.sheet.text.clone(),
            parsed: self.reading(&draft.sheet.text),
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

    /// Works out what a request asks, unless that is known or on its way.
    pub fn look_ahead(&mut self, request: Request) {
        let known = self
            .composing
            .answer
            .as_ref()
            .is_some_and(|(of, _)| *of == request);
        if known || self.composing.wanted.as_ref() == Some(&request) {
            return;
        }
        self.composing.wanted = Some(request);
        self.look_at_wanted();
    }

    /// What is known of the draft on the canvas, and whether it is of this request or older.
    pub fn ahead(&self, request: &Request) -> Option<(&Ahead, bool)> {
        let (of, ahead) = self.composing.answer.as_ref()?;
        Some((ahead, of == request))
    }

    fn look_at_wanted(&mut self) {
        if self.composing.running {
            return;
        }
        let Some(request) = self.composing.wanted.clone() else {
            return;
        };
        self.composing.running = true;
        self.jobs.spawn_quietly(LOOKING_AHEAD, move |_, _| {
            let ahead = look_ahead(&request);
            Ok(Outcome::Ahead(Box::new((request, ahead))))
        });
    }

    /// Takes in an answer, and goes on with what was asked meanwhile.
    pub(super) fn take_ahead(&mut self, request: Request, ahead: Ahead) {
        self.composing.running = false;
        if self.composing.wanted.as_ref() == Some(&request) {
            self.composing.wanted = None;
        }
        self.composing.answer = Some((request, ahead));
        self.look_at_wanted();
    }

    /// A job that looked ahead has failed: nothing waits for it.
    pub(super) fn ahead_failed(&mut self) {
        self.composing.running = false;
        self.composing.wanted = None;
    }
}
