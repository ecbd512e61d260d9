//! The evolutions of a document: their models, and the tasks that select among them.

use super::doc::{StudyDoc, distinct};
use super::evolution::Evolution;
use super::id::{EvolutionId, ModelId};

impl StudyDoc {
    pub fn evolution(&self, id: EvolutionId) -> Option<&Evolution> {
        self.evolutions.iter().find(|e| e.id == id)
    }

    /// Whether an evolution has begun: its founders are in its generation 0.
    pub fn has_begun(&self, evolution: &Evolution) -> bool {
        self.models
            .iter()
            .any(|m| m.step(&evolution.name).is_some())
    }

    /// The models of an evolution: founders as they were chosen, then children by generation
    /// and number. Before it begins, its founders.
    pub fn population(&self, evolution: &Evolution) -> Vec<ModelId> {
        let mut placed: Vec<((u32, u32), ModelId)> = self
            .models
            .iter()
            .filter_map(|m| {
                let step = m.step(&evolution.name)?;
                Some(((step.generation, step.number), m.id))
            })
            .collect();
        if placed.is_empty() {
            let there = |id: &ModelId| self.model(*id).is_some();
            let founders = evolution.setup.founders.iter().copied();
            return founders.filter(there).collect();
        }
        placed.sort();
        placed.into_iter().map(|(_, id)| id).collect()
    }

    /// The base that all of some descend from.
    pub fn base_of_all(&self, models: &[ModelId]) -> Option<ModelId> {
        let base = |id: &ModelId| self.model(*id).and_then(|m| m.base);
        let first = models.first().and_then(base)?;
        let is_shared = models.iter().all(|id| base(id) == Some(first));
        is_shared.then_some(first)
    }

    /// The tasks whose mean selects in an evolution.
    pub fn selecting_tasks(&self, evolution: &Evolution) -> Vec<String> {
        if !evolution.setup.tasks.is_empty() {
            return evolution.setup.tasks.clone();
        }
        let scores = self.models.iter().flat_map(|m| &m.scores);
        let tasks = scores.map(|score| &score.task);
        distinct(tasks.filter(|task| !self.not_averaged.contains(task)))
    }
}
