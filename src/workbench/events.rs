//! What jobs find, and what the workbench makes of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::opening::{self, Found};
use super::outside::Picture;
use super::{ModelFiles, NoticeKind, Workbench};
use crate::checkpoint::{Checkpoint, OnDisk, Tensor, comparable};
use crate::import::Source;
use crate::jobs::{Event, Failure};
use crate::kinship::TensorGram;
use crate::kinship::store::CachedKinship;
use crate::study::{BaseRef, Command, ModelEdit, ModelId, NewModel, Selection};

/// What a job of the workbench finds.
pub enum Outcome {
    /// The demo's study lies here.
    Demo(PathBuf),
    /// A model of the study was opened, or not.
    Opened(ModelId, PathBuf, Result<Arc<Checkpoint>, String>),
    /// Paths that the user wants to add were looked at.
    Found(Addition),
    /// One tensor of a running measurement.
    Tensor(usize, Box<TensorGram>),
    /// A measurement is done.
    Measured(ModelId, Box<CachedKinship>),
    /// The result of an earlier one was found.
    Cached(ModelId, Box<CachedKinship>),
    /// Done, and nothing to say of it.
    Silent,
    /// Tables and results that were read, and studies among the files.
    Scores(Vec<Source>, Vec<PathBuf>),
    /// What has become of the models' files.
    OnDisk(Vec<(ModelId, OnDisk)>),
    /// A merge is written.
    Merged(
        super::merging::MergeId,
        Box<(crate::merge::plan::Plan, crate::merge::run::Outcome)>,
    ),
    /// What a draft would make.
    Ahead(Box<(super::composing::Request, super::composing::Ahead)>),
    /// A child of an evolution is written.
    Born(Box<super::evolving::Born>),
    /// A model was judged.
    Judged(Box<super::evolving::Judged>),
    /// What files of tasks hold.
    Tasks(Vec<PathBuf>, Vec<super::evolving::TaskFile>),
    /// A line that an evaluator printed.
    Said(super::evolving::Said),
    /// A file was written.
    Written(PathBuf),
    /// A picture was drawn.
    Picture(Picture),
    /// Something else is done; the sentence for the user.
    Done(String),
}

/// Models to be added, with their files already open.
pub struct Addition {
    models: Vec<(NewModel, Arc<Checkpoint>)>,
    failures: Vec<(PathBuf, String)>,
    already_there: usize,
}

impl Workbench {
    /// Adds the checkpoints at `paths`; folders of checkpoints are gone through. Starts a
    /// study if none is open.
    pub fn add_paths(&mut self, paths: Vec<PathBuf>) {
        if paths.is_empty() {
            return;
        }
        let doc = self.study.doc();
        let known: Vec<PathBuf> = doc.models.iter().filter_map(|m| m.path.clone()).collect();
        let open: Vec<(ModelId, String, Arc<Checkpoint>)> = doc
            .models
            .iter()
            .filter_map(|m| Some((m.id, m.name.clone(), self.files(m.id).checkpoint()?.clone())))
            .collect();
        let base = doc.shown_base();
        self.jobs.spawn("Opening models", move |ticket, _| {
            let mut found = Vec::new();
            for path in &paths {
                ticket.advance(0)?;
                found.extend(opening::open_all(path));
            }
            Ok(Outcome::Found(addition(found, &known, &open, base)))
        });
    }

    /// Asks the disk what has become of the open files; changed ones are opened anew.
    pub fn look_at_disk(&mut self) {
        self.look_at_evaluator_again();
        self.notice_changes();
        let open: Vec<(ModelId, Arc<Checkpoint>)> = self
            .models
            .iter()
            .filter_map(|(id, files)| Some((*id, files.checkpoint()?.clone())))
            .collect();
        let looking = self.jobs.running().iter().any(|job| job.title == LOOKING);
        if !open.is_empty() && !looking {
            self.jobs.spawn(LOOKING, move |_, _| {
                let state = |(id, c): (ModelId, Arc<Checkpoint>)| (id, c.state_on_disk());
                Ok(Outcome::OnDisk(open.into_iter().map(state).collect()))
            });
        }
    }

    pub(super) fn open_model(&mut self, id: ModelId) {
        let Some(path) = self.study.doc().model(id).and_then(|m| m.path.clone()) else {
            return;
        };
        if self
            .files(id)
            .checkpoint()
            .is_some_and(|c| c.path() == path)
        {
            return;
        }
        self.reopen_model(id, path);
    }

    fn reopen_model(&mut self, id: ModelId, path: PathBuf) {
        self.models.insert(id, ModelFiles::Opening);
        self.kin_has_changed();
        let title = format!("Opening {}", self.study.doc().name_of(id));
        self.jobs.spawn(title, move |_, _| {
            let result = opening::open(&path);
            Ok(Outcome::Opened(id, path, result))
        });
    }

