//! The evaluators behind one door.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::evaluator::BY_HAND;
use super::judge::Said;
use crate::checkpoint::Checkpoint;
use crate::evaluate::command::{self, Call};
use crate::evaluate::{Model, Task, TaskScore, evaluate, read_tasks};
use crate::jobs::{Failure, Ticket};
use crate::study::Evaluator;
use crate::workbench::scoring::read_results;

/// What an evaluator found.
pub(super) struct Scores {
    /// One a task.
    pub scores: Vec<TaskScore>,
    /// Tasks whose scores are no points: perplexities, where less is better.
    pub no_points: Vec<String>,
    /// Where they are from.
    pub source: String,
}

/// Judges a model. `folder` is for what programs write, `say` hears what they print.
pub(super) fn judge(
    evaluator: &Evaluator,
    model: &Checkpoint,
    folder: &Path,
    ticket: &Ticket,
    say: &(dyn Fn(Said) + Sync),
) -> Result<Scores, Failure> {
    match evaluator {
        Evaluator::ByHand => Err(Failure::Failed(BY_HAND.to_owned())),
        Evaluator::BuiltIn { tasks } => built_in(tasks, model, ticket),
        Evaluator::Command { call } => by_command(call, model, folder, ticket, say),
    }
}

fn built_in(tasks: &[PathBuf], model: &Checkpoint, ticket: &Ticket) -> Result<Scores, Failure> {
    let tasks = tasks_at(tasks).map_err(Failure::Failed)?;
    let model = Model::load(model, ticket)?;
    let scores = evaluate(&model, &tasks, ticket)?;
    let uncounted = scores.iter().filter(|s| s.correct.is_none());
    Ok(Scores {
        no_points: uncounted.map(|s| s.task.clone()).collect(),
        scores,
        source: "built-in evaluator".to_owned(),
    })
}

fn by_command(
    call: &Call,
    model: &Checkpoint,
    folder: &Path,
    ticket: &Ticket,
    say: &(dyn Fn(Said) + Sync),
) -> Result<Scores, Failure> {
    let folder = folder.join(format!("{}-{}", std::process::id(), next_number()));
    let on_line = |line: command::Line| {
        say(Said {
            text: line.text,
            is_passing: line.is_passing,
        });
    };
    let finished = command::run(call, model.path(), &folder, ticket, &on_line)?;
    if let Some(text) = finished.note() {
        let is_passing = false;
        say(Said { text, is_passing });
    }
    let scores = read_results(&finished).map_err(Failure::Failed)?;
    // What it wrote is in the study now.
    for done in [
        std::fs::remove_dir_all(&folder),
        std::fs::remove_file(&finished.log),
    ] {
        if let Err(error) = done {
            log::warn!("{}: {error}", folder.display());
        }
    }
    Ok(Scores {
        scores,
        no_points: Vec::new(),
        source: call.program.clone(),
    })
}

/// Two evaluations of one program never write to one folder.
fn next_number() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed)
}

/// The tasks of files, and of the files in folders, in the order of their names.
///
/// # Errors
/// The sentence about the first file that holds no tasks, with its line.
pub fn tasks_at(paths: &[PathBuf]) -> Result<Vec<Task>, String> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(task_files(path)?);
        } else {
            files.push(path.clone());
        }
    }
    read_tasks(&files).map_err(|error| error.to_string())
}

fn task_files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let sentence = |error: std::io::Error| format!("{error}: {}", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(sentence)? {
        let path = entry.map_err(sentence)?.path();
        let ending = path.extension().and_then(|e| e.to_str());
        if matches!(ending, Some("jsonl" | "txt")) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

pub(super) fn built_in_objection(tasks: &[PathBuf]) -> Option<String> {
    tasks
        .is_empty()
        .then(|| "Choose the tasks that models are judged by".to_owned())
}

pub(super) fn command_objection(call: &Call) -> Option<String> {
    command::objection(call)
}
