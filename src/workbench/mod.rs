//! The workbench: a study, its open files and its jobs, without a window.
//!
//! The window and the command line both drive it. [`Workbench::apply`] changes the study and
//! starts what follows; [`Workbench::poll`] takes in what jobs have found. Nothing else
//! changes anything, so a view may read it at leisure.

pub mod ancestry;
pub mod approval;
mod backups;
pub mod cache;
pub mod clusters;
pub mod comparing;
pub mod composing;
pub mod converting;
mod desktop;
pub mod evolving;
pub mod extracting;
mod faces;
mod findings;
mod folders;
pub mod hub;
mod importing;
pub mod inspecting;
mod kin;
mod layers;
mod limits;
mod measuring;
mod memory;
pub mod merging;
pub mod mixing;
mod model_files;
mod outside;
pub mod proposing;
pub mod proving;
mod queue;
mod recent;
pub mod relating;
mod saving;
pub mod scanning;
mod session;
pub mod sketches;
pub mod stored;
pub mod suggesting;
pub mod sweeping;
pub mod tokens;
pub mod transplanting;
pub mod trials;
mod write_check;
mod writing;

pub mod demo;
pub mod library;
pub mod opening;
pub mod scoring;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::checkpoint::Checkpoint;
use crate::jobs::{Event, Failure, JobId, Jobs, Ticket};
use crate::study::{
    Command, Effect, ModelEdit, ModelId, PairRow, ShortNames, Study, StudyDoc, StudyFacts,
};
use crate::text::sentence_of;

pub use backups::Backup;
pub use faces::Face;
pub use folders::{Folders, hub_cache};
pub use limits::memory_note;
pub use measuring::{Family, Measured};
pub use memory::Memory;
pub use model_files::ModelFiles;
pub use outside::Picture;
pub use recent::Recent;
pub use saving::ago;
pub use write_check::WriteCheck;
pub use writing::WriteOrder;

use session::{Derived, Session};

/// A study with its files, jobs and results.
pub struct Workbench {
    folders: Folders,
    session: Session,
    session_number: u64,
    last_revision: u64,
    jobs: Jobs<Workbench>,
    notices: Vec<Notice>,
    recents: Vec<Recent>,
    hub: hub::HubState,
    offer: stored::OfferState,
    scanned: scanning::ScanState,
    /// A cluster folder that is looked at.
    clusters: Option<clusters::WatchedCluster>,
    memory: memory::Watched,
    kept: Option<cache::Kept>,
    /// Typefaces that were found, until the window takes them.
    faces: Vec<Face>,
}

/// Something that the user should hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub kind: NoticeKind,
    pub title: String,
    /// The rest, if there is more to say.
    pub detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    Done,
    Note,
    Failed,
    /// The study was changed in a way that the user may want to undo.
    Changed,
    /// What was said under this title is no longer so.
    Over,
}

impl Workbench {
    /// An empty workbench; `wake` is called from other threads when there is something to
    /// [`Self::poll`].
    pub fn new(folders: Folders, wake: impl Fn() + Send + Sync + 'static) -> Self {
        let recents = recent::list(&folders.data);
        Self {
            folders,
            session: Session::default(),
            session_number: 0,
            last_revision: 0,
            jobs: Jobs::new(wake),
            notices: Vec::new(),
            recents,
            hub: hub::HubState::default(),
            offer: stored::OfferState::default(),
            scanned: scanning::ScanState::default(),
            clusters: None,
            memory: memory::Watched::default(),
            faces: Vec::new(),
            kept: None,
        }
    }

    pub fn study(&self) -> &Study {
        &self.session.study
    }

    fn doc(&self) -> &StudyDoc {
        self.session.study.doc()
    }

    pub fn files(&self, id: ModelId) -> &ModelFiles {
        const NONE: &ModelFiles = &ModelFiles::None;
        self.session.models.get(&id).unwrap_or(NONE)
    }

    /// A model's checkpoint, if it is open.
    fn checkpoint(&self, id: ModelId) -> Option<&Arc<Checkpoint>> {
        self.files(id).checkpoint()
    }

    /// Whether a model could descend from a base by its shapes; unknown files are believed.
    pub fn fits(&self, base: ModelId, model: ModelId) -> bool {
        let both = self.checkpoint(base).zip(self.checkpoint(model));
        both.is_none_or(|(base, model)| model_files::fits(base, model))
    }

    pub fn jobs(&self) -> &Jobs<Self> {
        &self.jobs
    }

    pub fn folders(&self) -> &Folders {
        &self.folders
    }

    /// Another one with every study that is opened: what belongs to a study is kept beside it.
    pub fn session_number(&self) -> u64 {
        self.session_number
    }

    pub fn recents(&self) -> &[Recent] {
        &self.recents
    }

