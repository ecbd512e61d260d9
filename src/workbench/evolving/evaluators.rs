//! The evaluators behind one door.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::evaluating::LogLine;
use super::evaluator::BY_HAND;
use crate::checkpoint::Checkpoint;
use crate::evaluate::command::{self, Call};
use crate::evaluate::{Model, Task, TaskScore, evaluate, read_tasks};
use crate::jobs::{Failure, Ticket};
use crate::study::{Evaluator, Score};
use crate::workbench::scoring::read_results;

pub(in crate::workbench) struct Scores {
    pub scores: Vec<TaskScore>,
    /// Tasks whose scores are no points: perplexities, where less is better.
    pub no_points: Vec<String>,
    pub source: String,
}

pub(in crate::workbench) fn objection(evaluator: &Evaluator) -> Option<String> {
    match evaluator {
        Evaluator::ByHand => None,
        Evaluator::BuiltIn { tasks } => {
            (tasks.is_empty()).then(|| "Choose the tasks that models are judged by".to_owned())
        }
        Evaluator::Command { call } => command::objection(call),
    }
}

/// Judges a model. `folder` is for what programs write, `say` hears what they print.
pub(in crate::workbench) fn evaluate_by(
    evaluator: &Evaluator,
    model: &Checkpoint,
    folder: &Path,
    ticket: &Ticket,
    say: &(dyn Fn(LogLine) + Sync),
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
    say: &(dyn Fn(LogLine) + Sync),
) -> Result<Scores, Failure> {
    prune(folder);
    let folder = folder.join(format!("{}-{}", std::process::id(), next_number()));
    let on_line = |line: command::Line| {
        say(LogLine {
            text: line.text,
            is_transient: line.is_passing,
        });
    };
    let finished = command::run(call, model.path(), &folder, ticket, &on_line)?;
    if let Some(text) = finished.note() {
        let is_transient = false;
        say(LogLine { text, is_transient });
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

/// What failed evaluations have left behind, newest first, is kept so far: folders and logs.
const MOST_LEFT: usize = 40;

/// Removes what the oldest failed evaluations have left in the program's own folder.
fn prune(folder: &Path) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut left: Vec<_> = entries
        .filter(|entry| is_of_an_evaluation(&entry.file_name().to_string_lossy()))
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    left.sort();
    let surplus = left.len().saturating_sub(MOST_LEFT);
    for (_, path) in &left[..surplus] {
        let removed = match path.symlink_metadata().is_ok_and(|m| m.is_dir()) {
            true => std::fs::remove_dir_all(path),
            false => std::fs::remove_file(path),
        };
        if let Err(error) = removed {
            log::warn!("{}: {error}", path.display());
        }
    }
}

/// `4711-3` or `4711-3.log`.
fn is_of_an_evaluation(name: &str) -> bool {
    let stem = name.strip_suffix(".log").unwrap_or(name);
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    stem.split_once('-')
        .is_some_and(|(process, number)| is_number(process) && is_number(number))
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
    read_tasks(&task_paths(paths)?).map_err(|error| error.to_string())
}

/// The files of tasks, those in folders in the order of their names.
///
/// # Errors
/// A folder that cannot be read.
pub fn task_paths(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(task_files(path)?);
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

/// A score as a study writes it down.
pub(in crate::workbench) fn scored(found: TaskScore, source: &str) -> Score {
    Score {
        task: found.task,
        value: found.value,
        stderr: found.stderr,
        n: found.n,
        source: source.to_owned(),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_13_failed_evaluations_do_not_fill_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        for k in 0..60 {
            let folder = dir.path().join(format!("7-{k}"));
            std::fs::create_dir(&folder).unwrap();
            std::fs::write(folder.join("samples.json"), "{}").unwrap();
            std::fs::write(dir.path().join(format!("7-{k}.log")), "").unwrap();
        }
        std::fs::write(dir.path().join("notes.txt"), "mine").unwrap();
        prune(dir.path());
        let left = std::fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(left, MOST_LEFT + 1);
        assert!(dir.path().join("notes.txt").is_file());
    }
}