    pub(super) fn take(&mut self, event: Event<Outcome>) {
        match event {
            Event::Partial(job, Outcome::Tensor(index, tensor)) => {
                self.take_tensor(job, index, *tensor);
            }
            Event::Partial(_, outcome) | Event::Ended(_, _, Ok(outcome)) => {
                self.take_outcome(outcome);
            }
            Event::Ended(job, title, Err(failure)) => {
                let measuring = self.measuring_failed(job);
                if title == LOOKING_AHEAD {
                    self.ahead_failed();
                }
                if self.merging_failed(job, &failure) && failure == Failure::Cancelled {
                    return;
                }
                if self.evolving_failed(job, &failure) {
                    return;
                }
                match failure {
                    Failure::Cancelled if measuring => {
                        self.tell(NoticeKind::Note, "Measuring was cancelled", "");
                    }
                    Failure::Cancelled => {}
                    Failure::Failed(sentence) => self.fail(format!("{title} failed"), sentence),
                }
            }
        }
    }

    fn take_outcome(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Demo(path) => {
                self.open_study(&path);
                self.measure_when_open = true;
            }
            Outcome::Opened(id, path, result) => self.take_opened(id, &path, result),
            Outcome::Found(addition) => self.take_addition(addition),
            Outcome::Measured(base, stored) => self.take_measured(base, *stored),
            Outcome::Cached(base, stored) => self.take_cached(base, *stored),
            Outcome::Scores(sources, studies) => self.take_scores(sources, &studies),
            Outcome::OnDisk(states) => self.take_states(states),
            Outcome::Merged(id, made) => self.take_merged(id, &made.0, made.1),
            Outcome::Ahead(found) => self.take_ahead(found.0, found.1),
            Outcome::Born(_) | Outcome::Judged(_) | Outcome::Said(_) => self.take_evolved(outcome),
            Outcome::Tasks(paths, files) => self.take_task_files(paths, files),
            Outcome::Written(path) => self.tell_written(&path),
            Outcome::Picture(picture) => self.picture = Some(picture),
            Outcome::Done(sentence) => self.tell(NoticeKind::Done, sentence, ""),
            Outcome::Tensor(..) | Outcome::Silent => {}
        }
        self.measure_opened();
        self.go_on();
    }

    fn take_opened(&mut self, id: ModelId, path: &Path, result: Result<Arc<Checkpoint>, String>) {
        // The model may have been removed or moved while its file was being opened.
        if self
            .study
            .doc()
            .model(id)
            .is_none_or(|m| m.path.as_deref() != Some(path))
        {
            return;
        }
        let files = match result {
            Ok(checkpoint) => ModelFiles::Open {
                checkpoint,
                on_disk: OnDisk::Unchanged,
            },
            Err(sentence) => ModelFiles::Failed(sentence),
        };
        self.models.insert(id, files);
        self.kin_has_changed();
        if !self
            .models
            .values()
            .any(|files| matches!(files, ModelFiles::Opening))
        {
            self.find_cached();
        }
        self.measure_child(id);
    }

    fn take_addition(&mut self, addition: Addition) {
        let Addition {
            models,
            failures,
            already_there,
        } = addition;
        self.tell_failures(&failures, models.len());
        if already_there > 0 && models.is_empty() && failures.is_empty() {
            let title = "These models are already in the study";
            self.tell(NoticeKind::Note, title, "");
        }
        if models.is_empty() {
            return;
        }
        if !self.is_open() {
            let paths = models.iter().filter_map(|(m, _)| m.path.as_deref());
            self.new_study_called(&common_folder(paths));
        }
        let first = self.study.doc().next_id;
        let (new, checkpoints): (Vec<_>, Vec<_>) = models.into_iter().unzip();
        // The files are open already: putting them in first keeps `apply` from opening again.
        for (k, checkpoint) in checkpoints.into_iter().enumerate() {
            let files = ModelFiles::Open {
                checkpoint,
                on_disk: OnDisk::Unchanged,
            };
            self.models.insert(ModelId(first + k as u32), files);
        }
        let ids = (first..first + new.len() as u32).map(ModelId).collect();
        self.apply(Command::Model(ModelEdit::Add(new)));
        self.apply(Command::Select(Selection::Models(ids)));
        self.find_cached();
    }

    /// One notice, however many paths gave nothing.
    fn tell_failures(&mut self, failures: &[(PathBuf, String)], opened: usize) {
        match failures {
            [] => {}
            [(path, sentence)] => {
                self.fail(
                    format!("{} could not be opened", last_parts(path)),
                    sentence.clone(),
                );
            }
            many => {
                let all = many.len() + opened;
                let title = format!("{} of {all} could not be opened", many.len());
                let lines: Vec<String> = many
                    .iter()
                    .map(|(path, sentence)| format!("{}: {sentence}", last_parts(path)))
                    .collect();
                self.fail(title, lines.join("\n"));
            }
        }
    }

    fn take_states(&mut self, states: Vec<(ModelId, OnDisk)>) {
        for (id, state) in states {
            match self.models.get_mut(&id) {
                Some(ModelFiles::Open {
                    checkpoint,
                    on_disk,
                }) if *on_disk != state => {
                    let path = checkpoint.path().to_owned();
                    *on_disk = state;
                    if state == OnDisk::Changed {
                        self.reopen_model(id, path);
                    }
                }
                _ => {}
            }
        }
    }
}

