//! Good copies of studies, for the day on which one cannot be read.
//!
//! A few a study, in the program's own folder, named by the study's path and by the time. A
//! copy is the text of the study as it was; paths in it start from the study's folder.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use super::Folders;
use crate::files::{self, write_whole};
use crate::study::file;

/// The most copies of one study.
const MOST: usize = 5;
/// Time between two copies while a study is worked on.
const EVERY: Duration = Duration::from_secs(600);
/// Larger studies would fill the folder.
const MOST_BYTES: u64 = 16 << 20;

/// A good copy of a study.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// The study that cannot be read.
    pub study: PathBuf,
    pub path: PathBuf,
    /// When it was made, in seconds since 1970.
    pub secs: u64,
    pub models: usize,
}

/// Keeps a copy of a study's text, unless a newer one than [`EVERY`] is there or the newest is
/// the same. A copy that cannot be written is no failure of the study.
pub(super) fn keep(folders: &Folders, study: &Path, text: &str) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |now| now.as_secs());
    let folder = folder(folders, study);
    let copies = copies(&folder);
    let is_fresh = copies.last().is_some_and(|(secs, path)| {
        now.saturating_sub(*secs) < EVERY.as_secs()
            || files::read(path, MOST_BYTES).is_ok_and(|old| old == text.as_bytes())
    });
    if is_fresh || text.len() as u64 > MOST_BYTES {
        return;
    }
    let path = folder.join(format!("{now}{}", file::ENDING));
    if let Err(error) = write_whole(&path, text.as_bytes()) {
        log::warn!("backup: {error}");
    }
    let surplus = (copies.len() + 1).saturating_sub(MOST);
    for (_, path) in &copies[..surplus.min(copies.len())] {
        std::fs::remove_file(path).ok();
    }
}

/// The newest copy that can be read.
pub(super) fn newest(folders: &Folders, study: &Path) -> Option<Backup> {
    let readable = |(secs, path): &(u64, PathBuf)| {
        let text = files::read_text(path, MOST_BYTES).ok()?;
        let doc = file::from_text(&text, Path::new("/")).ok()?;
        Some(Backup {
            study: study.to_owned(),
            path: path.clone(),
            secs: *secs,
            models: doc.models.len(),
        })
    };
    copies(&folder(folders, study))
        .iter()
        .rev()
        .find_map(readable)
}

fn folder(folders: &Folders, study: &Path) -> PathBuf {
    let path = std::path::absolute(study).unwrap_or_else(|_| study.to_owned());
    let hash = Sha256::digest(path.as_os_str().as_encoded_bytes());
    let name: String = hash.iter().take(8).map(|b| format!("{b:02x}")).collect();
    folders.data.join("backups").join(name)
}

/// The copies in a folder, the oldest first.
fn copies(folder: &Path) -> Vec<(u64, PathBuf)> {
    let time = |path: &PathBuf| {
        let name = path.file_name()?.to_str()?;
        name.strip_suffix(file::ENDING)?.parse().ok()
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut out: Vec<(u64, PathBuf)> = entries
        .map(|entry| entry.path())
        .filter_map(|path| Some((time(&path)?, path)))
        .collect();
    out.sort();
    out
}
