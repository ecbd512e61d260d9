//! Another model's tokenizer for a model of the study: what would be made, and the making, as
//! jobs.

use std::path::{Path, PathBuf};

use super::{NoticeKind, Workbench, hub_cache};
use crate::files::Removal;
use crate::jobs::{Failure, JobId, Ticket};
use crate::merge::recipe::ModelRef;
use crate::merge::run::{Options, RunError};
use crate::merge::write::{Parents, folder};
use crate::parallel;
use crate::study::{Command, ModelEdit, ModelId, NewChild};
use crate::transplant::{Matrices, Method, Place, Report, Transplant, Wish, run};

/// Files of weights are parted at this size, as for merges.
const SHARD_BYTES: u64 = 5_000_000_000;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TransplantRequest {
    pub model: ModelId,
    /// The model whose tokenizer it gets.
    pub donor: ModelId,
    pub method: Method,
    /// How many shared tokens make a new row.
    pub k: usize,
    pub prefix_match: Matrices,
    pub byte_match: Matrices,
}

/// What has become of the transplant that was asked for last.
pub enum TransplantState<'a> {
    /// It is being made by this job.
    Running(JobId),
    Done(&'a Report),
    /// The user has stopped it.
    Cancelled,
    /// Why there is none.
    Failed(&'a str),
}

/// A request, and what would be made of it or what stands in the way.
type Preview = (TransplantRequest, Result<Report, String>);

#[derive(Default)]
pub(super) struct Transplanting {
    /// The request that is being looked at.
    looking: Option<TransplantRequest>,
    preview: Option<Preview>,
    running: Option<JobId>,
    ended: Option<Result<Report, Failure>>,
    /// Whether somebody looks at it, and need not be told of its end.
    is_watched: bool,
}

impl Workbench {
    /// Why a model cannot get another tokenizer, or give its own.
    pub fn transplant_objection(&self, id: ModelId) -> Option<&'static str> {
        let Some(checkpoint) = self.checkpoint(id) else {
            return Some("It takes the model's files");
        };
        if checkpoint.adapter().is_some() {
            return Some("An adapter has no tokens of its own; merge it into its base first");
        }
        None
    }

    /// Finds out what would be made of a request, unless that is known or being found out.
    pub fn look_at_transplant(&mut self, request: TransplantRequest) {
        let own = &self.session.transplanting;
        let is_known = own.preview.as_ref().is_some_and(|(of, _)| *of == request);
        // One at a time: the next is looked at when this one has ended.
        if is_known || own.looking.is_some() {
            return;
        }
        let Some(wish) = self.wish(&request) else {
            return;
        };
        let names = self.names_of(&request);
        let look = move |_: &Ticket| {
            let seen = Transplant::prepare(wish, place(None)).map(|work| work.report());
            Ok(named(seen, &names))
        };
        let ending = move |bench: &mut Self, result: Result<Result<Report, String>, Failure>| {
            let own = &mut bench.session.transplanting;
            own.looking = None;
            let seen = result.unwrap_or_else(|failure| Err(failure.to_string()));
            own.preview = Some((request, seen));
        };
        self.jobs.spawn_quietly("Matching tokens", look, ending);
        self.session.transplanting.looking = Some(request);
    }

    /// What would be made of a request, or what stands in its way; `None` before that is known.
    pub fn transplant_preview(&self, request: &TransplantRequest) -> Option<Result<&Report, &str>> {
        let (of, seen) = self.session.transplanting.preview.as_ref()?;
        (of == request).then(|| seen.as_ref().map_err(String::as_str))
    }

    /// Makes the model in the folder `out`, and puts it into the study.
    pub fn transplant(&mut self, request: TransplantRequest, out: &Path) {
        let (Some(wish), None) = (self.wish(&request), self.session.transplanting.running) else {
            return;
        };
        let out = std::path::absolute(out).unwrap_or_else(|_| out.to_owned());
        let name = self.doc().name_of(request.model);
        let title = format!("Giving {name} another tokenizer");
        let removal = self.folders.removal;
        let to = out.clone();
        let names = self.names_of(&request);
        let work = move |ticket: &Ticket| {
            let report = made(wish, to, removal, ticket)?;
            named(Ok(report), &names).map_err(Failure::Failed)
        };
        let ending = move |bench: &mut Self, result| {
            bench.on_transplanted(&request, &out, result);
        };
        let job = self.jobs.spawn(title, work, ending);
        let own = &mut self.session.transplanting;
        (own.running, own.ended, own.is_watched) = (Some(job), None, true);
    }

    /// The transplant that was asked for last.
    pub fn transplant_state(&self) -> Option<TransplantState<'_>> {
        let own = &self.session.transplanting;
        if let Some(job) = own.running {
            return Some(TransplantState::Running(job));
        }
        Some(match own.ended.as_ref()? {
            Ok(report) => TransplantState::Done(report),
            Err(Failure::Cancelled) => TransplantState::Cancelled,
            Err(Failure::Failed(sentence)) => TransplantState::Failed(sentence),
        })
    }

    /// Nobody looks at the transplant any more: its end is told, and what has ended is forgotten.
    pub fn leave_transplant(&mut self) {
        let own = &mut self.session.transplanting;
        own.is_watched = false;
        if own.running.is_none() {
            own.ended = None;
        }
    }

    /// Whether a model is being written with another tokenizer.
    pub fn is_transplanting(&self) -> bool {
        self.session.transplanting.running.is_some()
    }

    /// Stops it.
    pub fn cancel_transplant(&mut self) {
        if let Some(job) = self.session.transplanting.running {
            self.jobs.cancel(job);
        }
    }

    fn wish(&self, request: &TransplantRequest) -> Option<Wish> {
        let reference = |id: ModelId| {
            let path = self.doc().model(id)?.path.as_ref()?;
            Some(ModelRef::at(path.to_str()?))
        };
        Some(Wish {
            method: request.method,
            k: request.k,
            prefix_match: request.prefix_match,
            byte_match: request.byte_match,
            ..Wish::new(reference(request.model)?, reference(request.donor)?)
        })
    }

    /// The paths of both models with their names in the study.
    fn names_of(&self, request: &TransplantRequest) -> Vec<(String, String)> {
        let ids = [request.model, request.donor].into_iter();
        let models = ids.filter_map(|id| self.doc().model(id));
        let pairs = models.filter_map(|model| {
            let path = model.path.as_ref()?.to_str()?;
            Some((path.to_owned(), model.name.clone()))
        });
        let mut out: Vec<_> = pairs.collect();
        // A path may be the beginning of the other.
        out.sort_by_key(|(path, _)| std::cmp::Reverse(path.len()));
        out
    }

    fn on_transplanted(
        &mut self,
        request: &TransplantRequest,
        out: &Path,
        result: Result<Report, Failure>,
    ) {
        let own = &mut self.session.transplanting;
        own.running = None;
        let is_watched = own.is_watched;
        if let Ok(report) = &result {
            let child = self.child(request, out, report);
            let title = format!("{} is written", child.name);
            self.apply(Command::Model(ModelEdit::AddChild(Box::new(child))));
            if !is_watched {
                self.notify(NoticeKind::Done, title, "");
            }
        } else if let (Err(failure), false) = (&result, is_watched) {
            self.report_failure("Giving a model another tokenizer", failure.clone());
        }
        self.session.transplanting.ended = Some(result);
    }

    fn child(&self, request: &TransplantRequest, out: &Path, report: &Report) -> NewChild {
        let name = out.file_name().unwrap_or_default().to_string_lossy();
        let made: usize = report
            .matrices
            .iter()
            .map(|own| own.made)
            .max()
            .unwrap_or(0);
        let doc = self.doc();
        NewChild {
            name: name.into_owned(),
            path: out.to_owned(),
            base: doc.model(request.model).and_then(|model| model.base),
            parents: vec![request.model],
            method: "tokenizer transplant".to_owned(),
            recipe: String::new(),
            predicted: Vec::new(),
            note: format!(
                "With the tokenizer of {}: {made} of {} rows made by {}",
                doc.name_of(request.donor),
                report.rows,
                request.method.title().to_lowercase()
            ),
        }
    }
}

