//! Whether two models of the study are related at all, as a job; the last result is kept until
//! another is asked for.

use std::sync::Arc;

use super::{NoticeKind, Workbench};
use crate::jobs::{Failure, JobId, Ticket};
use crate::origin::related::{Related, related, show_p};
use crate::study::ModelId;
use crate::text::sentence_of;

/// A question whether two models are related.
pub struct Relation<'a> {
    /// What the two are called: their names when it was asked.
    pub names: &'a [String; 2],
    /// What has become of it.
    pub state: RelationState<'a>,
}

/// What has become of the question.
pub enum RelationState<'a> {
    /// It is being looked into by this job.
    Running(JobId),
    Found(&'a Related),
    /// The user has stopped it.
    Cancelled,
    /// Why there is no answer.
    Failed(&'a str),
}

#[derive(Default)]
pub(super) struct Relating {
    last: Option<Last>,
    /// Whether somebody looks at it, and need not be told.
    is_watched: bool,
}

struct Last {
    names: [String; 2],
    job: JobId,
    result: Option<Result<Related, Failure>>,
}

impl Workbench {
    /// Why it cannot be asked whether two models are related.
    pub fn relate_objection(&self, a: ModelId, b: ModelId) -> Option<&'static str> {
        let (Some(one), Some(other)) = (self.checkpoint(a), self.checkpoint(b)) else {
            return Some("It takes the files of both");
        };
        if one.adapter().is_some() || other.adapter().is_some() {
            return Some("An adapter holds no weights of its own");
        }
        let last = self.session.relating.last.as_ref();
        let is_running = last.is_some_and(|last| last.result.is_none());
        is_running.then_some("Two others are being looked at")
    }

    /// Asks whether two models are related; see [`Self::relation`].
    pub fn relate(&mut self, a: ModelId, b: ModelId) {
        if self.relate_objection(a, b).is_some() {
            return;
        }
        let (Some(one), Some(other)) = (self.checkpoint(a), self.checkpoint(b)) else {
            return;
        };
        let (one, other) = (Arc::clone(one), Arc::clone(other));
        let names = [a, b].map(|id| self.doc().name_of(id).to_owned());
        let title = format!("Looking whether {} and {} are related", names[0], names[1]);
        let work = move |ticket: &Ticket| related(&one, &other, ticket);
        let job = self.jobs.next_id();
        let ending = move |bench: &mut Self, result| bench.on_related(job, result);
        self.jobs.spawn(title, work, ending);
        let own = &mut self.session.relating;
        own.is_watched = true;
        own.last = Some(Last {
            names,
            job,
            result: None,
        });
    }

    /// The question that was asked last.
    pub fn relation(&self) -> Option<Relation<'_>> {
        let last = self.session.relating.last.as_ref()?;
        let state = match &last.result {
            None => RelationState::Running(last.job),
            Some(Ok(found)) => RelationState::Found(found),
            Some(Err(Failure::Cancelled)) => RelationState::Cancelled,
            Some(Err(Failure::Failed(sentence))) => RelationState::Failed(sentence),
        };
        Some(Relation {
            names: &last.names,
            state,
        })
    }

    /// Nobody looks at the answer any more: it is told.
    pub fn leave_relation(&mut self) {
        self.session.relating.is_watched = false;
    }

    fn on_related(&mut self, job: JobId, result: Result<Related, Failure>) {
        let own = &mut self.session.relating;
        let is_seen = own.is_watched;
        let Some(last) = own.last.as_mut().filter(|last| last.job == job) else {
            return;
        };
        last.result = Some(result.clone());
        if is_seen {
            return;
        }
        match result {
            Ok(found) => {
                let title = title(&found, &last.names);
                self.notify(NoticeKind::Done, title, format!("p {}", show_p(found.p)));
            }
            Err(failure) => self.report_failure("Looking for a relation", failure),
        }
    }
}

/// "Related: a and b"
pub fn title(found: &Related, [a, b]: &[String; 2]) -> String {
    format!("{}: {a} and {b}", found.verdict.title())
}

/// How related models differ, and what could not be seen, a sentence each.
pub fn sentences(found: &Related, names: &[String; 2]) -> Vec<String> {
    let [a, b] = names;
    let changes = found.changes.iter().map(|change| change.sentence(a, b));
    let all = changes.chain(found.notes.iter().cloned());
    let names = || names.iter().map(String::as_str);
    all.map(|clause| sentence_of(&clause, names())).collect()
}
