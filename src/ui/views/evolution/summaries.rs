//! What is known of every evolution of the study, worked out once and kept until the study or
//! a measurement changes.

use crate::lineage::evolution::Ended;
use crate::study::{Evolution, EvolutionId, ModelId, StudyDoc};
use crate::workbench::Workbench;
use crate::workbench::evolving::EvolutionView as Standing;

#[derive(Default)]
pub struct RunSummaries {
    revision: Option<u64>,
    /// In the order of the study.
    pub runs: Vec<RunSummary>,
}

pub struct RunSummary {
    pub id: EvolutionId,
    pub name: String,
    pub founders: Vec<ModelId>,
    /// The tasks whose mean selects.
    pub tasks: Vec<String>,
    pub standing: Standing,
    /// Models in it that have a score, founders included.
    pub scored: usize,
    pub ended: Option<Ended>,
    /// Its colour, as in all charts.
    pub colour: usize,
    /// Mean of the best model on the tasks that do not select, in points, and on how many.
    pub reported: Option<(f64, usize)>,
}

impl RunSummaries {
    /// Looks again where something has changed.
    pub fn bring_up_to_date(&mut self, bench: &Workbench) {
        if self.revision == Some(bench.revision()) {
            return;
        }
        let doc = bench.study().doc();
        let summary = |e: &Evolution| summary(bench, e);
        self.runs = doc.evolutions.iter().filter_map(summary).collect();
        self.revision = Some(bench.revision());
    }

    pub fn get(&self, id: EvolutionId) -> Option<&RunSummary> {
        self.runs.iter().find(|run| run.id == id)
    }

    /// One and those with the same founders, in the order of the study.
    pub fn with_same_founders(&self, id: EvolutionId) -> Vec<&RunSummary> {
        let Some(own) = self.get(id) else {
            return Vec::new();
        };
        let is_like = |run: &&RunSummary| run.id == id || run.founders == own.founders;
        self.runs.iter().filter(is_like).collect()
    }
}

impl RunSummary {
    /// The score of the best, in points.
    pub fn best_score(&self) -> Option<f64> {
        self.standing.generations.last()?.best
    }
}

fn summary(bench: &Workbench, evolution: &Evolution) -> Option<RunSummary> {
    let doc = bench.study().doc();
    let standing = bench.evolution_view(evolution.id)?;
    let tasks = doc.selecting_tasks(evolution);
    let is_founder = |k: &usize| standing.members[*k].generation == 0;
    let founders = (0..standing.models.len()).filter(is_founder);
    let mut founders: Vec<ModelId> = founders.map(|k| standing.models[k]).collect();
    founders.sort_unstable();
    let generations = standing.generations.last();
    let best = generations.and_then(|last| last.selection.first());
    Some(RunSummary {
        id: evolution.id,
        name: evolution.name.clone(),
        founders,
        scored: (standing.members.iter())
            .filter(|m| m.score.is_some())
            .count(),
        ended: evolution.ended,
        colour: bench.record().run_colour(&evolution.name),
        reported: best.and_then(|k| reported(doc, standing.models[*k], &tasks)),
        tasks,
        standing,
    })
}

/// Mean over the tasks that did not select: what a choice may honestly be reported by.
fn reported(doc: &StudyDoc, model: ModelId, selecting: &[String]) -> Option<(f64, usize)> {
    let scores = doc.model(model)?.scores.iter();
    let others = scores.filter(|score| !selecting.contains(&score.task));
    let values: Vec<f64> = others.map(|score| score.value).collect();
    let n = values.len();
    (n > 0).then(|| (values.iter().sum::<f64>() / n as f64, n))
}
