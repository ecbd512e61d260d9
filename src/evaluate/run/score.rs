//! From answers to scores.

use super::super::task::Question;
use super::super::{EvaluateError, ItemOutcome, Task, TaskOutcome, TaskScore};
use super::perplexity::Doubt;

/// The accuracy of answers, in points.
pub(super) fn answered(task: &Task, questions: &[Question], answers: &[String]) -> TaskOutcome {
    let item = |(question, got): (&Question, &String)| ItemOutcome {
        prompt: question.prompt.clone(),
        expected: question.answer.clone(),
        got: got.clone(),
        is_right: question.answer == *got,
    };
    let items: Vec<ItemOutcome> = questions.iter().zip(answers).map(item).collect();
    let correct = items.iter().filter(|item| item.is_right).count();
    let share = correct as f64 / items.len() as f64;
    // Of a mean of zeros and ones, by n − 1, as lm-evaluation-harness gives it.
    let spread = share * (1.0 - share) / (items.len() as f64 - 1.0);
    let score = TaskScore {
        task: task.name.clone(),
        value: share * 100.0,
        stderr: (items.len() > 1).then(|| spread.sqrt() * 100.0),
        n: Some(items.len() as u64),
        correct: Some(correct as u64),
    };
    TaskOutcome { score, items }
}

/// The perplexity of windows. It has no standard error: the tokens of a text hang together, so
/// that the usual one, for independent values, would promise too much.
pub(super) fn read<'d>(
    task: &Task,
    doubts: impl Iterator<Item = &'d Doubt>,
) -> Result<TaskOutcome, EvaluateError> {
    let (sum, tokens) = doubts.fold((0.0, 0), |(s, n), d| (s + d.sum, n + d.tokens));
    let value = (sum / tokens as f64).exp();
    if !value.is_finite() {
        let name = &task.name;
        let reason = format!(
            "the perplexity of `{name}` is {value}; the weights hold NaN or infinite numbers, or numbers that grow too large"
        );
        return Err(EvaluateError::Inference { reason });
    }
    let score = TaskScore {
        task: task.name.clone(),
        value,
        n: Some(tokens),
        ..TaskScore::default()
    };
    let items = Vec::new();
    Ok(TaskOutcome { score, items })
}
