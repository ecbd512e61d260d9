//! The built-in evaluator of a build that has none: the same names, and one sentence.

use std::path::Path;

use super::{EvaluateError, Task, TaskOutcome, TaskScore, Visit};
use crate::checkpoint::Checkpoint;
use crate::jobs::Ticket;

/// A model that is ready to be evaluated; there is none in this build.
#[derive(Debug)]
pub enum Model {}

impl Model {
    /// Says that this build cannot evaluate by itself.
    ///
    /// # Errors
    /// Always [`EvaluateError::NotBuiltIn`].
    pub fn load(_checkpoint: &Checkpoint, _ticket: &Ticket) -> Result<Self, EvaluateError> {
        Err(EvaluateError::NotBuiltIn)
    }

    /// The path that was opened.
    pub fn path(&self) -> &Path {
        match *self {}
    }
}

/// Says that this build cannot run a model.
///
/// # Errors
/// Always [`EvaluateError::NoPrompts`].
pub fn can_be_run(_checkpoint: &Checkpoint) -> Result<(), EvaluateError> {
    Err(EvaluateError::NoPrompts)
}

/// Says that this build cannot read prompts.
///
/// # Errors
/// Always [`EvaluateError::NoPrompts`].
pub fn prompt_tokens(_folder: &Path, _prompts: &[&str]) -> Result<Vec<Vec<u32>>, EvaluateError> {
    Err(EvaluateError::NoPrompts)
}

/// The same.
///
/// # Errors
/// As for [`prompt_tokens`].
pub fn states_by_layer(
    _checkpoint: &Checkpoint,
    _texts: &[Vec<u32>],
    _ticket: &Ticket,
    _visit: Visit<'_>,
) -> Result<(), EvaluateError> {
    Err(EvaluateError::NoPrompts)
}

/// Never called, for want of a model.
///
/// # Errors
/// None.
pub fn evaluate(
    model: &Model,
    _tasks: &[Task],
    _ticket: &Ticket,
) -> Result<Vec<TaskScore>, EvaluateError> {
    match *model {}
}

/// Never called, for want of a model.
///
/// # Errors
/// None.
pub fn evaluate_items(
    model: &Model,
    _tasks: &[Task],
    _ticket: &Ticket,
) -> Result<Vec<TaskOutcome>, EvaluateError> {
    match *model {}
}
