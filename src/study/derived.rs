//! What follows from a study's record: averages, ranks, generations, merge gains, kinship of
//! parents. Worked out anew whenever the document or a measurement has changed.

use std::collections::{BTreeMap, BTreeSet};

use super::doc::{Model, StudyDoc, distinct};
use super::id::ModelId;
use super::looks::run_colours;
use super::record::PairRecord;
use crate::kinship::{Metric, Values};
use crate::stats::mean;
use crate::text;

/// Kinship of two models as measured, if it was.
pub type MeasuredKinship<'a> = dyn Fn(ModelId, ModelId, Metric) -> Option<f64> + 'a;

/// What follows from the record of a study.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StudyFacts {
    /// Names of the tasks, in the order in which they first appear.
    pub tasks: Vec<String>,
    /// Names of the runs, in the order in which they first appear.
    pub runs: Vec<String>,
    /// The colour of every run and evolution by its name.
    pub run_colours: BTreeMap<String, usize>,
    /// One entry a model, in the order of the study.
    pub rows: Vec<ModelFacts>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelFacts {
    pub id: ModelId,
    /// Its generation: that of its first run, or else one more than its parents'.
    pub generation: u32,
    /// Its scores in points, one a task of the record.
    pub scores: Vec<Option<f64>>,
    /// Its average in points: over all tasks that count, if it has them all, else as reported.
    pub average: Option<f64>,
    /// The mean over those tasks that it has, where it lacks others and so has no average.
    pub partial: Option<PartialAverage>,
    /// Its place by average, from 1; equals share a place.
    pub rank: Option<usize>,
    /// How many models were made from it.
    pub children: usize,
    /// Mean kinship over all pairs of its parents.
    pub kinship: ParentKinship,
    /// Merge gain in points: the average over the mean of its parents' averages; as reported
    /// where that cannot be worked out.
    pub gain: Option<f64>,
    /// Whether the gain is only reported, because it cannot be worked out.
    pub gain_is_reported: bool,
    /// Average task performance difference of its two parents, in points.
    pub difference: Option<f64>,
    /// Where what was reported differs from what follows, a sentence each.
    pub conflicts: Vec<String>,
}

/// A mean over some of the tasks that count. It is shown, and never compared with an average.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PartialAverage {
    pub mean: f64,
    /// How many tasks it is over.
    pub known: usize,
    /// How many count.
    pub of: usize,
}

/// Kinship of a merge's parents, measured where all pairs were, else as reported.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ParentKinship {
    pub values: Values,
    pub is_measured: bool,
}

impl ParentKinship {
    pub fn get(&self, metric: Metric) -> Option<f64> {
        self.values.get(metric)
    }
}

/// What is known of two models, for charts whose points are pairs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PairRow {
    pub models: [ModelId; 2],
    /// The table that it is from, if it was reported.
    pub group: String,
    /// Kinship, as [`ParentKinship::values`].
    pub kinship: ParentKinship,
    /// Average task performance difference, in points: as reported, else over the tasks that
    /// both have.
    pub difference: Option<f64>,
}

/// Printed tables round or cut to two decimals; more than this is a disagreement.
const PRINTED: f64 = 0.0151;

impl StudyFacts {
    pub fn new(doc: &StudyDoc, measured: &MeasuredKinship<'_>) -> Self {
        let scores = doc.models.iter().flat_map(|m| &m.scores);
        let tasks = distinct(scores.map(|score| &score.task));
        let steps = doc.models.iter().flat_map(|m| &m.steps);
        let counted: Vec<&String> = tasks
            .iter()
            .filter(|task| !doc.not_averaged.contains(task))
            .collect();
        let mut rows: Vec<ModelFacts> = doc
            .models
            .iter()
            .map(|model| ModelFacts {
                id: model.id,
                scores: tasks.iter().map(|task| value(model, task)).collect(),
                average: average(model, &counted).or(model.origin.average),
                children: doc.children(model.id).count(),
                kinship: parents_kinship(doc, model, measured),
                difference: parents_difference(doc, model),
                ..ModelFacts::default()
            })
            .collect();
        let averages: Vec<Option<f64>> = rows.iter().map(|row| row.average).collect();
        let generations = doc.generations();
        for (k, (row, model)) in rows.iter_mut().zip(&doc.models).enumerate() {
            row.generation = generations[k];
            row.partial = partial(model, &counted).filter(|_| row.average.is_none());
            row.rank = rank(row.average, &averages);
            let computed = gain(doc, model, row.average, &averages);
            row.gain = computed.or(model.origin.gain);
            row.gain_is_reported = computed.is_none() && row.gain.is_some();
            row.conflicts = conflicts(model, average(model, &counted), computed);
        }
        let runs = distinct(steps.map(|step| &step.run));
        Self {
            tasks,
            run_colours: run_colours(&doc.evolutions, &runs),
            runs,
            rows,
        }
    }

