//! The temporary folder: what an earlier run left in it is used again if it is the same work.
//!
//! `kinfolk-merge.json` in it names the work and lists the shards that are finished: on the
//! disk, with the length and the time they had then. What else a merge has left there is
//! removed; a folder with anything that is not a merge's is left alone.

use std::fs::{DirEntry, File};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{ShardPlan, folder, names};
use crate::files::{self, Removal, owned};

pub(super) const STATE_NAME: &str = "kinfolk-merge.json";
pub(super) const STATE_PART: &str = "kinfolk-merge.json.part";
pub(super) const LOCK_NAME: &str = "kinfolk-merge.lock";

/// A folder that will be the output.
pub(crate) struct Staging {
    path: PathBuf,
    out: PathBuf,
    state: State,
    lock: Option<File>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct State {
    /// Of this file's format.
    version: u32,
    /// Names the work; see `hash`.
    key: String,
    finished: Vec<Finished>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Finished {
    file: String,
    bytes: u64,
    /// Time of the last change, nanoseconds since 1970.
    modified: u128,
}

const VERSION: u32 = 1;
/// Far above what a model of a thousand shards takes.
const MAX_STATE_BYTES: u64 = 16 << 20;

impl Staging {
    /// Opens the folder for the work `key`; what belongs to other work is removed.
    ///
    /// # Errors
    /// A sentence: the output is there, another program is at work, or the file system says no.
    pub(crate) fn open(out: &Path, force: bool, key: &str) -> Result<Self, String> {
        let path = folder::staging_path(out);
        let failed = |error: io::Error| sentence(&error, &path);
        folder::recover(out).map_err(failed)?;
        if let Some(objection) = folder::objection(out, force) {
            return Err(objection);
        }
        if let Some(objection) = folder::stranger_beside(out) {
            return Err(objection);
        }
        Self::begin(out, key)
    }

    /// The same for an output that is one file; see [`Self::publish_file`].
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub(crate) fn open_file(out: &Path, force: bool, key: &str) -> Result<Self, String> {
        match folder::file_objection(out, force) {
            Some(objection) => Err(objection),
            None => Self::begin(out, key),
        }
    }

    fn begin(out: &Path, key: &str) -> Result<Self, String> {
        let path = folder::staging_path(out);
        let failed = |error: io::Error| sentence(&error, &path);
        if let Some(objection) = in_the_way(&path) {
            return Err(objection);
        }
        std::fs::create_dir_all(&path).map_err(failed)?;
        let lock = File::create(path.join(LOCK_NAME)).map_err(failed)?;
        if lock.try_lock().is_err() {
            return Err(format!(
                "another merge is writing to the same place; wait for it: {}",
                out.display()
            ));
        }
        let mut staging = Self {
            state: State::read(&path)
                .filter(|state| state.key == key && state.version == VERSION)
                .unwrap_or_else(|| State::new(key)),
            path,
            out: out.to_owned(),
            lock: Some(lock),
        };
        staging
            .clean()
            .map_err(|error| sentence(&error, &staging.path))?;
        Ok(staging)
    }

    /// The output's place.
    pub(in crate::merge) fn out(&self) -> &Path {
        &self.out
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes what is not finished work, and forgets what has changed.
    fn clean(&mut self) -> io::Result<()> {
        let path = self.path.clone();
        let is_same_work = State::read(&path).is_some_and(|old| old.key == self.state.key);
        let finished = &mut self.state.finished;
        finished.retain(|own| Finished::of(&path, &own.file).is_ok_and(|now| now == *own));
        for entry in std::fs::read_dir(&path)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let is_kept = name == LOCK_NAME
                || finished.iter().any(|own| own.file == name)
                || is_same_work && is_step(&name);
            if !is_kept {
                remove(&entry)?;
            }
        }
        self.state.write(&path)
    }

    /// Whether a shard is there from an earlier run, with the header that it will have.
    pub(crate) fn has(&self, shard: &ShardPlan) -> bool {
        let listed = self
            .state
            .finished
            .iter()
            .any(|own| own.file == shard.file_name && own.bytes == shard.len);
        listed && starts_with(&self.path.join(&shard.file_name), &shard.prefix)
    }

    /// Notes that a shard is finished.
    pub(crate) fn note(&mut self, file_name: &str) -> Result<(), String> {
        let failed = |error: io::Error| sentence(&error, &self.path);
        let finished = Finished::of(&self.path, file_name).map_err(failed)?;
        self.state.finished.push(finished);
        self.state.write(&self.path).map_err(failed)
    }

    /// What to say of trouble with one of its files.
    pub(crate) fn sentence(&self, error: &io::Error, file_name: &str) -> String {
        sentence(error, &self.path.join(file_name))
    }

    /// Writes a small file, to the disk.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), String> {
        let path = self.path.join(name);
        write_synced(&path, bytes).map_err(|error| sentence(&error, &path))
    }

    /// The same, in a folder within.
    pub(crate) fn write_in(&self, folder: &str, name: &str, bytes: &[u8]) -> Result<(), String> {
        let path = self.path.join(folder);
        std::fs::create_dir_all(&path).map_err(|error| sentence(&error, &path))?;
        let path = path.join(name);
        write_synced(&path, bytes).map_err(|error| sentence(&error, &path))
    }

    /// Whether an earlier run has finished this work, as a step of the same merge.
    pub(crate) fn is_done(out: &Path, key: &str) -> bool {
        State::read(out).is_some_and(|state| state.key == key && state.version == VERSION)
    }

    /// Marks the folder as made by `maker` and gives it the output's name.
    pub(crate) fn publish(mut self, maker: &str, removal: Removal) -> Result<(), String> {
        self.remove_steps()?;
        owned::mark(&self.path, maker, &[LOCK_NAME, STATE_NAME])?;
        self.release();
        // Before it has its name: a finished model holds nothing of the work. From here on the
        // mark says that the folder is a merge's.
        for name in [LOCK_NAME, STATE_NAME] {
            std::fs::remove_file(self.path.join(name))
                .map_err(|error| sentence(&error, &self.path))?;
        }
        folder::publish(&self.path, &self.out, removal)
    }

    /// Gives the file `made` in the folder the output's name, and removes the folder.
    pub(crate) fn publish_file(mut self, made: &str) -> Result<(), String> {
        self.release();
        folder::publish_file(&self.path, &self.path.join(made), &self.out)
    }

    /// The same for a step, which keeps its state for [`Self::is_done`].
    pub(crate) fn publish_step(mut self) -> Result<(), String> {
        self.remove_steps()?;
        self.release();
        folder::publish(&self.path, &self.out, Removal::Delete)
    }

    fn remove_steps(&self) -> Result<(), String> {
        let failed = |error: io::Error| sentence(&error, &self.path);
        for entry in std::fs::read_dir(&self.path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if is_step(&entry.file_name().to_string_lossy()) {
                remove(&entry).map_err(failed)?;
            }
        }
        Ok(())
    }

    /// Closes the lock: Windows renames no folder in which a file is open.
    ///
    /// Unlocked first, because a program that is being started by another thread may hold a
    /// copy of the open file for a moment.
    fn release(&mut self) {
        if let Some(lock) = self.lock.take() {
            lock.unlock().ok();
        }
    }

    /// Removes the folder if no finished work is in it; a failed merge leaves nothing else.
    pub(crate) fn abandon(mut self) {
        self.release();
        let entries = || {
            std::fs::read_dir(&self.path)
                .into_iter()
                .flatten()
                .flatten()
        };
        let keeps_steps = entries().any(|entry| is_step(&entry.file_name().to_string_lossy()));
        if self.state.finished.is_empty() && !keeps_steps {
            // What cannot be removed is recognised at the next run.
            std::fs::remove_dir_all(&self.path).ok();
            return;
        }
        let is_part = |entry: &DirEntry| entry.file_name().to_string_lossy().ends_with(".part");
        for entry in entries().filter(is_part) {
            remove(&entry).ok();
        }
    }
}

/// Names of the folders of earlier steps.
pub(crate) const STEP_PREFIX: &str = "step-";

pub(super) fn is_step(name: &str) -> bool {
    name.trim_start_matches('.').starts_with(STEP_PREFIX)
}

fn remove(entry: &DirEntry) -> io::Result<()> {
    if entry.file_type()?.is_dir() {
        std::fs::remove_dir_all(entry.path())
    } else {
        std::fs::remove_file(entry.path())
    }
}

impl State {
    fn new(key: &str) -> Self {
        Self {
            version: VERSION,
            key: key.to_owned(),
            finished: Vec::new(),
        }
    }

