//! The evaluators behind one door.

use std::path::{Path, PathBuf};

use crate::checkpoint::Checkpoint;
use crate::evaluate::TaskScore;
use crate::evaluate::command::Call;
use crate::jobs::{Failure, Ticket};
use crate::study::Evaluator;

/// What an evaluator found.
pub(super) struct Scores {
    /// One a task.
    pub scores: Vec<TaskScore>,
    /// Where they are from.
    pub source: String,
}

/// Judges a model. `folder` is for what programs write, `say` hears what they print.
pub(super) fn judge(
    evaluator: &Evaluator,
    model: &Checkpoint,
    folder: &Path,
    ticket: &Ticket,
    say: &(dyn Fn(String) + Sync),
) -> Result<Scores, Failure> {
    let _ = (evaluator, model, folder, ticket, say);
    Err(Failure::Failed("There is no evaluator yet".to_owned()))
}

pub(super) fn built_in_objection(tasks: &[PathBuf]) -> Option<String> {
    tasks
        .is_empty()
        .then(|| "Choose the tasks that models are judged by".to_owned())
}

pub(super) fn command_objection(call: &Call) -> Option<String> {
    call.program
        .is_empty()
        .then(|| "Say which program judges models".to_owned())
}