    pub fn row(&self, id: ModelId) -> Option<&ModelFacts> {
        let likely = self.rows.partition_point(|row| row.id < id);
        let likely = self.rows.get(likely).filter(|row| row.id == id);
        likely.or_else(|| self.rows.iter().find(|row| row.id == id))
    }

    /// The colour of a run, which is the same in every chart.
    pub fn run_colour(&self, run: &str) -> usize {
        self.run_colours.get(run).copied().unwrap_or(0)
    }

    /// The model with the highest average.
    pub fn best(&self) -> Option<&ModelFacts> {
        self.rows.iter().find(|row| row.rank == Some(1))
    }
}

impl StudyDoc {
    /// The models that were made from one.
    pub fn children(&self, id: ModelId) -> impl Iterator<Item = &Model> {
        self.models.iter().filter(move |m| m.parents.contains(&id))
    }

    /// Kinship of two models as reported: of the pair, or as that of a merge's two parents.
    pub fn given_kinship(&self, a: ModelId, b: ModelId, metric: Metric) -> Option<f64> {
        let same = |pair: &[ModelId]| pair == [a, b] || pair == [b, a];
        let of_pair = |pair: &PairRecord| same(&pair.models).then(|| pair.kinship.get(metric))?;
        let of_merge = |m: &Model| {
            let named = !m.origin.unnamed_parents && same(&m.parents);
            named.then(|| m.origin.kinship.get(metric))?
        };
        let pairs = self.pairs.iter().find_map(of_pair);
        pairs.or_else(|| self.models.iter().find_map(of_merge))
    }

    /// The same for every pair that has a reported value, by its models in order.
    pub fn given_kinships(&self, metric: Metric) -> BTreeMap<[ModelId; 2], f64> {
        let pairs = self.pairs.iter();
        let pairs = pairs.filter_map(|pair| Some((pair.models, pair.kinship.get(metric)?)));
        let merges = self.models.iter().filter(|m| !m.origin.unnamed_parents);
        let merges = merges.filter_map(|m| {
            let [a, b] = m.parents[..] else { return None };
            Some(([a, b], m.origin.kinship.get(metric)?))
        });
        let mut out = BTreeMap::new();
        for (models, value) in pairs.chain(merges) {
            out.entry(sorted(models)).or_insert(value);
        }
        out
    }

    /// Average task performance difference of two models, (1/|T|) Σ |Pᵢ − Pᵢ′| over the tasks
    /// that both have, in points (paper, appendix E); `None` without a common task.
    pub fn performance_difference(&self, a: ModelId, b: ModelId) -> Option<f64> {
        let (a, b) = (self.model(a)?, self.model(b)?);
        let differences: Vec<f64> = a
            .scores
            .iter()
            .filter(|score| !self.not_averaged.contains(&score.task))
            .filter_map(|score| Some((score.value - value(b, &score.task)?).abs()))
            .collect();
        mean(&differences)
    }

    /// Every pair whose kinship is known, measured or reported, each once.
    pub fn pair_rows(&self, measured: &MeasuredKinship<'_>) -> Vec<PairRow> {
        let mut out: Vec<PairRow> = self
            .pairs
            .iter()
            .map(|pair| given_pair(self, pair))
            .collect();
        let reported: BTreeSet<[ModelId; 2]> =
            self.pairs.iter().map(|pair| sorted(pair.models)).collect();
        for (k, a) in self.models.iter().enumerate() {
            for b in &self.models[..k] {
                let values = Values::by(|metric| measured(a.id, b.id, metric));
                if !values.is_empty() && !reported.contains(&sorted([a.id, b.id])) {
                    out.push(PairRow {
                        models: [b.id, a.id],
                        kinship: ParentKinship {
                            values,
                            is_measured: true,
                        },
                        difference: self.performance_difference(a.id, b.id),
                        ..PairRow::default()
                    });
                }
            }
        }
        out
    }
}

