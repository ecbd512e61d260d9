//! Where a study lies, who may write it, and what becomes of changes from outside.
//!
//! One program writes a study at a time. What another has written all the same (an editor, a
//! folder that is synchronised, a program that has taken the study over) is noticed before it
//! would be overwritten: it is put together with what was done here if that goes without loss,
//! and else the user decides.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, channel};
use std::time::{Duration, Instant};

use super::backups::{self, Backup};
use super::events::Outcome;
use super::{NoticeKind, Workbench};
use crate::files::lock::{self, Lock, Locking, Owner};
use crate::files::{self, Identity, write_whole};
use crate::study::{Command, ModelId, StudyDoc, file};

/// How long after the last change a study is saved by itself.
const AUTOSAVE_AFTER: Duration = Duration::from_millis(600);
/// How long a save is waited for. On a disk that is busy with a merge it takes longer, and goes
/// on beside the window.
const PATIENCE: Duration = Duration::from_millis(50);
/// How long what was said of a refused change is not said again.
const SAID_FOR: Duration = Duration::from_secs(3);
/// The largest study that is read: a hundred times more than one with 200 models takes.
const MOST_STUDY_BYTES: u64 = 64 << 20;

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
    /// What another program has written, and does not go together with what was done here.
    conflict: Option<Box<StudyDoc>>,
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
    fn at(path: Option<PathBuf>) -> Self {
        Self {
            path,
            ..Self::default()
        }
    }
}

impl Workbench {
    /// Where the study is saved; `None` before there is one.
    pub fn path(&self) -> Option<&Path> {
        self.saving.path.as_deref()
    }

    /// Whether a study is open.
    pub fn is_open(&self) -> bool {
        self.saving.path.is_some()
    }

    /// Whether the last attempt to save failed: the study is read-only, or the disk is full.
    pub fn save_failed(&self) -> bool {
        self.saving.has_failed
    }

    /// Who else has the study open, if somebody has: it can be looked at and not changed.
    pub fn opened_by(&self) -> Option<&Owner> {
        self.saving.other.as_ref()
    }

    /// Whether another program has written the study in a way that does not go together with
    /// what was done here. Nothing is saved until the user has decided: [`Self::reload`],
    /// [`Self::keep_mine`] or [`Self::save_as`].
    pub fn has_conflict(&self) -> bool {
        self.saving.conflict.is_some()
    }

    /// A good copy of the study that could not be opened last.
    pub fn backup(&self) -> Option<&Backup> {
        self.saving.backup.as_ref()
    }

    /// Declines the copy.
    pub fn forget_backup(&mut self) {
        self.saving.backup = None;
    }

    /// Opens a study file; on failure what was open stays. One that another program has open
    /// can be looked at only.
    pub fn open_study(&mut self, path: &Path) {
        self.save_if_changed();
        match read_study(path) {
            Ok((doc, text)) => {
                backups::keep(&self.folders, path, &text);
                self.put_in(doc, path);
            }
            Err(error) => {
                self.saving.backup = path
                    .is_file()
                    .then(|| backups::newest(&self.folders, path))
                    .flatten();
                let copy = self.saving.backup.as_ref().map(|copy| {
                    format!(
                        "; an earlier version of it is kept in {}",
                        copy.path.display()
                    )
                });
                let detail = error + &copy.unwrap_or_default();
                self.fail("The study could not be opened", detail);
            }
        }
    }

    /// Opens the good copy in place of the study that cannot be read, which stays beside it
    /// under another name.
    pub fn open_backup(&mut self) {
        let Some(Backup { study, path, .. }) = self.saving.backup.take() else {
            return;
        };
        let restored = files::read_text(&path, MOST_STUDY_BYTES)
            .map_err(|error| format!("{error}: {}", path.display()))
            .and_then(|text| {
                let damaged = free_name(&study, "damaged");
                std::fs::rename(&study, &damaged)
                    .map_err(|error| format!("{error}: {}", study.display()))?;
                write_whole(&study, text.as_bytes())
            });
        match restored {
            Ok(()) => self.open_study(&study),
            Err(error) => self.fail("The earlier version could not be opened", error),
        }
    }

