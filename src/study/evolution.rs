//! Evolutions of a study, and how its models are judged. Plain data; what a run does next is
//! worked out in [`crate::lineage::evolution`].

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::id::{EvolutionId, ModelId};
use crate::evaluate::command::Call;
use crate::lineage::evolution::{Ended, Rules};
use crate::lineage::strategy::Choices;

/// Who says how good a model of this study is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Evaluator {
    /// The user, who types or imports scores.
    #[default]
    ByHand,
    /// The program itself, on the CPU.
    BuiltIn {
        /// Files of tasks, or folders of them.
        tasks: Vec<PathBuf>,
    },
    /// A program of the user's.
    Command { call: Call },
}

impl Evaluator {
    /// One of each kind, as it begins, in the order on screen.
    pub fn kinds() -> [Self; 3] {
        let (tasks, call) = (Vec::new(), Call::default());
        [
            Self::ByHand,
            Self::BuiltIn { tasks },
            Self::Command { call },
        ]
    }

    pub const fn title(&self) -> &'static str {
        match self {
            Self::ByHand => "By hand",
            Self::BuiltIn { .. } => "Built in",
            Self::Command { .. } => "A program",
        }
    }

    /// Who that is, to stand behind "judge by".
    pub fn words(&self) -> String {
        match self {
            Self::ByHand => "hand".to_owned(),
            Self::BuiltIn { .. } => "the built-in evaluator".to_owned(),
            Self::Command { call } => match Path::new(&call.program).file_name() {
                Some(name) => name.to_string_lossy().into_owned(),
                None => "a program".to_owned(),
            },
        }
    }

    /// The tasks that it answers, where it is given any.
    pub fn tasks(&self) -> Option<&[PathBuf]> {
        match self {
            Self::BuiltIn { tasks } => Some(tasks),
            _ => None,
        }
    }

    /// The program that it calls, where it calls one.
    pub const fn command(&self) -> Option<&Call> {
        match self {
            Self::Command { call } => Some(call),
            _ => None,
        }
    }

    /// Whether the user gives the scores.
    pub fn is_by_hand(&self) -> bool {
        *self == Self::ByHand
    }

    pub(super) fn paths_mut(&mut self) -> Vec<&mut PathBuf> {
        match self {
            Self::ByHand => Vec::new(),
            Self::BuiltIn { tasks } => tasks.iter_mut().collect(),
            Self::Command { call } => call.folder.iter_mut().collect(),
        }
    }
}

/// Generations of merges from some founders. Its models are those with a [`super::Step`] of
/// its name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Evolution {
    pub id: EvolutionId,
    /// What the user calls it, and what its models' steps are called.
    pub name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Drawn when it first runs, and written into the folders of the children that it makes:
    /// it removes only those. Empty before.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub token: String,
    pub setup: Setup,
    /// Its colour in charts, given when it is put in; none in studies of older versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub colour: Option<u8>,
    /// Why it has ended, if it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
    /// Evaluations that were made for it.
    pub evaluations: u32,
    /// Seconds of merging and evaluating.
    pub seconds: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Setup {
    pub founders: Vec<ModelId>,
    /// How two are merged: a recipe in mergekit's YAML without its models.
    pub recipe: String,
    /// Other ways, by other methods, that a strategy may try against it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_recipes: Vec<String>,
    pub strategy: String,
    /// What is chosen for it.
    pub choices: Choices,
    pub rules: Rules,
    /// The tasks whose mean selects; none for those that count in the study's average.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    pub keep: Keep,
    /// How many bytes its children may take on disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_bytes: Option<u64>,
    /// Who merges and judges its children, if not this program alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterChoice>,
}

/// A folder from which other processes take children to merge and judge.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClusterChoice {
    /// On a file system that all workers see.
    pub folder: PathBuf,
    /// Whether this program is a worker too.
    pub works: bool,
}

/// SLERP of the weights half way, children in full precision: what a file means that names no way.
pub const USUAL_RECIPE: &str = "merge_method: slerp\nparameters:\n  t: 0.5\ndtype: float32\n";

/// SLERP of the task vectors half way: the child's change is as long as its parents' are, where
/// SLERP of the weights shortens it.
pub const TASK_VECTOR_RECIPE: &str = "merge_method: nuslerp\nbase_model: base\ndtype: float32\n";

/// The `base_model` by which a recipe without models means the base of the family.
pub const FAMILY_BASE: &str = "base";

impl Setup {
    /// What a new evolution begins with: expected improvement, which finds out by itself whether
    /// SLERP of the weights or of the task vectors gains more here. Without a base that its
    /// founders share there are no task vectors, and no kinship to go by.
    pub fn usual(founders: Vec<ModelId>, has_base: bool) -> Self {
        let (strategy, others) = match has_base {
            true => ("improvement", vec![TASK_VECTOR_RECIPE.to_owned()]),
            false => ("greedy", Vec::new()),
        };
        Self {
            founders,
            other_recipes: others,
            strategy: strategy.to_owned(),
            ..Self::default()
        }
    }

    /// The recipe of a way by its number; the first for one that there is not.
    pub fn way(&self, number: usize) -> &str {
        let other = number
            .checked_sub(1)
            .and_then(|k| self.other_recipes.get(k));
        other.unwrap_or(&self.recipe)
    }

    /// Every recipe, the first one first.
    pub fn ways(&self) -> impl Iterator<Item = &str> {
        let all = std::iter::once(&self.recipe).chain(&self.other_recipes);
        all.map(String::as_str)
    }

    /// What a strategy is asked with.
    pub fn asked(&self) -> Choices {
        Choices {
            other_ways: self.other_recipes.len(),
            ..self.choices
        }
    }
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            founders: Vec::new(),
            recipe: USUAL_RECIPE.to_owned(),
            other_recipes: Vec::new(),
            strategy: "kinship".to_owned(),
            choices: Choices::default(),
            rules: Rules::default(),
            tasks: Vec::new(),
            folder: None,
            keep: Keep::default(),
            most_bytes: None,
            cluster: None,
        }
    }
}

/// Which children's files stay on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    #[default]
    All,
    /// Those that may still be merged, and in the end the best; the record stays whole.
    Best,
}