    /// What follows from the record: averages, ranks, merge gains, kinship of parents.
    pub fn record(&self) -> &StudyFacts {
        self.session.derived.record.get_or_init(|| {
            StudyFacts::new(self.doc(), &|a, b, metric| self.kinship_of(a, b, metric))
        })
    }

    /// What a model is called where there is little room: what tells it from the others.
    pub fn short(&self, id: ModelId) -> &str {
        let names = self
            .session
            .derived
            .names
            .get_or_init(|| ShortNames::of(self.doc()));
        names.get(id).unwrap_or("?")
    }

    /// Every pair of models whose kinship is known, measured or reported.
    pub fn pair_rows(&self) -> &[PairRow] {
        self.session.derived.pairs.get_or_init(|| {
            let measured = |a, b, metric| self.kinship_of(a, b, metric);
            self.doc().pair_rows(&measured)
        })
    }

    /// Goes up with every change of the study and of what is measured, and is never the same
    /// for two states: what views derive is kept beside it.
    pub fn revision(&self) -> u64 {
        self.last_revision
    }

    /// Takes what there is to tell.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// Carries out a command and starts what follows from it.
    pub fn apply(&mut self, command: Command) {
        if !self.may_change(&command) {
            return;
        }
        self.notify_of(&command);
        if matches!(command, Command::Model(_) | Command::Undo | Command::Redo) {
            self.session.kin.forget();
        }
        let may_change_mixture =
            matches!(command, Command::Undo | Command::Redo | Command::TakeIn(_));
        let effects = self.session.study.apply(command);
        if may_change_mixture {
            self.take_up_mixture();
        }
        if !effects.is_empty() {
            self.has_changed();
            self.read_shown_draft();
        }
        for effect in effects {
            match effect {
                Effect::Save => self.has_unsaved_change(),
                Effect::Open(id) => self.open_model(id),
                Effect::Close(id) => {
                    self.session.models.remove(&id);
                }
            }
        }
        self.predict_if_changed();
        self.list_tokens_if_changed();
    }

    /// Says what a command does that may not be seen where it is given.
    fn notify_of(&mut self, command: &Command) {
        let doc = self.doc();
        match command {
            Command::Model(ModelEdit::Remove(ids)) if !ids.is_empty() => {
                let what = match ids[..] {
                    [id] => doc.name_of(id).to_owned(),
                    _ => format!("{} models", ids.len()),
                };
                let title = format!("{what} removed from the study");
                self.notify(NoticeKind::Changed, title, "The files stay where they are");
            }
            Command::Model(ModelEdit::Hide(ids)) if !ids.is_empty() => {
                let what = match ids[..] {
                    [id] => format!("{} is", doc.name_of(id)),
                    _ => format!("{} models are", ids.len()),
                };
                let title = format!("{what} left out of the matrix");
                self.notify(NoticeKind::Changed, title, "");
            }
            Command::Model(ModelEdit::SetBase(_, Some(base))) => {
                if let Some(old) = doc.model(*base).and_then(|m| m.base) {
                    let (name, old) = (doc.name_of(*base), doc.name_of(old));
                    let title = format!("{name} is a base now");
                    let detail = format!("It no longer counts as a fine-tune of {old}");
                    self.notify(NoticeKind::Note, title, detail);
                }
            }
            _ => {}
        }
    }

    /// Starts an empty study in the program's own folder; nothing is written before there is
    /// something in it.
    pub fn new_study(&mut self) {
        self.new_study_called("New study");
    }

    fn new_study_called(&mut self, name: &str) {
        let doc = StudyDoc {
            name: name.to_owned(),
            ..StudyDoc::default()
        };
        let path = self.free_study_path();
        self.replace(doc, Some(path));
        self.save_new();
    }

    /// Starts a study that no file is written for.
    pub fn begin_unsaved(&mut self, name: &str) {
        let doc = StudyDoc {
            name: name.to_owned(),
            ..StudyDoc::default()
        };
        self.replace(doc, None);
    }

    /// Starts a study for what was brought while none was open; what else was read then waits on.
    fn begin_study(&mut self, name: &str) {
        let waiting = std::mem::take(&mut self.session.import_sources);
        self.new_study_called(name);
        self.session.import_sources = waiting;
    }

    /// Writes out the demo family, opens its study and measures its kinship.
    pub fn open_demo(&mut self) {
        let dir = self.folders.data.join("demo");
        let unpack = move |_: &Ticket| demo::unpack(&dir).map_err(Failure::Failed);
        self.spawn("Unpacking the demo", unpack, |bench, path| {
            bench.open_study(&path);
            bench.session.measuring.when_open = true;
        });
    }

