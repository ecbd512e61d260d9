//! Proving how a model of the study was made, and verifying what a merge says of itself, as jobs.

use std::path::Path;
use std::sync::Arc;

use super::{NoticeKind, Workbench, hub_cache};
use crate::jobs::{Failure, JobId, Ticket};
use crate::merge::run::RunError;
use crate::origin::proof::{Case, Extent, Person, Places, Proof, Verified, prove, verify};
use crate::study::{Command, ModelId, RecordEdit};

/// What is to be found out about a model.
#[derive(Clone, Debug, PartialEq)]
pub enum ProofRequest {
    /// The recipe that it was merged by.
    Prove {
        child: ModelId,
        base: ModelId,
        parents: Vec<ModelId>,
        extent: Extent,
    },
    /// Whether it is what its own header says.
    Verify { child: ModelId, extent: Extent },
}

impl ProofRequest {
    /// The model that it is about.
    pub fn child(&self) -> ModelId {
        match self {
            Self::Prove { child, .. } | Self::Verify { child, .. } => *child,
        }
    }

    /// How much is compared.
    pub fn extent(&self) -> Extent {
        match self {
            Self::Prove { extent, .. } | Self::Verify { extent, .. } => *extent,
        }
    }

    /// The same over all tensors.
    #[must_use]
    pub fn of_all(&self) -> Self {
        let mut all = self.clone();
        match &mut all {
            Self::Prove { extent, .. } | Self::Verify { extent, .. } => *extent = Extent::All,
        }
        all
    }
}

/// A proof that was asked for.
pub struct ProofRun<'a> {
    pub request: &'a ProofRequest,
    /// What the model is called: its name when it was begun.
    pub name: &'a str,
    /// What has become of it.
    pub state: ProofState<'a>,
}

