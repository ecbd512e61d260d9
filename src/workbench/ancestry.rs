//! The ancestry of a model of the study: what the sums of its family tell at once, and a closer
//! look at the weights, as a job.

use std::sync::Arc;

use super::{NoticeKind, Workbench};
use crate::checkpoint::{Checkpoint, Dtype};
use crate::jobs::{Failure, JobId, Ticket};
use crate::kinship::store::CachedKinship;
use crate::kinship::{Grain, Kinship};
use crate::origin::ancestry::{
    Answer, GroupShares, Question, Rounding, Signs, first_look, second_look, shares_by_group,
};
use crate::study::{Model, ModelId};

/// Whose parents are wanted, among whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AncestryRequest {
    pub child: ModelId,
    pub candidates: Vec<ModelId>,
    /// Which shares may be found.
    pub signs: Signs,
}

/// What the sums tell, without a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Ancestry {
    pub answer: Answer,
    /// Shares of the parts of the answer, in their order.
    pub layers: Vec<GroupShares>,
    pub kinds: Vec<GroupShares>,
}

/// What has become of the closer look that was asked for last.
pub enum CloserLook<'a> {
    Running(JobId),
    Done(&'a Ancestry),
    Cancelled,
    Failed(&'a str),
}

#[derive(Default)]
pub(super) struct Ancestries {
    last: Option<Last>,
    /// Whether somebody looks at it, and need not be told.
    is_watched: bool,
}

struct Last {
    request: AncestryRequest,
    /// The measurement that it was about.
    revision: u64,
    job: JobId,
    result: Option<Result<Ancestry, Failure>>,
}

/// What a request is about, in the terms of a measurement.
struct Asked {
    stored: Arc<CachedKinship>,
    child: usize,
    candidates: Vec<usize>,
    rounding: Rounding,
    signs: Signs,
}

impl Asked {
    fn kinship(&self) -> &Kinship {
        &self.stored.kinship
    }

    fn question(&self) -> Question<'_> {
        Question {
            kinship: self.kinship(),
            child: self.child,
            candidates: &self.candidates,
            signs: self.signs,
            rounding: &self.rounding,
        }
    }

    fn with_groups(&self, answer: Answer) -> Ancestry {
        let question = self.question();
        let among: Vec<usize> = answer.parts.iter().map(|part| part.candidate).collect();
        Ancestry {
            layers: shares_by_group(&question, &among, Grain::Layer),
            kinds: shares_by_group(&question, &among, Grain::Kind),
            answer,
        }
    }
}

