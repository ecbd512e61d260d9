//! The best model of a run, and how sure its place is.

use serde::Serialize;

use crate::study::{Evolution, Model};
use crate::workbench::Workbench;
use crate::workbench::evolving::EvolutionView;

#[derive(Serialize)]
pub(super) struct Best {
    model: String,
    score: f64,
    /// Standard error of the score over the items of its tasks; null where a task has none.
    error: Option<f64>,
    /// How many other models lie within that of it: among them the choice is by chance as much
    /// as by merit.
    within_error: usize,
}

impl Best {
    pub(super) fn of(bench: &Workbench, run: &Evolution, view: &EvolutionView) -> Option<Self> {
        let doc = bench.study().doc();
        let summary = view.generations.last()?;
        let best = *summary.selection.first()?;
        let score = summary.best?;
        let model = doc.model(view.models[best])?;
        let error = error(model, &doc.selecting_tasks(run));
        let scores = view.members.iter().filter_map(|member| member.score);
        let near = scores.filter(|own| error.is_some_and(|error| score - own <= error));
        Some(Self {
            model: model.name.clone(),
            score,
            error,
            within_error: near.count().saturating_sub(1),
        })
    }

    pub(super) fn sentence(&self) -> String {
        let Self { model, score, .. } = self;
        let Some(error) = self.error else {
            return format!("The best is {model} at {score:.2}");
        };
        let others = match self.within_error {
            0 => String::new(),
            1 => "; another one lies within that".to_owned(),
            n => format!("; {n} others lie within that"),
        };
        format!("The best is {model} at {score:.2} ± {error:.2}{others}")
    }
}

/// Standard error of a model's mean over some tasks, in points; their items are others.
fn error(model: &Model, tasks: &[String]) -> Option<f64> {
    let squares = tasks.iter().map(|task| {
        let error = model.score(task)?.stderr?;
        Some(error * error)
    });
    let sum: f64 = squares.sum::<Option<f64>>()?;
    (!tasks.is_empty()).then(|| sum.sqrt() / tasks.len() as f64)
}
