//! What is shown of the suggestions: rows in words, or why there are none. Pure; worked out
//! anew when the study or a measurement has changed.

use crate::lineage::gain::Expected;
use crate::lineage::suggest::{Basis, NEARLY_EQUAL, Suggestion};
use crate::study::{ModelId, StudyDoc};
use crate::workbench::{ModelFiles, Workbench};

/// The suggestions as they stand.
pub struct Shown {
    /// The state of the workbench that they follow from.
    pub revision: u64,
    /// The most promising first; empty where `state` says why.
    pub rows: Vec<Row>,
    /// Why there are no rows, or what stands in the way of better ones.
    pub state: State,
}

pub struct Row {
    /// The two, the better one first.
    pub pair: [ModelId; 2],
    pub names: [String; 2],
    /// Their averages, in points.
    pub averages: [Option<f64>; 2],
    /// Pearson correlation of their task vectors, if it is known.
    pub kinship: Option<f64>,
    /// The score that the child may be expected to have, in points.
    pub score: f64,
    pub gain: Option<Expected>,
    /// What the gain rests on.
    pub basis: Basis,
    /// Why, the weightiest first.
    pub reasons: Vec<String>,
    /// What the canvas will lack; it can be composed all the same.
    pub lacks: Option<String>,
}

impl Row {
    /// Whether the two are so nearly equal that a merge of them is neither.
    pub fn are_copies(&self) -> bool {
        self.kinship.is_some_and(|k| k >= NEARLY_EQUAL)
    }

    /// Both names as one: `mirror × order`.
    pub fn title(&self) -> String {
        self.names.join(" × ")
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// There is nothing to be said.
    Full,
    Empty,
    /// There is no second model to merge.
    Alone,
    /// No model has a score.
    NoScores,
    OneScore(ModelId),
    /// Every pair of models with scores was merged.
    AllMerged,
    /// All that is left are near copies.
    Copies,
    /// Kinship can be measured, and is not yet.
    NotMeasured(ModelId),
    Measuring,
    /// The base of the family cannot be read.
    BaseMissing(ModelId),
    /// The models have files, and no base in common is said.
    NoBase,
    /// No model has files: they are others' tables.
    NoFiles,
}

impl Shown {
    /// What is to be shown of the workbench as it is.
    pub fn new(bench: &Workbench) -> Self {
        let suggested = bench.suggestions();
        let rows: Vec<Row> = suggested
            .merges
            .iter()
            .map(|merge| row(bench, &suggested.models, merge))
            .collect();
        Self {
            revision: bench.revision(),
            state: state(bench, &suggested.models, &rows),
            rows,
        }
    }
}

fn row(bench: &Workbench, models: &[ModelId], merge: &Suggestion) -> Row {
    let (doc, record) = (bench.study().doc(), bench.record());
    let counted: Vec<&String> = record
        .tasks
        .iter()
        .filter(|task| !doc.not_averaged.contains(task))
        .collect();
    let model_name = |k: usize| doc.name_of(models[k]).to_owned();
    let task_name = |k: usize| counted.get(k).map_or(String::new(), |task| (*task).clone());
    let pair = merge.pair.map(|k| models[k]);
    let words = |reason: &crate::lineage::suggest::Reason| reason.words(&model_name, &task_name);
    Row {
        pair,
        names: pair.map(|id| doc.name_of(id).to_owned()),
        averages: pair.map(|id| record.row(id).and_then(|row| row.average)),
        kinship: merge.kinship,
        score: merge.score,
        gain: merge.gain,
        basis: merge.basis,
        reasons: merge.reasons.iter().map(words).collect(),
        lacks: lacks(bench, pair),
    }
}

/// What stands in the way of writing a merge of the two.
fn lacks(bench: &Workbench, pair: [ModelId; 2]) -> Option<String> {
    let doc = bench.study().doc();
    let is_open = |id: &ModelId| bench.files(*id).checkpoint().is_some();
    let without: Vec<&str> = pair
        .iter()
        .filter(|id| !is_open(id))
        .map(|&id| doc.name_of(id))
        .collect();
    let verb = if without.len() == 1 { "has" } else { "have" };
    (!without.is_empty()).then(|| {
        format!(
            "{} {verb} no files here: the merge can be composed by name, and written once they \
             are found in Models",
            without.join(" and ")
        )
    })
}

fn state(bench: &Workbench, models: &[ModelId], rows: &[Row]) -> State {
    let doc = bench.study().doc();
    if doc.models.is_empty() {
        return State::Empty;
    }
    if models.len() < 2 {
        return State::Alone;
    }
    let average = |id: &&ModelId| {
        bench
            .record()
            .row(**id)
            .is_some_and(|r| r.average.is_some())
    };
    let scored: Vec<ModelId> = models.iter().filter(average).copied().collect();
    match scored[..] {
        [] => return State::NoScores,
        [one] => return State::OneScore(one),
        _ if rows.is_empty() => return State::AllMerged,
        _ => {}
    }
    if rows.iter().all(Row::are_copies) {
        return State::Copies;
    }
    if rows.iter().all(|row| row.kinship.is_some()) {
        return of_files(doc, rows);
    }
    unknown_kinship(bench, rows)
}

/// Kinship is known; is it all that there is?
fn of_files(doc: &StudyDoc, rows: &[Row]) -> State {
    let has_files = |id: &ModelId| doc.model(*id).is_some_and(|m| m.path.is_some());
    let any = rows.iter().any(|row| row.pair.iter().any(has_files));
    if any { State::Full } else { State::NoFiles }
}

fn unknown_kinship(bench: &Workbench, rows: &[Row]) -> State {
    let doc = bench.study().doc();
    if of_files(doc, rows) == State::NoFiles {
        return State::NoFiles;
    }
    let Some(base) = doc.shown_base() else {
        return State::NoBase;
    };
    if bench.measuring(base).is_some() {
        return State::Measuring;
    }
    match bench.files(base) {
        ModelFiles::Opening => State::Full,
        ModelFiles::Open { .. } if !bench.files(base).are_missing() => {
            let is_due = bench.family(base).unmeasured() > 0;
            if is_due {
                State::NotMeasured(base)
            } else {
                State::Full
            }
        }
        _ => State::BaseMissing(base),
    }
}
