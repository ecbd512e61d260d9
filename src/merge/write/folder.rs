//! The output folder and what lies beside it.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use crate::files::sync_folder;

/// What a model folder may hold beside what ends in one of [`MODEL_ENDINGS`].
const MODEL_FILES: [&str; 6] = [
    // Left if the program was stopped between the last two steps.
    "kinfolk-merge.lock",
    "LICENSE",
    "LICENSE.txt",
    "NOTICE",
    ".gitattributes",
    ".gitignore",
];
const MODEL_ENDINGS: [&str; 8] = [
    "safetensors",
    "json",
    "model",
    "txt",
    "jinja",
    "md",
    "yml",
    "yaml",
];

/// The folder that is written into before it is renamed.
pub(super) fn staging_path(out: &Path) -> PathBuf {
    beside(out, "kinfolk-merge")
}

/// Where the model that is replaced waits until the new one is in its place.
pub(super) fn old_path(out: &Path) -> PathBuf {
    beside(out, "kinfolk-old")
}

/// Hidden, so that nobody takes it for a model.
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
        return Some(format!("this is no name for a new folder: {shown}"));
    }
    let metadata = out.symlink_metadata().ok()?;
    if !metadata.is_dir() {
        return Some(format!(
            "there is a file where the folder should be: {shown}"
        ));
    }
    let names = match names(out) {
        Ok(names) => names,
        Err(error) => return Some(format!("the folder cannot be read: {error}: {shown}")),
    };
    if names.is_empty() {
        return None;
    }
    if !force {
        return Some(format!(
            "there is something already; choose another folder, or replace it with --force: {shown}"
        ));
    }
    // Replacing is deleting: only what is a model, and nothing else, is deleted.
    let foreign = names
        .iter()
        .find(|name| !is_part_of_model(&out.join(name)))?;
    Some(format!(
        "--force replaces model folders, and this one holds `{}`, which is no part of a model; \
         choose another folder: {shown}",
        foreign.to_string_lossy()
    ))
}

/// Whether nothing but a model lies at `out`, which a merge that is told to may replace.
pub fn may_replace(out: &Path) -> bool {
    objection(out, false).is_some() && objection(out, true).is_none()
}

fn is_part_of_model(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    path.symlink_metadata().is_ok_and(|m| m.is_file())
        && (MODEL_FILES.contains(&name.as_ref()) || MODEL_ENDINGS.contains(&ending.as_ref()))
}

fn names(folder: &Path) -> io::Result<Vec<OsString>> {
    let mut names: Vec<OsString> = std::fs::read_dir(folder)?
        .map(|entry| Ok(entry?.file_name()))
        .collect::<io::Result<_>>()?;
    names.sort();
    Ok(names)
}

/// Bytes of what an interrupted merge left beside `out`.
pub(in crate::merge) fn left_over_bytes(out: &Path) -> u64 {
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
    if old.is_dir() && out.symlink_metadata().is_err() {
        std::fs::rename(old, out)?;
    }
    Ok(())
}

/// Gives the finished folder its name.
pub(super) fn publish(staging: &Path, out: &Path) -> io::Result<()> {
    let old = old_path(out);
    if out.is_dir() {
        if names(out)?.is_empty() {
            std::fs::remove_dir(out)?;
        } else {
            if old.is_dir() {
                std::fs::remove_dir_all(&old)?;
            }
            std::fs::rename(out, &old)?;
        }
    }
    sync_folder(staging)?;
    std::fs::rename(staging, out)?;
    if let Some(parent) = out.parent() {
        sync_folder(parent)?;
    }
    if old.is_dir() {
        std::fs::remove_dir_all(&old)?;
    }
    Ok(())
}
