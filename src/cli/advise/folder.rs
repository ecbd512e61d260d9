//! A study made of a folder: the models in it, and the tables that lie beside them.

use std::path::{Path, PathBuf};

use super::super::CliError;
use super::super::out;
use super::super::report::settle;
use crate::import::{self, Content, Source};
use crate::study::{Command, RecordEdit};
use crate::text::by_name;
use crate::workbench::{Notice, NoticeKind, Workbench};

/// The most tables of a folder that are read.
const MOST_TABLES: usize = 100;

/// Opens the models of a folder as a study without a file, and takes in the tables beside them.
///
/// # Errors
/// If it is cancelled. A model or a table that cannot be read is left out, and said.
pub(super) fn open(bench: &mut Workbench, folder: &Path) -> Result<(), CliError> {
    let name = folder.file_name().map(|name| name.to_string_lossy());
    bench.begin_unsaved(&name.unwrap_or_else(|| "models".into()));
    bench.add_paths(vec![folder.to_owned()]);
    settle(bench)?;
    let of_models = bench.take_notices();
    if !bench.study().doc().models.is_empty() {
        say_failures(of_models);
    }
    bench.read_scores(tables(folder));
    settle(bench)?;
    say_failures(bench.take_notices());
    while let Some(source) = bench.take_import_source() {
        take(bench, &source);
    }
    keep_tests_apart(bench);
    bench.take_notices();
    settle(bench)
}

/// What could not be read is left out, and said: the rest can be advised on.
fn say_failures(notices: Vec<Notice>) {
    for notice in notices {
        if notice.kind == NoticeKind::Failed {
            out::say(&format!("{}: {}", notice.title, notice.detail));
        }
    }
}

/// Tables of a folder by name, those of models before those of pairs and of runs.
fn tables(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is_table = |path: &PathBuf| {
        let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        matches!(ending.as_deref(), Some("csv" | "tsv"))
    };
    let mut out: Vec<PathBuf> = entries.map(|e| e.path()).filter(is_table).collect();
    let name = |path: &PathBuf| path.to_string_lossy().into_owned();
    out.sort_by(|a, b| by_name(&name(a), &name(b)));
    out.truncate(MOST_TABLES);
    out
}

fn take(bench: &mut Workbench, source: &Source) {
    let doc = bench.study().doc();
    let ready = match &source.content {
        Content::Table(table) => import::apply(table, &import::guess(table), doc, &source.name),
        Content::Harness(_) => return,
        Content::Broken(errors) => Err(errors.clone()),
    };
    match ready {
        Ok(mut ready) => {
            import::settle(&mut ready, doc, &import::SameTasks::default());
            bench.apply(Command::Record(RecordEdit::Import(ready.import)));
        }
        Err(errors) => {
            let why = errors.first().map_or(String::new(), ToString::to_string);
            out::say(&format!("left out {}: {why}", source.name));
        }
    }
}

/// Where tasks come as dev and as test, what selects is dev: test reports.
fn keep_tests_apart(bench: &mut Workbench) {
    let tasks = bench.record().tasks.clone();
    let is_dev = |task: &&String| task.to_lowercase().contains("dev");
    if !tasks.iter().any(|task| is_dev(&task)) {
        return;
    }
    for task in tasks {
        if task.to_lowercase().contains("test") {
            bench.apply(Command::Record(RecordEdit::CountTask(task, false)));
        }
    }
}