/// What has become of a proof.
pub enum ProofState<'a> {
    /// It is being worked on by this job.
    Running(JobId),
    Proved(&'a Arc<Proof>),
    Verified(&'a Arc<Verified>),
    /// The user has stopped it.
    Cancelled,
    /// Why there is none.
    Failed(&'a str),
}

#[derive(Default)]
pub(super) struct Proving {
    last: Option<Last>,
    /// Whether somebody looks at it, and need not be told.
    is_watched: bool,
}

struct Last {
    request: ProofRequest,
    name: String,
    job: JobId,
    result: Option<Result<Found, Failure>>,
}

#[derive(Clone)]
enum Found {
    Proof(Arc<Proof>),
    Verified(Arc<Verified>),
}

impl Workbench {
    /// Why nothing can be proved of a model now.
    pub fn prove_objection(&self, child: ModelId) -> Option<&'static str> {
        if self.extract_bases(child).len() < 2 {
            return Some("It takes the files of the model, of its base and of a parent");
        }
        self.proof_is_running()
    }

    /// Why a model cannot be verified now; only what was merged by a recipe has something to be
    /// verified by.
    pub fn verify_objection(&self, child: ModelId) -> Option<&'static str> {
        let model = self.doc().model(child);
        if model.is_none_or(|model| model.origin.recipe.is_empty()) {
            return Some("No recipe of it is recorded");
        }
        if self.checkpoint(child).is_none() {
            return Some("It takes the files of the model");
        }
        self.proof_is_running()
    }

    fn proof_is_running(&self) -> Option<&'static str> {
        let last = self.session.proving.last.as_ref();
        let is_running = last.is_some_and(|last| last.result.is_none());
        is_running.then_some("Another proof is running")
    }

    /// Begins a proof; see [`Self::proof`].
    pub fn begin_proof(&mut self, request: ProofRequest) {
        if self.proof_is_running().is_some() {
            return;
        }
        let child = request.child();
        let name = self.doc().name_of(child).to_owned();
        let work = match &request {
            ProofRequest::Prove {
                base,
                parents,
                extent,
                ..
            } => self.proof_work(child, (*base, parents), *extent),
            ProofRequest::Verify { extent, .. } => self.verify_work(child, *extent),
        };
        let work = match work {
            Ok(work) => work,
            Err(sentence) => return self.report_error("This cannot be proved", sentence),
        };
        let job = self.jobs.next_id();
        let ending = move |bench: &mut Self, result| bench.on_proved(job, result);
        let title = match request {
            ProofRequest::Prove { .. } => format!("Proving how {name} was made"),
            ProofRequest::Verify { .. } => format!("Verifying {name}"),
        };
        self.jobs.spawn(title, work, ending);
        let own = &mut self.session.proving;
        own.is_watched = true;
        own.last = Some(Last {
            request,
            name,
            job,
            result: None,
        });
    }

    fn proof_work(
        &self,
        child: ModelId,
        (base, parents): (ModelId, &[ModelId]),
        extent: Extent,
    ) -> Result<Work, String> {
        let closed = || "the files of one of the models are not open".to_owned();
        let mut people = Vec::new();
        for id in std::iter::once(base).chain(parents.iter().copied()) {
            let weights = Arc::clone(self.checkpoint(id).ok_or_else(closed)?);
            if weights.adapter().is_some() {
                let name = self.doc().name_of(id);
                return Err(format!(
                    "{name} is an adapter; merge it into its base first"
                ));
            }
            people.push(Person {
                name: self.doc().name_of(id).to_owned(),
                reference: self.reference(id).ok_or_else(closed)?,
                weights,
                adapter: None,
            });
        }
        let opened = Arc::clone(self.checkpoint(child).ok_or_else(closed)?);
        let named = (self.doc().name_of(child).to_owned(), &*opened);
        let case = Case::new(Path::new(""), named, people)?;
        Ok(Box::new(move |ticket: &Ticket| {
            let proof = prove(&case, extent, ticket).map_err(failure)?;
            Ok(Found::Proof(Arc::new(proof)))
        }))
    }

    fn verify_work(&self, child: ModelId, extent: Extent) -> Result<Work, String> {
        let opened = self.checkpoint(child);
        let opened = opened.ok_or_else(|| "the files of the model are not open".to_owned())?;
        let opened = Arc::clone(opened);
        Ok(Box::new(move |ticket: &Ticket| {
            let (beside, hub) = (opened.folder().parent().map(Path::to_owned), hub_cache());
            let places = Places {
                root: Path::new(""),
                working: beside.as_deref(),
                hub: hub.as_deref(),
            };
            let verified = verify(&opened, places, extent, ticket).map_err(failure)?;
            Ok(Found::Verified(Arc::new(verified)))
        }))
    }

    /// The proof that was asked for last.
    pub fn proof(&self) -> Option<ProofRun<'_>> {
        let last = self.session.proving.last.as_ref()?;
        let state = match &last.result {
            None => ProofState::Running(last.job),
            Some(Ok(Found::Proof(proof))) => ProofState::Proved(proof),
            Some(Ok(Found::Verified(verified))) => ProofState::Verified(verified),
            Some(Err(Failure::Cancelled)) => ProofState::Cancelled,
            Some(Err(Failure::Failed(sentence))) => ProofState::Failed(sentence),
        };
        Some(ProofRun {
            request: &last.request,
            name: &last.name,
            state,
        })
    }

    /// The name, the recipe and the models that the last proof claims.
    fn claimed(&self) -> Option<(ModelId, Arc<Proof>)> {
        let run = self.proof()?;
        match run.state {
            ProofState::Proved(proof) => Some((run.request.child(), Arc::clone(proof))),
            _ => None,
        }
    }

    /// Puts the recipe that was found on the canvas.
    pub fn open_proved_recipe(&mut self) {
        let Some((child, proof)) = self.claimed() else {
            return;
        };
        if let Some(claim) = &proof.claim {
            let name = self.doc().name_of(child).to_owned();
            self.reopen_recipe(&name, &claim.yaml);
        }
    }

    /// Whether the recipe that was found is the one in the record.
    pub fn is_proof_recorded(&self) -> bool {
        self.claimed().is_some_and(|(child, proof)| {
            let recorded = self
                .doc()
                .model(child)
                .map(|model| model.origin.recipe.as_str());
            proof.claim.as_ref().map(|claim| claim.yaml.as_str()) == recorded
        })
    }

    /// Writes the recipe that was found, its method and its models into the record.
    pub fn record_proof(&mut self) {
        let Some((child, proof)) = self.claimed() else {
            return;
        };
        let Some(claim) = &proof.claim else { return };
        let mut named: Vec<ModelId> = Vec::new();
        for input in claim.recipe.content.inputs() {
            named.extend(self.model_of(&input.model).filter(|id| !named.contains(id)));
        }
        self.apply(Command::Record(RecordEdit::SetRecipe {
            model: child,
            method: claim.recipe.merge_method.clone(),
            recipe: claim.yaml.clone(),
            parents: named,
        }));
    }

    /// Nobody looks at the proof any more: its end is told.
    pub fn leave_proof(&mut self) {
        self.session.proving.is_watched = false;
    }

    fn on_proved(&mut self, job: JobId, result: Result<Found, Failure>) {
        let own = &mut self.session.proving;
        let is_seen = own.is_watched;
        let Some(last) = own.last.as_mut().filter(|last| last.job == job) else {
            return;
        };
        last.result = Some(result.clone());
        if is_seen {
            return;
        }
        match result {
            Ok(Found::Proof(proof)) => {
                self.notify(NoticeKind::Done, proof.sentence.clone(), String::new());
            }
            Ok(Found::Verified(verified)) => {
                self.notify(NoticeKind::Done, verified.sentence.clone(), String::new());
            }
            Err(failure) => self.report_failure("The proof", failure),
        }
    }
}

type Work = Box<dyn FnOnce(&Ticket) -> Result<Found, Failure> + Send>;

fn failure(error: RunError) -> Failure {
    match error {
        RunError::Cancelled(cancelled) => cancelled.into(),
        RunError::Failed(sentence) => Failure::Failed(sentence),
    }
}
