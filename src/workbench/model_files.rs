//! The files of the study's models: adding them, opening them, and what becomes of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::opening::{self, Found};
use super::{NoticeKind, Workbench};
use crate::checkpoint::{Checkpoint, OnDisk, Tensor, comparable};
use crate::jobs::Ticket;
use crate::store;
use crate::study::{BaseRef, Command, Model, ModelEdit, ModelId, NewModel, Selection};
use crate::text::{by_name, sentence_case};

/// A model of the study with its name and its files.
type OpenModel = (ModelId, String, Arc<Checkpoint>);

#[derive(Clone, Default)]
pub enum ModelFiles {
    #[default]
    None,
    Opening,
    Open {
        checkpoint: Arc<Checkpoint>,
        /// What has become of its files since.
        on_disk: OnDisk,
    },
    /// It could not be opened, and why.
    Failed(String),
}

impl ModelFiles {
    fn opened(checkpoint: Arc<Checkpoint>) -> Self {
        let on_disk = OnDisk::Unchanged;
        Self::Open {
            checkpoint,
            on_disk,
        }
    }

    /// Whether they were open, and are gone.
    pub fn are_missing(&self) -> bool {
        matches!(self, Self::Open { on_disk, .. } if *on_disk == OnDisk::Missing)
    }

    pub fn checkpoint(&self) -> Option<&Arc<Checkpoint>> {
        match self {
            Self::Open { checkpoint, .. } => Some(checkpoint),
            _ => None,
        }
    }
}

/// Models to be added, with their files already open.
struct Addition {
    models: Vec<(NewModel, Arc<Checkpoint>)>,
    failures: Vec<(PathBuf, String)>,
    already_there: usize,
}

impl Workbench {
    /// Adds the checkpoints at `paths`; folders of checkpoints are gone through. Starts a
    /// study if none is open.
    pub fn add_paths(&mut self, mut paths: Vec<PathBuf>) {
        if paths.is_empty() {
            return;
        }
        // Neighbours are added as people read them, and not as a shell lists them.
        if paths.iter().all(|path| path.parent() == paths[0].parent()) {
            paths.sort_by(|a, b| by_name(&a.to_string_lossy(), &b.to_string_lossy()));
        }
        let doc = self.doc();
        let known: Vec<PathBuf> = doc.models.iter().filter_map(|m| m.path.clone()).collect();
        let open = |m: &Model| Some((m.id, m.name.clone(), self.checkpoint(m.id)?.clone()));
        let open: Vec<OpenModel> = doc.models.iter().filter_map(open).collect();
        let base = doc.shown_base();
        let look = move |ticket: &Ticket| {
            let mut found = Vec::new();
            for path in &paths {
                ticket.advance(0)?;
                found.extend(opening::open_all(path));
            }
            Ok(addition(found, &known, &open, base))
        };
        self.spawn("Opening models", look, Self::on_models_found);
    }

    /// Whether some model's files are being opened.
    pub(super) fn is_opening(&self) -> bool {
        let mut files = self.session.models.values();
        files.any(|files| matches!(files, ModelFiles::Opening))
    }

    /// Asks the disk what has become of the open files; changed ones are opened anew.
    pub fn look_at_disk(&mut self) {
        self.look_at_evaluator_again();
        self.notice_changes();
        let open = |(id, files): (&ModelId, &ModelFiles)| Some((*id, files.checkpoint()?.clone()));
        let open: Vec<_> = self.session.models.iter().filter_map(open).collect();
        if open.is_empty() || std::mem::replace(&mut self.session.is_looking_at_disk, true) {
            return;
        }
        let look = move |_: &Ticket| {
            let state = |(id, c): (ModelId, Arc<Checkpoint>)| (id, c.state_on_disk());
            Ok(open.into_iter().map(state).collect())
        };
        let title = "Looking at the files";
        self.jobs
            .spawn(title, look, move |bench: &mut Self, states| {
                bench.session.is_looking_at_disk = false;
                match states {
                    Ok(states) => bench.on_disk_states(states),
                    Err(failure) => bench.report_failure(title, failure),
                }
            });
    }

    pub(super) fn open_model(&mut self, id: ModelId) {
        let Some(path) = self.doc().model(id).and_then(|m| m.path.clone()) else {
            return;
        };
        if self.checkpoint(id).is_some_and(|c| c.path() == path) {
            return;
        }
        self.reopen_model(id, path);
    }

    fn reopen_model(&mut self, id: ModelId, path: PathBuf) {
        self.session.models.insert(id, ModelFiles::Opening);
        self.kin_has_changed();
        let title = format!("Opening {}", self.doc().name_of(id));
        let own = path.clone();
        let open = move |_: &Ticket| Ok(opening::open(&own));
        self.spawn(title, open, move |bench, result| {
            bench.on_opened(id, &path, result);
        });
    }

    fn on_opened(&mut self, id: ModelId, path: &Path, result: Result<Arc<Checkpoint>, String>) {
        // The model may have been removed or moved while its file was being opened.
        if self
            .doc()
            .model(id)
            .is_none_or(|m| m.path.as_deref() != Some(path))
        {
            return;
        }
        let failed = |sentence: String| ModelFiles::Failed(sentence_case(&sentence));
        let files = result.map_or_else(failed, ModelFiles::opened);
        self.session.models.insert(id, files);
        self.kin_has_changed();
        if !self.is_opening() {
            self.find_cached();
        }
        self.measure_child(id);
    }

