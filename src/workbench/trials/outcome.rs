//! What came of a trial, as a file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::trial::Trial;
use crate::cluster::milliseconds;
use crate::files::{self, write_whole};
use crate::study::Score;

/// Far above what the scores of a thousand tasks take.
const MOST_BYTES: u64 = 4 << 20;
/// After this many tries a trial has failed.
pub(super) const MOST_TRIES: usize = 2;

/// The scores of a trial, with the trial: an outcome of anything else is refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    pub trial: Trial,
    /// Who has done it.
    pub worker: String,
    pub merge_seconds: f64,
    pub evaluate_seconds: f64,
    pub scores: Vec<Score>,
    /// Tasks whose scores are no points: perplexities, where less is better.
    pub no_points: Vec<String>,
}

/// An outcome, or why there is none.
pub type Result = std::result::Result<Outcome, String>;

#[derive(Serialize, Deserialize)]
struct Failed {
    worker: String,
    error: String,
    at_ms: u64,
}

/// Where the scores of a trial lie.
pub(super) fn place(out: &Path, trial: &Trial) -> PathBuf {
    out.join("results").join(format!("{}.json", trial.id))
}

fn place_of_failure(out: &Path, trial: &Trial, n: usize) -> PathBuf {
    let name = format!("{}.{n}.json", trial.id);
    out.join("failures").join(name)
}

/// Writes an outcome; it is there as a whole or not at all.
pub(super) fn write(out: &Path, outcome: &Outcome) -> std::result::Result<(), String> {
    let text = serde_json::to_string(outcome).map_err(|error| error.to_string())?;
    write_whole(&place(out, &outcome.trial), text.as_bytes())
}

/// Notes that a try has failed.
pub(super) fn note_failure(
    out: &Path,
    trial: &Trial,
    worker: &str,
    error: &str,
) -> std::result::Result<(), String> {
    let failed = Failed {
        worker: worker.to_owned(),
        error: error.to_owned(),
        at_ms: milliseconds(std::time::SystemTime::now()),
    };
    let text = serde_json::to_string(&failed).map_err(|error| error.to_string())?;
    let path = place_of_failure(out, trial, failures(out, trial));
    write_whole(&path, text.as_bytes())
}

fn failures(out: &Path, trial: &Trial) -> usize {
    let tries = (0..MOST_TRIES).take_while(|&n| place_of_failure(out, trial, n).exists());
    tries.count()
}

/// Forgets that it has failed, so that it is tried again.
pub(super) fn forget_failures(out: &Path, trial: &Trial) {
    for n in 0..MOST_TRIES {
        // One that is not there is forgotten already.
        std::fs::remove_file(place_of_failure(out, trial, n)).ok();
    }
}

/// Whether nothing is left to do for a trial.
pub(super) fn is_over(out: &Path, trial: &Trial) -> bool {
    place(out, trial).exists() || failures(out, trial) >= MOST_TRIES
}

/// The trials of a folder of which nothing is left to do, by their names: one look at two folders,
/// however many trials there are.
pub(super) fn over(out: &Path) -> BTreeSet<String> {
    let names = |folder: &str| {
        let entries = std::fs::read_dir(out.join(folder));
        let entries = entries.into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned())
    };
    let last = format!(".{}.json", MOST_TRIES - 1);
    let done = names("results").filter_map(|name| Some(name.strip_suffix(".json")?.to_owned()));
    let failed = names("failures").filter_map(|name| Some(name.strip_suffix(&last)?.to_owned()));
    done.chain(failed).collect()
}

/// What came of a trial; `None` before there is anything.
///
/// # Errors
/// A file that is not whole, or that is about something else.
pub(super) fn read(out: &Path, trial: &Trial) -> std::result::Result<Option<Result>, String> {
    let path = place(out, trial);
    match files::read_text(&path, MOST_BYTES) {
        Err(error) if error.is_missing() => Ok(read_failure(out, trial).map(Err)),
        Err(error) => Err(format!("{error}: {}", path.display())),
        Ok(text) => {
            let outcome = serde_json::from_str::<Outcome>(&text).ok();
            let outcome = outcome.filter(|outcome| outcome.trial == *trial);
            outcome.map(|outcome| Some(Ok(outcome))).ok_or_else(|| {
                format!(
                    "this result is not whole, or is of another trial; remove it and work \
                     again: {}",
                    path.display()
                )
            })
        }
    }
}

fn read_failure(out: &Path, trial: &Trial) -> Option<String> {
    let n = failures(out, trial);
    let path = place_of_failure(out, trial, n.checked_sub(1)?);
    if n < MOST_TRIES {
        return None;
    }
    let text = files::read_text(&path, MOST_BYTES).unwrap_or_default();
    let failed = serde_json::from_str::<Failed>(&text).ok();
    Some(failed.map_or_else(
        || format!("{} failed", trial.name),
        |failed| format!("{} failed: {}", trial.name, failed.error),
    ))
}
