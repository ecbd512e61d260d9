//! What is shown of an evolution, and what a strategy is asked about.

use crate::kinship::Metric;
use crate::lineage::evolution::{Spent, Summary, summaries, upcoming};
use crate::lineage::strategy::{Member, Pairing, Population, strategy};
use crate::merge::recipe::parse_way;
use crate::stats::mean;
use crate::study::{Evolution, EvolutionId, ModelId};
use crate::workbench::Workbench;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct EvolutionView {
    pub models: Vec<ModelId>,
    /// The same as the strategies see them.
    pub members: Vec<Member>,
    /// Its generations, founders first; positions are those of `models`.
    pub generations: Vec<Summary>,
    /// Merges made in it so far, those that another run made first included.
    pub merges: usize,
}

impl Workbench {
    pub fn evolution_view(&self, id: EvolutionId) -> Option<EvolutionView> {
        let evolution = self.doc().evolution(id)?;
        let models = self.doc().population(evolution);
        let members = self.members(evolution, &models);
        let top = evolution.setup.choices.top;
        let generations = self.with_population((evolution, &models), &members, |population| {
            summaries(population, top)
        });
        Some(EvolutionView {
            merges: members.iter().filter(|m| m.generation > 0).count(),
            generations,
            models,
            members,
        })
    }

    /// The merges that an evolution still makes before it scores anything, by position in its
    /// view, and their generation; none if it has ended.
    pub fn upcoming_merges(
        &self,
        evolution: &Evolution,
        view: &EvolutionView,
    ) -> Option<(u32, Vec<Pairing>)> {
        let setup = &evolution.setup;
        let strategy = strategy(&setup.strategy).filter(|_| evolution.ended.is_none())?;
        self.with_population((evolution, &view.models), &view.members, |population| {
            let spent = spent(evolution);
            upcoming(population, strategy, &setup.asked(), &setup.rules, &spent)
        })
    }

    /// Asks something of the models of an evolution.
    pub(super) fn with_population<T>(
        &self,
        (evolution, models): (&Evolution, &[ModelId]),
        members: &[Member],
        ask: impl FnOnce(&Population<'_>) -> T,
    ) -> T {
        let tasks = self.doc().selecting_tasks(evolution);
        let base = self.base_of_all(models);
        self.ask_population((base, models), members, &tasks, ask)
    }

    /// Kinship of two models in the default measure: measured, or as it was written down.
    pub fn known_kinship(&self, a: ModelId, b: ModelId) -> Option<f64> {
        self.kinship_of(a, b, Metric::DEFAULT)
            .or_else(|| self.doc().given_kinship(a, b, Metric::DEFAULT))
    }

    pub(super) fn members(&self, evolution: &Evolution, models: &[ModelId]) -> Vec<Member> {
        let doc = self.doc();
        let tasks = doc.selecting_tasks(evolution);
        let at = |id: &ModelId| models.iter().position(|other| other == id);
        let methods = methods(evolution);
        let member = |id: &ModelId| {
            let Some(model) = doc.model(*id) else {
                return Member::default();
            };
            let scores: Vec<Option<f64>> = tasks
                .iter()
                .map(|task| model.score(task).map(|s| s.value))
                .collect();
            let all: Option<Vec<f64>> = scores.iter().copied().collect();
            let generation = model.step(&evolution.name).map_or(0, |s| s.generation);
            // What founders were made from is before the run, unless the run would make just
            // them: the pair has its child already then, and is not merged again.
            let is_of_run = generation > 0 || self.is_made_as_in(evolution, model);
            let parents = model.parents.iter().filter(|_| is_of_run);
            Member {
                score: all.and_then(|all| steady_mean(&all)),
                tasks: scores,
                generation,
                parents: parents.filter_map(at).collect(),
                way: way_of(&methods, &model.origin.method),
            }
        };
        models.iter().map(member).collect()
    }
}

/// The methods of the ways of an evolution; none where there is one way.
fn methods(evolution: &Evolution) -> Vec<String> {
    if evolution.setup.other_recipes.is_empty() {
        return Vec::new();
    }
    let method = |recipe: &str| {
        let recipe = parse_way(recipe).recipes.pop();
        recipe.map_or_else(String::new, |recipe| recipe.merge_method)
    };
    evolution.setup.ways().map(method).collect()
}

/// By which of some methods a model was merged; the first for what is none of theirs.
fn way_of(methods: &[String], method: &str) -> usize {
    methods.iter().position(|own| own == method).unwrap_or(0)
}

pub(super) fn spent(evolution: &Evolution) -> Spent {
    Spent {
        evaluations: evolution.evaluations,
        seconds: evolution.seconds,
    }
}

/// The mean, without the last digits: two models with as many right answers, spread otherwise
/// over the tasks, are equals, and not one better than the other by the rounding of a sum.
fn steady_mean(values: &[f64]) -> Option<f64> {
    mean(values).map(|mean| (mean * 1e9).round() / 1e9)
}
