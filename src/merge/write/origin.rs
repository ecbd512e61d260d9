//! Where a child comes from, in the header of its files: the recipe, and the SHA-256 of every file
//! that was read for it.
//!
//! The header stands at the start of a file, and the sums are known only when all has been read.
//! So it is laid out with marks as long as a sum, one for each file, which are replaced by the
//! sums before the child gets its name. Hashing runs beside the merge, on a thread of its own for
//! each model: it reads what the merge reads at the same time, so that a file comes from the disk
//! once. A file that was hashed before in this process, and that has the length, time and header of
//! then, is not hashed again: an evolution merges the same parents very often.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::super::plan::Model;
use super::ShardPlan;
use crate::checkpoint::{Checkpoint, FileIdentity};
use crate::jobs::{Cancelled, Ticket};
use crate::parallel::lock;

/// The keys in the metadata of a safetensors file.
pub const RECIPE_KEY: &str = "kinfolk_recipe";
/// The parents as JSON: a list of [`ParentRecord`].
pub const PARENTS_KEY: &str = "kinfolk_parents";

/// A parent as the child's header names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParentRecord {
    /// As in the recipe.
    pub model: String,
    /// Its files of weights.
    pub files: Vec<FileRecord>,
}

/// A file of weights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Its name, without a folder.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// The SHA-256 of all of it, in hexadecimal; for a file on a store, which would have to be
    /// read twice, `etag:` and what the store calls its version.
    pub sha256: String,
}

/// What is written of a child's origin.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Origin {
    /// The recipe's text.
    pub(crate) recipe: String,
    /// The parents, with marks in place of sums.
    pub(crate) parents: Vec<ParentRecord>,
    /// The files, in the order of their marks.
    paths: Vec<Vec<FileIdentity>>,
}

/// What stands in a header until the sum of file `k` is known.
fn mark(k: usize) -> String {
    format!("{:*>64}", format!("sha256-of-file-{k}"))
}

impl Origin {
    /// That of a child of these models.
    pub(crate) fn of<'m>(recipe: &str, models: impl Iterator<Item = &'m Model>) -> Self {
        let mut origin = Self {
            recipe: recipe.to_owned(),
            ..Self::default()
        };
        let mut files = 0;
        for model in models {
            let Some(weights) = model.checkpoint() else {
                continue;
            };
            let name = model.reference.to_string();
            if origin.parents.iter().any(|known| known.model == name) {
                continue;
            }
            let opened = std::iter::once(weights).chain(&model.adapter);
            let found: Vec<&FileIdentity> = opened.flat_map(|own| weights_of(own)).collect();
            let mut sum = |file: &FileIdentity| {
                recorded_version(file).unwrap_or_else(|| {
                    files += 1;
                    mark(files - 1)
                })
            };
            let record = |file: &&FileIdentity| FileRecord {
                name: file_name(file),
                bytes: file.len,
                sha256: sum(file),
            };
            origin.parents.push(ParentRecord {
                model: name,
                files: found.iter().map(record).collect(),
            });
            let hashed = found.into_iter().filter(|file| file.version().is_none());
            origin.paths.push(hashed.cloned().collect());
        }
        origin
    }

    /// The entries of the header's metadata.
    pub(super) fn entries(&self) -> Vec<(&'static str, String)> {
        let parents = serde_json::to_string(&self.parents).unwrap_or_default();
        match self.recipe.is_empty() {
            true => Vec::new(),
            false => vec![(RECIPE_KEY, self.recipe.clone()), (PARENTS_KEY, parents)],
        }
    }

    /// Begins to hash the files.
    pub(crate) fn hash(&self) -> Hashing {
        let stop = std::sync::Arc::new(AtomicBool::new(false));
        let spawn = |paths: &Vec<FileIdentity>| {
            let (paths, stop) = (paths.clone(), std::sync::Arc::clone(&stop));
            let work = move || paths.iter().map(|path| file_sum(path, &stop)).collect();
            std::thread::Builder::new()
                .name("hash a parent".to_owned())
                .spawn(work)
        };
        Hashing {
            threads: self.paths.iter().map(spawn).collect(),
            stop,
        }
    }
}

/// The files of a checkpoint's weights.
pub fn weight_files(checkpoint: &Checkpoint) -> Vec<FileIdentity> {
    weights_of(checkpoint).cloned().collect()
}