fn given_pair(doc: &StudyDoc, pair: &PairRecord) -> PairRow {
    let [a, b] = pair.models;
    PairRow {
        models: pair.models,
        group: pair.group.clone(),
        kinship: ParentKinship {
            values: pair.kinship.clone(),
            is_measured: false,
        },
        difference: pair.difference.or_else(|| doc.performance_difference(a, b)),
    }
}

fn sorted([a, b]: [ModelId; 2]) -> [ModelId; 2] {
    [a.min(b), a.max(b)]
}

fn value(model: &Model, task: &str) -> Option<f64> {
    model.score(task).map(|score| score.value)
}

/// The mean over the tasks that count, if the model has them all.
fn average(model: &Model, counted: &[&String]) -> Option<f64> {
    let values: Option<Vec<f64>> = counted.iter().map(|task| value(model, task)).collect();
    mean(&values?)
}

/// The mean over the tasks that count and that the model has, if it lacks others.
fn partial(model: &Model, counted: &[&String]) -> Option<PartialAverage> {
    let values: Vec<f64> = (counted.iter().filter_map(|task| value(model, task))).collect();
    let whole = PartialAverage {
        mean: mean(&values)?,
        known: values.len(),
        of: counted.len(),
    };
    Some(whole).filter(|partial| partial.known < partial.of)
}

fn rank(average: Option<f64>, averages: &[Option<f64>]) -> Option<usize> {
    let own = average?;
    let better = averages.iter().flatten().filter(|&&other| other > own);
    Some(1 + better.count())
}

/// Gain = P̄(child) − mean of P̄(parents) (paper, equation 6).
fn gain(doc: &StudyDoc, model: &Model, own: Option<f64>, averages: &[Option<f64>]) -> Option<f64> {
    if model.parents.len() < 2 || model.origin.unnamed_parents {
        return None;
    }
    let parents = model.parents.iter();
    let parents: Option<Vec<f64>> = parents.map(|p| averages[doc.place_of(*p)?]).collect();
    Some(own? - mean(&parents?)?)
}

fn parents_difference(doc: &StudyDoc, model: &Model) -> Option<f64> {
    match model.parents[..] {
        [a, b] => doc.performance_difference(a, b),
        _ => None,
    }
}

fn parents_kinship(doc: &StudyDoc, model: &Model, measured: &MeasuredKinship<'_>) -> ParentKinship {
    let parents = &model.parents;
    let of_pairs = |kinship: &dyn Fn(ModelId, ModelId) -> Option<f64>| {
        let pairs = (0..parents.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
        let values: Option<Vec<f64>> = pairs
            .map(|(i, j)| kinship(parents[j], parents[i]))
            .collect();
        mean(&values?)
    };
    let whole = parents.len() > 1 && !model.origin.unnamed_parents;
    let found = Values::by(|metric| of_pairs(&|a, b| measured(a, b, metric)).filter(|_| whole));
    if !found.is_empty() {
        return ParentKinship {
            values: found,
            is_measured: true,
        };
    }
    let own = &model.origin.kinship;
    let mut reported = Values::by(|metric| {
        let of_parents = || of_pairs(&|a, b| doc.given_kinship(a, b, metric)).filter(|_| whole);
        own.get(metric).or_else(of_parents)
    });
    reported.extend(own);
    ParentKinship {
        values: reported,
        is_measured: false,
    }
}

/// Where what was reported is not what follows.
fn conflicts(model: &Model, average: Option<f64>, gain: Option<f64>) -> Vec<String> {
    let differ = |given: Option<f64>, found: Option<f64>| {
        let both = given.zip(found);
        both.filter(|(given, found)| (given - found).abs() > PRINTED)
    };
    let averages = differ(model.origin.average, average).map(|(given, found)| {
        format!("The average is reported as {given:.2}; the scores give {found:.2}")
    });
    let gains = differ(model.origin.gain, gain).map(|(given, found)| {
        text::with_minus(&format!(
            "The merge gain is reported as {given:+.2}; the averages give {found:+.2}"
        ))
    });
    [averages, gains].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests;
