//! The study as text: versioned JSON, with paths relative to the study file where they can be.
//!
//! This only turns text into documents and back; who calls it reads and writes the file.

use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::bounds;
use super::doc::StudyDoc;
use crate::text::is_elsewhere;

/// What study files are called: `name.kinfolk.json`.
pub const ENDING: &str = ".kinfolk.json";

/// The version that is written.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct File {
    kinfolk: String,
    version: u32,
    #[serde(flatten)]
    doc: StudyDoc,
}

/// Why a text is not a study.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StudyError {
    /// Not JSON, or not of the right shape.
    #[error("this file is not a Kinfolk study; choose one that ends in {ENDING} ({0})")]
    Malformed(String),
    /// From a later version of the program.
    #[error(
        "this study was written by a later version of Kinfolk (format {found}, this one reads up to {VERSION}); update Kinfolk to open it"
    )]
    TooNew { found: u32 },
    /// Its ids leave no room for another.
    #[error(
        "the {what} id {id} leaves no room for another; write ids up to {most} into this study",
        most = bounds::MOST_ID
    )]
    IdTooHigh { what: &'static str, id: u32 },
}

/// The text of a document that will lie in folder `dir`.
pub fn to_text(doc: &StudyDoc, dir: &Path) -> String {
    let mut doc = doc.clone();
    // JSON cannot hold NaN, and a study with one would not open again.
    bounds::bound(&mut doc);
    for model in &mut doc.models {
        model.path = model.path.take().map(|path| relative(&path, dir));
    }
    for path in other_paths(&mut doc) {
        *path = relative(path, dir);
    }
    let file = File {
        kinfolk: "study".to_owned(),
        version: VERSION,
        doc,
    };
    // Plain data with string keys always has a JSON form.
    serde_json::to_string_pretty(&file).unwrap_or_default() + "\n"
}

/// The document that `text`, found in folder `dir`, holds.
///
/// # Errors
/// [`StudyError`] if the text is not a study, with line and column, or is too new.
pub fn from_text(text: &str, dir: &Path) -> Result<StudyDoc, StudyError> {
    #[derive(Deserialize)]
    struct Head {
        kinfolk: String,
        version: u32,
    }
    let malformed = |e: serde_json::Error| StudyError::Malformed(e.to_string());
    let head: Head = serde_json::from_str(text).map_err(malformed)?;
    if head.kinfolk != "study" {
        let kind = format!("its kind is {:?}", head.kinfolk);
        return Err(StudyError::Malformed(kind));
    }
    if head.version > VERSION {
        let found = head.version;
        return Err(StudyError::TooNew { found });
    }
    let file: File = serde_json::from_str(text).map_err(malformed)?;
    let mut doc = file.doc;
    for model in &mut doc.models {
        model.path = model.path.take().map(|path| match is_elsewhere(&path) {
            true => path,
            false => without_detours(&dir.join(path)),
        });
    }
    for path in other_paths(&mut doc) {
        *path = without_detours(&dir.join(&*path));
    }
    if let Some((what, id)) = bounds::too_high(&doc) {
        return Err(StudyError::IdTooHigh { what, id });
    }
    bounds::bound(&mut doc);
    // A file edited by hand may have forgotten the counter.
    let highest = doc.models.iter().map(|m| m.id.0 + 1).max().unwrap_or(0);
    doc.next_id = doc.next_id.max(highest);
    let highest = doc.drafts.iter().map(|d| d.id.0 + 1).max().unwrap_or(0);
    doc.next_draft = doc.next_draft.max(highest);
    let highest = doc.evolutions.iter().map(|e| e.id.0 + 1).max().unwrap_or(0);
    doc.next_evolution = doc.next_evolution.max(highest);
    Ok(doc)
}

/// Every path in a document beside those of its models.
fn other_paths(doc: &mut StudyDoc) -> Vec<&mut PathBuf> {
    let folders = doc.evolutions.iter_mut().map(|e| {
        let cluster = e.setup.cluster.iter_mut().map(|own| &mut own.folder);
        e.setup.folder.iter_mut().chain(cluster)
    });
    let mut out = doc.evaluator.paths_mut();
    out.extend(folders.flatten());
    out
}

/// `path` as seen from `dir`, if it lies in the same folder or below its parent; far-away
/// paths stay absolute, because a chain of `..` breaks as soon as one of the two moves.
fn relative(path: &Path, dir: &Path) -> PathBuf {
    if is_elsewhere(path) {
        return path.to_owned();
    }
    if let Ok(below) = path.strip_prefix(dir) {
        return below.to_owned();
    }
    let parent = dir
        .parent()
        .filter(|p| p.components().any(|c| matches!(c, Component::Normal(_))));
    match parent.and_then(|parent| path.strip_prefix(parent).ok()) {
        Some(below) => Path::new("..").join(below),
        None => path.to_owned(),
    }
}

