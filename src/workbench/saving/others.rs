//! Who else has the study, and what becomes of what they write.
//!
//! What another program has written all the same (an editor, a folder that is synchronised, a
//! program that has taken the study over) is noticed before it would be overwritten: it is put
//! together with what was done here if that goes without loss, and else the user decides.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::place::{read_study, set_aside};
use crate::files::lock::{self, Locking, Owner};
use crate::files::{self, Identity};
use crate::study::{Command, StudyDoc};
use crate::workbench::{NoticeKind, Workbench};

/// How long what was said of a refused change is not said again.
const SAID_FOR: Duration = Duration::from_secs(3);

impl Workbench {
    /// Who else has the study open, if somebody has: it can be looked at and not changed.
    pub fn opened_by(&self) -> Option<&Owner> {
        self.session.saving.other.as_ref()
    }

    /// Whether another program has written the study in a way that does not go together with
    /// what was done here. Nothing is saved until the user has decided: [`Self::reload`],
    /// [`Self::keep_mine`] or [`Self::save_as`].
    pub fn has_conflict(&self) -> bool {
        self.session.saving.is_in_conflict
    }

    /// Asks for the right to write the study, where it has a file.
    pub(super) fn take_lock(&mut self) {
        let Some(path) = &self.session.saving.path else {
            return;
        };
        let file = files::followed(path).unwrap_or_else(|_| path.clone());
        // Ours would be in our own way.
        self.session.saving.lock = None;
        self.take_locking(lock::lock(&file));
    }

    pub(super) fn take_locking(&mut self, locking: Locking) {
        self.session.saving.other = None;
        match locking {
            Locking::Held(lock) => self.session.saving.lock = Some(lock),
            Locking::Impossible => {}
            Locking::Other(owner) => self.session.saving.other = Some(owner),
        }
    }

    /// Opens the study for writing if the other program has given it back; else, at the user's
    /// word, takes it away from that program, which finds out when it saves next.
    pub fn take_over(&mut self) {
        let saving = &self.session.saving;
        let Some(path) = saving.path.clone().filter(|_| saving.other.is_some()) else {
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
            // What the other has written since, and what could not be saved here meanwhile.
            self.notice_changes();
            self.has_unsaved_change();
        }
    }

    fn path_in_conflict(&self) -> Option<PathBuf> {
        let saving = &self.session.saving;
        saving.path.clone().filter(|_| saving.is_in_conflict)
    }

    /// Throws away what was done here, and takes what the other program has written.
    pub fn reload(&mut self) {
        let Some(path) = self.path_in_conflict() else {
            return;
        };
        self.session.saving.changed_at = None;
        self.open_study(&path);
    }

    /// Writes what was done here over what another program has written, of which a copy is kept.
    pub fn keep_mine(&mut self) {
        let Some(path) = self.path_in_conflict() else {
            return;
        };
        if let Err(error) = set_aside(&path) {
            let title = "What the other program wrote could not be kept, so it is not overwritten";
            return self.report_error(title, error);
        }
        self.session.saving.is_in_conflict = false;
        self.session.saving.known = None;
        self.take_lock();
        self.save();
    }

    /// Looks whether another program has written the study, and takes in what it has changed;
    /// says whether what lies there is known or kept, and may be written over.
    pub(in crate::workbench) fn notice_changes(&mut self) -> bool {
        if self.session.saving.running.is_some() || self.session.saving.is_in_conflict {
            return true;
        }
        let (Some(path), Some(known)) = (
            self.session.saving.path.clone(),
            &mut self.session.saving.known,
        ) else {
            return true;
        };
        let now = Identity::of(&path);
        // A file that is gone is written again.
        if now.is_none() || now == known.identity {
            return true;
        }
        match read_study(&path) {
            Ok((theirs, _)) => {
                self.merge_with(now, theirs);
                true
            }
            // From a later version of the program, or half written: it is not ours to destroy.
            Err(error) => match set_aside(&path) {
                Ok(kept) => {
                    known.identity = now;
                    let title = "Another program has put something else in the study's place";
                    let detail = format!("It is kept in {}: {error}", kept.display());
                    self.notify(NoticeKind::Note, title, detail);
                    true
                }
                Err(error) => {
                    self.session.saving.has_failed = true;
                    let title = "Another program has put something else in the study's place, \
                                 which is not overwritten";
                    self.report_error(title, error);
                    false
                }
            },
        }
    }

    fn merge_with(&mut self, now: Option<Identity>, theirs: StudyDoc) {
        let Some(known) = &mut self.session.saving.known else {
            return;
        };
        if theirs == *known.doc {
            known.identity = now;
            return;
        }
        let mine = self.session.study.doc();
        match crate::study::merged(&known.doc, mine, &theirs) {
            Some(merged) => {
                let is_new = merged != *mine;
                known.identity = now;
                *known.doc = theirs;
                if is_new {
                    self.apply(Command::TakeIn(Box::new(merged)));
                    let title = "Changes that another program made to this study were taken in";
                    self.notify(NoticeKind::Note, title, "Undo takes them out again");
                }
            }
            None => {
                self.session.saving.is_in_conflict = true;
                self.session.saving.has_failed = true;
            }
        }
    }

    /// Whether a command may be carried out; says why not where it changes what somebody else
    /// has open.
    pub(in crate::workbench) fn may_change(&mut self, command: &Command) -> bool {
        let looks = matches!(command, Command::Select(_) | Command::View(_));
        let Some(owner) = self.session.saving.other.as_ref().filter(|_| !looks) else {
            return true;
        };
        let detail = format!("{}; save it as another study to go on here", who(owner));
        // A drag asks in every frame, and one answer is enough.
        let now = Instant::now();
        let is_told = |at: Instant| now.duration_since(at) < SAID_FOR;
        let before = self.session.saving.refused_at.replace(now);
        if !before.is_some_and(is_told) {
            self.report_error("This study is open in another Kinfolk", detail);
        }
        false
    }
}

/// Who has a study, and since when.
pub(super) fn who(owner: &Owner) -> String {
    let since = ago(owner.minutes(std::time::SystemTime::now()));
    format!("{} has it open (since {since})", owner.words())
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
