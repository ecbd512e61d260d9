//! Reading files and folders to be imported, and carrying an import out.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{NoticeKind, Workbench};
use crate::files::{self, ReadError};
use crate::import::{
    Content, ImportError, Note, Preview, Results, Source, harness, is_json, text_of,
};
use crate::jobs::{Cancelled, Failure, Ticket};
use crate::study::{Command, Import, RecordEdit, file};

/// The largest file that is read: a leaderboard of a hundred thousand models has less.
const MOST_BYTES: u64 = 64 << 20;
/// The most result files of one folder.
const MOST_FILES: usize = 2_000;
/// How deep a folder is searched for result files: `results/org__model/results_….json`.
const DEPTH: usize = 6;
/// Files of one folder that are looked at to tell what it holds.
const LOOKED_AT: usize = 500;

impl Workbench {
    /// Opens whatever is at `paths`: a study, tables and results to be imported, or models.
    ///
    /// Studies are known by their ending and, like result files, by their content; a folder
    /// holds results if files in it are called so and no weights lie beside them.
    pub fn open_paths(&mut self, paths: Vec<PathBuf>) {
        let (mut studies, mut scores, mut models) = (Vec::new(), Vec::new(), Vec::new());
        for path in paths {
            match kind_of(&path) {
                Kind::Study => studies.push(path),
                Kind::Scores => scores.push(path),
                Kind::Models => models.push(path),
            }
        }
        if let Some(study) = studies.first() {
            self.open_study(study);
        }
        self.add_paths(models);
        self.read_scores(scores);
    }

    /// Reads tables, result files and folders of result files, to be taken by
    /// [`Self::take_import_source`].
    pub fn read_scores(&mut self, paths: Vec<PathBuf>) {
        if paths.is_empty() {
            return;
        }
        let read = move |ticket: &Ticket| {
            let mut found = Found::default();
            for path in &paths {
                found.read(path, ticket)?;
            }
            let studies = std::mem::take(&mut found.studies);
            Ok((found.sources(&paths), studies))
        };
        self.spawn("Reading scores", read, |bench, (sources, studies)| {
            bench.on_scores_read(sources, &studies);
        });
    }

    fn on_scores_read(&mut self, sources: Vec<Source>, studies: &[PathBuf]) {
        if let Some(study) = studies.first() {
            self.open_study(study);
        }
        self.session.import_sources.extend(sources);
    }

    /// What was read and waits to be imported, the oldest first.
    pub fn take_import_source(&mut self) -> Option<Source> {
        self.session.import_sources.pop_front()
    }

    /// Takes a table into the study; starts one if none is open.
    pub fn import(&mut self, import: Import) {
        if !self.is_open() {
            let name = Path::new(&import.title).file_stem();
            let name = name.map_or_else(|| import.title.clone(), |n| n.to_string_lossy().into());
            self.begin_study(&name);
        }
        let title = import.title.clone();
        let done = Preview::new(&import, self.doc()).sentence();
        let revision = self.revision();
        self.apply(Command::Record(RecordEdit::Import(import)));
        if self.revision() == revision {
            let title = format!("{title} holds nothing new");
            self.notify(NoticeKind::Note, title, "The study is as it was");
        } else {
            self.notify(NoticeKind::Changed, format!("{title} imported"), done);
        }
    }
}

/// What a path is, as far as its name and its folder tell.
enum Kind {
    Study,
    Scores,
    Models,
}

fn kind_of(path: &Path) -> Kind {
    if path.is_dir() {
        return match holds_results(path) {
            true => Kind::Scores,
            false => Kind::Models,
        };
    }
    let name = path.file_name().map(|n| n.to_string_lossy().to_lowercase());
    let name = name.unwrap_or_default();
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    match ending.as_deref() {
        _ if name.ends_with(file::ENDING) => Kind::Study,
        _ if name.ends_with(".safetensors.index.json") => Kind::Models,
        _ if name.ends_with(".bin.index.json") => Kind::Models,
        Some("json" | "csv" | "tsv" | "tab" | "txt" | "md") => Kind::Scores,
        _ => Kind::Models,
    }
}

/// Whether result files lie in a folder or one below, and no weights beside them.
fn holds_results(dir: &Path) -> bool {
    let below = |dir: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
        entries.take(LOOKED_AT).map(|entry| entry.path()).collect()
    };
    let own = below(dir);
    let is_weights = |path: &PathBuf| {
        let name = path.file_name().map(|n| n.to_string_lossy());
        let is_torch = name.is_some_and(|n| n.starts_with("pytorch_model"));
        let is_of_weights = |e: &std::ffi::OsStr| e == "safetensors" || e == "gguf";
        is_torch || path.extension().is_some_and(is_of_weights)
    };
    if own.iter().any(is_weights) {
        return false;
    }
    let has = |paths: &[PathBuf]| paths.iter().any(|path| is_result_file(path));
    has(&own) || own.iter().any(|path| path.is_dir() && has(&below(path)))
}

/// `results_2024-05-01T12-00-00.json` and `results.json`, not the samples beside them.
fn is_result_file(path: &Path) -> bool {
    let name = path.file_name().map(|n| n.to_string_lossy());
    let name = name.unwrap_or_default();
    let is_ours = name == "results.json" || name.starts_with("results_");
    is_ours && name.ends_with(".json") && path.is_file()
}

/// What was found in the files so far.
#[derive(Default)]
struct Found {
    tables: Vec<Source>,
    broken: Vec<Source>,
    runs: Vec<harness::ModelResults>,
    notes: Vec<Note>,
    studies: Vec<PathBuf>,
    files: usize,
}

