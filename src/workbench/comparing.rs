//! Two models of the study compared tensor by tensor, as a job; the latest results are kept
//! beside the files that they are about.

use std::sync::Arc;

use super::{NoticeKind, Workbench};
use crate::diff::{Diff, compare_named};
use crate::jobs::{Failure, JobId, Ticket};
use crate::study::ModelId;

/// Results that are kept; one of a large model takes some ten megabytes.
const MOST_KEPT: usize = 4;

/// The keys of the files that are compared.
type Request = [String; 2];

/// A comparison that was asked for.
pub struct Comparison<'a> {
    /// The two, in the order in which they are compared.
    pub models: [ModelId; 2],
    /// What has become of it.
    pub state: ComparisonState<'a>,
}

/// What has become of a comparison.
pub enum ComparisonState<'a> {
    /// It is being made by this job.
    Running(JobId),
    Done(&'a Arc<Diff>),
    /// The user has stopped it.
    Cancelled,
    /// Why there is none.
    Failed(&'a str),
}

#[derive(Default)]
pub(super) struct Comparing {
    /// What was asked for last.
    asked: Option<([ModelId; 2], Request)>,
    running: Vec<(Request, JobId)>,
    kept: Vec<(Request, Arc<Diff>)>,
    failed: Option<(Request, Failure)>,
    /// Whether somebody looks at what was asked for last, and need not be told.
    is_watched: bool,
}

impl Workbench {
    /// Why two models cannot be compared tensor by tensor.
    pub fn compare_objection(&self, a: ModelId, b: ModelId) -> Option<&'static str> {
        let (Some(one), Some(other)) = (self.checkpoint(a), self.checkpoint(b)) else {
            return Some("It takes the files of both");
        };
        let base = |id: ModelId| self.doc().model(id).and_then(|m| m.base);
        match (one.adapter().is_some(), other.adapter().is_some()) {
            (false, false) => None,
            (true, false) if base(a) == Some(b) => None,
            (false, true) if base(b) == Some(a) => None,
            _ => Some("An adapter is a change of its base, and is compared with that alone"),
        }
    }

    /// Compares two models, unless that is done or being done; see [`Self::comparison`]. The
    /// base comes first, whatever the order.
    pub fn compare(&mut self, a: ModelId, b: ModelId) {
        if self.compare_objection(a, b).is_some() {
            return;
        }
        let is_base = |base: ModelId, of: ModelId| {
            self.doc()
                .model(of)
                .is_some_and(|model| model.base == Some(base))
        };
        let models = if is_base(b, a) { [b, a] } else { [a, b] };
        let (Some(one), Some(other)) = (self.checkpoint(models[0]), self.checkpoint(models[1]))
        else {
            return;
        };
        let (one, other) = (Arc::clone(one), Arc::clone(other));
        let request = [one.key().to_owned(), other.key().to_owned()];
        let own = &mut self.session.comparing;
        own.asked = Some((models, request.clone()));
        own.failed = None;
        own.is_watched = true;
        let is_known = own.kept.iter().any(|(kept, _)| *kept == request)
            || own.running.iter().any(|(running, _)| *running == request);
        if is_known {
            return;
        }
        let names = models.map(|id| self.doc().name_of(id).to_owned());
        let title = format!("Comparing {} and {}", names[0], names[1]);
        let work = move |ticket: &Ticket| compare_named(&one, &other, names, ticket);
        let job = self.jobs.next_id();
        let ending = move |bench: &mut Self, result| bench.on_compared(job, result);
        self.jobs.spawn(title, work, ending);
        self.session.comparing.running.push((request, job));
    }

    /// The comparison that was asked for last.
    pub fn comparison(&self) -> Option<Comparison<'_>> {
        let own = &self.session.comparing;
        let (models, request) = own.asked.as_ref()?;
        let state = if let Some((_, job)) = own.running.iter().find(|(r, _)| r == request) {
            ComparisonState::Running(*job)
        } else if let Some((_, diff)) = own.kept.iter().find(|(r, _)| r == request) {
            ComparisonState::Done(diff)
        } else {
            match own.failed.as_ref().filter(|(r, _)| r == request) {
                Some((_, Failure::Failed(sentence))) => ComparisonState::Failed(sentence),
                _ => ComparisonState::Cancelled,
            }
        };
        Some(Comparison {
            models: *models,
            state,
        })
    }

    /// Nobody looks at the comparison any more: its end is told.
    pub fn leave_comparison(&mut self) {
        self.session.comparing.is_watched = false;
    }

    fn on_compared(&mut self, job: JobId, result: Result<Diff, Failure>) {
        let own = &mut self.session.comparing;
        let Some(at) = own.running.iter().position(|(_, running)| *running == job) else {
            return;
        };
        let (request, _) = own.running.remove(at);
        let is_seen = own.is_watched && own.asked.as_ref().is_some_and(|(_, of)| *of == request);
        match result {
            Ok(diff) => {
                let [a, b] = [&diff.models[0].name, &diff.models[1].name];
                let title = format!("{a} and {b} are compared");
                own.kept.insert(0, (request, Arc::new(diff)));
                own.kept.truncate(MOST_KEPT);
                if !is_seen {
                    self.notify(NoticeKind::Done, title, "Ask for it again to see it");
                }
            }
            Err(failure) => {
                own.failed = Some((request, failure.clone()));
                if !is_seen {
                    self.report_failure("Comparing", failure);
                }
            }
        }
    }
}