    /// Writes the demo's study out as it was at first, and opens it.
    pub fn restore_demo(&mut self) {
        let study = demo::study_path(&self.folders.data.join("demo"));
        self.replace(StudyDoc::default(), None);
        if let Err(error) = std::fs::remove_file(&study)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            self.report_error("The demo could not be restored", error.to_string());
            return;
        }
        self.open_demo();
    }

    /// Closes the study, which stays in the list of recent ones.
    pub fn close_study(&mut self) {
        self.replace(StudyDoc::default(), None);
    }

    /// When [`Self::poll`] wants to be called even if nothing arrives.
    pub fn wants_poll_in(&self) -> Option<Duration> {
        if self.has_more_steps() {
            return Some(Duration::ZERO);
        }
        self.autosave_in()
    }

    /// Takes in what jobs have found, and saves when it is time.
    pub fn poll(&mut self) {
        while let Some(event) = self.jobs.next_event() {
            self.take_in(event);
        }
        // Scores that the user has typed may be what a run waits for.
        self.advance_runs();
        self.predict_if_changed();
        self.list_tokens_if_changed();
        self.look_into_selected();
        self.look_at_memory();
        self.autosave();
    }

    /// Waits at most this long for something to arrive, and takes it in; for programs without a
    /// window.
    pub fn poll_within(&mut self, timeout: Duration) {
        if let Some(event) = self.jobs.wait(timeout) {
            self.take_in(event);
        }
        self.poll();
    }

    /// Polls until no job runs; for programs without a window.
    pub fn wait(&mut self, mut on_progress: impl FnMut(&Self)) {
        while !self.jobs.running().is_empty() {
            if let Some(event) = self.jobs.wait(Duration::from_millis(100)) {
                self.take_in(event);
            }
            on_progress(self);
        }
    }

    /// Does what a job has sent, and what has waited for its end.
    fn take_in(&mut self, event: Event<Self>) {
        let is_end = event.is_end;
        event.apply(self);
        if is_end {
            self.measure_opened();
            self.advance_runs();
        }
    }

    /// Starts work whose result is handed to `done`; a failure is told under the title.
    fn spawn<T: Send + 'static>(
        &mut self,
        title: impl Into<String>,
        work: impl FnOnce(&Ticket) -> Result<T, Failure> + Send + 'static,
        done: impl FnOnce(&mut Self, T) + Send + 'static,
    ) -> JobId {
        let title = title.into();
        let own = title.clone();
        self.jobs
            .spawn(title, work, move |bench: &mut Self, result| match result {
                Ok(value) => done(bench, value),
                Err(failure) => bench.report_failure(&own, failure),
            })
    }

    /// Tells why a job gave nothing, unless the user has stopped it.
    fn report_failure(&mut self, title: &str, failure: Failure) {
        if let Failure::Failed(sentence) = failure {
            self.report_error(format!("{title} failed"), sentence);
        }
    }

    /// Asks a job to stop.
    pub fn cancel(&self, job: JobId) {
        self.jobs.cancel(job);
    }

    /// Asks every job to stop and waits for them, `most` at the longest: programs that they
    /// have started are not left behind.
    pub fn end_jobs(&mut self, most: Duration) {
        self.jobs.cancel_all();
        let due = Instant::now() + most;
        while !self.jobs.running().is_empty() && Instant::now() < due {
            self.jobs.wait(Duration::from_millis(100));
        }
    }

    /// Takes a study off the list of recent ones.
    pub fn forget_recent(&mut self, path: &Path) {
        recent::forget(&self.folders.data, path);
        self.recents = recent::list(&self.folders.data);
    }

    fn replace(&mut self, doc: StudyDoc, path: Option<PathBuf>) {
        self.save_or_rescue();
        self.jobs.abandon_all();
        self.session = Session::new(doc, path);
        self.session_number += 1;
        self.has_changed();
        self.take_up_mixture();
    }

    /// Forgets what was derived from files and measurements.
    fn kin_has_changed(&mut self) {
        self.session.kin.forget();
        self.has_changed();
    }

    /// Forgets what was derived from what has changed.
    fn has_changed(&mut self) {
        self.last_revision += 1;
        self.session.derived = Derived::default();
        self.session.objection.take();
    }

    fn remember(&mut self) {
        if let Some(path) = self.path() {
            let doc = self.doc();
            recent::remember(&self.folders.data, path, &doc.name, doc.models.len());
            self.recents = recent::list(&self.folders.data);
        }
    }

    fn notify(&mut self, kind: NoticeKind, title: impl Into<String>, detail: impl Into<String>) {
        self.notices.push(Notice {
            kind,
            title: title.into(),
            detail: detail.into(),
        });
    }

    fn report_error(&mut self, title: impl Into<String>, detail: impl Into<String>) {
        self.notify(NoticeKind::Failed, title, self.sentence(&detail.into()));
    }

    /// With a capital, unless it begins with the name of a model.
    pub fn sentence(&self, text: &str) -> String {
        let models = self.doc().models.iter();
        sentence_of(text, models.map(|model| model.name.as_str()))
    }
}