impl Found {
    fn read(&mut self, path: &Path, ticket: &Ticket) -> Result<(), Failure> {
        if path.is_dir() {
            self.read_folder(path, ticket)
        } else {
            ticket.expect(size_of(path));
            let content = self.content(path, ticket)?;
            self.keep(path, content);
            Ok(())
        }
    }

    /// The result files of a folder; broken ones are left out, and said.
    fn read_folder(&mut self, dir: &Path, ticket: &Ticket) -> Result<(), Failure> {
        let mut files = Vec::new();
        result_files(dir, DEPTH, ticket, &mut files)?;
        if files.len() > MOST_FILES {
            files.truncate(MOST_FILES);
            let note = format!("Only the first {MOST_FILES} result files of the folder are read");
            self.notes.push(Note::left_out(note));
        }
        ticket.expect(files.iter().map(|path| size_of(path)).sum());
        let before = self.runs.len();
        let mut errors = Vec::new();
        for path in &files {
            match self.content(path, ticket)? {
                Ok(Held::Runs(runs)) => self.runs.extend(runs),
                Ok(Held::Table(_)) => {}
                Ok(Held::Study) => self.studies.push(path.clone()),
                Err(error) => errors.push((label(path), error)),
            }
        }
        let notes = errors
            .iter()
            .map(|(label, e)| format!("{label} is left out. {e}"));
        if self.runs.len() > before {
            self.notes.extend(notes.map(Note::left_out));
            return Ok(());
        }
        let mut errors: Vec<ImportError> = notes.map(ImportError::whole).collect();
        if errors.is_empty() {
            let message = "No result files lie in this folder; lm-evaluation-harness calls \
                           them results_….json";
            errors.push(ImportError::whole(message));
        }
        self.broken.push(Source {
            name: last_part(dir),
            content: Content::Broken(errors),
        });
        Ok(())
    }

    fn keep(&mut self, path: &Path, content: Result<Held, ImportError>) {
        let name = last_part(path);
        match content {
            Ok(Held::Study) => self.studies.push(path.to_owned()),
            Ok(Held::Runs(runs)) => self.runs.extend(runs),
            Ok(Held::Table(text)) => {
                let source = Source::from_text(&name, &text);
                match source.content {
                    Content::Broken(_) => self.broken.push(source),
                    _ => self.tables.push(source),
                }
            }
            Err(error) => self.broken.push(Source {
                name,
                content: Content::Broken(vec![error]),
            }),
        }
    }

    fn content(
        &mut self,
        path: &Path,
        ticket: &Ticket,
    ) -> Result<Result<Held, ImportError>, Cancelled> {
        self.files += 1;
        match files::read_with(path, MOST_BYTES, ticket) {
            Ok(bytes) => Ok(content(&label(path), &bytes)),
            Err(ReadError::Cancelled(cancelled)) => Err(cancelled),
            Err(error) => Ok(Err(unreadable(&error))),
        }
    }

    /// What goes to the window: broken files first, then results in one, then tables.
    fn sources(self, paths: &[PathBuf]) -> Vec<Source> {
        let mut out = self.broken;
        if !self.runs.is_empty() {
            let mut results = Results::merged(self.runs);
            results.notes.splice(0..0, self.notes);
            let name = match paths {
                [one] => last_part(one),
                _ => format!("{} result files", self.files),
            };
            out.push(Source {
                name,
                content: Content::Harness(results),
            });
        }
        out.extend(self.tables);
        out
    }
}

enum Held {
    Runs(Vec<harness::ModelResults>),
    Table(String),
    Study,
}

fn content(label: &str, bytes: &[u8]) -> Result<Held, ImportError> {
    let text = text_of(bytes)?;
    if !is_json(&text) {
        return Ok(Held::Table(text));
    }
    if is_study(&text) {
        return Ok(Held::Study);
    }
    harness::read(label, &text).map(Held::Runs)
}

/// Whether a JSON text says that it is a study.
fn is_study(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Head {
        kinfolk: String,
    }
    let says = |head: Head| head.kinfolk == "study";
    text.contains("\"kinfolk\"") && serde_json::from_str(text).is_ok_and(says)
}

pub(super) fn read_bounded(path: &Path) -> Result<Vec<u8>, ImportError> {
    files::read(path, MOST_BYTES).map_err(|error| unreadable(&error))
}

fn unreadable(error: &ReadError) -> ImportError {
    ImportError::whole(match error {
        ReadError::TooLong(most) => {
            let most = most >> 20;
            format!("It is larger than {most} MiB, which no table of scores is")
        }
        _ => format!("It could not be read: {error}"),
    })
}

fn size_of(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |m| m.len().min(MOST_BYTES))
}

/// Result files below a folder in the order of their names, one more than are wanted at most.
fn result_files(
    dir: &Path,
    depth: usize,
    ticket: &Ticket,
    out: &mut Vec<PathBuf>,
) -> Result<(), Cancelled> {
    ticket.advance(0)?;
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if out.len() > MOST_FILES {
            break;
        }
        let hidden = last_part(&path).starts_with('.');
        if is_result_file(&path) {
            out.push(path);
        } else if depth > 1 && !hidden && path.is_dir() {
            result_files(&path, depth - 1, ticket, out)?;
        }
    }
    Ok(())
}

fn last_part(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

/// A file with its folder, which may tell the model: `org__model/results_….json`.
fn label(path: &Path) -> String {
    let folder = path.parent().and_then(Path::file_name);
    match folder {
        Some(folder) => format!("{}/{}", folder.to_string_lossy(), last_part(path)),
        None => last_part(path),
    }
}
