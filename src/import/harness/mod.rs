//! Result files of lm-evaluation-harness: which model, which tasks, which metrics.
//!
//! A file has `results`, task by task, with keys `metric,filter` (`acc,none`), or plain
//! metrics in files of older versions (`acc`, `acc_stderr`). Beside it stand `n-samples`,
//! `group_subtasks`, `higher_is_better` and what tells the model: `model_name`,
//! `config.model_args`. Plain objects of tasks and scores are read as well.

mod choose;
mod model;
mod read;
mod take;

use std::collections::BTreeMap;

pub use choose::{Choice, choices, without_number};
pub use read::{read, read_with_gaps};
pub use take::take;

use super::Note;
use crate::text::{by_name, counted};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Results {
    /// One a model, in the order in which they were found.
    pub models: Vec<ModelResults>,
    /// What is to be known of them: files left out, tasks that several files have.
    pub notes: Vec<Note>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelResults {
    pub name: String,
    pub file: String,
    /// When the evaluation was started, in seconds since 1970; 0 if the file does not say.
    pub date: f64,
    /// Its tasks, sorted by name.
    pub tasks: Vec<TaskResults>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskResults {
    pub task: String,
    /// The group that it counts for, if that has a score of its own: `mmlu`.
    pub group: Option<String>,
    /// How many items it was found on.
    pub n: Option<u64>,
    pub file: String,
    pub measured: Vec<Measured>,
    /// Metric and filter of what should be a number, and the more the better, but is NaN,
    /// infinite or null.
    pub not_numbers: Vec<(String, String)>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// The metric: `acc_norm`.
    pub metric: String,
    /// The filter, such as `strict-match`; empty if there is none.
    pub filter: String,
    /// The number as it stands in the file.
    pub value: f64,
    pub stderr: Option<f64>,
    /// Whether less is better, as with perplexity.
    pub lower_is_better: bool,
}

impl Results {
    /// Puts results of several files together; of a task that a model has twice, the newest
    /// counts: the one with the later date, or else the later file name.
    pub fn merged(mut found: Vec<ModelResults>) -> Self {
        found.sort_by(|a, b| a.date.total_cmp(&b.date).then_with(|| a.file.cmp(&b.file)));
        let mut at: BTreeMap<String, usize> = BTreeMap::new();
        let mut models: Vec<ModelResults> = Vec::new();
        let mut twice: BTreeMap<String, (usize, String)> = BTreeMap::new();
        for new in found {
            let Some(&index) = at.get(&new.name) else {
                at.insert(new.name.clone(), models.len());
                models.push(new);
                continue;
            };
            let old = &mut models[index];
            for task in new.tasks {
                match old.tasks.iter_mut().find(|t| t.task == task.task) {
                    Some(before) => {
                        let seen = twice.entry(old.name.clone()).or_default();
                        *seen = (seen.0 + 1, task.file.clone());
                        *before = task;
                    }
                    None => old.tasks.push(task),
                }
            }
            old.tasks.sort_by(|a, b| a.task.cmp(&b.task));
            (old.file, old.date) = (new.file, new.date);
        }
        models.sort_by(|a, b| by_name(&a.name, &b.name));
        let sentence = |(name, (n, file)): (String, (usize, String))| {
            let tasks = counted(n, "task");
            let words = format!("{name} has {tasks} in several files; the newest counts, {file}");
            Note::info(words)
        };
        Self {
            models,
            notes: twice.into_iter().map(sentence).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(name: &str, file: &str, date: f64, task: &str, value: f64) -> ModelResults {
        let measured = vec![Measured {
            metric: "acc".to_owned(),
            value,
            ..Measured::default()
        }];
        ModelResults {
            name: name.to_owned(),
            file: file.to_owned(),
            date,
            tasks: vec![TaskResults {
                task: task.to_owned(),
                file: file.to_owned(),
                measured,
                ..TaskResults::default()
            }],
        }
    }

    #[test]
    fn the_newest_of_a_task_counts_whatever_the_order() {
        let runs = [
            run("m", "b.json", 20.0, "gsm8k", 0.2),
            run("m", "z.json", 10.0, "gsm8k", 0.1),
            run("m", "a.json", 10.0, "arc", 0.3),
        ];
        for order in [[0, 1, 2], [1, 0, 2], [2, 1, 0]] {
            let merged = Results::merged(order.map(|k| runs[k].clone()).to_vec());
            let tasks = merged.models[0].tasks.iter();
            let values: Vec<f64> = tasks.map(|t| t.measured[0].value).collect();
            assert_eq!(values, [0.3, 0.2]);
            let words: Vec<&str> = merged.notes.iter().map(|n| n.words.as_str()).collect();
            assert_eq!(
                words,
                ["m has 1 task in several files; the newest counts, b.json"]
            );
        }
    }

    #[test]
    fn without_dates_the_later_file_name_counts() {
        let merged = Results::merged(vec![
            run("m", "results_2024-06.json", 0.0, "arc", 0.2),
            run("m", "results_2024-05.json", 0.0, "arc", 0.1),
        ]);
        assert_eq!(merged.models[0].tasks[0].measured[0].value, 0.2);
    }
}
