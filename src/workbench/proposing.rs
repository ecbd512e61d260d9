//! A lineage of the study's models proposed from their weights, as a job: what is proposed, what
//! of it the record says already, and what the record says otherwise.

use std::sync::Arc;

use super::{NoticeKind, Workbench};
use crate::checkpoint::Checkpoint;
use crate::jobs::{Failure, JobId, Ticket};
use crate::origin::lineage::{Bond, Proposal, propose};
use crate::study::{Command, Descent, ModelEdit, ModelId};
use crate::text::counted;

/// A parent that is proposed for a model.
#[derive(Clone, Debug, PartialEq)]
pub struct ProposedEdge {
    pub parent: ModelId,
    pub child: ModelId,
    /// The parent's weight in a sum.
    pub share: Option<f64>,
    /// How sure it is, 0 to 1.
    pub confidence: f64,
    /// The evidence, a sentence without its stop.
    pub why: String,
    /// The base of their family, where the child is no base itself.
    base: Option<ModelId>,
    /// Whether the child was merged, and not trained on.
    pub is_merge: bool,
}

/// How a proposed parent stands beside what is recorded of the child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing is recorded.
    New,
    /// The record says the same.
    Recorded,
    /// The record names other parents.
    Conflict,
}

/// What has become of the proposal that was asked for last.
pub enum ProposedState<'a> {
    Running(JobId),
    Done {
        /// What is neither recorded nor dismissed.
        edges: Vec<(&'a ProposedEdge, Standing)>,
        /// How many edges the record has already.
        recorded: usize,
        /// What cannot be told, and what the models' own files say.
        notes: &'a [String],
    },
    Cancelled,
    Failed(&'a str),
}

#[derive(Default)]
pub(super) struct Proposing {
    last: Option<Last>,
}

struct Last {
    job: JobId,
    result: Option<Result<Outcome, Failure>>,
    dismissed: Vec<[ModelId; 2]>,
}

struct Outcome {
    edges: Vec<ProposedEdge>,
    notes: Vec<String>,
}

impl Workbench {
    /// Why no lineage can be proposed.
    pub fn propose_objection(&self) -> Option<&'static str> {
        let last = self.session.proposing.last.as_ref();
        if last.is_some_and(|last| last.result.is_none()) {
            return Some("A lineage is being worked out already");
        }
        (self.whole_models().len() < 2).then_some("It takes the files of two models or more")
    }

    /// Works out a lineage from the weights; see [`Self::proposed_lineage`].
    pub fn propose_lineage(&mut self) {
        if self.propose_objection().is_some() {
            return;
        }
        let models = self.whole_models();
        let names: Vec<String> = models
            .iter()
            .map(|(id, _)| self.doc().name_of(*id).to_owned())
            .collect();
        let ids: Vec<ModelId> = models.iter().map(|(id, _)| *id).collect();
        let work = move |ticket: &Ticket| {
            let checkpoints: Vec<&Checkpoint> = models.iter().map(|(_, own)| &**own).collect();
            let proposal = propose(&checkpoints, &names, ticket).map_err(Failure::from)?;
            Ok(outcome(&proposal, &ids))
        };
        let job = self.jobs.next_id();
        let ending = move |bench: &mut Self, result| bench.on_proposed(job, result);
        self.jobs.spawn("Proposing a lineage", work, ending);
        self.session.proposing.last = Some(Last {
            job,
            result: None,
            dismissed: Vec::new(),
        });
    }

    /// The proposal that was asked for last, beside what is recorded now.
    pub fn proposed_lineage(&self) -> Option<ProposedState<'_>> {
        let last = self.session.proposing.last.as_ref()?;
        let outcome = match &last.result {
            None => return Some(ProposedState::Running(last.job)),
            Some(Err(Failure::Cancelled)) => return Some(ProposedState::Cancelled),
            Some(Err(Failure::Failed(sentence))) => return Some(ProposedState::Failed(sentence)),
            Some(Ok(outcome)) => outcome,
        };
        let standing = |edge: &ProposedEdge| {
            let child = self.doc().model(edge.child)?;
            self.doc().model(edge.parent)?;
            Some(if child.parents.contains(&edge.parent) {
                Standing::Recorded
            } else if child.parents.is_empty() {
                Standing::New
            } else {
                Standing::Conflict
            })
        };
        let there = outcome
            .edges
            .iter()
            .filter_map(|edge| Some((edge, standing(edge)?)));
        let (recorded, open): (Vec<_>, Vec<_>) =
            there.partition(|(_, standing)| *standing == Standing::Recorded);
        let is_open = |edge: &ProposedEdge| !last.dismissed.contains(&[edge.parent, edge.child]);
        Some(ProposedState::Done {
            edges: open.into_iter().filter(|(edge, _)| is_open(edge)).collect(),
            recorded: recorded.len(),
            notes: &outcome.notes,
        })
    }

    /// Writes proposed parents into the record, in one step of undo. All proposed parents of a
    /// model replace those that are recorded, which the weights contradict.
    pub fn accept_proposed(&mut self, wanted: &[[ModelId; 2]]) {
        let Some(ProposedState::Done { edges, .. }) = self.proposed_lineage() else {
            return;
        };
        let is_wanted = |edge: &ProposedEdge| wanted.contains(&[edge.parent, edge.child]);
        let mut descents: Vec<Descent> = Vec::new();
        for (edge, _) in edges.iter().filter(|(edge, _)| is_wanted(edge)) {
            match descents.iter_mut().find(|own| own.child == edge.child) {
                Some(own) => own.parents.push(edge.parent),
                None => descents.push(self.descent(edge)),
            }
        }
        if !descents.is_empty() {
            self.apply(Command::Model(ModelEdit::Descend(descents)));
        }
    }

    /// Lets go of proposed parents; of all, the proposal too.
    pub fn dismiss_proposed(&mut self, edges: &[[ModelId; 2]]) {
        if let Some(last) = &mut self.session.proposing.last {
            last.dismissed.extend(edges);
        }
    }

    /// Lets go of the whole proposal, unless it is being worked out.
    pub fn close_proposal(&mut self) {
        let last = &mut self.session.proposing.last;
        if last.as_ref().is_some_and(|last| last.result.is_some()) {
            *last = None;
        }
    }

    /// The first of a child's proposed parents, beside those recorded that are proposed too.
    fn descent(&self, edge: &ProposedEdge) -> Descent {
        let proposed = self.session.proposing.last.as_ref();
        let proposed = proposed.and_then(|last| last.result.as_ref()?.as_ref().ok());
        let agrees = |parent: &ModelId| {
            proposed.is_some_and(|outcome| {
                outcome
                    .edges
                    .iter()
                    .any(|own| (own.parent, own.child) == (*parent, edge.child))
            })
        };
        let kept = self
            .doc()
            .model(edge.child)
            .into_iter()
            .flat_map(|model| &model.parents);
        Descent {
            child: edge.child,
            parents: kept.copied().filter(agrees).chain([edge.parent]).collect(),
            base: edge.base,
        }
    }

    /// The models that a lineage can be worked out of: all whose files are open.
    fn whole_models(&self) -> Vec<(ModelId, Arc<Checkpoint>)> {
        let open = |id| Some((id, Arc::clone(self.checkpoint(id)?)));
        let models = self.doc().models.iter();
        models.filter_map(|model| open(model.id)).collect()
    }

    fn on_proposed(&mut self, job: JobId, result: Result<Outcome, Failure>) {
        let Some(last) = &mut self.session.proposing.last else {
            return;
        };
        if last.job != job {
            return;
        }
        last.result = Some(result);
        if let Some(ProposedState::Done {
            edges, recorded, ..
        }) = self.proposed_lineage()
        {
            let (title, detail) = told(edges.len(), recorded);
            self.notify(NoticeKind::Done, title, detail);
        }
    }
}

