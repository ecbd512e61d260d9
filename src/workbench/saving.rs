//! Saving: where a study lies, when it is written, and what is kept when it cannot be.
//!
//! One program writes a study at a time; see [`others`]. A save is brought to the disk, which
//! may take long while a merge is written: it is waited for a moment, and goes on beside.

mod opening;
mod others;
mod place;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use self::place::{folder_of, free_name, with_ending};
use super::backups::{self, Backup};
use super::{NoticeKind, Workbench};
use crate::files::lock::{self, Lock, Locking, Owner};
use crate::files::{self, Identity, write_whole};
use crate::jobs::Ticket;
use crate::study::{Command, StudyDoc, file};

pub use self::others::ago;
use self::others::who;

/// How long after the last change a study is saved by itself.
const AUTOSAVE_AFTER: Duration = Duration::from_millis(600);
/// How long a save is waited for. On a disk that is busy with a merge it takes longer, and goes
/// on beside the window.
const PATIENCE: Duration = Duration::from_millis(50);

/// What is said when a study cannot be saved, until it can.
const NOT_SAVED: &str = "The study could not be saved; it goes on here unsaved";

/// Where the study lies, and how it stands with the file there.
#[derive(Default)]
pub(super) struct Saving {
    path: Option<PathBuf>,
    /// Held while this program may write.
    lock: Option<Lock>,
    /// Who else has the study; nothing is written then.
    other: Option<Owner>,
    /// When a change was refused for that reason.
    refused_at: Option<Instant>,
    /// The file as it was last read or written here; `None` before it was.
    known: Option<Known>,
    /// Whether the program itself has chosen the path, and nothing lies there yet.
    is_new: bool,
    changed_at: Option<Instant>,
    has_failed: bool,
    /// A save that is on its way.
    running: Option<Running>,
    /// Whether another program has written what does not go together with what was done here.
    is_in_conflict: bool,
    backup: Option<Backup>,
}

struct Known {
    identity: Option<Identity>,
    doc: Box<StudyDoc>,
}

struct Running {
    result: Receiver<Result<Option<Identity>, String>>,
    doc: Box<StudyDoc>,
}

impl Saving {
    /// Nothing is in the file yet that is to be saved at `path`.
    pub(super) fn at(path: Option<PathBuf>) -> Self {
        Self {
            path,
            ..Self::default()
        }
    }
}

impl Workbench {
    /// Where the study is saved; `None` before there is one.
    pub fn path(&self) -> Option<&Path> {
        self.session.saving.path.as_deref()
    }

    pub fn is_open(&self) -> bool {
        self.session.saving.path.is_some()
    }

    /// Whether the last attempt to save failed: the study is read-only, or the disk is full.
    pub fn save_failed(&self) -> bool {
        self.session.saving.has_failed
    }

    /// Saves under another path, which is the study's from then on.
    pub fn save_as(&mut self, path: &Path) {
        let named = path.to_string_lossy().ends_with(file::ENDING);
        let path = match named {
            true => path.to_owned(),
            false => with_ending(path),
        };
        // Until the user names its place, a study has a name that nobody chose.
        let own = self.folders.data.join("studies");
        let is_untitled = self.path().is_none_or(|path| path.starts_with(&own));
        self.take_command_along();
        self.finish_saving();
        if self.path() != Some(&path) {
            let file = files::followed(&path).unwrap_or_else(|_| path.clone());
            let locking = lock::lock(&file);
            if let Locking::Other(owner) = locking {
                let title = "The study that lies there is open in another Kinfolk";
                return self.report_error(title, format!("{}; choose another name", who(&owner)));
            }
            self.session.saving = Saving::at(Some(path.clone()));
            self.take_locking(locking);
        }
        let name = path.file_name().and_then(|n| n.to_str());
        if let Some(stem) = name.filter(|_| is_untitled) {
            let name = stem.trim_end_matches(file::ENDING).to_owned();
            self.apply(Command::RenameStudy(name));
        }
        self.save();
    }

    /// Marks the study as changed since it was saved.
    pub(super) fn has_unsaved_change(&mut self) {
        self.session.saving.changed_at = Some(Instant::now());
    }

    /// Saves now, if there is anything to save. On a slow disk it goes on beside.
    pub fn save(&mut self) {
        self.session.saving.changed_at = None;
        self.finish_saving();
        if !self.may_save() {
            return;
        }
        let Some(path) = self.session.saving.path.clone() else {
            return;
        };
        let text = file::to_text(self.doc(), &folder_of(&path));
        backups::keep(&self.folders, &path, &text);
        let (sender, result) = channel();
        let write = move |_: &Ticket| {
            let written = write_whole(&path, text.as_bytes()).map(|()| Identity::of(&path));
            // The receiver is gone when the program ends.
            sender.send(written).ok();
            Ok(())
        };
        let title = "Saving the study";
        self.jobs
            .spawn_quietly(title, write, move |bench: &mut Self, result| {
                if let Err(failure) = result {
                    bench.report_failure(title, failure);
                }
            });
        self.session.saving.running = Some(Running {
            result,
            doc: Box::new(self.doc().clone()),
        });
        self.await_saving(Some(PATIENCE));
    }

