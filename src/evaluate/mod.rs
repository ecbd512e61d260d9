//! How good a model is: by the built-in evaluator, for small models on the CPU, or by a program
//! of the user's. Files and figures go in, [`TaskScore`]s come out.

pub mod command;

/// What a model scored on one task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskScore {
    /// The task, as the study calls it.
    pub task: String,
    /// The score in points: accuracy from 0 to 100, or the perplexity itself.
    pub value: f64,
    /// Its standard error, in the same unit.
    pub stderr: Option<f64>,
    /// On how many items.
    pub n: Option<u64>,
    /// How many of them were right, where that is what is counted.
    pub correct: Option<u64>,
}
