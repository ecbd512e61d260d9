//! `kinfolk evaluate`: how a small model does on tasks, by the built-in evaluator.

use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use super::args::EvaluateArgs;
use super::kinship::open;
use super::{CliError, out, progress, table};
use crate::checkpoint::Checkpoint;
use crate::evaluate::{Model, Task, TaskOutcome, evaluate_items, read_tasks};
use crate::files::write_whole;
use crate::jobs::Failure;
use crate::stats::mean;

#[derive(Serialize)]
struct Evaluation {
    model: String,
    tasks: Vec<TaskLine>,
    /// Mean accuracy of the tasks that have one, each counting the same.
    average: Option<f64>,
}

/// A task as JSON: counts and a fraction, or a perplexity over `n` tokens.
#[derive(Serialize)]
struct TaskLine {
    task: String,
    n: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    correct: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accuracy: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    perplexity: Option<f64>,
}

pub fn run(args: &EvaluateArgs) -> Result<(), CliError> {
    // Tasks are read first: a misspelt line is found before a model is.
    let tasks = read_tasks(&args.tasks).map_err(CliError::failed)?;
    let checkpoint = open(&args.model)?;
    let name = checkpoint.suggested_name();
    let outcomes = evaluated(checkpoint, tasks, args.threads.wanted)?;
    if let Some(to) = &args.items {
        write_items(&outcomes, to)?;
    }
    let evaluation = evaluation(name, &outcomes);
    if out::is_json_alone(&evaluation, args.json.file.as_deref())? {
        return Ok(());
    }
    print(&evaluation, &outcomes);
    Ok(())
}

/// Evaluates as a job with a bar.
fn evaluated(
    checkpoint: Arc<Checkpoint>,
    tasks: Vec<Task>,
    threads: Option<u16>,
) -> Result<Vec<TaskOutcome>, CliError> {
    let pool = progress::pool(threads)?;
    progress::run("Evaluating", move |ticket| {
        pool.install(|| {
            let model = Model::load(&checkpoint, ticket)?;
            evaluate_items(&model, &tasks, ticket)
        })
        .map_err(Failure::from)
    })
}

fn evaluation(model: String, outcomes: &[TaskOutcome]) -> Evaluation {
    let line = |outcome: &TaskOutcome| {
        let score = &outcome.score;
        let (n, correct) = (score.n.unwrap_or(0), score.correct);
        TaskLine {
            task: score.task.clone(),
            n,
            correct,
            accuracy: correct.map(|correct| correct as f64 / n as f64),
            perplexity: correct.is_none().then_some(score.value),
        }
    };
    let tasks: Vec<TaskLine> = outcomes.iter().map(line).collect();
    let accuracies: Vec<f64> = tasks.iter().filter_map(|task| task.accuracy).collect();
    Evaluation {
        model,
        average: mean(&accuracies),
        tasks,
    }
}

fn print(evaluation: &Evaluation, outcomes: &[TaskOutcome]) {
    out::print(&evaluation.model);
    let names = evaluation.tasks.iter().map(|line| &line.task);
    let width = table::width(names).max("average".len());
    let row = |name: &str, rest: &str| {
        let pad = " ".repeat(width.saturating_sub(name.chars().count()));
        out::print(&format!("{name}{pad}  {rest}"));
    };
    for (line, outcome) in evaluation.tasks.iter().zip(outcomes) {
        let value = outcome.score.value;
        let n = line.n;
        let words = match line.correct {
            Some(correct) => {
                let spread = outcome.score.stderr;
                let spread = spread.map_or(String::new(), |e| format!(" ± {e:.2}"));
                format!("{value:6.2}{spread}  {correct} of {n}")
            }
            None => format!("perplexity {value:.4} over {n} tokens"),
        };
        row(&line.task, &words);
    }
    if let Some(average) = evaluation.average {
        row("average", &format!("{:6.2}", average * 100.0));
    }
}

/// A line of the table of answers.
#[derive(Serialize)]
struct ItemLine<'o> {
    task: &'o str,
    prompt: &'o str,
    expected: &'o str,
    got: &'o str,
    right: u8,
}

fn write_items(outcomes: &[TaskOutcome], to: &Path) -> Result<(), CliError> {
    let mut table = csv::Writer::from_writer(Vec::new());
    for outcome in outcomes {
        for item in &outcome.items {
            let line = ItemLine {
                task: &outcome.score.task,
                prompt: &item.prompt,
                expected: &item.expected,
                got: &item.got,
                right: u8::from(item.is_right),
            };
            table.serialize(line).map_err(CliError::failed)?;
        }
    }
    let bytes = table.into_inner().map_err(CliError::failed)?;
    write_whole(to, &bytes).map_err(CliError::Failed)
}
