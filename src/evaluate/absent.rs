//! The built-in evaluator of a build that has none: the same names, and one sentence.

use super::{EvaluateError, Task, TaskOutcome, TaskScore};
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
    pub fn path(&self) -> &std::path::Path {
        match *self {}
    }
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
