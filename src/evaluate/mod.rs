//! How good a model is: by the built-in evaluator, for small models on the CPU, or by a program
//! of the user's. Files and figures go in, [`TaskScore`]s come out.
//!
//! The built-in evaluator is a default feature of the build. Without it the same functions are
//! there and say so in a sentence, so that callers do not have two ways.

pub mod command;

pub mod error;
pub mod task;

#[cfg(feature = "built-in-evaluator")]
mod model;
#[cfg(feature = "built-in-evaluator")]
mod run;

#[cfg(not(feature = "built-in-evaluator"))]
mod absent;

#[cfg(not(feature = "built-in-evaluator"))]
pub use absent::{Model, can_be_run, evaluate, evaluate_items, prompt_tokens, states_by_layer};
pub use error::EvaluateError;
#[cfg(feature = "built-in-evaluator")]
pub use model::{Model, can_be_run, prompt_tokens, states_by_layer};
#[cfg(feature = "built-in-evaluator")]
pub use run::{evaluate, evaluate_items, evaluate_with_rows};
pub use task::{Task, read_tasks};

/// What [`states_by_layer`] calls with a layer, the number of a text, and what enters the layer
/// after each of the text's tokens, [tokens, hidden] row by row.
pub type Visit<'v> = &'v mut dyn FnMut(usize, usize, &[f32]);

/// What a model scored on one task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskScore {
    pub task: String,
    /// The score in points: accuracy from 0 to 100, or the perplexity itself.
    pub value: f64,
    /// Its standard error, in the same unit.
    pub stderr: Option<f64>,
    /// On how many items; for a perplexity, over how many tokens.
    pub n: Option<u64>,
    /// How many of them were right, where that is what is counted.
    pub correct: Option<u64>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TaskOutcome {
    pub score: TaskScore,
    /// Its items in the order of the file; none for a perplexity.
    pub items: Vec<ItemOutcome>,
}

/// What a model answered to one prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemOutcome {
    pub prompt: String,
    pub expected: String,
    /// What it said, up to its end-of-text token, a stop text, or the most tokens allowed.
    pub got: String,
    /// Whether the two are the same text, to the last space.
    pub is_right: bool,
}
