//! What a sweep has found: its cells with their scores.

use std::path::PathBuf;

use serde::Serialize;

use super::grid::Axis;
use crate::stats::mean;
use crate::study::Score;
use crate::workbench::trials::{Outcome, Trial};

/// The cells of a sweep, in the order of the grid.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// What the recipe is called.
    pub recipe: String,
    pub axes: Vec<Axis>,
    pub rows: Vec<Row>,
}

/// One cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// The value of each axis.
    pub values: Vec<String>,
    /// The recipe with these values.
    pub text: String,
    /// What the child is called.
    pub name: String,
    /// Where it lies, if it is kept.
    pub kept: Option<PathBuf>,
    pub state: RowState,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub enum RowState {
    #[default]
    Waiting,
    Done {
        scores: Vec<Score>,
        /// Tasks whose scores are no points: perplexities, where less is better.
        no_points: Vec<String>,
        seconds: f64,
    },
    Failed(String),
}

impl Row {
    /// The cell of a trial, before anything is known of it.
    pub fn of(trial: &Trial, values: Vec<String>) -> Self {
        Self {
            values,
            text: trial.recipe.clone().unwrap_or_default(),
            name: trial.name.clone(),
            kept: trial.keep.then(|| trial.model.clone()),
            state: RowState::Waiting,
        }
    }

    /// Takes in what came of it.
    pub fn take(&mut self, found: &Result<Outcome, String>) {
        self.state = match found {
            Ok(outcome) => RowState::Done {
                scores: outcome.scores.clone(),
                no_points: outcome.no_points.clone(),
                seconds: outcome.merge_seconds + outcome.evaluate_seconds,
            },
            Err(sentence) => RowState::Failed(sentence.clone()),
        };
    }

    pub fn scores(&self) -> &[Score] {
        match &self.state {
            RowState::Done { scores, .. } => scores,
            _ => &[],
        }
    }

    /// The mean over its tasks: of those in points where there are any, else of the perplexities;
    /// and whether less is better.
    pub fn score(&self) -> Option<(f64, bool)> {
        let RowState::Done {
            scores, no_points, ..
        } = &self.state
        else {
            return None;
        };
        let (points, others): (Vec<&Score>, Vec<&Score>) =
            scores.iter().partition(|s| !no_points.contains(&s.task));
        let is_less_better = points.is_empty();
        let counted = if is_less_better { others } else { points };
        let values: Vec<f64> = counted.iter().map(|s| s.value).collect();
        mean(&values)
            .filter(|m| m.is_finite())
            .map(|m| (m, is_less_better))
    }
}

impl Table {
    /// Whether less is better: all its scores are perplexities.
    pub fn is_less_better(&self) -> bool {
        let mut scores = self.rows.iter().filter_map(Row::score);
        scores.next().is_some_and(|(_, less)| less)
    }

    /// The cell with the best score; of equals the first.
    pub fn best(&self) -> Option<usize> {
        self.by_score()
            .first()
            .copied()
            .filter(|&k| self.rows[k].score().is_some())
    }

    /// The cells, best first; those without a score stand last. Equals keep the order of the grid.
    pub fn by_score(&self) -> Vec<usize> {
        let sign = if self.is_less_better() { 1.0 } else { -1.0 };
        let key = |k: usize| {
            self.rows[k]
                .score()
                .map_or(f64::INFINITY, |(s, _)| sign * s)
        };
        let mut order: Vec<usize> = (0..self.rows.len()).collect();
        order.sort_by(|&a, &b| key(a).total_cmp(&key(b)));
        order
    }

    /// How many cells are done or have failed.
    pub fn done(&self) -> usize {
        let is_over = |row: &&Row| row.state != RowState::Waiting;
        self.rows.iter().filter(is_over).count()
    }

    pub fn failed(&self) -> usize {
        let has_failed = |row: &&Row| matches!(row.state, RowState::Failed(_));
        self.rows.iter().filter(has_failed).count()
    }

    /// The names of the tasks, in the order of the evaluator.
    pub fn tasks(&self) -> Vec<&str> {
        let mut out: Vec<&str> = Vec::new();
        for score in self.rows.iter().flat_map(Row::scores) {
            if !out.contains(&score.task.as_str()) {
                out.push(&score.task);
            }
        }
        out
    }

    pub fn report(&self) -> Report<'_> {
        let best = self.best();
        let order = self.by_score();
        let rank = |k: usize| order.iter().position(|&own| own == k).map(|at| at + 1);
        let cell = |(k, row)| self.cell(row, (best == Some(k), rank(k)));
        Report {
            recipe: &self.recipe,
            axes: &self.axes,
            lower_is_better: self.is_less_better(),
            cells: self.rows.iter().enumerate().map(cell).collect(),
            best,
            failed: self.failed(),
        }
    }

    fn cell<'t>(&self, row: &'t Row, (is_best, rank): (bool, Option<usize>)) -> Cell<'t> {
        let paths = self.axes.iter().map(|axis| axis.path.clone());
        let values = row.values.iter().map(|value| json_of(value));
        Cell {
            values: paths.zip(values).collect(),
            score: row.score().map(|(score, _)| score),
            rank: row.score().and(rank),
            best: is_best,
            tasks: row.scores(),
            error: match &row.state {
                RowState::Failed(sentence) => Some(sentence),
                _ => None,
            },
            model: row.kept.clone(),
            recipe: &row.text,
        }
    }

    /// The table as CSV: a column an axis, the score, a column a task.
    pub fn to_csv(&self) -> Result<Vec<u8>, csv::Error> {
        let mut out = csv::Writer::from_writer(Vec::new());
        let tasks = self.tasks();
        let mut head: Vec<&str> = self.axes.iter().map(|a| a.path.as_str()).collect();
        head.extend(["score", "best"]);
        head.extend(&tasks);
        out.write_record(&head)?;
        let best = self.best();
        for (k, row) in self.rows.iter().enumerate() {
            let number = |value: Option<f64>| value.map_or_else(String::new, |v| v.to_string());
            let mut line = row.values.clone();
            line.push(number(row.score().map(|(score, _)| score)));
            line.push(if best == Some(k) { "1" } else { "0" }.to_owned());
            line.extend(tasks.iter().map(|task| {
                let score = row.scores().iter().find(|s| s.task == *task);
                number(score.map(|s| s.value))
            }));
            out.write_record(&line)?;
        }
        out.into_inner().map_err(|error| error.into_error().into())
    }
}

/// The table for other programs.
#[derive(Serialize)]
pub struct Report<'t> {
    recipe: &'t str,
    axes: &'t [Axis],
    lower_is_better: bool,
    cells: Vec<Cell<'t>>,
    /// Which cell, from 0.
    best: Option<usize>,
    failed: usize,
}

#[derive(Serialize)]
struct Cell<'t> {
    values: serde_json::Map<String, serde_json::Value>,
    score: Option<f64>,
    /// From 1, the best first.
    rank: Option<usize>,
    best: bool,
    tasks: &'t [Score],
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'t String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<PathBuf>,
    recipe: &'t str,
}

/// Numbers as numbers, lists as lists, words as words.
fn json_of(value: &str) -> serde_json::Value {
    let found = serde_json::from_str(value).ok();
    let number = || value.parse::<f64>().ok().map(serde_json::Value::from);
    found.or_else(number).unwrap_or_else(|| value.into())
}
