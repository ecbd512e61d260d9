//! Kinship results on disk, so that a study opens with what it knew.
//!
//! One file a population, named by the keys of its files: first the base, then all of it. A
//! population that was never measured as such takes the result that shares most models.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::sketches;
use crate::files::{self, write_whole};
use crate::kinship::Precision;
use crate::kinship::store::{self, CachedKinship};

/// The most results that are kept; the oldest go.
const MOST_FILES: usize = 200;
/// The largest result that is read: 200 models of 4,000 tensors take half of it.
const MOST_BYTES: u64 = 4 << 30;
const ENDING: &str = "kinship.safetensors";

/// Keeps a result. A cache that cannot be written is no error: the result is there.
pub fn keep(dir: &Path, result: &CachedKinship) {
    let mut keys = result.models.clone();
    keys.sort();
    let name = format!("{}-{}.{ENDING}", short(&[&result.base]), short(&keys));
    if let Some(bytes) = store::to_bytes(result)
        && let Err(error) = write_whole(&dir.join(name), &bytes)
    {
        log::warn!("kinship cache: {error}");
    }
    prune(dir);
}

/// The result for `base` that knows most of `models`, cut to those it knows.
pub fn find(
    dir: &Path,
    base: &str,
    models: &[String],
    precision: Precision,
) -> Option<CachedKinship> {
    let prefix = short(&[base]);
    let mut best: Option<CachedKinship> = None;
    for path in files(dir) {
        let name = path.file_name().and_then(|name| name.to_str());
        let is_of_base = name.is_some_and(|name| name.starts_with(&prefix));
        let read = |path: &Path| store::from_bytes(&files::read(path, MOST_BYTES).ok()?);
        let Some(found) = is_of_base.then(|| read(&path)).flatten() else {
            continue;
        };
        if found.base != base || found.kinship.precision != precision {
            continue;
        }
        let found = cut(&found, models);
        if found.models.len() > best.as_ref().map_or(0, |best| best.models.len()) {
            best = Some(found);
        }
    }
    best
}

/// How much is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    pub files: usize,
    pub bytes: u64,
}

pub fn kept(dir: &Path) -> Kept {
    let files = all(dir);
    let sizes = files.iter().map(std::fs::metadata);
    Kept {
        bytes: sizes.map(|m| m.map_or(0, |m| m.len())).sum(),
        files: files.len(),
    }
}

/// Removes every kept result; says how many bytes that freed.
pub fn clear(dir: &Path) -> u64 {
    let size = |path: &PathBuf| std::fs::metadata(path).map_or(0, |m| m.len());
    let freed = |path: &PathBuf| (size(path), std::fs::remove_file(path).is_ok());
    let freed = all(dir).iter().map(freed).collect::<Vec<_>>();
    freed
        .iter()
        .filter(|(_, gone)| *gone)
        .map(|(size, _)| size)
        .sum()
}

/// `found` for those of `models` that it knows.
pub fn cut(found: &CachedKinship, models: &[String]) -> CachedKinship {
    let at = |key: &String| found.models.iter().position(|k| k == key);
    let known: Vec<usize> = models.iter().filter_map(at).collect();
    CachedKinship {
        base: found.base.clone(),
        models: known.iter().map(|&k| found.models[k].clone()).collect(),
        kinship: found.kinship.select(&known),
    }
}

fn short<S: AsRef<str>>(keys: &[S]) -> String {
    let mut hash = Sha256::new();
    for key in keys {
        hash.update(key.as_ref());
        hash.update([0]);
    }
    let hash = hash.finalize();
    hash.iter().take(8).map(|b| format!("{b:02x}")).collect()
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let is_result = |path: &PathBuf| path.to_str().is_some_and(|path| path.ends_with(ENDING));
    let mut out: Vec<PathBuf> = entries.map(|e| e.path()).filter(is_result).collect();
    out.sort();
    out
}

/// Results and sketches.
fn all(dir: &Path) -> Vec<PathBuf> {
    let mut out = files(dir);
    out.extend(sketches::files_in(dir));
    out
}

fn prune(dir: &Path) {
    let mut files = files(dir);
    if files.len() <= MOST_FILES {
        return;
    }
    files.sort_by_key(|path| std::fs::metadata(path).and_then(|m| m.modified()).ok());
    for path in &files[..files.len() - MOST_FILES] {
        std::fs::remove_file(path).ok();
    }
}
