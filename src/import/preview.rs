//! What an import will do to a study, before it does it.

use std::collections::BTreeSet;

use crate::study::tasks::Averages;
use crate::study::{Command, Entry, Import, RecordEdit, Study, StudyDoc, StudyFacts};
use crate::text::counted;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preview {
    /// One a model of the table, in its order.
    pub models: Vec<ModelPreview>,
    /// Parents that are added by name alone.
    pub added_parents: Vec<String>,
    /// How many pairs of models are written down.
    pub pairs: usize,
    /// Over what averages will be.
    pub averages: Averages,
    /// How many models have an average now and will have none.
    pub losing: usize,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelPreview {
    pub name: String,
    pub is_new: bool,
    pub scores: usize,
    /// Scores that take the place of others.
    pub overwritten: Vec<Overwrite>,
}

/// A score that takes the place of another.
#[derive(Clone, Debug, PartialEq)]
pub struct Overwrite {
    pub task: String,
    /// The score in the study, in points.
    pub old: f64,
    /// The score in the table, in points.
    pub new: f64,
}

impl Preview {
    pub fn new(import: &Import, study: &StudyDoc) -> Self {
        let models: Vec<ModelPreview> = import.entries.iter().map(|e| of(e, study)).collect();
        let named = models.iter().map(|m| m.name.as_str());
        let mut known: BTreeSet<&str> = study.models.iter().map(|m| m.name.as_str()).collect();
        known.extend(named);
        let parents = import.entries.iter().flat_map(|e| &e.parents);
        let of_pairs = import.pairs.iter().flat_map(|pair| &pair.models);
        let mut added_parents: Vec<String> = Vec::new();
        for name in parents.chain(of_pairs) {
            if known.insert(name) {
                added_parents.push(name.clone());
            }
        }
        let (averages, losing) = averages(import, study);
        Self {
            models,
            added_parents,
            pairs: import.pairs.len(),
            averages,
            losing,
        }
    }

    /// Over what the averages will be, and who will have none; empty without scores.
    pub fn averages_sentence(&self) -> String {
        let Averages {
            over,
            whole,
            partial,
            ..
        } = self.averages;
        if over == 0 || self.scores() == 0 {
            return String::new();
        }
        let over = format!("Averages will be over {}", counted(over, "task"));
        match (whole, partial) {
            (1, 0) => format!("{over}, and the one model that has scores has them all"),
            (whole, 0) => format!("{over}; all {whole} models that have scores have them all"),
            (whole, partial) => {
                let all = whole + partial;
                let lack = format!(
                    "{over}, and {partial} of {} lack some",
                    counted(all, "model")
                );
                match self.losing {
                    0 => lack,
                    n => format!("{lack}; {} lose their average", counted(n, "model")),
                }
            }
        }
    }

    /// How many models the study will have more.
    pub fn new_models(&self) -> usize {
        self.models.iter().filter(|m| m.is_new).count() + self.added_parents.len()
    }

    pub fn scores(&self) -> usize {
        self.models.iter().map(|m| m.scores).sum()
    }

    pub fn overwritten(&self) -> usize {
        self.models.iter().map(|m| m.overwritten.len()).sum()
    }

    /// The whole in words: `26 models, 14 new; 182 scores, 3 overwrite others`.
    pub fn sentence(&self) -> String {
        let mut parts = Vec::new();
        let models = self.models.len();
        let new = self.new_models();
        match (models, new) {
            (0, 0) => {}
            (0, new) => parts.push(counted(new, "new model")),
            (models, 0) => parts.push(format!("{}, none new", counted(models, "model"))),
            (models, new) => {
                let others = self.added_parents.len();
                let and = match others {
                    0 => String::new(),
                    n => format!(" and {} known by name", counted(n, "parent")),
                };
                parts.push(format!("{}{and}, {new} new", counted(models, "model")));
            }
        }
        let scores = self.scores();
        if scores > 0 {
            let over = match self.overwritten() {
                0 => "none overwritten".to_owned(),
                1 => "1 overwrites another".to_owned(),
                n => format!("{n} overwrite others"),
            };
            parts.push(format!("{}, {over}", counted(scores, "score")));
        }
        if self.pairs > 0 {
            parts.push(counted(self.pairs, "pair"));
        }
        parts.join("; ")
    }
}

/// The averages after the import, and how many models lose theirs by it.
fn averages(import: &Import, study: &StudyDoc) -> (Averages, usize) {
    let facts = |doc: &StudyDoc| StudyFacts::new(doc, &|_, _, _| None);
    let mut after = Study::new(study.clone());
    after.apply(Command::Record(RecordEdit::Import(import.clone())));
    let (before, then) = (facts(study), facts(after.doc()));
    let has = |row: &crate::study::ModelFacts| row.average.is_some();
    let lost = before.rows.iter().zip(&then.rows);
    let losing = lost.filter(|(old, new)| has(old) && !has(new)).count();
    (Averages::new(after.doc(), &then), losing)
}

fn of(entry: &Entry, study: &StudyDoc) -> ModelPreview {
    let known = study.models.iter().find(|m| m.name == entry.model);
    let overwrite = |score: &crate::study::Score| {
        let old = known?.score(&score.task)?.value;
        (old != score.value).then(|| Overwrite {
            task: score.task.clone(),
            old,
            new: score.value,
        })
    };
    ModelPreview {
        name: entry.model.clone(),
        is_new: known.is_none(),
        scores: entry.scores.len(),
        overwritten: entry.scores.iter().filter_map(overwrite).collect(),
    }
}
