//! What to merge next in any study with scores, and what its own merges say of it.

mod ways;

use std::collections::BTreeMap;

use super::Workbench;
use crate::advice::{Advice, Advised, Measure};
use crate::kinship::Metric;
use crate::lineage::strategy::{Member, Population};
use crate::lineage::suggest::{Suggestion, suggest};
use crate::study::{ModelFacts, ModelId, Role, StudyFacts};

pub use ways::{Recommended, Way};

/// How many merges are suggested.
const MOST: usize = 30;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Suggested {
    /// Models that were looked at; the pairs of `merges` and `advice` are positions here.
    pub models: Vec<ModelId>,
    /// The most promising first.
    pub merges: Vec<Suggestion>,
    /// What they are drawn from, with every unmerged pair.
    pub advice: Advice,
    /// By which way each of `merges` is best made, and why.
    pub recommended: Vec<Recommended>,
    /// The ways by which the study's merges were made; gains are learned from those of the first,
    /// which most were made by.
    pub ways: Vec<Way>,
}

impl Suggested {
    /// What is said of a pair, in either order.
    pub fn of(&self, a: ModelId, b: ModelId) -> Option<&Advised> {
        let at = |id: ModelId| self.models.iter().position(|&other| other == id);
        self.advice.of(at(a)?, at(b)?)
    }
}

impl Workbench {
    /// What to merge next among the models of the shown family, or of a study without bases.
    pub fn suggestions(&self) -> &Suggested {
        let known = &self.session.derived.suggested;
        known.get_or_init(|| self.suggest_merges(MOST))
    }

    /// The place of a pair among the suggestions, from 1, and of how many.
    pub fn place_among_suggestions(&self, a: ModelId, b: ModelId) -> Option<(usize, usize)> {
        let Suggested { models, merges, .. } = self.suggestions();
        let is_pair = |merge: &Suggestion| {
            let pair = merge.pair().map(|k| models[k]);
            pair == [a, b] || pair == [b, a]
        };
        let place = merges.iter().position(is_pair)?;
        Some((place + 1, merges.len()))
    }

    /// The first `n` of them, worked out anew.
    pub fn suggest_merges(&self, n: usize) -> Suggested {
        let doc = self.doc();
        let base = doc.shown_base();
        let models = self.asked(base);
        let ways = self.ways(&models);
        let record = self.record();
        let at = |id: &ModelId| models.iter().position(|other| other == id);
        let member = |id: &ModelId| {
            let row = record.row(*id);
            let model = doc.model(*id);
            let parents = model.map_or(&[][..], |m| &m.parents);
            // A parent of another family cannot be looked at: then it is no pair of these.
            let all: Option<Vec<usize>> = parents.iter().map(at).collect();
            Member {
                score: row.and_then(|row| row.average),
                tasks: counted(record, row, &doc.not_averaged),
                generation: row.map_or(0, |row| row.generation),
                parents: all.unwrap_or_default(),
                way: model.map_or(0, |model| place(&ways, &Way::of(model))),
            }
        };
        let members: Vec<Member> = models.iter().map(member).collect();
        let is_counted = |task: &&String| !doc.not_averaged.contains(task);
        let tasks: Vec<String> = record.tasks.iter().filter(is_counted).cloned().collect();
        let (merges, advice) =
            self.ask_population((base, &models), &members, &tasks, |population| {
                let advice = population.advice();
                (suggest(population, &advice, n), advice)
            });
        let mut suggested = Suggested {
            models,
            merges,
            advice,
            recommended: Vec::new(),
            ways,
        };
        let merges = suggested.merges.iter();
        let recommended = merges.map(|merge| suggested.recommend(self, &merge.advised));
        suggested.recommended = recommended.collect();
        suggested
    }

    /// The models of a family, with merges of them that nobody has named a base of; without a
    /// base all models but bases.
    fn asked(&self, base: Option<ModelId>) -> Vec<ModelId> {
        let doc = self.doc();
        let mut out: Vec<ModelId> = Vec::new();
        for model in &doc.models {
            let is_theirs = match base {
                Some(base) => {
                    let descends = || model.parents.iter().all(|parent| out.contains(parent));
                    let is_merge = model.base.is_none() && model.parents.len() > 1;
                    model.base == Some(base) || is_merge && descends()
                }
                None => doc.role(model) != Role::Base,
            };
            if is_theirs {
                out.push(model.id);
            }
        }
        out
    }

    /// The ways of the merges of two among some models: that of most first, among equals SLERP, then
    /// by name. Without merges, SLERP.
    fn ways(&self, models: &[ModelId]) -> Vec<Way> {
        let mut counts: BTreeMap<Way, usize> = BTreeMap::new();
        for model in models.iter().filter_map(|&id| self.doc().model(id)) {
            if model.parents.len() == 2 {
                *counts.entry(Way::of(model)).or_default() += 1;
            }
        }
        let mut out: Vec<(Way, usize)> = counts.into_iter().collect();
        out.sort_by_key(|(way, n)| (std::cmp::Reverse(*n), *way != Way::slerp()));
        match out.is_empty() {
            true => vec![Way::slerp()],
            false => out.into_iter().map(|(way, _)| way).collect(),
        }
    }

    /// Asks something of some models as merges of each other, with their base's scores on the
    /// tasks and all measures of kinship.
    pub(super) fn ask_population<T>(
        &self,
        (base, models): (Option<ModelId>, &[ModelId]),
        members: &[Member],
        tasks: &[String],
        ask: impl FnOnce(&Population<'_>) -> T,
    ) -> T {
        let kinship = |a: usize, b: usize| self.known_kinship(models[a], models[b]);
        let base = base.and_then(|base| self.doc().model(base));
        let score = |task: &String| base.and_then(|base| base.score(task)).map(|s| s.value);
        let others = Metric::independent().filter(|metric| *metric != Metric::DEFAULT);
        let metrics: Vec<Metric> = others.collect();
        let values: Vec<_> = metrics
            .iter()
            .map(|&metric| move |a: usize, b: usize| self.kinship_by(metric, models[a], models[b]))
            .collect();
        let measures = metrics.iter().zip(&values).map(|(metric, of)| Measure {
            key: metric.key,
            title: metric.name,
            of,
        });
        let measures: Vec<Measure<'_>> = measures.collect();
        ask(&Population {
            members,
            kinship: &kinship,
            base: &tasks.iter().map(score).collect::<Vec<_>>(),
            measures: &measures,
        })
    }

    fn kinship_by(&self, metric: Metric, a: ModelId, b: ModelId) -> Option<f64> {
        self.kinship_of(a, b, metric)
            .or_else(|| self.doc().given_kinship(a, b, metric))
    }
}

/// The place of a way; those of models that are no merges of two do not matter.
fn place(ways: &[Way], way: &Way) -> usize {
    ways.iter().position(|other| other == way).unwrap_or(0)
}

/// Scores on the tasks that count.
fn counted(
    record: &StudyFacts,
    row: Option<&ModelFacts>,
    not_averaged: &[String],
) -> Vec<Option<f64>> {
    let tasks = record.tasks.iter().enumerate();
    tasks
        .filter(|(_, task)| !not_averaged.contains(task))
        .map(|(k, _)| row.and_then(|row| row.scores[k]))
        .collect()
}
