//! The output folder and what lies beside it.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use crate::checkpoint::{is_gguf_name, is_ours};
use crate::files::owned;
use crate::files::{Removal, sync_folder};

/// The folder that is written into before it is renamed.
pub(super) fn staging_path(out: &Path) -> PathBuf {
    beside(out, "kinfolk-merge")
}

/// Where the model that is replaced waits until the new one is in its place.
pub(super) fn old_path(out: &Path) -> PathBuf {
    beside(out, "kinfolk-old")
}

/// Hidden, so that it is not taken for a model.
fn beside(out: &Path, word: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(out.file_name().unwrap_or_default());
    name.push(".");
    name.push(word);
    out.with_file_name(name)
}

/// Why nothing can be written to `out`, if so.
pub fn objection(out: &Path, force: bool) -> Option<String> {
    let shown = out.display();
    if out.file_name().is_none() {
        return Some(format!("this is not a name for a new folder: {shown}"));
    }
    let metadata = out.symlink_metadata().ok()?;
    if !metadata.is_dir() {
        return Some(format!(
            "there is a file where the folder should be: {shown}"
        ));
    }
    match is_empty(out) {
        Ok(true) => return None,
        Ok(false) => {}
        Err(error) => return Some(format!("the folder cannot be read: {error}: {shown}")),
    }
    if !force {
        return Some(format!(
            "there is something already; choose another folder, or replace it (--force): {shown}"
        ));
    }
    // Replacing is removing, and only what this program has made is removed.
    let why = owned::objection(out, None)?;
    Some(format!(
        "--force replaces only what Kinfolk has made, and this folder stays because {why}; move \
         it, or choose another folder: {shown}"
    ))
}

/// Why no file can be written to `out`, if so.
pub(crate) fn file_objection(out: &Path, force: bool) -> Option<String> {
    let shown = out.display();
    if out.file_name().is_none() {
        return Some(format!("this is not a name for a new file: {shown}"));
    }
    let metadata = out.symlink_metadata().ok()?;
    if !metadata.is_file() {
        return Some(format!(
            "there is something that is no file where the file should be: {shown}"
        ));
    }
    if !force {
        return Some(format!(
            "there is something already; choose another name, or replace it (--force): {shown}"
        ));
    }
    (!is_ours(out)).then(|| {
        format!(
            "--force replaces only what Kinfolk has made, and this file does not say that it was; \
             move it, or choose another name: {shown}"
        )
    })
}

/// Gives the finished file its name, and removes the folder that it was made in.
///
/// # Errors
/// A sentence.
pub(super) fn publish_file(staging: &Path, made: &Path, out: &Path) -> Result<(), String> {
    let failed = |error: io::Error| format!("could not be written: {error}: {}", out.display());
    // Somebody may have put something there since the merge began.
    if let Some(objection) = file_objection(out, true) {
        return Err(objection);
    }
    std::fs::rename(made, out).map_err(failed)?;
    if let Some(parent) = out.parent() {
        sync_folder(parent).map_err(failed)?;
    }
    // What is left is the lock and the state; the next merge to this place would remove them.
    std::fs::remove_dir_all(staging).ok();
    Ok(())
}

/// Whether a model that this program has made lies at `out`, a folder or a GGUF file, which a
/// merge that is told to may replace.
pub fn may_replace(out: &Path) -> bool {
    let objection = if is_gguf_name(out) {
        file_objection
    } else {
        objection
    };
    objection(out, false).is_some() && objection(out, true).is_none()
}

pub(super) fn is_empty(folder: &Path) -> io::Result<bool> {
    Ok(std::fs::read_dir(folder)?.next().is_none())
}

/// Bytes of what an interrupted merge left beside `out`.
pub(crate) fn left_over_bytes(out: &Path) -> u64 {
    let sizes = |folder: PathBuf| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries
            .filter_map(|entry| Some(entry.metadata().ok()?.len()))
            .sum::<u64>()
    };
    sizes(staging_path(out))
}

/// Puts back a model whose replacement was interrupted between two renames.
pub(super) fn recover(out: &Path) -> io::Result<()> {
    let old = old_path(out);
    let is_ours = || owned::objection(&old, None).is_none();
    if out.symlink_metadata().is_err() && is_ours() {
        std::fs::rename(old, out)?;
    }
    Ok(())
}

/// What is in the way beside `out`, if anything: a folder that has the name of a replaced model
/// and is none.
pub(super) fn stranger_beside(out: &Path) -> Option<String> {
    let old = old_path(out);
    old.symlink_metadata().ok()?;
    let why = owned::objection(&old, None)?;
    Some(format!(
        "this is in the way and stays because {why}; move it: {}",
        old.display()
    ))
}

/// Gives the finished folder its name.
///
/// # Errors
/// A sentence; if it is about the model that was replaced, the new one is in its place.
pub(super) fn publish(staging: &Path, out: &Path, removal: Removal) -> Result<(), String> {
    let failed = |error: io::Error| format!("could not be written: {error}: {}", out.display());
    let old = old_path(out);
    if out.is_dir() {
        if is_empty(out).map_err(failed)? {
            std::fs::remove_dir(out).map_err(failed)?;
        } else {
            // Somebody may have put something in since the merge began.
            if let Some(objection) = objection(out, true) {
                return Err(objection);
            }
            if old.is_dir() {
                owned::remove(&old, None, removal)?;
            }
            std::fs::rename(out, &old).map_err(failed)?;
        }
    }
    sync_folder(staging).map_err(failed)?;
    std::fs::rename(staging, out).map_err(failed)?;
    if let Some(parent) = out.parent() {
        sync_folder(parent).map_err(failed)?;
    }
    if old.is_dir() {
        owned::remove(&old, None, removal)?;
    }
    Ok(())
}
