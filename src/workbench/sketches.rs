//! Sketches on disk, so that a model is read once, whoever asks and however often.
//!
//! One file a model, and a base where there is one, named by their keys.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::checkpoint::Checkpoint;
use crate::files::{self, write_whole};
use crate::jobs::Ticket;
use crate::kinship::MeasureError;
use crate::kinship::sketch::{self, Sketch};

/// The most that are kept, a third of a gigabyte; the oldest go.
const MOST_FILES: usize = 20_000;
const MOST_BYTES: u64 = 16 << 20;
const ENDING: &str = "sketch";

/// Where they lie below the cache's folder.
pub fn folder(cache: &Path) -> PathBuf {
    cache.join("sketches")
}

/// The sketch that is kept of a model, or a new one, which is kept.
///
/// # Errors
/// As for [`sketch::sketch`].
pub fn kept_or_made(
    cache: &Path,
    model: &Checkpoint,
    base: Option<&Checkpoint>,
    ticket: &Ticket,
) -> Result<Sketch, MeasureError> {
    let place = place(cache, model.key(), base.map(Checkpoint::key));
    if let Some(found) = read(&place, model, base) {
        let bytes = model.size_bytes() + base.map_or(0, Checkpoint::size_bytes);
        ticket.advance(bytes)?;
        return Ok(found);
    }
    let made = sketch::sketch(model, base, ticket)?;
    if let Err(error) = write_whole(&place, &sketch::write([&made])) {
        // A cache that cannot be written is no error: the sketch is there.
        log::warn!("sketch cache: {error}");
    }
    Ok(made)
}

fn place(cache: &Path, model: &str, base: Option<&str>) -> PathBuf {
    let mut hash = Sha256::new();
    for key in [Some(model), base].into_iter().flatten() {
        hash.update(key);
        hash.update([0]);
    }
    let hash = hash.finalize();
    let name: String = hash.iter().take(16).map(|b| format!("{b:02x}")).collect();
    folder(cache).join(format!("{name}.{ENDING}"))
}

fn read(place: &Path, model: &Checkpoint, base: Option<&Checkpoint>) -> Option<Sketch> {
    let found = sketch::read(&files::read(place, MOST_BYTES).ok()?)?;
    let base = base.map(Checkpoint::key);
    let is_wanted = |own: &Sketch| own.model == model.key() && own.base.as_deref() == base;
    found.into_iter().find(is_wanted)
}

/// The files that are kept.
pub(super) fn files_in(cache: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder(cache))
        .into_iter()
        .flatten()
        .flatten();
    let is_sketch = |path: &PathBuf| path.extension().is_some_and(|own| own == ENDING);
    let mut out: Vec<PathBuf> = entries.map(|e| e.path()).filter(is_sketch).collect();
    out.sort();
    out
}

/// Lets the oldest go where there are too many.
pub fn prune(cache: &Path) {
    let mut files = files_in(cache);
    let Some(too_many) = files.len().checked_sub(MOST_FILES) else {
        return;
    };
    files.sort_by_cached_key(|path| std::fs::metadata(path).and_then(|m| m.modified()).ok());
    for path in &files[..too_many] {
        std::fs::remove_file(path).ok();
    }
}