    /// Whether the file may be written: it is ours, and nobody else has written it since.
    fn may_save(&mut self) -> bool {
        let saving = &mut self.session.saving;
        let Some(path) = saving.path.clone() else {
            return false;
        };
        if saving.other.is_some() || saving.is_in_conflict {
            return false;
        }
        if std::mem::take(&mut saving.is_new) {
            return self.begin_file(&path);
        }
        if saving.lock.as_ref().is_some_and(|lock| !lock.is_held()) {
            saving.lock = None;
            self.take_lock();
            if self.session.saving.other.is_some() {
                // What was done since the other took it is kept when the study is left.
                self.session.saving.has_failed = true;
                return false;
            }
        }
        self.notice_changes() && !self.session.saving.is_in_conflict
    }

    /// The first save of a new study: another program may have taken its name meanwhile.
    fn begin_file(&mut self, path: &Path) -> bool {
        if path.exists() {
            self.session.saving.path = Some(self.free_study_path());
        }
        // For the lock, which lies in there; whether it can be made is seen when it is written.
        let folder = self.session.saving.path.as_deref().and_then(Path::parent);
        folder.map(std::fs::create_dir_all);
        self.take_lock();
        self.session.saving.other.is_none()
    }

    /// Waits for a save that is on its way, and takes in what came of it.
    pub fn finish_saving(&mut self) {
        self.await_saving(None);
    }

    fn await_saving(&mut self, most: Option<Duration>) {
        let Some(running) = self.session.saving.running.take() else {
            return;
        };
        let bug = || Err("the program has a bug".to_owned());
        let result = match most {
            None => running.result.recv().unwrap_or_else(|_| bug()),
            Some(most) => match running.result.recv_timeout(most) {
                Ok(result) => result,
                Err(RecvTimeoutError::Disconnected) => bug(),
                Err(RecvTimeoutError::Timeout) => {
                    return self.session.saving.running = Some(running);
                }
            },
        };
        match result {
            Ok(identity) => {
                if std::mem::take(&mut self.session.saving.has_failed) {
                    self.notify(NoticeKind::Over, NOT_SAVED, "");
                }
                self.session.saving.known = Some(Known {
                    identity,
                    doc: running.doc,
                });
                self.keep_own_command();
                self.remember();
            }
            Err(error) if self.session.saving.has_failed => log::warn!("{error}"),
            Err(error) => {
                self.session.saving.has_failed = true;
                self.report_error(NOT_SAVED, error);
            }
        }
    }

    /// Saves what a moment later would have been saved by itself, and waits for it.
    pub fn save_if_changed(&mut self) {
        if self.session.saving.changed_at.is_some() {
            self.save();
        }
        self.finish_saving();
    }

    /// Saves when it is time.
    pub(super) fn autosave(&mut self) {
        self.await_saving(Some(Duration::ZERO));
        if self.session.saving.running.is_some() {
            return;
        }
        let is_due = |at: Instant| at.elapsed() >= AUTOSAVE_AFTER;
        if self.session.saving.changed_at.is_some_and(is_due) {
            self.save();
        }
    }

    /// When [`Self::autosave`] wants to be called.
    pub(super) fn autosave_in(&self) -> Option<Duration> {
        let changed_at = self.session.saving.changed_at?;
        let due = AUTOSAVE_AFTER.saturating_sub(changed_at.elapsed());
        // One that is on its way wakes the window when it is done.
        self.session.saving.running.is_none().then_some(due)
    }

    /// The study lies where nothing lies yet.
    pub(super) fn save_new(&mut self) {
        self.session.saving.is_new = true;
    }

    /// Saves, and where that cannot be done puts what would be lost beside the study, or into
    /// the program's own folder: the study is left.
    pub fn save_or_rescue(&mut self) {
        self.save_if_changed();
        let saving = &self.session.saving;
        let Some(path) = saving.path.clone().filter(|_| saving.has_failed) else {
            return;
        };
        let text = file::to_text(self.doc(), &folder_of(&path));
        let name = path.file_name().unwrap_or_default();
        let own = self.folders.data.join("rescued").join(name);
        let places = [free_name(&path, "mine"), free_name(&own, "mine")];
        let written = places
            .iter()
            .find(|place| write_whole(place, text.as_bytes()).is_ok());
        if let Some(place) = written {
            let title = "What could not be saved is kept";
            self.notify(NoticeKind::Note, title, place.to_string_lossy());
        }
    }

    /// A path in the program's own folder that no study has yet.
    pub(super) fn free_study_path(&self) -> PathBuf {
        let dir = self.folders.data.join("studies");
        (1u32..)
            .map(|n| dir.join(format!("study-{n}{}", file::ENDING)))
            .find(|path| !path.exists())
            .unwrap_or(dir)
    }
}