/// The name of a file, without a folder.
pub fn file_name(file: &FileIdentity) -> String {
    let name = file.path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// What a record has of a file on a store in place of a sum; `None` for a file on a disk.
pub fn recorded_version(file: &FileIdentity) -> Option<String> {
    file.version().map(|version| format!("etag:{version}"))
}

fn weights_of(checkpoint: &Checkpoint) -> impl Iterator<Item = &FileIdentity> {
    let is_settings = |path: &Path| {
        let ending = path.extension().and_then(|ending| ending.to_str());
        matches!(ending, Some("json" | "jinja" | "txt" | "model"))
    };
    let files = checkpoint.identity().files.iter();
    files.filter(move |file| !is_settings(&file.path))
}

/// Bytes that are hashed between two looks whether to stop.
const PIECE: usize = 1 << 20;

/// Sums that were found in this process.
static KNOWN: Mutex<Vec<(FileIdentity, String)>> = Mutex::new(Vec::new());

/// The SHA-256 of a file, in hexadecimal; `None` if it was stopped.
fn file_sum(file: &FileIdentity, stop: &AtomicBool) -> io::Result<Option<String>> {
    let known = |(known, sum): &(FileIdentity, String)| (known == file).then(|| sum.clone());
    if let Some(sum) = lock(&KNOWN).iter().find_map(known) {
        return Ok(Some(sum));
    }
    let sum = sum_of(&file.path, &mut |_| !stop.load(Ordering::Relaxed))?;
    let still = file.path.metadata()?;
    let is_same = still.len() == file.len && still.modified().ok() == file.modified;
    if let Some(sum) = sum.as_ref().filter(|_| is_same) {
        lock(&KNOWN).push((file.clone(), sum.clone()));
    }
    Ok(sum)
}

/// The SHA-256 of a file in hexadecimal, read in pieces of a megabyte, as long as `goes_on` says
/// so of the bytes that were read.
///
/// # Errors
/// What the file system says.
pub fn sum_of(path: &Path, goes_on: &mut dyn FnMut(u64) -> bool) -> io::Result<Option<String>> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut piece = vec![0u8; PIECE];
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            return Ok(Some(super::hash::hexadecimal(hash.finalize())));
        }
        hash.update(&piece[..read]);
        if !goes_on(read as u64) {
            return Ok(None);
        }
    }
}

type Sums = io::Result<Vec<Option<String>>>;

/// Files that are being hashed; dropped, it stops.
pub(crate) struct Hashing {
    threads: Vec<io::Result<JoinHandle<Sums>>>,
    stop: std::sync::Arc<AtomicBool>,
}

impl Hashing {
    /// Waits for the sums, in the order of their marks.
    ///
    /// # Errors
    /// [`Cancelled`]; within, a sentence if a file cannot be read.
    pub(crate) fn wait(
        mut self,
        ticket: &Ticket,
    ) -> Result<Result<Vec<String>, String>, Cancelled> {
        let mut out = Vec::new();
        for thread in std::mem::take(&mut self.threads) {
            let failed = |error: io::Error| {
                format!("a parent could not be read again to be hashed: {error}")
            };
            let thread = match thread.map_err(failed) {
                Ok(thread) => thread,
                Err(sentence) => return Ok(Err(sentence)),
            };
            while !thread.is_finished() {
                ticket.advance(0)?;
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            let sums = thread
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("the thread ended by a bug")));
            match sums.map_err(failed) {
                Ok(sums) => out.extend(sums.into_iter().flatten()),
                Err(sentence) => return Ok(Err(sentence)),
            }
        }
        Ok(Ok(out))
    }
}

impl Drop for Hashing {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Replaces the marks in the header of a written file by the sums.
pub(crate) fn fill_in(folder: &Path, shard: &ShardPlan, sums: &[String]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .open(folder.join(&shard.file_name))?;
    // Marks stand in the order of their files.
    let mut from = 0;
    for (k, sum) in sums.iter().enumerate() {
        let mark = mark(k);
        let mut places = shard.prefix[from..].windows(mark.len());
        let Some(at) = places.position(|bytes| bytes == mark.as_bytes()) else {
            continue;
        };
        from += at;
        file.seek(SeekFrom::Start(from as u64))?;
        file.write_all(sum.as_bytes())?;
    }
    file.sync_all()
}