/// `a/b/../c` as `a/c`, by its words alone.
pub fn without_detours(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir if out.file_name().is_some() => {
                out.pop();
            }
            Component::CurDir => {}
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::chart::Quantity;
    use super::super::{Model, ModelId};
    use super::*;
    use crate::kinship::Metric;

    fn doc() -> StudyDoc {
        let model = |id, path: &str| Model {
            id: ModelId(id),
            name: format!("m{id}"),
            path: Some(PathBuf::from(path)),
            ..Model::default()
        };
        StudyDoc {
            name: "学习 study".to_owned(),
            models: vec![
                model(0, "/home/u/studies/base"),
                model(1, "/home/u/models/a b"),
                model(2, "/mnt/disk/c"),
            ],
            next_id: 3,
            ..StudyDoc::default()
        }
    }

    #[test]
    fn a_study_comes_back_as_it_was() {
        let dir = Path::new("/home/u/studies");
        assert_eq!(from_text(&to_text(&doc(), dir), dir), Ok(doc()));
    }

    #[test]
    fn a_moved_study_finds_the_models_beside_it() {
        let text = to_text(&doc(), Path::new("/home/u/studies"));
        let moved = from_text(&text, Path::new("/media/x/studies")).unwrap();
        let paths: Vec<_> = moved
            .models
            .iter()
            .map(|m| m.path.clone().unwrap())
            .collect();
        assert_eq!(paths[0], Path::new("/media/x/studies/base"));
        assert_eq!(paths[1], Path::new("/media/x/models/a b"));
        assert_eq!(paths[2], Path::new("/mnt/disk/c"));
    }

    #[test]
    fn the_first_format_still_opens() {
        let text = r#"{"kinfolk": "study", "version": 1, "name": "old",
            "models": [{"id": 4, "name": "m", "path": "m"}]}"#;
        let doc = from_text(text, Path::new("/d")).unwrap();
        assert_eq!(doc.models[0].path.as_deref(), Some(Path::new("/d/m")));
        assert_eq!(doc.next_id, 5, "a forgotten counter is mended");
    }

    #[test]
    fn a_measure_of_a_later_version_opens_and_is_kept() {
        let text = r#"{"kinfolk": "study", "version": 1, "name": "later",
            "models": [{"id": 0, "name": "a"}, {"id": 1, "name": "b"}],
            "pairs": [{"models": [0, 1], "kinship": {"pearson": 0.25, "later": 0.5}}],
            "view": {
                "measure": {"metric": "later", "aggregate": "whole", "scope": {"kind": null}},
                "charts": {"x": {"kinship": "later"}, "metric": "later"},
                "columns": {"shown": ["kinship to best later"]}
            }}"#;
        let dir = Path::new("/d");
        let doc = from_text(text, dir).unwrap();
        let later = Metric::of_key("later");
        let check = |doc: &StudyDoc| {
            assert!(!later.is_known());
            assert_eq!(doc.view.measure.metric, later);
            assert_eq!(doc.view.charts.metric, later);
            assert_eq!(doc.view.charts.x, Quantity::Kinship(later));
            assert_eq!(doc.view.columns.shown, ["kinship to best later"]);
            let [a, b] = doc.pairs[0].models;
            assert_eq!(doc.given_kinship(a, b, later), Some(0.5));
            assert_eq!(doc.given_kinship(b, a, Metric::PEARSON), Some(0.25));
        };
        check(&doc);
        let again = from_text(&to_text(&doc, dir), dir).unwrap();
        check(&again);
        assert_eq!(again, doc);
    }

    #[test]
    fn kinship_is_written_as_it_always_was() {
        let text = r#"{"kinfolk": "study", "version": 1, "models": [],
            "pairs": [{"models": [0, 1],
                "kinship": {"pearson": 0.25, "cosine": 0.5, "euclidean": 2.0}}]}"#;
        let doc = from_text(text, Path::new("/d")).unwrap();
        let written: serde_json::Value =
            serde_json::from_str(&to_text(&doc, Path::new("/d"))).unwrap();
        let given: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(written["pairs"], given["pairs"]);
        assert_eq!(written["view"]["measure"]["metric"], "pearson");
    }

    #[test]
    fn what_is_no_study_is_refused_with_a_place() {
        let dir = Path::new("/d");
        for text in ["", "{", "[]", "{\"kinfolk\": \"recipe\", \"version\": 1}"] {
            assert!(
                matches!(from_text(text, dir), Err(StudyError::Malformed(_))),
                "{text}"
            );
        }
        let error = from_text("{\n  \"kinfolk\": 7", dir).unwrap_err();
        assert!(error.to_string().contains("line 2"), "{error}");
    }

    #[test]
    fn a_study_of_a_later_version_is_not_half_read() {
        let text = r#"{"kinfolk": "study", "version": 99, "models": "new shape"}"#;
        assert_eq!(
            from_text(text, Path::new("/d")),
            Err(StudyError::TooNew { found: 99 })
        );
    }
}
