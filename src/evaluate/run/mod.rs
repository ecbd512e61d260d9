//! Carries out tasks: prompts in batches of equal length, on all threads of the current pool.
//!
//! An answer is decoded greedily and ends at the model's end-of-text token, at a stop text, or
//! after the most tokens: those that its line allows, else those of the longest answer of its
//! task and a quarter more, at least four. It is right if it is the expected text to the last
//! space, as in the exact match of other evaluators without any filter.
//!
//! Batches are made from the tasks alone, so that one thread and many give the same bits. Other
//! batches give the same answers unless two logits agree to their last digits; see the decoder.

mod encoded;
mod generate;
mod perplexity;
mod score;

use std::sync::Mutex;

use self::encoded::EncodedItem;
use self::perplexity::{Doubt, Window};
use super::task::Content;
use super::{EvaluateError, Model, Task, TaskOutcome, TaskScore};
use crate::jobs::{Ticket, Unit};
use crate::parallel::{self, in_order, in_order_apart, lock};

/// Prompts that are answered together: measured least work on small models, with 64 and 256
/// within a tenth.
const ROWS: usize = 128;

/// Scores a model on tasks, in their order.
///
/// The ticket counts items: questions, and windows of texts. Memory beside the model is that of
/// one batch a thread, at most some hundred megabytes each.
///
/// # Errors
/// [`EvaluateError::Cancelled`] within about a tenth of a second; a prompt that is longer than
/// the model reads, with its file and line.
pub fn evaluate(
    model: &Model,
    tasks: &[Task],
    ticket: &Ticket,
) -> Result<Vec<TaskScore>, EvaluateError> {
    let outcomes = evaluate_items(model, tasks, ticket)?;
    Ok(outcomes.into_iter().map(|outcome| outcome.score).collect())
}

/// The same with every answer.
///
/// # Errors
/// As for [`evaluate`].
pub fn evaluate_items(
    model: &Model,
    tasks: &[Task],
    ticket: &Ticket,
) -> Result<Vec<TaskOutcome>, EvaluateError> {
    evaluate_with_rows(model, tasks, ticket, ROWS)
}

/// The same with at most this many prompts at once.
///
/// # Errors
/// As for [`evaluate`].
pub fn evaluate_with_rows(
    model: &Model,
    tasks: &[Task],
    ticket: &Ticket,
    rows: usize,
) -> Result<Vec<TaskOutcome>, EvaluateError> {
    let items = encoded::prepare(model, tasks, ticket)?;
    let windows = perplexity::prepare(model, tasks, ticket)?;
    ticket.count_in(Unit::Items);
    ticket.expect((items.len() + windows.len()) as u64);
    let doubts = read_windows(model, &windows, ticket)?;
    let answers = answer(model, &items, rows, ticket)?;
    outcomes(tasks, &answers, &doubts)
}

/// Calls `work` for 0..n on all threads. Where there are fewer pieces than threads, the library
/// may split each among them; the bits are the same.
fn spread(
    n: usize,
    work: impl Fn(usize) -> Result<(), EvaluateError> + Sync,
) -> Result<(), EvaluateError> {
    if n < parallel::threads() {
        in_order(n, work)
    } else {
        in_order_apart(n, work)
    }
}

/// What the model answers to each prompt.
fn answer(
    model: &Model,
    items: &[EncodedItem<'_>],
    rows: usize,
    ticket: &Ticket,
) -> Result<Vec<String>, EvaluateError> {
    let batches = encoded::batches(model, items, rows);
    let answers = Mutex::new(vec![String::new(); items.len()]);
    spread(batches.len(), |k| {
        let batch: Vec<&EncodedItem<'_>> = batches[k].iter().map(|&at| &items[at]).collect();
        let texts = generate::answers(model, &batch, ticket)?;
        let mut answers = lock(&answers);
        for (&at, text) in batches[k].iter().zip(texts) {
            answers[at] = text;
        }
        Ok(())
    })?;
    Ok(std::mem::take(&mut *lock(&answers)))
}

/// What the model thinks of each window.
fn read_windows(
    model: &Model,
    windows: &[Window],
    ticket: &Ticket,
) -> Result<Vec<Doubt>, EvaluateError> {
    let doubts = Mutex::new(vec![Doubt::default(); windows.len()]);
    spread(windows.len(), |k| {
        let doubt = perplexity::doubt(model, &windows[k], ticket)?;
        lock(&doubts)[k] = doubt;
        Ok(())
    })?;
    Ok(std::mem::take(&mut *lock(&doubts)))
}

/// Puts answers and doubts, which lie in the order of the tasks, back into their tasks.
fn outcomes(
    tasks: &[Task],
    answers: &[String],
    doubts: &[Doubt],
) -> Result<Vec<TaskOutcome>, EvaluateError> {
    let mut rest = answers;
    let outcome = |(k, task): (usize, &Task)| match &task.content {
        Content::Questions(questions) => {
            let (own, others) = rest.split_at(questions.len());
            rest = others;
            Ok(score::answered(task, questions, own))
        }
        Content::Texts(_) => score::read(task, doubts.iter().filter(|doubt| doubt.task == k)),
    };
    tasks.iter().enumerate().map(outcome).collect()
}