/// What is said of models in the study's own words.
fn named(said: Result<Report, String>, names: &[(String, String)]) -> Result<Report, String> {
    let by_name = |sentence: String| {
        names
            .iter()
            .fold(sentence, |text, (path, name)| text.replace(path, name))
    };
    match said {
        Ok(report) => Ok(Report {
            warnings: report.warnings.into_iter().map(by_name).collect(),
            ..report
        }),
        Err(sentence) => Err(by_name(sentence)),
    }
}

/// Paths of the study are absolute.
fn place(out: Option<PathBuf>) -> Place {
    Place {
        root: PathBuf::from("/"),
        hub: hub_cache(),
        out,
        force: false,
        threads: parallel::threads(),
    }
}

fn made(wish: Wish, out: PathBuf, removal: Removal, ticket: &Ticket) -> Result<Report, Failure> {
    if folder::may_replace(&out) {
        let shown = out.display();
        return Err(Failure::Failed(format!(
            "a model lies in this folder already; choose another: {shown}"
        )));
    }
    let work = Transplant::prepare(wish, place(Some(out.clone()))).map_err(Failure::Failed)?;
    let options = Options {
        out,
        shard_bytes: SHARD_BYTES,
        force: false,
        seed: None,
        on_nan: None,
        parents: Parents::default(),
        maker: String::new(),
        removal,
    };
    run(&work, &options, ticket).map_err(|error| match error {
        RunError::Cancelled(cancelled) => cancelled.into(),
        RunError::Failed(sentence) => Failure::Failed(sentence),
    })
}
