//! Extracting an adapter from a model of the study, as a job: what is asked for, what it would
//! take, and what has come of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{NoticeKind, Workbench};
use crate::extract::{Options, Pair, Patterns, Plan, Report, Wish, extract, plan};
use crate::files::Removal;
use crate::jobs::{Failure, JobId, Ticket};
use crate::merge::run::RunError;
use crate::study::ModelId;

/// An adapter that is wanted, in the user's words.
#[derive(Clone, Debug, PartialEq)]
pub struct ExtractRequest {
    /// The fine-tune.
    pub model: ModelId,
    /// What the adapter will be applied to.
    pub base: ModelId,
    /// How ranks are found.
    pub goal: ExtractGoal,
    /// Whether embedding and head become factors too.
    pub embed_lora: bool,
    /// Whether norms and the like are left out.
    pub skip_undecomposable: bool,
    /// Whether the scale is rank-stabilised.
    pub rslora: bool,
    /// A regular expression for the modules that are taken; empty for all.
    pub include: String,
    /// A regular expression for the modules that are not; empty for none.
    pub exclude: String,
}

/// How the rank of a module is found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ExtractGoal {
    /// This for all.
    Rank(usize),
    /// The smallest that keeps this share of ‖Δ‖², 0–1.
    Energy(f64),
}

impl ExtractRequest {
    fn wish(&self) -> Result<Wish, String> {
        let usual = Wish::default();
        let patterns = |text: &str| {
            let text = text.trim();
            Patterns::new(if text.is_empty() {
                &[]
            } else {
                std::slice::from_ref(&text)
            })
        };
        let (max_rank, energy) = match self.goal {
            ExtractGoal::Rank(rank) => (Some(rank), None),
            ExtractGoal::Energy(share) => (None, Some(share)),
        };
        Ok(Wish {
            max_rank,
            energy,
            embed_lora: self.embed_lora,
            skip_undecomposable: self.skip_undecomposable,
            rslora: self.rslora,
            include: patterns(&self.include)?,
            exclude: patterns(&self.exclude)?,
            ..usual
        })
    }
}

/// An extraction that was asked for.
pub struct Extraction<'a> {
    pub request: &'a ExtractRequest,
    /// What it is called: the model's name when it was begun.
    pub name: &'a str,
    /// What has become of it.
    pub state: ExtractionState<'a>,
}

/// What has become of an extraction.
pub enum ExtractionState<'a> {
    /// It is being made by this job.
    Running(JobId),
    Done(&'a Arc<Report>),
    /// The user has stopped it.
    Cancelled,
    /// Why there is none.
    Failed(&'a str),
}

#[derive(Default)]
pub(super) struct Extracting {
    last: Option<Last>,
    /// Whether somebody looks at it, and need not be told.
    is_watched: bool,
}

struct Last {
    request: ExtractRequest,
    name: String,
    job: JobId,
    result: Option<Result<Arc<Report>, Failure>>,
}

impl Workbench {
    /// Why no adapter can be extracted from a model.
    pub fn extract_objection(&self, model: ModelId) -> Option<&'static str> {
        if self.extract_bases(model).is_empty() {
            return Some("It takes the files of the model and of one that it may be made from");
        }
        let is_running = |last: &Last| last.result.is_none();
        (self.session.extracting.last.as_ref())
            .is_some_and(is_running)
            .then_some("An adapter is being extracted already")
    }

    /// The models that an adapter can be extracted over, the model's own base first.
    pub fn extract_bases(&self, model: ModelId) -> Vec<ModelId> {
        if self.checkpoint(model).is_none() {
            return Vec::new();
        }
        let doc = self.doc();
        let own = doc.model(model).and_then(|m| m.base);
        let is_whole = |id: &ModelId| {
            let checkpoint = self.checkpoint(*id);
            checkpoint.is_some_and(|checkpoint| checkpoint.adapter().is_none())
        };
        let fits = |id: &ModelId| *id != model && is_whole(id) && self.fits(*id, model);
        let others = doc.models.iter().map(|m| m.id);
        let others = others.filter(|id| Some(*id) != own);
        own.into_iter().chain(others).filter(fits).collect()
    }

    /// What an extraction would take, from the headers alone.
    ///
    /// # Errors
    /// A sentence, if it cannot be made.
    pub fn plan_extraction(&self, request: &ExtractRequest) -> Result<Plan, String> {
        let (Some(base), Some(model)) = (
            self.checkpoint(request.base),
            self.checkpoint(request.model),
        ) else {
            return Err("the files of one of the two are not open".to_owned());
        };
        let pair = Pair::new(Arc::clone(base), Arc::clone(model));
        plan(pair, request.wish()?)
    }

    /// Extracts an adapter into the folder `out`; see [`Self::extraction`].
    pub fn extract(&mut self, request: ExtractRequest, out: &Path) {
        if self.extract_objection(request.model).is_some() {
            return;
        }
        let plan = match self.plan_extraction(&request) {
            Ok(plan) => plan,
            Err(sentence) => return self.report_error("The adapter cannot be extracted", sentence),
        };
        let shown = |path: &Path| path.to_string_lossy().into_owned();
        let options = Options {
            out: std::path::absolute(out).unwrap_or_else(|_| PathBuf::from(out)),
            force: false,
            removal: Removal::of_desktop(),
            base_name: shown(plan.pair.base.path()),
            model_name: self.doc().name_of(request.model).to_owned(),
            seed: 0,
        };
        let name = options.model_name.clone();
        let work = move |ticket: &Ticket| match extract(&plan, &options, ticket) {
            Ok(report) => Ok(report),
            Err(RunError::Cancelled(cancelled)) => Err(cancelled.into()),
            Err(RunError::Failed(sentence)) => Err(Failure::Failed(sentence)),
        };
        let job = self.jobs.next_id();
        let ending = move |bench: &mut Self, result| bench.on_extracted(job, result);
        let title = format!("Extracting LoRA from {name}");
        self.jobs.spawn(title, work, ending);
        let own = &mut self.session.extracting;
        own.is_watched = true;
        own.last = Some(Last {
            request,
            name,
            job,
            result: None,
        });
    }

    /// The extraction that was asked for last.
    pub fn extraction(&self) -> Option<Extraction<'_>> {
        let last = self.session.extracting.last.as_ref()?;
        let state = match &last.result {
            None => ExtractionState::Running(last.job),
            Some(Ok(report)) => ExtractionState::Done(report),
            Some(Err(Failure::Cancelled)) => ExtractionState::Cancelled,
            Some(Err(Failure::Failed(sentence))) => ExtractionState::Failed(sentence),
        };
        Some(Extraction {
            request: &last.request,
            name: &last.name,
            state,
        })
    }

    /// Nobody looks at the extraction any more: its end is told.
    pub fn leave_extraction(&mut self) {
        self.session.extracting.is_watched = false;
    }

    fn on_extracted(&mut self, job: JobId, result: Result<Report, Failure>) {
        let own = &mut self.session.extracting;
        let is_seen = own.is_watched;
        let Some(last) = own.last.as_mut().filter(|last| last.job == job) else {
            return;
        };
        let name = last.name.clone();
        last.result = Some(result.clone().map(Arc::new));
        if is_seen {
            return;
        }
        match result {
            Ok(report) => {
                let title = format!("The adapter of {name} is extracted");
                self.notify(NoticeKind::Done, title, report.out.display().to_string());
            }
            Err(failure) => self.report_failure("Extracting LoRA", failure),
        }
    }
}