impl Workbench {
    /// Why the ancestry of a model cannot be told.
    pub fn ancestry_objection(&self, model: ModelId) -> Option<&'static str> {
        let Some(base) = self.doc().model(model).and_then(|m| m.base) else {
            return Some("It takes a base that the model and its parents come from");
        };
        if self.measured_index(base, model).is_none() {
            return Some("It takes the kinship of the family: measure it first");
        }
        (self.ancestry_candidates(model).is_empty())
            .then_some("It takes another measured model on the same base")
    }

    /// The measured models of a model's family that may be its parents: all but itself and its
    /// descendants.
    pub fn ancestry_candidates(&self, model: ModelId) -> Vec<ModelId> {
        let doc = self.doc();
        let Some(base) = doc.model(model).and_then(|m| m.base) else {
            return Vec::new();
        };
        let family = doc.family(base).into_iter();
        let may = |id: &ModelId| {
            *id != model
                && self.measured_index(base, *id).is_some()
                && !descends(&doc.models, *id, model)
        };
        family.filter(may).collect()
    }

    /// Which model of the settled result of a base this is.
    fn measured_index(&self, base: ModelId, model: ModelId) -> Option<usize> {
        let stored = self.measured(base)?.settled();
        let key = self.key_of(model)?;
        stored.models.iter().position(|own| own == key)
    }

    fn ancestry_asked(&self, request: &AncestryRequest) -> Option<Asked> {
        let base = self.doc().model(request.child)?.base?;
        let stored = Arc::clone(self.measured(base)?.settled());
        let index = |id: &ModelId| self.measured_index(base, *id);
        let files = self.checkpoint(request.child).zip(self.checkpoint(base));
        let rounding = match files {
            Some((child, base)) => Rounding::of(&stored.kinship, child, base),
            // What most models are stored as.
            None => Rounding::of_format(&stored.kinship, Dtype::usual()),
        };
        Some(Asked {
            child: index(&request.child)?,
            candidates: request
                .candidates
                .iter()
                .map(index)
                .collect::<Option<_>>()?,
            signs: request.signs,
            rounding,
            stored,
        })
    }

    /// What the sums of the family tell; `None` where they do not hold any more.
    pub fn ancestry(&self, request: &AncestryRequest) -> Option<Ancestry> {
        let asked = self.ancestry_asked(request)?;
        Some(asked.with_groups(first_look(&asked.question())))
    }

    /// Goes up with every change of what [`Self::ancestry`] says of a child.
    pub fn ancestry_revision(&self, child: ModelId) -> Option<u64> {
        let base = self.doc().model(child)?.base?;
        Some(self.measured(base)?.revision())
    }

    /// Why the weights cannot be looked at.
    pub fn closer_objection(&self, request: &AncestryRequest) -> Option<&'static str> {
        let own = &self.session.ancestries;
        if own.last.as_ref().is_some_and(|last| last.result.is_none()) {
            return Some("A closer look is being taken already");
        }
        let base = self.doc().model(request.child).and_then(|m| m.base);
        let all = request
            .candidates
            .iter()
            .chain([&request.child])
            .chain(&base);
        let is_closed = |id: &ModelId| self.checkpoint(*id).is_none();
        (base.is_none() || all.into_iter().any(is_closed))
            .then_some("It takes the files of the model, its base and all candidates")
    }

    /// Looks at a sample of the weights; see [`Self::closer_look`].
    pub fn look_closer(&mut self, request: AncestryRequest) {
        if self.closer_objection(&request).is_some() {
            return;
        }
        let base = self.doc().model(request.child).and_then(|m| m.base);
        let files = |id: &ModelId| self.checkpoint(*id).cloned();
        let candidates: Option<Vec<Arc<Checkpoint>>> =
            request.candidates.iter().map(files).collect();
        let (Some(asked), Some(base), Some(child), Some(candidates)) = (
            self.ancestry_asked(&request),
            base.and_then(|id| files(&id)),
            files(&request.child),
            candidates,
        ) else {
            return;
        };
        let work = move |ticket: &Ticket| {
            let candidates: Vec<&Checkpoint> = candidates.iter().map(AsRef::as_ref).collect();
            let answer = second_look(&asked.question(), &base, &child, &candidates, ticket)?;
            Ok(asked.with_groups(answer))
        };
        let job = self.jobs.next_id();
        let ending = move |bench: &mut Self, result| bench.on_looked_closer(job, result);
        let title = format!(
            "Looking at the weights of {}",
            self.doc().name_of(request.child)
        );
        let revision = self.ancestry_revision(request.child).unwrap_or_default();
        self.jobs.spawn(title, work, ending);
        self.session.ancestries.last = Some(Last {
            request,
            revision,
            job,
            result: None,
        });
    }

    /// The closer look at what is asked, if one was taken of it as it is now.
    pub fn closer_look(&self, request: &AncestryRequest) -> Option<CloserLook<'_>> {
        let last = self.session.ancestries.last.as_ref()?;
        let is_same = last.request == *request
            && self.ancestry_revision(request.child) == Some(last.revision);
        is_same.then(|| match &last.result {
            None => CloserLook::Running(last.job),
            Some(Ok(found)) => CloserLook::Done(found),
            Some(Err(Failure::Cancelled)) => CloserLook::Cancelled,
            Some(Err(Failure::Failed(sentence))) => CloserLook::Failed(sentence),
        })
    }

    /// Says whether somebody looks at the ancestry of a model: the end of a closer look is told
    /// otherwise.
    pub fn watch_ancestry(&mut self, is_watched: bool) {
        self.session.ancestries.is_watched = is_watched;
    }

    fn on_looked_closer(&mut self, job: JobId, result: Result<Ancestry, Failure>) {
        let own = &mut self.session.ancestries;
        let is_seen = own.is_watched;
        let Some(last) = own.last.as_mut().filter(|last| last.job == job) else {
            return;
        };
        let child = last.request.child;
        last.result = Some(result.clone());
        if is_seen {
            return;
        }
        match result {
            Ok(_) => {
                let title = format!("The weights of {} are looked at", self.doc().name_of(child));
                self.notify(NoticeKind::Done, title, "Ancestry… shows what they tell");
            }
            Err(failure) => self.report_failure("Looking at the weights", failure),
        }
    }
}

/// Whether a model has another among its ancestors, as far as they are recorded.
fn descends(models: &[Model], of: ModelId, from: ModelId) -> bool {
    let (mut waiting, mut seen) = (vec![of], Vec::new());
    while let Some(id) = waiting.pop() {
        if seen.contains(&id) {
            continue;
        }
        seen.push(id);
        let model = models.iter().find(|m| m.id == id);
        let parents = model.map_or(&[][..], |m| &m.parents);
        if parents.contains(&from) {
            return true;
        }
        waiting.extend(parents);
    }
    false
}
