//! The studies that were open lately, newest first.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::files::{self, write_whole};

const MOST: usize = 12;
const FILE: &str = "recent.json";
/// Far above what that many take.
const MOST_BYTES: u64 = 1 << 20;

/// A study that was open lately.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recent {
    pub path: PathBuf,
    /// What the user calls it.
    pub name: String,
    pub models: usize,
    /// When it was last open, in seconds since 1970.
    pub opened_secs: u64,
}

/// The list, without studies that are gone. A list that cannot be read is empty.
pub fn list(data: &Path) -> Vec<Recent> {
    let text = files::read_text(&data.join(FILE), MOST_BYTES).unwrap_or_default();
    let mut out: Vec<Recent> = serde_json::from_str(&text).unwrap_or_default();
    out.retain(|recent| recent.path.is_file());
    out
}

/// Puts a study at the top of the list.
pub fn remember(data: &Path, path: &Path, name: &str, models: usize) {
    let mut recents = list(data);
    recents.retain(|recent| recent.path != path);
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let recent = Recent {
        path: path.to_owned(),
        name: name.to_owned(),
        models,
        opened_secs: since.map_or(0, |since| since.as_secs()),
    };
    recents.insert(0, recent);
    recents.truncate(MOST);
    write(data, &recents);
}

/// Takes a study off the list; the file stays.
pub fn forget(data: &Path, path: &Path) {
    let mut recents = list(data);
    recents.retain(|recent| recent.path != path);
    write(data, &recents);
}

fn write(data: &Path, recents: &[Recent]) {
    let Ok(text) = serde_json::to_string_pretty(recents) else {
        return;
    };
    if let Err(error) = write_whole(&data.join(FILE), text.as_bytes()) {
        log::warn!("recent studies: {error}");
    }
}