/// What the weights say beside the record, as a title and a sentence.
fn told(new: usize, recorded: usize) -> (String, &'static str) {
    let is = |n: usize| if n == 1 { "is" } else { "are" };
    match (new, recorded) {
        (0, 0) => (
            "The weights propose no parents".to_owned(),
            "The Lineage view says why",
        ),
        (0, n) => (
            format!("{} {} confirmed", counted(n, "recorded parent"), is(n)),
            "The weights propose nothing else",
        ),
        (n, _) => (
            format!("{} {} proposed", counted(n, "parent"), is(n)),
            "Accept or dismiss them in the Lineage view",
        ),
    }
}

fn outcome(proposal: &Proposal, ids: &[ModelId]) -> Outcome {
    let base_of = |model: usize| {
        let family = proposal
            .families
            .iter()
            .find(|family| family.models.contains(&model));
        let base = family.and_then(|family| family.base);
        base.filter(|&base| base != model).map(|base| ids[base])
    };
    let edges = proposal.edges.iter().map(|edge| ProposedEdge {
        parent: ids[edge.from],
        child: ids[edge.to],
        share: edge.share,
        confidence: edge.confidence,
        why: edge.why.clone(),
        base: base_of(edge.to),
        is_merge: edge.bond != Bond::FineTune,
    });
    let claims = proposal.claims.iter().map(|claim| claim.sentence.clone());
    Outcome {
        edges: edges.collect(),
        notes: proposal.notes.iter().cloned().chain(claims).collect(),
    }
}
