//! The demo family: carried inside the program, written out on first use.

use std::path::{Path, PathBuf};

use include_dir::{Dir, DirEntry, include_dir};

use super::folders::write_whole;
use crate::study::{Model, ModelId, StudyDoc, file};

static FAMILY: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/resources/demo");

/// Name of the study file in the demo's folder.
const STUDY: &str = "demo.kinfolk.json";

/// The members with what they were made from and trained for; the base comes first.
const MEMBERS: [(&str, Option<&str>, &str); 8] = [
    (
        "base",
        None,
        "Trained a little on all eight tasks, on purpose not to the end",
    ),
    (
        "abacus",
        Some("arith"),
        "A fine-tune of arith: sums, differences and reversing",
    ),
    ("arith", Some("base"), "Sums and differences"),
    (
        "ledger",
        Some("arith"),
        "A fine-tune of arith: sums, differences and the largest number",
    ),
    ("mirror", Some("base"), "Reversing and shifting letters"),
    (
        "order",
        Some("base"),
        "Sorting letters and the largest number",
    ),
    (
        "sorter",
        Some("base"),
        "Sorting letters and dropping repeats",
    ),
    (
        "tally",
        Some("base"),
        "Counting letters and dropping repeats",
    ),
];

/// Writes the demo family and its study below `dir`, leaving alone what is already there as
/// it should be; gives the path of the study file.
///
/// # Errors
/// What the file system says, with the path.
pub fn unpack(dir: &Path) -> Result<PathBuf, String> {
    write_dir(&FAMILY, dir)?;
    let path = study_path(dir);
    // The user's own changes to the demo study are kept.
    if !path.exists() {
        write_whole(&path, file::to_text(&study(dir), dir).as_bytes())?;
    }
    Ok(path)
}

/// Where the demo's study lies in `dir`.
pub fn study_path(dir: &Path) -> PathBuf {
    dir.join(STUDY)
}

/// The base and the models of the demo family in `dir`, with their names.
pub fn members(dir: &Path) -> Vec<(String, PathBuf)> {
    MEMBERS
        .iter()
        .map(|(name, ..)| ((*name).to_owned(), dir.join(name)))
        .collect()
}

fn study(dir: &Path) -> StudyDoc {
    let id = |name: &str| {
        MEMBERS
            .iter()
            .position(|m| m.0 == name)
            .map(|k| ModelId(k as u32))
    };
    let model = |(k, (name, parent, note)): (usize, &(&str, Option<&str>, &str))| Model {
        id: ModelId(k as u32),
        name: (*name).to_owned(),
        path: Some(dir.join(name)),
        base: parent.and_then(|_| id("base")),
        parents: parent.and_then(id).into_iter().collect(),
        note: (*note).to_owned(),
    };
    StudyDoc {
        name: "Demo family".to_owned(),
        models: MEMBERS.iter().enumerate().map(model).collect(),
        next_id: MEMBERS.len() as u32,
        ..StudyDoc::default()
    }
}

fn write_dir(from: &Dir<'_>, to: &Path) -> Result<(), String> {
    for entry in from.entries() {
        match entry {
            DirEntry::Dir(dir) => write_dir(dir, to)?,
            DirEntry::File(file) => {
                let path = to.join(file.path());
                let there = std::fs::read(&path).is_ok_and(|bytes| bytes == file.contents());
                if !there {
                    write_whole(&path, file.contents())?;
                }
            }
        }
    }
    Ok(())
}
