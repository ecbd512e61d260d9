//! The study's file and what lies beside it.

use std::path::{Path, PathBuf};

use crate::files;
use crate::study::{StudyDoc, file};

/// The largest study that is read: a hundred times more than one with 200 models takes.
pub(super) const MOST_STUDY_BYTES: u64 = 64 << 20;

/// The folder that paths in a study start from: that of the file itself, also where a link leads
/// to it.
pub(super) fn folder_of(study: &Path) -> PathBuf {
    let file = files::followed(study).unwrap_or_else(|_| study.to_owned());
    let file = std::path::absolute(&file).unwrap_or(file);
    file.parent().unwrap_or(Path::new("/")).to_owned()
}

pub(super) fn read_study(path: &Path) -> Result<(StudyDoc, String), String> {
    let sentence = |e: &dyn std::fmt::Display| format!("{e}: {}", path.display());
    let text = files::read_text(path, MOST_STUDY_BYTES).map_err(|e| sentence(&e))?;
    let doc = file::from_text(&text, &folder_of(path)).map_err(|e| sentence(&e))?;
    Ok((doc, text))
}

pub(super) fn with_ending(path: &Path) -> PathBuf {
    let mut name = path.with_extension("").into_os_string();
    name.push(file::ENDING);
    PathBuf::from(name)
}

/// Keeps what lies at a study's path in a file beside it.
pub(super) fn set_aside(study: &Path) -> Result<PathBuf, String> {
    let kept = free_name(study, "other");
    let sentence = |error: std::io::Error| format!("{error}: {}", kept.display());
    std::fs::copy(study, &kept).map_err(sentence)?;
    Ok(kept)
}

/// A free name beside a study that no study has: `name.kinfolk.json.damaged`.
pub(super) fn free_name(study: &Path, word: &str) -> PathBuf {
    let name = |n: u32| {
        let mut name = study.as_os_str().to_owned();
        name.push(match n {
            1 => format!(".{word}"),
            _ => format!(".{word}-{n}"),
        });
        PathBuf::from(name)
    };
    let mut names = (1u32..).map(name);
    names
        .find(|path| path.symlink_metadata().is_err())
        .unwrap_or_default()
}