    fn on_models_found(&mut self, addition: Addition) {
        let Addition {
            models,
            failures,
            already_there,
        } = addition;
        self.report_unopened(&failures, models.len());
        if already_there > 0 && models.is_empty() && failures.is_empty() {
            let title = "These models are already in the study";
            self.notify(NoticeKind::Note, title, "");
        }
        if models.is_empty() {
            return;
        }
        if !self.is_open() && self.doc().name.is_empty() {
            let paths = models.iter().filter_map(|(m, _)| m.path.as_deref());
            self.begin_study(&common_folder(paths));
        }
        let first = self.doc().next_id;
        let (new, checkpoints): (Vec<_>, Vec<_>) = models.into_iter().unzip();
        // The files are open already: putting them in first keeps `apply` from opening again.
        for (k, checkpoint) in checkpoints.into_iter().enumerate() {
            let files = ModelFiles::opened(checkpoint);
            self.session.models.insert(ModelId(first + k as u32), files);
        }
        let ids = (first..first + new.len() as u32).map(ModelId).collect();
        self.apply(Command::Model(ModelEdit::Add(new)));
        self.apply(Command::Select(Selection::Models(ids)));
        self.find_cached();
    }

    /// One notice, however many paths gave nothing.
    fn report_unopened(&mut self, failures: &[(PathBuf, String)], opened: usize) {
        match failures {
            [] => {}
            [(path, sentence)] => {
                let title = format!("{} could not be opened", last_parts(path));
                self.report_error(title, sentence.clone());
            }
            many => {
                let all = many.len() + opened;
                let title = format!("{} of {all} could not be opened", many.len());
                let line = |(path, why): &(PathBuf, String)| format!("{}: {why}", last_parts(path));
                let lines: Vec<String> = many.iter().map(line).collect();
                self.report_error(title, lines.join("\n"));
            }
        }
    }

    fn on_disk_states(&mut self, states: Vec<(ModelId, OnDisk)>) {
        let mut has_changed = false;
        for (id, state) in states {
            match self.session.models.get_mut(&id) {
                Some(ModelFiles::Open {
                    checkpoint,
                    on_disk,
                }) if *on_disk != state => {
                    let path = checkpoint.path().to_owned();
                    *on_disk = state;
                    has_changed = true;
                    if state == OnDisk::Changed {
                        self.reopen_model(id, path);
                    }
                }
                _ => {}
            }
        }
        if has_changed {
            self.has_changed();
        }
    }
}

/// Names, bases and duplicates of what was found.
fn addition(
    found: Vec<Found>,
    known: &[PathBuf],
    open: &[OpenModel],
    base: Option<ModelId>,
) -> Addition {
    let mut out = Addition {
        models: Vec::new(),
        failures: Vec::new(),
        already_there: 0,
    };
    for Found { path, result } in found {
        let path = store::absolute(&path).unwrap_or(path);
        let is_path = |(m, _): &(NewModel, _)| m.path.as_ref() == Some(&path);
        if known.contains(&path) || out.models.iter().any(is_path) {
            out.already_there += 1;
            continue;
        }
        match result {
            Ok(checkpoint) => {
                let model = NewModel {
                    name: checkpoint.suggested_name(),
                    path: Some(path),
                    base: None,
                };
                out.models.push((model, checkpoint));
            }
            Err(sentence) => out.failures.push((path, sentence)),
        }
    }
    set_bases(&mut out.models, open, base);
    out
}

/// The base of the shown family for the new models that fit it; a guess for the others.
fn set_bases(new: &mut [(NewModel, Arc<Checkpoint>)], open: &[OpenModel], base: Option<ModelId>) {
    let shown = base.and_then(|base| open.iter().find(|(id, ..)| *id == base));
    if let Some((id, _, shown)) = shown {
        for (model, checkpoint) in new.iter_mut() {
            if fits(shown, checkpoint) {
                model.base = Some(BaseRef::Known(*id));
            }
        }
    }
    let strangers = (0..new.len()).filter(|&k| new[k].0.base.is_none());
    guess_for(&strangers.collect::<Vec<_>>(), new, open);
}

/// Gives those of `new` that fit it the base that their names, cards or weights tell.
fn guess_for(strangers: &[usize], new: &mut [(NewModel, Arc<Checkpoint>)], open: &[OpenModel]) {
    let Some(&first) = strangers.first() else {
        return;
    };
    let example = Arc::clone(&new[first].1);
    let old: Vec<_> = open.iter().filter(|(_, _, c)| fits(c, &example)).collect();
    let known = old.iter().map(|(_, name, c)| (name.clone(), Arc::clone(c)));
    let own = |&k: &usize| (new[k].0.name.clone(), Arc::clone(&new[k].1));
    let candidates: Vec<(String, Arc<Checkpoint>)> =
        known.chain(strangers.iter().map(own)).collect();
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
