//! The record that the program carries: tables of others, and of the demo, as studies to learn
//! from. Each is opened as a copy in the user's own folder, so that notes and choices stay.
//!
//! The files in `resources/record` hold facts of published tables; each says in its `about`
//! what is printed, measured and derived, and `tests/workbench/record_library.rs` holds every row of them
//! against the tables.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::{NoticeKind, Workbench};
use crate::files::write_whole;
use crate::study::{StudyDoc, file};

/// A study that the program carries.
pub struct Bundled {
    /// Its short name, which its file has too.
    pub key: &'static str,
    /// Its name, as of the study.
    pub title: &'static str,
    /// What it holds, in one line.
    pub sentence: &'static str,
    text: &'static str,
    doc: OnceLock<StudyDoc>,
}

impl Bundled {
    /// The study as it is carried.
    pub fn doc(&self) -> &StudyDoc {
        // A text that is carried was read by the tests; there is nobody to tell of an error.
        let read = || file::from_text(self.text, Path::new("/")).unwrap_or_default();
        self.doc.get_or_init(read)
    }

    /// Its text, as a study file has it.
    pub fn text(&self) -> &'static str {
        self.text
    }
}

macro_rules! carried {
    ($key:literal, $title:literal, $sentence:literal) => {
        Bundled {
            key: $key,
            title: $title,
            sentence: $sentence,
            text: include_str!(concat!("../../resources/record/", $key, ".kinfolk.json")),
            doc: OnceLock::new(),
        }
    };
}

/// Everything that is carried, in the order on screen.
pub static LIBRARY: [Bundled; 5] = [
    carried!(
        "community",
        "Two lines of the Open LLM Leaderboard",
        "23 merges of Mistral-7B that lead to one model, and samples"
    ),
    carried!(
        "experiment",
        "The paper's experiment",
        "Greedy against kinship-guided, from three models"
    ),
    carried!(
        "humaneval",
        "The paper's experiment with HumanEval",
        "The same two searches with a model for code"
    ),
    carried!(
        "llama2",
        "The paper's experiment on Llama-2",
        "Kinship and difference in performance of 26 pairs"
    ),
    carried!(
        "demo-evolution",
        "The demo's evolution",
        "29 merges of the demo family, where exploring did not help"
    ),
];

/// The study of a key as it is carried; an empty one if there is none of that name.
pub fn bundled(key: &str) -> &'static StudyDoc {
    static NONE: OnceLock<StudyDoc> = OnceLock::new();
    match entry(key) {
        Some(bundled) => bundled.doc(),
        None => NONE.get_or_init(StudyDoc::default),
    }
}

fn entry(key: &str) -> Option<&'static Bundled> {
    LIBRARY.iter().find(|bundled| bundled.key == key)
}

fn path_of(data: &Path, key: &str) -> PathBuf {
    data.join("record").join(format!("{key}{}", file::ENDING))
}

impl Workbench {
    /// Opens a study of [`LIBRARY`] by its key, as a copy in the program's own folder; the
    /// user's changes to an earlier copy are kept.
    pub fn open_bundled(&mut self, key: &str) {
        let Some(bundled) = entry(key) else { return };
        let path = path_of(&self.folders.data, key);
        if !path.exists()
            && let Err(error) = write_whole(&path, bundled.text.as_bytes())
        {
            self.report_error("The record could not be opened", error);
            return;
        }
        self.open_study(&path);
    }

    /// Writes a study of [`LIBRARY`] out as it was at first, and opens it.
    pub fn restore_bundled(&mut self, key: &str) {
        let Some(bundled) = entry(key) else { return };
        let path = path_of(&self.folders.data, key);
        // What is not saved yet goes first, or it would be saved over the restored file.
        self.close_study();
        if let Err(error) = write_whole(&path, bundled.text.as_bytes()) {
            self.report_error("The record could not be restored", error);
            return;
        }
        self.open_study(&path);
        let title = format!("{} is as it was at first", bundled.title);
        self.notify(NoticeKind::Done, title, "");
    }

    /// The study of [`LIBRARY`] that is open, if one is.
    pub fn open_record(&self) -> Option<&'static Bundled> {
        self.record_at(self.path()?)
    }

    /// The study of [`LIBRARY`] whose copy lies at `path`, if one does.
    pub fn record_at(&self, path: &Path) -> Option<&'static Bundled> {
        let is_at = |b: &&Bundled| path_of(&self.folders.data, b.key) == path;
        LIBRARY.iter().find(is_at)
    }
}
