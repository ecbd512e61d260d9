//! The document: what is saved, undone and compared. Plain data.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::chart::ChartChoices;
use super::draft::Draft;
use super::evolution::{Evaluator, Evolution};
use super::id::{DraftId, ModelId};
use super::mixture::MixtureSheet;
use super::record::{Origin, PairRecord, Score, Step, is_zero};
use crate::kinship::{Linkage, Measure, Metric};
use crate::text;

/// A study as it is saved.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StudyDoc {
    pub name: String,
    /// Where it is from and what is to be known of it, for studies of others' tables.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// Where its numbers are from, in one line; stands under every chart of it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub source: String,
    pub models: Vec<Model>,
    /// What others have reported of pairs of models.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pairs: Vec<PairRecord>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drafts: Vec<Draft>,
    #[serde(skip_serializing_if = "is_zero")]
    pub next_draft: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mixture: Option<MixtureSheet>,
    #[serde(skip_serializing_if = "Evaluator::is_by_hand")]
    pub evaluator: Evaluator,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evolutions: Vec<Evolution>,
    #[serde(skip_serializing_if = "is_zero")]
    pub next_evolution: u32,
    /// Tasks that do not count for the average.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_averaged: Vec<String>,
    pub view: ViewChoices,
    /// The id that the next model gets; ids are never used again.
    pub next_id: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Model {
    pub id: ModelId,
    pub name: String,
    pub path: Option<PathBuf>,
    /// The base that its task vector is taken from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<ModelId>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<ModelId>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Where it is published: a repository such as `openchat/openchat-3.5-1210`, or an address.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub published: String,
    #[serde(skip_serializing_if = "Origin::is_empty")]
    pub origin: Origin,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// What it scored; one entry a task.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scores: Vec<Score>,
    /// Whether the matrix of its family leaves it out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_hidden: bool,
}

impl Model {
    pub fn score(&self, task: &str) -> Option<&Score> {
        self.scores.iter().find(|score| score.task == task)
    }

    pub fn step(&self, run: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.run == run)
    }

    pub fn is_merge(&self) -> bool {
        self.parents.len() > 1 || self.origin.unnamed_parents
    }
}

/// What a model is to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Others are measured from it.
    Base,
    /// It descends from a base.
    FineTune,
    /// It was made from several models.
    Merge,
    /// Nobody has said yet what it descends from.
    NoBase,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Base, Self::FineTune, Self::Merge, Self::NoBase];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::FineTune => "fine-tune",
            Self::Merge => "merge",
            Self::NoBase => "no base",
        }
    }
}

/// In which order models stand in the kinship matrix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    #[default]
    Relatedness,
    Name,
    /// The best average first.
    Score,
    /// From the founders on.
    Generation,
}

impl Order {
    pub const ALL: [Self; 4] = [Self::Relatedness, Self::Name, Self::Score, Self::Generation];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Relatedness => "By relatedness",
            Self::Name => "By name",
            Self::Score => "By score",
            Self::Generation => "By generation",
        }
    }
}

/// From which value to which the colours of the kinship matrix go, as the user has set it for a
/// measure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColourRange {
    pub metric: Metric,
    pub lo: f64,
    pub hi: f64,
}

impl ColourRange {
    /// Whether colours can go along it.
    pub fn is_sound(&self) -> bool {
        self.lo.is_finite() && self.hi.is_finite() && self.lo < self.hi
    }
}

/// A map as a list of pairs: in JSON keys are texts, and numbers would not be read back.
mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &BTreeMap<K, V>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(map)
    }

    pub(super) fn deserialize<'de, K, V, D>(from: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(from)?.into_iter().collect())
    }
}

/// How the tree of the matrix is made, and where it is cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TreeChoices {
    pub linkage: Linkage,
    /// How many clusters it is cut into; below two for no cut.
    pub clusters: u32,
}

impl TreeChoices {
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// How a study was last looked at; kept, but not undone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ViewChoices {
    pub measure: Measure,
    pub order: Order,
    /// The tree beside the matrix.
    #[serde(skip_serializing_if = "TreeChoices::is_usual")]
    pub tree: TreeChoices,
    /// Where the colours begin and end; `None` for the range of the measure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub colours: Option<ColourRange>,
    /// Whose family is shown; `None` for the largest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<ModelId>,
    /// The draft on the canvas; `None` for the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft: Option<DraftId>,
    pub charts: ChartChoices,
    /// By which files a model was last measured: its kinship stays known when they are gone.
    #[serde(with = "pairs", skip_serializing_if = "BTreeMap::is_empty")]
    pub measured_as: BTreeMap<ModelId, String>,
    /// Columns of the table of models that are shown or hidden other than by themselves.
    #[serde(skip_serializing_if = "ColumnChoices::is_empty")]
    pub columns: ColumnChoices,
    /// What stands out and was dismissed, by its key.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub dismissed: BTreeSet<String>,
}

