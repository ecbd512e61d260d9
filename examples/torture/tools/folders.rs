//! Folders before and after: their names, their content by hash, and whether they were touched.

use kinfolk::files::owned::MARK_NAME;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use sha2::{Digest, Sha256};

/// The names in a folder, sorted; none if it is missing.
pub fn names(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let name = |entry: io::Result<std::fs::DirEntry>| {
        entry.map(|entry| entry.file_name().to_string_lossy().into_owned())
    };
    let mut names: Vec<String> = entries.map(name).collect::<io::Result<_>>()?;
    names.sort();
    Ok(names)
}

/// The SHA-256 of every file of a folder without folders, by name.
pub fn hashes(folder: &Path) -> io::Result<BTreeMap<String, String>> {
    let mut out = BTreeMap::new();
    // The mark of who made it holds times, which are others in every run.
    for name in names(folder)?.into_iter().filter(|name| name != MARK_NAME) {
        let mut hash = Sha256::new();
        io::copy(&mut File::open(folder.join(&name))?, &mut hash)?;
        out.insert(name, format!("{:x}", hash.finalize()));
    }
    Ok(out)
}

/// What shows that a file was touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    bytes: u64,
    /// Time of the last change.
    pub modified: SystemTime,
}

/// The stamp of every file of a folder without folders, by name.
pub fn stamps(folder: &Path) -> io::Result<BTreeMap<String, Stamp>> {
    let mut out = BTreeMap::new();
    for name in names(folder)? {
        let metadata = std::fs::metadata(folder.join(&name))?;
        let stamp = Stamp {
            bytes: metadata.len(),
            modified: metadata.modified()?,
        };
        out.insert(name, stamp);
    }
    Ok(out)
}

/// Copies a folder with all that it holds.
pub fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::create_dir_all(to)?;
    for name in names(from)? {
        let (from, to) = (from.join(&name), to.join(&name));
        if from.is_dir() {
            copy_folder(&from, &to)?;
        } else {
            std::fs::copy(from, to)?;
        }
    }
    Ok(())
}