    fn put_in(&mut self, doc: StudyDoc, path: &Path) {
        // Asked for before the lock of the study that was open is given back: it may be the same.
        self.replace(doc.clone(), Some(path.to_owned()));
        self.saving.known = Some(Known {
            identity: Identity::of(path),
            doc: Box::new(doc),
        });
        self.take_lock();
        let with_path = self.study.doc().models.iter().filter(|m| m.path.is_some());
        let ids: Vec<ModelId> = with_path.map(|m| m.id).collect();
        ids.into_iter().for_each(|id| self.open_model(id));
        self.remember();
    }

    /// Asks for the right to write the study, where it has a file.
    fn take_lock(&mut self) {
        let Some(path) = &self.saving.path else {
            return;
        };
        let file = files::followed(path).unwrap_or_else(|_| path.clone());
        // Ours would be in our own way.
        self.saving.lock = None;
        self.take_locking(lock::lock(&file));
    }

    fn take_locking(&mut self, locking: Locking) {
        self.saving.other = None;
        match locking {
            Locking::Held(lock) => self.saving.lock = Some(lock),
            Locking::Impossible => {}
            Locking::Other(owner) => self.saving.other = Some(owner),
        }
    }

    /// Opens the study for writing if the other program has given it back; else, at the user's
    /// word, takes it away from that program, which finds out when it saves next.
    pub fn take_over(&mut self) {
        let Some(path) = self
            .saving
            .path
            .clone()
            .filter(|_| self.saving.other.is_some())
        else {
            return;
        };
        let file = files::followed(&path).unwrap_or_else(|_| path.clone());
        let locking = match lock::lock(&file) {
            Locking::Other(_) => lock::take_over(&file),
            other => other,
        };
        let is_held = matches!(locking, Locking::Held(_));
        self.take_locking(locking);
        if is_held {
            // What the other has written since.
            self.notice_changes();
        }
    }

    /// Throws away what was done here, and takes what the other program has written.
    pub fn reload(&mut self) {
        if let (Some(_), Some(path)) = (self.saving.conflict.take(), self.saving.path.clone()) {
            self.saving.changed_at = None;
            self.open_study(&path);
        }
    }

    /// Writes what was done here over what another program has written, of which a copy is kept.
    pub fn keep_mine(&mut self) {
        if self.saving.conflict.take().is_none() {
            return;
        }
        if let Some(path) = self.saving.path.clone() {
            let theirs = free_name(&path, "other");
            if let Err(error) = std::fs::copy(&path, &theirs) {
                log::warn!("{}: {error}", theirs.display());
            }
            self.saving.known = None;
            self.take_lock();
        }
        self.save();
    }