/// Columns that the user has put into the table of models or taken out of it, by their keys;
/// all others are there when they have something to show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ColumnChoices {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shown: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<String>,
}

impl ColumnChoices {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What the user said of a column, if anything.
    pub fn get(&self, key: &str) -> Option<bool> {
        let has = |list: &[String]| list.iter().any(|k| k == key);
        let hidden = has(&self.hidden).then_some(false);
        has(&self.shown).then_some(true).or(hidden)
    }

    pub(super) fn set(&mut self, key: String, shown: Option<bool>) {
        self.shown.retain(|k| *k != key);
        self.hidden.retain(|k| *k != key);
        match shown {
            Some(true) => self.shown.push(key),
            Some(false) => self.hidden.push(key),
            None => {}
        }
    }
}

impl StudyDoc {
    pub fn model(&self, id: ModelId) -> Option<&Model> {
        self.models.get(self.place_of(id)?)
    }

    /// Where a model stands in the list. New models come last under a higher number, so that a
    /// list nobody has sorted is searched in a few steps.
    pub fn place_of(&self, id: ModelId) -> Option<usize> {
        let likely = self.models.partition_point(|m| m.id < id);
        let is_it = self.models.get(likely).is_some_and(|m| m.id == id);
        match is_it {
            true => Some(likely),
            false => self.models.iter().position(|m| m.id == id),
        }
    }

    /// Changes a model, if it is there.
    pub(super) fn with(&mut self, id: ModelId, change: impl FnOnce(&mut Model)) {
        if let Some(model) = self.models.iter_mut().find(|m| m.id == id) {
            change(model);
        }
    }

    /// Puts a model in, under a new id.
    pub(super) fn add(&mut self, model: Model) -> ModelId {
        let id = ModelId(self.next_id);
        self.next_id += 1;
        self.models.push(Model { id, ..model });
        id
    }

    /// The name of a model, for sentences.
    pub fn name_of(&self, id: ModelId) -> &str {
        self.model(id).map_or("?", |m| &m.name)
    }

    pub fn role(&self, model: &Model) -> Role {
        if self.models.iter().any(|m| m.base == Some(model.id)) {
            Role::Base
        } else if model.is_merge() {
            Role::Merge
        } else if model.base.is_some() {
            Role::FineTune
        } else {
            Role::NoBase
        }
    }

    /// The bases, the one with most models first, then by position.
    pub fn bases(&self) -> Vec<ModelId> {
        let mut sizes: BTreeMap<ModelId, usize> = BTreeMap::new();
        for base in self.models.iter().filter_map(|m| m.base) {
            *sizes.entry(base).or_default() += 1;
        }
        let is_base = |id: &ModelId| sizes.contains_key(id);
        let mut out: Vec<ModelId> = self.models.iter().map(|m| m.id).filter(is_base).collect();
        out.sort_by_key(|id| std::cmp::Reverse(sizes.get(id)));
        out
    }

    pub fn family(&self, base: ModelId) -> Vec<ModelId> {
        self.models
            .iter()
            .filter(|m| m.base == Some(base))
            .map(|m| m.id)
            .collect()
    }

    /// The base whose family is shown: the chosen one, or the one with most models.
    pub fn shown_base(&self) -> Option<ModelId> {
        let bases = self.bases();
        self.view
            .base
            .filter(|b| bases.contains(b))
            .or_else(|| bases.first().copied())
    }

    pub fn draft(&self, id: DraftId) -> Option<&Draft> {
        self.drafts.iter().find(|draft| draft.id == id)
    }

    /// The draft on the canvas: the chosen one, or the last.
    pub fn shown_draft(&self) -> Option<&Draft> {
        let chosen = self.view.draft.and_then(|id| self.draft(id));
        chosen.or_else(|| self.drafts.last())
    }

    /// `wanted`, with a number behind it if another model is already called so.
    pub fn free_name(&self, wanted: &str) -> String {
        let is_taken = |name: &str| self.models.iter().any(|m| m.name == name);
        text::free_name(wanted, " ", is_taken)
    }
}

/// Each once, in the order in which they first appear.
pub fn distinct<'a, T: Clone + PartialEq + 'a>(all: impl Iterator<Item = &'a T>) -> Vec<T> {
    let mut out: Vec<T> = Vec::new();
    for one in all {
        if !out.contains(one) {
            out.push(one.clone());
        }
    }
    out
}