    fn read(folder: &Path) -> Option<Self> {
        let text = files::read(&folder.join(STATE_NAME), MAX_STATE_BYTES).ok()?;
        serde_json::from_slice(&text).ok()
    }

    fn write(&self, folder: &Path) -> io::Result<()> {
        let text = serde_json::to_vec(self)?;
        let temporary = folder.join(STATE_PART);
        write_synced(&temporary, &text)?;
        std::fs::rename(temporary, folder.join(STATE_NAME))
    }
}

impl Finished {
    fn of(folder: &Path, file: &str) -> io::Result<Self> {
        let metadata = std::fs::metadata(folder.join(file))?;
        Ok(Self {
            file: file.to_owned(),
            bytes: metadata.len(),
            modified: owned::modified(&metadata)?,
        })
    }
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    io::Write::write_all(&mut file, bytes)?;
    file.sync_all()
}

fn starts_with(path: &Path, prefix: &[u8]) -> bool {
    let mut found = vec![0; prefix.len()];
    let read = File::open(path).and_then(|mut file| io::Read::read_exact(&mut file, &mut found));
    read.is_ok() && found == prefix
}

/// Why the staging folder cannot be used, if something else lies there.
fn in_the_way(path: &Path) -> Option<String> {
    let metadata = path.symlink_metadata().ok()?;
    let sentence = |what: &str| {
        format!(
            "this folder is in the way and was not made by a merge{what}; move it: {}",
            path.display()
        )
    };
    if !metadata.is_dir() {
        return Some(sentence(""));
    }
    match names::stranger(path) {
        Ok(Some(stranger)) => {
            let name = stranger.strip_prefix(path).unwrap_or(&stranger);
            return Some(sentence(&format!(", as `{}` in it shows", name.display())));
        }
        Ok(None) => {}
        Err(error) => {
            return Some(format!(
                "the folder cannot be read: {error}: {}",
                path.display()
            ));
        }
    }
    let is_known = [LOCK_NAME, owned::MARK_NAME]
        .iter()
        .any(|name| path.join(name).is_file());
    let is_empty = folder::is_empty(path).unwrap_or(false);
    (!is_known && !is_empty).then(|| sentence(""))
}

fn sentence(error: &io::Error, path: &Path) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull => format!(
            "the disk is full; make room and start the same merge again: {}",
            path.display()
        ),
        _ => format!("could not be written: {error}: {}", path.display()),
    }
}