use super::composing::LOOKING_AHEAD;

const LOOKING: &str = "Looking at the files";

/// Names, bases and duplicates of what was found.
fn addition(
    found: Vec<Found>,
    known: &[PathBuf],
    open: &[(ModelId, String, Arc<Checkpoint>)],
    base: Option<ModelId>,
) -> Addition {
    let mut out = Addition {
        models: Vec::new(),
        failures: Vec::new(),
        already_there: 0,
    };
    for Found { path, result } in found {
        let path = std::path::absolute(&path).unwrap_or(path);
        if known.contains(&path)
            || out
                .models
                .iter()
                .any(|(m, _)| m.path.as_ref() == Some(&path))
        {
            out.already_there += 1;
            continue;
        }
        match result {
            Ok(checkpoint) => {
                let name = checkpoint.suggested_name();
                out.models.push((
                    NewModel {
                        name,
                        path: Some(path),
                        base: None,
                    },
                    checkpoint,
                ));
            }
            Err(sentence) => out.failures.push((path, sentence)),
        }
    }
    set_bases(&mut out.models, open, base);
    out
}

/// The base of the shown family for the new models that fit it; a guess for the others.
fn set_bases(
    new: &mut [(NewModel, Arc<Checkpoint>)],
    open: &[(ModelId, String, Arc<Checkpoint>)],
    base: Option<ModelId>,
) {
    let shown = base.and_then(|base| open.iter().find(|(id, ..)| *id == base));
    if let Some((id, _, shown)) = shown {
        for (model, checkpoint) in new.iter_mut() {
            if fits(shown, checkpoint) {
                model.base = Some(BaseRef::Known(*id));
            }
        }
    }
    let strangers: Vec<usize> = (0..new.len())
        .filter(|&k| new[k].0.base.is_none())
        .collect();
    guess_for(&strangers, new, open);
}

/// Gives those of `new` that fit it the base that their names, cards or weights tell.
fn guess_for(
    strangers: &[usize],
    new: &mut [(NewModel, Arc<Checkpoint>)],
    open: &[(ModelId, String, Arc<Checkpoint>)],
) {
    let Some(&first) = strangers.first() else {
        return;
    };
    let example = Arc::clone(&new[first].1);
    let old: Vec<_> = open.iter().filter(|(_, _, c)| fits(c, &example)).collect();
    let candidates: Vec<(String, Arc<Checkpoint>)> = old
        .iter()
        .map(|(_, name, c)| (name.clone(), Arc::clone(c)))
        .chain(
            strangers
                .iter()
                .map(|&k| (new[k].0.name.clone(), Arc::clone(&new[k].1))),
        )
        .collect();
    let Some(guess) = opening::guess_base(&candidates) else {
        return;
    };
    let base = match old.get(guess) {
        Some((id, ..)) => BaseRef::Known(*id),
        None => BaseRef::Added(strangers[guess - old.len()]),
    };
    for &k in strangers {
        if base != BaseRef::Added(k) && fits(&candidates[guess].1, &new[k].1) {
            new[k].0.base = Some(base);
        }
    }
}

/// The name of the folder that all paths lie in, for a study that has no name yet.
fn common_folder<'a>(mut paths: impl Iterator<Item = &'a Path>) -> String {
    let first = paths.next().and_then(Path::parent);
    let common = paths.fold(first, |common, path| {
        common?.ancestors().find(|folder| path.starts_with(folder))
    });
    let name = common
        .and_then(Path::file_name)
        .map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| "New study".to_owned())
}

/// The end of a path, enough to know it by.
fn last_parts(path: &Path) -> String {
    let parts: Vec<_> = path.components().rev().take(2).collect();
    let short: PathBuf = parts.into_iter().rev().collect();
    short.to_string_lossy().into_owned()
}

/// Whether a model can descend from a base: nine in ten of its tensors are there, in shapes
/// that can be compared. An adapter says itself what it fits.
pub(super) fn fits(base: &Checkpoint, model: &Checkpoint) -> bool {
    if model.adapter().is_some() {
        return true;
    }
    let same = |t: &&Tensor| base.tensor(&t.name).is_some_and(|b| comparable(b, t));
    10 * model.tensors().iter().filter(same).count() >= 9 * model.tensors().len()
}