    /// Saves under another path, which is the study's from then on.
    pub fn save_as(&mut self, path: &Path) {
        let named = path.to_string_lossy().ends_with(file::ENDING);
        let path = if named {
            path.to_owned()
        } else {
            with_ending(path)
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
                return self.fail(title, format!("{}; choose another name", who(&owner)));
            }
            self.saving = Saving::at(Some(path.clone()));
            self.take_locking(locking);
        }
        if let Some(stem) = path
            .file_name()
            .and_then(|n| n.to_str())
            .filter(|_| is_untitled)
        {
            let name = stem.trim_end_matches(file::ENDING).to_owned();
            self.apply(Command::RenameStudy(name));
        }
        self.save();
    }

    /// Marks the study as changed since it was saved.
    pub(super) fn has_unsaved_change(&mut self) {
        self.saving.changed_at = Some(Instant::now());
    }

    /// Saves now, if there is anything to save. On a slow disk it goes on beside.
    pub fn save(&mut self) {
        self.saving.changed_at = None;
        self.finish_saving();
        if !self.may_save() {
            return;
        }
        let Some(path) = self.saving.path.clone() else {
            return;
        };
        let text = file::to_text(self.study.doc(), &folder_of(&path));
        backups::keep(&self.folders, &path, &text);
        let (sender, result) = channel();
        self.jobs.spawn_quietly("Saving the study", move |_, _| {
            let written = write_whole(&path, text.as_bytes()).map(|()| Identity::of(&path));
            // Nobody waits any more when the program ends.
            sender.send(written).ok();
            Ok(Outcome::Silent)
        });
        self.saving.running = Some(Running {
            result,
            doc: Box::new(self.study.doc().clone()),
        });
        self.await_saving(Some(PATIENCE));
    }

    /// Whether the file may be written: it is ours, and nobody else has written it since.
    fn may_save(&mut self) -> bool {
        let saving = &mut self.saving;
        let Some(path) = saving.path.clone() else {
            return false;
        };
        if saving.other.is_some() || saving.conflict.is_some() {
            return false;
        }
        if std::mem::take(&mut saving.is_new) {
            return self.begin_file(&path);
        }
        if saving.lock.as_ref().is_some_and(|lock| !lock.is_held()) {
            saving.lock = None;
            self.take_lock();
            if self.saving.other.is_some() {
                self.has_unsaved_change();
                return false;
            }
        }
        self.notice_changes();
        self.saving.conflict.is_none()
    }

    /// The first save of a new study: another program may have taken its name meanwhile.
    fn begin_file(&mut self, path: &Path) -> bool {
        if path.exists() {
            self.saving.path = Some(self.free_study_path());
        }
        // For the lock, which lies in there; whether it can be made is seen when it is written.
        let folder = self.saving.path.as_deref().and_then(Path::parent);
        folder.map(std::fs::create_dir_all);
        self.take_lock();
        self.saving.other.is_none()
    }

    /// Looks whether another program has written the study, and takes in what it has changed.
    pub(super) fn notice_changes(&mut self) {
        if self.saving.running.is_some() || self.saving.conflict.is_some() {
            return;
        }
        let (Some(path), Some(known)) = (&self.saving.path, &self.saving.known) else {
            return;
        };
        let now = Identity::of(path);
        // A file that is gone is written again.
        if now.is_none() || now == known.identity {
            return;
        }
        match read_study(path) {
            Ok((theirs, _)) => self.take_in(now, theirs),
            // Half written by somebody who does not rename; the next look sees all of it.
            Err(error) => log::warn!("{error}"),
        }
    }

    fn take_in(&mut self, now: Option<Identity>, theirs: StudyDoc) {
        let Some(known) = &mut self.saving.known else {
            return;
        };
        if theirs == *known.doc {
            known.identity = now;
            return;
        }
        let mine = self.study.doc();
        match crate::study::merged(&known.doc, mine, &theirs) {
            Some(merged) => {
                let is_new = merged != *mine;
                known.identity = now;
                *known.doc = theirs;
                if is_new {
                    self.apply(Command::TakeIn(Box::new(merged)));
                    let title = "Changes that another program made to this study were taken in";
                    self.tell(NoticeKind::Note, title, "Undo takes them out again");
                }
            }
            None => {
                self.saving.conflict = Some(Box::new(theirs));
                self.saving.has_failed = true;
            }
        }
    }

    /// Waits for a save that is on its way, and takes in what came of it.
    pub fn finish_saving(&mut self) {
        self.await_saving(None);
    }

    fn await_saving(&mut self, most: Option<Duration>) {
        let Some(running) = self.saving.running.take() else {
            return;
        };
        let bug = || Err("the program has a bug".to_owned());
        let result = match most {
            None => running.result.recv().unwrap_or_else(|_| bug()),
            Some(Duration::ZERO) => match running.result.try_recv() {
                Ok(result) => result,
                Err(TryRecvError::Disconnected) => bug(),
                Err(TryRecvError::Empty) => return self.saving.running = Some(running),
            },
            Some(most) => match running.result.recv_timeout(most) {
                Ok(result) => result,
                Err(RecvTimeoutError::Disconnected) => bug(),
                Err(RecvTimeoutError::Timeout) => return self.saving.running = Some(running),
            },
        };
        match result {
            Ok(identity) => {
                self.saving.has_failed = false;
                self.saving.known = Some(Known {
                    identity,
                    doc: running.doc,
                });
                self.keep_own_command();
                self.remember();
            }
            Err(error) if self.saving.has_failed => log::warn!("{error}"),
            Err(error) => {
                self.saving.has_failed = true;
                self.fail(
                    "The study could not be saved; it goes on here unsaved",
                    error,
                );
            }
        }
    }

    /// Saves what a moment later would have been saved by itself, and waits for it.
    pub fn save_if_changed(&mut self) {
        if self.saving.changed_at.is_some() {
            self.save();
        }
        self.finish_saving();
    }

    /// Saves when it is time.
    pub(super) fn autosave(&mut self) {
        self.await_saving(Some(Duration::ZERO));
        if self.saving.running.is_some() {
            return;
        }
        if self
            .saving
            .changed_at
            .is_some_and(|at| at.elapsed() >= AUTOSAVE_AFTER)
        {
            self.save();
        }
    }

    /// When [`Self::autosave`] wants to be called.
    pub(super) fn autosave_in(&self) -> Option<Duration> {
        let changed_at = self.saving.changed_at?;
        let due = AUTOSAVE_AFTER.saturating_sub(changed_at.elapsed());
        // One that is on its way wakes the window when it is done.
        self.saving.running.is_none().then_some(due)
    }

    /// Another study, or none, is to be saved from here on.
    pub(super) fn save_at(&mut self, path: Option<PathBuf>) {
        self.saving = Saving::at(path);
    }

    /// The study lies where nothing lies yet.
    pub(super) fn save_new(&mut self) {
        self.saving.is_new = true;
    }

    /// Saves, and where that cannot be done puts what would be lost beside the study, or into
    /// the program's own folder: the study is left.
    pub fn save_or_rescue(&mut self) {
        self.save_if_changed();
        let Some(path) = self.saving.path.clone().filter(|_| self.saving.has_failed) else {
            return;
        };
        let text = file::to_text(self.study.doc(), &folder_of(&path));
        let name = path.file_name().unwrap_or_default();
        let own = self.folders.data.join("rescued").join(name);
        let places = [free_name(&path, "mine"), free_name(&own, "mine")];
        let written = places
            .iter()
            .find(|place| write_whole(place, text.as_bytes()).is_ok());
        if let Some(place) = written {
            let title = "What could not be saved is kept";
            self.tell(NoticeKind::Note, title, place.to_string_lossy());
        }
    }

    /// Whether a command may be carried out; says why not where it changes what somebody else
    /// has open.
    pub(super) fn may_change(&mut self, command: &Command) -> bool {
        let looks = matches!(command, Command::Select(_) | Command::View(_));
        let Some(owner) = self.saving.other.as_ref().filter(|_| !looks) else {
            return true;
        };
        let detail = format!("{}; save it as another study to go on here", who(owner));
        // A drag asks in every frame, and one answer is enough.
        let now = Instant::now();
        let is_told = |at: Instant| now.duration_since(at) < SAID_FOR;
        if !self.saving.refused_at.replace(now).is_some_and(is_told) {
            self.fail("This study is open in another Kinfolk", detail);
        }
        false
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

/// Who has a study, and since when.
fn who(owner: &Owner) -> String {
    let since = ago(owner.minutes(std::time::SystemTime::now()));
    format!("{} has it open, since {since}", owner.words())
}

/// A time in the past, in words.
pub fn ago(minutes: u64) -> String {
    match minutes {
        0 => "a moment ago".to_owned(),
        1 => "a minute ago".to_owned(),
        2..120 => format!("{minutes} minutes ago"),
        120..2880 => format!("{} hours ago", minutes / 60),
        _ => format!("{} days ago", minutes / 1440),
    }
}

/// The folder that paths in a study start from: that of the file itself, also where a link leads
/// to it.
fn folder_of(study: &Path) -> PathBuf {
    let file = files::followed(study).unwrap_or_else(|_| study.to_owned());
    let file = std::path::absolute(&file).unwrap_or(file);
    file.parent().unwrap_or(Path::new("/")).to_owned()
}

fn read_study(path: &Path) -> Result<(StudyDoc, String), String> {
    let sentence = |e: &dyn std::fmt::Display| format!("{e}: {}", path.display());
    let text = files::read_text(path, MOST_STUDY_BYTES).map_err(|e| sentence(&e))?;
    let doc = file::from_text(&text, &folder_of(path)).map_err(|e| sentence(&e))?;
    Ok((doc, text))
}

fn with_ending(path: &Path) -> PathBuf {
    let mut name = path.with_extension("").into_os_string();
    name.push(file::ENDING);
    PathBuf::from(name)
}

/// A free name beside a study that no study has: `name.kinfolk.json.damaged`.
fn free_name(study: &Path, word: &str) -> PathBuf {
    let name = |n: u32| {
        let mut name = study.as_os_str().to_owned();
        name.push(match n {
            1 => format!(".{word}"),
            _ => format!(".{word}-{n}"),
        });
        PathBuf::from(name)
    };
    let mut names = (1u32..).map(name);
    names
        .find(|path| path.symlink_metadata().is_err())
        .unwrap_or_default()
}
