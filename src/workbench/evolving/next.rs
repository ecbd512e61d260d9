//! One step of one run.

use super::view::spent;
use crate::lineage::evolution::{Next, next};
use crate::lineage::strategy::{Strategy, strategy};
use crate::study::{Evolution, EvolutionId, ModelId};
use crate::workbench::{ModelFiles, Workbench};

impl Workbench {
    /// Why an evolution cannot be started, if so.
    pub fn run_objection(&self, evolution: &Evolution) -> Option<String> {
        let doc = self.doc();
        let founders = doc.population(evolution);
        if founders.len() < 2 {
            return Some("Choose at least two founders".to_owned());
        }
        let Some(strategy) = strategy(&evolution.setup.strategy) else {
            let name = &evolution.setup.strategy;
            return Some(format!(
                "This program has no strategy called {name}; choose another"
            ));
        };
        let without_files = |id: &&ModelId| doc.model(**id).is_some_and(|m| m.path.is_none());
        let begun = doc.has_begun(evolution);
        if let Some(id) = founders.iter().find(without_files).filter(|_| !begun) {
            return Some(format!(
                "{} has no files here, and merging needs them; leave it out, or say where it lies",
                doc.name_of(*id)
            ));
        }
        if evolution.setup.folder.is_none() {
            return Some("Choose the folder that children are written to".to_owned());
        }
        if strategy.description().uses_kinship && self.base_of_all(&founders).is_none() {
            return Some(
                "The founders have no base in common, and this strategy goes by kinship; set \
                 their base in Models, or choose another strategy"
                    .to_owned(),
            );
        }
        self.recipe_objection(evolution)
            .or_else(|| self.evaluator_error(&doc.evaluator))
    }

    /// The base that all of some descend from.
    pub(super) fn base_of_all(&self, models: &[ModelId]) -> Option<ModelId> {
        self.doc().base_of_all(models)
    }

    /// Whether files of a run's models are being opened or measured.
    pub(super) fn must_wait(&self, id: EvolutionId) -> bool {
        let Some(evolution) = self.doc().evolution(id) else {
            return false;
        };
        let models = self.doc().population(evolution);
        let opening = |id: &ModelId| matches!(self.files(*id), ModelFiles::Opening);
        let base = self.base_of_all(&models);
        models.iter().any(opening)
            || base.is_some_and(|base| opening(&base) || self.measuring(base).is_some())
            || self.is_looking_for_earlier()
    }

    /// Does the next thing of a run; whether anything was done.
    pub(super) fn step(&mut self, id: EvolutionId) -> bool {
        let Some(evolution) = self.doc().evolution(id).cloned() else {
            self.stop_run(id);
            return true;
        };
        if self.must_wait(id) {
            return false;
        }
        let Some(strategy) = strategy(&evolution.setup.strategy) else {
            return false;
        };
        let models = self.doc().population(&evolution);
        if self.measures_first(&evolution, &models) {
            return true;
        }
        if strategy.description().uses_kinship && self.lacks_kinship(&evolution, &models) {
            let sentence = "the kinship of its models is not measured, and this strategy goes by \
                            it; resume to measure it";
            self.fail_run(id, sentence);
            return true;
        }
        match self.next_of(&evolution, strategy, &models) {
            Next::End(ended) => self.end_run(id, ended),
            Next::Score(unscored) => {
                let unscored: Vec<ModelId> = unscored.iter().map(|&k| models[k]).collect();
                match self.uses_cluster(&evolution) {
                    true => self.judge_on_cluster(&evolution, &unscored),
                    false => self.evaluate_for(id, unscored),
                }
            }
            Next::Merge {
                generation,
                number,
                pairing,
            } => {
                if number == 1 {
                    self.remove_what_is_not_kept(id);
                }
                if self.uses_cluster(&evolution) {
                    self.breed_on_cluster(&evolution, strategy, &models);
                    return true;
                }
                let parents = pairing.parents.map(|k| models[k]);
                self.breed(&evolution, generation, number, parents, &pairing);
            }
        }
        true
    }

    /// What a run does next.
    fn next_of(&self, evolution: &Evolution, strategy: &dyn Strategy, models: &[ModelId]) -> Next {
        let members = self.members(evolution, models);
        let setup = &evolution.setup;
        self.with_population((evolution, models), &members, |population| {
            let spent = spent(evolution);
            next(population, strategy, &setup.asked(), &setup.rules, &spent)
        })
    }

    /// Measures the family before a generation is planned, once for as many models as there
    /// are; a generation that is under way was planned before its children were there.
    fn measures_first(&mut self, evolution: &Evolution, models: &[ModelId]) -> bool {
        let members = self.members(evolution, models);
        let Some(base) = self.base_of_all(models) else {
            return false;
        };
        let all_scored = members.iter().all(|m| m.score.is_some());
        let asked = (evolution.id, models.len());
        let due = all_scored && !self.session.evolving.measured.contains(&asked);
        if !due || self.family(base).unmeasured() == 0 || self.checkpoint(base).is_none() {
            return false;
        }
        self.session.evolving.measured.insert(asked);
        self.measure(base, false);
        true
    }

    /// Whether a generation would be planned without what measuring should have found: it was
    /// cancelled, or it failed. The strategy would quietly be another one.
    fn lacks_kinship(&self, evolution: &Evolution, models: &[ModelId]) -> bool {
        let members = self.members(evolution, models);
        let Some(base) = self.base_of_all(models) else {
            return false;
        };
        let family = self.family(base);
        let is_unmeasured = |id: &ModelId| {
            let at = family.models.iter().position(|other| other == id);
            self.checkpoint(*id).is_some() && at.is_some_and(|k| family.measured[k].is_none())
        };
        members.iter().all(|m| m.score.is_some()) && models.iter().any(is_unmeasured)
    }

    /// Whether other processes merge and judge; what the user judges is merged here.
    fn uses_cluster(&self, evolution: &Evolution) -> bool {
        evolution.setup.cluster.is_some() && !self.doc().evaluator.is_by_hand()
    }

    fn evaluate_for(&mut self, id: EvolutionId, unscored: Vec<ModelId>) {
        if self.doc().evaluator.is_by_hand() {
            self.stop_run(id);
            self.session.evolving.waiting.insert(id, unscored);
        } else if let Some(&first) = unscored.first() {
            self.start_evaluating(first, Some(id));
        }
    }
}
