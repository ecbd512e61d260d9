//! Changes of the record: a score typed into a cell, a block of cells pasted, a table imported.

use super::bounds::is_error;
use super::doc::{Model, StudyDoc};
use super::id::ModelId;
use super::record::{PairRecord, Reported, Score, Step};
use super::tasks;
use crate::kinship::Values;

/// A change of what is written down of models.
#[derive(Clone, Debug, PartialEq)]
pub enum RecordEdit {
    /// Write scores into cells, or clear them: model, task, value in points.
    SetScores(Vec<(ModelId, String, Option<f64>)>),
    /// Let a task count for the average, or not.
    CountTask(String, bool),
    /// Give a task another name; no other task may have it.
    RenameTask(String, String),
    RemoveTask(String),
    /// Put the scores of tasks into others that are the same: from, into.
    MergeTasks(Vec<(String, String)>),
    /// Leave these out of the average.
    LeaveOut(Vec<String>),
    SetMethod(ModelId, String),
    /// Say by which recipe and from which models one was made.
    SetRecipe {
        model: ModelId,
        method: String,
        recipe: String,
        parents: Vec<ModelId>,
    },
    /// Put models into a generation of a run; `None` takes them out of it.
    SetGeneration(Vec<ModelId>, String, Option<u32>),
    /// Say which runs a model belongs to, and where it stands in them.
    SetSteps(ModelId, Vec<Step>),
    SetPublished(ModelId, String),
    SetReported(ModelId, Reported, Option<f64>),
    Import(Import),
}

/// A table as it goes into a study, in one step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Import {
    /// What the history calls it: the file's name.
    pub title: String,
    pub entries: Vec<Entry>,
    pub pairs: Vec<PairEntry>,
}

/// What a table says of one model. What is empty leaves the study as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    /// Its name. A model of the study with this name is filled in; else one is added.
    pub model: String,
    /// Names of what it was made from; added by name where the study lacks them.
    pub parents: Vec<String>,
    /// Whether it has parents that the table does not name.
    pub unnamed_parents: bool,
    pub method: String,
    pub steps: Vec<Step>,
    /// What it scored, in points.
    pub scores: Vec<Score>,
    /// Kinship of its parents as reported.
    pub kinship: Values,
    /// Average as reported, in points.
    pub average: Option<f64>,
    /// Merge gain as reported, in points.
    pub gain: Option<f64>,
    pub published: String,
    pub note: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct PairEntry {
    pub models: [String; 2],
    pub kinship: Values,
    /// Their average task performance difference as reported, in points.
    pub difference: Option<f64>,
    /// The table that they stand in.
    pub group: String,
    pub note: String,
}

impl RecordEdit {
    pub(super) fn title(&self) -> String {
        match self {
            Self::SetScores(cells) if cells.len() > 1 => format!("Set {} scores", cells.len()),
            Self::SetScores(_) => "Set score".to_owned(),
            Self::CountTask(task, true) => format!("Count {task} for the average"),
            Self::CountTask(task, false) => format!("Leave {task} out of the average"),
            Self::RenameTask(..) => "Rename task".to_owned(),
            Self::RemoveTask(task) => format!("Remove task {task}"),
            Self::MergeTasks(_) => "Merge tasks".to_owned(),
            Self::LeaveOut(_) => "Leave tasks out of the average".to_owned(),
            Self::SetMethod(..) => "Set method".to_owned(),
            Self::SetRecipe { .. } => "Record recipe".to_owned(),
            Self::SetGeneration(..) => "Set generation".to_owned(),
            Self::SetSteps(..) => "Set run and generation".to_owned(),
            Self::SetPublished(..) => "Set where it is published".to_owned(),
            Self::SetReported(_, what, _) => {
                format!("Set {} as reported", what.title().to_lowercase())
            }
            Self::Import(import) => format!("Import {}", import.title),
        }
    }

    /// Edits with the same key that follow each other are one step of undo.
    pub(super) fn join_key(&self) -> Option<String> {
        match self {
            Self::SetMethod(id, _) => Some(format!("method {}", id.0)),
            Self::SetSteps(id, _) => Some(format!("steps {}", id.0)),
            Self::SetPublished(id, _) => Some(format!("published {}", id.0)),
            Self::SetReported(id, what, _) => Some(format!("reported {} {what:?}", id.0)),
            _ => None,
        }
    }

    pub(super) fn apply(self, doc: &mut StudyDoc) {
        match self {
            Self::SetScores(cells) => {
                for (id, task, value) in cells {
                    doc.with(id, |model| set_score(model, task, value));
                }
            }
            Self::CountTask(task, counts) => {
                doc.not_averaged.retain(|t| *t != task);
                if !counts {
                    doc.not_averaged.push(task);
                }
            }
            Self::RenameTask(old, new) => rename_task(doc, &old, &new),
            Self::RemoveTask(task) => {
                doc.not_averaged.retain(|t| *t != task);
                for model in &mut doc.models {
                    model.scores.retain(|score| score.task != task);
                }
            }
            Self::MergeTasks(pairs) => tasks::merge(doc, &pairs),
            Self::LeaveOut(tasks) => {
                let new = tasks.into_iter().filter(|t| !doc.not_averaged.contains(t));
                let new: Vec<String> = new.collect();
                doc.not_averaged.extend(new);
            }
            Self::SetMethod(id, method) => doc.with(id, |m| m.origin.method = method),
            Self::SetRecipe {
                model,
                method,
                recipe,
                parents,
            } => doc.with(model, |m| {
                m.origin.method = method;
                m.origin.recipe = recipe;
                m.parents = parents.into_iter().filter(|&p| p != model).collect();
            }),
            Self::SetGeneration(ids, run, generation) => {
                for id in ids {
                    doc.with(id, |m| set_generation(m, &run, generation));
                }
            }
            Self::SetSteps(id, steps) => doc.with(id, |m| m.steps = steps),
            Self::SetPublished(id, place) => doc.with(id, |m| m.published = place),
            Self::SetReported(id, what, value) => {
                let value = value.filter(|v| v.is_finite());
                doc.with(id, |m| what.set(&mut m.origin, value));
            }
            Self::Import(import) => take_in(doc, import),
        }
    }
}

