//! Whether two models of the study are related at all, as a job that tells its result.

use std::sync::Arc;

use super::{NoticeKind, Workbench};
use crate::jobs::{Failure, Ticket};
use crate::origin::related::{Related, related, show_p};
use crate::study::ModelId;
use crate::text::sentence_case;

impl Workbench {
    /// Why it cannot be asked whether two models are related.
    pub fn relate_objection(&self, a: ModelId, b: ModelId) -> Option<&'static str> {
        let (Some(one), Some(other)) = (self.checkpoint(a), self.checkpoint(b)) else {
            return Some("It takes the files of both");
        };
        let is_adapter = one.adapter().is_some() || other.adapter().is_some();
        is_adapter.then_some("An adapter holds no weights of its own")
    }

    /// Asks whether two models are related; a notice says what was found.
    pub fn relate(&mut self, a: ModelId, b: ModelId) {
        let (Some(one), Some(other)) = (self.checkpoint(a), self.checkpoint(b)) else {
            return;
        };
        let (one, other) = (Arc::clone(one), Arc::clone(other));
        let names = [a, b].map(|id| self.doc().name_of(id).to_owned());
        let title = format!("Looking whether {} and {} are related", names[0], names[1]);
        let work = move |ticket: &Ticket| related(&one, &other, ticket);
        let ending = move |bench: &mut Self, result: Result<Related, Failure>| match result {
            Ok(found) => {
                let (title, detail) = told(&found, &names);
                bench.notify(NoticeKind::Done, title, detail);
            }
            Err(failure) => bench.report_failure("Looking for a relation", failure),
        };
        self.jobs.spawn(title, work, ending);
    }
}

/// What was found, as a title and a sentence or two.
fn told(found: &Related, [a, b]: &[String; 2]) -> (String, String) {
    let title = format!("{}: {a} and {b}", found.verdict.title());
    let changes = found.changes.iter().map(|change| change.sentence(a, b));
    let more = changes.chain(found.notes.iter().cloned());
    let mut sentences = vec![format!("p {}", show_p(found.p))];
    sentences.extend(more.map(|clause| sentence_case(&clause)));
    (title, sentences.join(". "))
}
