//! What a folder offers: its manifest, and the runs whose trials stand in it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::outcome;
use super::trial::Trial;
use crate::cluster::{self, MANIFEST, State, is_past, milliseconds, other_lines, own_lines};
use crate::files::lock::{Locking, lock};
use crate::files::{self, write_whole};

const MOST_MANIFEST: u64 = 1 << 30;
const MOST_RUN: u64 = 64 << 10;
/// How long, in leases, a run that has fallen silent is waited for by those who wait.
const PATIENCE: u32 = 10;

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    /// Its leader is there, and more trials may come.
    Open,
    /// It was stopped and may go on.
    Paused,
    /// Nothing more comes.
    Ended,
}

/// A run of a folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Run {
    pub run: String,
    /// What people call it.
    pub title: String,
    pub stage: Stage,
    /// Until when it counts as open without a sign of life, in milliseconds since 1970.
    pub until_ms: u64,
}

impl Run {
    pub fn place(out: &Path, run: &str) -> PathBuf {
        out.join("runs").join(format!("{run}.json"))
    }

    pub fn write(&self, out: &Path) -> Result<(), String> {
        let text = serde_json::to_string(self).map_err(|error| error.to_string())?;
        write_whole(&Self::place(out, &self.run), text.as_bytes())
    }
}

fn runs(out: &Path) -> Vec<Run> {
    let entries = std::fs::read_dir(out.join("runs"));
    let paths = entries.into_iter().flatten().flatten().map(|e| e.path());
    let paths = paths.filter(|path| path.extension().is_some_and(|end| end == "json"));
    let read = |path: PathBuf| {
        let text = files::read_text(&path, MOST_RUN).ok()?;
        serde_json::from_str(&text).ok()
    };
    paths.filter_map(read).collect()
}

/// Whether trials were ever handed out in a folder.
pub fn has_runs(out: &Path) -> bool {
    out.join("runs").is_dir()
}

/// Whether more trials may come; `patient` workers wait for a run that has fallen silent too.
pub(super) fn is_open(out: &Path, lease: Duration, patient: bool) -> bool {
    let now = milliseconds(SystemTime::now());
    let patience = lease.saturating_mul(PATIENCE);
    let patience = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
    runs(out).iter().any(|run| match run.stage {
        Stage::Ended => false,
        Stage::Open if !is_past(run.until_ms) => true,
        Stage::Open | Stage::Paused => patient && run.until_ms.saturating_add(patience) >= now,
    })
}

/// The trials of a folder, in the order of its manifest.
///
/// # Errors
/// A manifest that cannot be read, or with a line that is no trial.
pub(super) fn trials(out: &Path) -> Result<Vec<Trial>, String> {
    let path = out.join(MANIFEST);
    let text = match files::read_text(&path, MOST_MANIFEST) {
        Err(error) if error.is_missing() => return Ok(Vec::new()),
        read => read.map_err(|error| format!("{error}: {}", path.display()))?,
    };
    let lines = other_lines(&text);
    let mut out = Vec::new();
    for line in lines.lines() {
        let trial: Option<Trial> = serde_json::from_str(line).ok();
        let trial = trial.filter(Trial::is_whole).ok_or_else(|| {
            format!(
                "a line of the manifest is no trial of this version of Kinfolk: {}",
                path.display()
            )
        })?;
        out.push(trial);
    }
    Ok(out)
}

/// Puts trials of a run into the manifest. Those of the same run that stood there before stay
/// if they are done; what nobody wants any more is not worked on.
///
/// # Errors
/// A folder that cannot be written.
pub(super) fn offer(out: &Path, run: &str, wanted: &[Trial]) -> Result<(), String> {
    std::fs::create_dir_all(out).map_err(|error| format!("{error}: {}", out.display()))?;
    let path = out.join(MANIFEST);
    // Another run may be writing its own; a file system without locks has one run at a time.
    let _held = held(&path);
    let old = files::read_text(&path, MOST_MANIFEST).unwrap_or_default();
    let mut all = trials(out)?;
    let over = outcome::over(out);
    let names: BTreeSet<&String> = wanted.iter().map(|trial| &trial.id).collect();
    all.retain(|own| !names.contains(&own.id) && (own.run != run || over.contains(&own.id)));
    let lines = all.iter().chain(wanted).map(|trial| {
        let line = serde_json::to_string(trial);
        line.map(|line| line + "\n").map_err(|e| e.to_string())
    });
    let lines = lines.collect::<Result<String, String>>()?;
    let text = own_lines(&old) + &lines;
    if text == old {
        return Ok(());
    }
    write_whole(&path, text.as_bytes())
}

fn held(path: &Path) -> Option<files::lock::Lock> {
    const TRIES: usize = 100;
    for _ in 0..TRIES {
        match lock(path) {
            Locking::Held(lock) => return Some(lock),
            Locking::Impossible => return None,
            Locking::Other(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
    None
}

/// How far the trials of a folder are, in the words of [`cluster::state`].
///
/// # Errors
/// As for the manifest.
pub fn standing(out: &Path) -> Result<State, String> {
    let claims = out.join("claims");
    let mut state = State {
        seen: cluster::seen(out),
        ..State::default()
    };
    let over = outcome::over(out);
    for trial in trials(out)? {
        state.tasks += 1;
        state.bytes.1 += trial.bytes();
        if over.contains(&trial.id) {
            state.done += 1;
            state.bytes.0 += trial.bytes();
            continue;
        }
        let holder = cluster::current(&claims, &trial.id);
        state.count(trial.id, holder);
    }
    Ok(state)
}