/// A typed score forgets where the old one was from, because it is no longer from there.
fn set_score(model: &mut Model, task: String, value: Option<f64>) {
    let Some(value) = value else {
        return model.scores.retain(|score| score.task != task);
    };
    let score = Score {
        task,
        value,
        ..Score::default()
    };
    put_score(model, score);
}

/// A score takes the place of the one on the same task. What is not a number is left out: a study
/// file could not hold it; so is a standard error that cannot be one.
pub(super) fn put_score(model: &mut Model, mut score: Score) {
    if !score.value.is_finite() {
        return;
    }
    score.stderr = score.stderr.filter(|&error| is_error(error));
    match model.scores.iter_mut().find(|old| old.task == score.task) {
        Some(old) if old.value == score.value && score.source.is_empty() => {}
        Some(old) => *old = score,
        None => model.scores.push(score),
    }
}

fn rename_task(doc: &mut StudyDoc, old: &str, new: &str) {
    let taken = doc.models.iter().any(|m| m.score(new).is_some());
    if taken || new.is_empty() {
        return;
    }
    // A task whose last score was cleared may have left its name here.
    doc.not_averaged.retain(|task| task != new);
    let scores = doc.models.iter_mut().flat_map(|m| &mut m.scores);
    let names = scores.map(|score| &mut score.task);
    for name in names.chain(&mut doc.not_averaged) {
        if name == old {
            new.clone_into(name);
        }
    }
}

fn set_generation(model: &mut Model, run: &str, generation: Option<u32>) {
    let Some(generation) = generation else {
        return model.steps.retain(|step| step.run != run);
    };
    match model.steps.iter_mut().find(|step| step.run == run) {
        Some(step) => step.generation = generation,
        None => model.steps.push(Step {
            run: run.to_owned(),
            generation,
            ..Step::default()
        }),
    }
}

fn take_in(doc: &mut StudyDoc, import: Import) {
    for entry in import.entries {
        let parents: Vec<ModelId> = entry.parents.iter().map(|name| named(doc, name)).collect();
        let id = named(doc, &entry.model);
        doc.with(id, |model| fill_in(model, entry, parents));
    }
    for pair in import.pairs {
        take_in_pair(doc, pair);
    }
}

/// A pair is filled in where the table has it already, in whatever order of the two.
fn take_in_pair(doc: &mut StudyDoc, entry: PairEntry) {
    let [a, b] = &entry.models;
    if a == b {
        return;
    }
    let models = [named(doc, a), named(doc, b)];
    let same = |old: &PairRecord| {
        old.group == entry.group && (old.models == models || old.models == [models[1], models[0]])
    };
    let at = doc.pairs.iter().position(same).unwrap_or_else(|| {
        doc.pairs.push(PairRecord {
            models,
            group: entry.group.clone(),
            ..PairRecord::default()
        });
        doc.pairs.len() - 1
    });
    let record = &mut doc.pairs[at];
    fill_kinship(&mut record.kinship, entry.kinship);
    fill(&mut record.difference, entry.difference);
    if !entry.note.is_empty() {
        record.note = entry.note;
    }
}

/// What is given takes the place of what was known, if it is a number.
fn fill(to: &mut Option<f64>, given: Option<f64>) {
    *to = given.filter(|value| value.is_finite()).or(*to);
}

fn fill_kinship(to: &mut Values, mut given: Values) {
    given.change(|value| Some(value).filter(|value| value.is_finite()));
    to.extend(&given);
}

/// The model of a name, added if there is none.
fn named(doc: &mut StudyDoc, name: &str) -> ModelId {
    if let Some(model) = doc.models.iter().find(|m| m.name == name) {
        return model.id;
    }
    doc.add(Model {
        name: name.to_owned(),
        ..Model::default()
    })
}

fn fill_in(model: &mut Model, entry: Entry, parents: Vec<ModelId>) {
    let own = model.id;
    if !parents.is_empty() {
        model.parents = parents.into_iter().filter(|&p| p != own).collect();
    }
    model.origin.unnamed_parents |= entry.unnamed_parents;
    for step in entry.steps {
        match model.steps.iter_mut().find(|old| old.run == step.run) {
            Some(old) => *old = step,
            None => model.steps.push(step),
        }
    }
    for score in entry.scores {
        put_score(model, score);
    }
    let origin = &mut model.origin;
    fill_kinship(&mut origin.kinship, entry.kinship);
    fill(&mut origin.average, entry.average);
    fill(&mut origin.gain, entry.gain);
    for (text, to) in [
        (entry.method, &mut origin.method),
        (entry.published, &mut model.published),
        (entry.note, &mut model.note),
    ] {
        if !text.is_empty() {
            *to = text;
        }
    }
}

#[cfg(test)]
mod tests;
