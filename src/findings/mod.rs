//! What stands out in a study: sentences with their numbers, each from a rule with a ground.
//!
//! Pure: facts in, findings out. A rule that lacks what it needs is silent. The order of
//! [`RULES`] is the order on screen.

mod best;
mod copies;
mod only_one;
mod opposed;
mod saturated;
mod vocabulary;
mod wrong_base;

use std::collections::BTreeSet;

use crate::study::{ModelId, Selection, StudyDoc, StudyFacts};

/// All that rules look at.
pub struct Facts<'a> {
    pub doc: &'a StudyDoc,
    pub record: &'a StudyFacts,
    /// Kinship of two models in the default measure, measured or reported.
    pub kinship: &'a dyn Fn(ModelId, ModelId) -> Option<f64>,
    /// The length of a model's task vector as measured.
    pub norm: &'a dyn Fn(ModelId) -> Option<f64>,
    /// How many tokens a model's configuration names.
    pub tokens: &'a dyn Fn(ModelId) -> Option<usize>,
}

/// Something that stands out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is about, the same as long as that is so: what was dismissed stays dismissed.
    pub key: String,
    /// One sentence with its numbers.
    pub sentence: String,
    /// Where it is seen.
    pub place: Place,
    /// What is selected there.
    pub selection: Selection,
}

/// Where a finding is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Models,
    Kinship,
    Charts,
    Evolution,
}

pub type Rule = fn(&Facts<'_>) -> Vec<Finding>;

/// Every rule: what may be wrong with the models first, then what came of them.
pub const RULES: [Rule; 7] = [
    wrong_base::find,
    copies::find,
    opposed::find,
    vocabulary::find,
    best::find,
    saturated::find,
    only_one::find,
];

/// Everything that stands out and was not dismissed.
pub fn findings(facts: &Facts<'_>, dismissed: &BTreeSet<String>) -> Vec<Finding> {
    let all = RULES.iter().flat_map(|rule| rule(facts));
    all.filter(|found| !dismissed.contains(&found.key))
        .collect()
}

impl Facts<'_> {
    /// The models of each base, for rules that compare relatives.
    fn families(&self) -> Vec<(ModelId, Vec<ModelId>)> {
        let bases = self.doc.bases().into_iter();
        bases.map(|base| (base, self.doc.family(base))).collect()
    }

    fn name(&self, id: ModelId) -> &str {
        self.doc.name_of(id)
    }
}

/// `a`, `a and b`, `a, b and 3 more`.
fn some_of(names: &[&str]) -> String {
    const MOST: usize = 3;
    let (shown, more) = names.split_at(names.len().min(MOST));
    match (shown, more.len()) {
        (shown, n) if n > 0 => format!("{} and {n} more", shown.join(", ")),
        ([first @ .., last], _) if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        (shown, _) => shown.concat(),
    }
}

/// A key from what a finding is about.
fn key(rule: &str, models: &[ModelId]) -> String {
    let ids: Vec<String> = models.iter().map(|id| id.0.to_string()).collect();
    format!("{rule} {}", ids.join(" "))
}

#[cfg(test)]
mod tests;
