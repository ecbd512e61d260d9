//! What is written down of models and merges: scores, how a model was made, in which run, and
//! what others have reported. Plain data; what follows from it is worked out in [`super::StudyFacts`].

use serde::{Deserialize, Serialize};

use super::id::ModelId;
use crate::kinship::{Metric, Values};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Score {
    /// Name of the task, with its variant where there are several: `gsm8k (strict-match)`.
    pub task: String,
    /// The score in points, 0 to 100 for accuracies.
    pub value: f64,
    /// Its standard error, in the same points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stderr: Option<f64>,
    /// How many items it was found on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<u64>,
    /// Where it is from: a file, a table, an evaluator. Empty for what was typed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub source: String,
}

/// How a model was made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Origin {
    /// The merge method, as recipes name it: `slerp`. Empty if not known.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub method: String,
    /// Whether it has parents that are not named; its merge gain cannot be worked out then.
    #[serde(skip_serializing_if = "is_false")]
    pub unnamed_parents: bool,
    /// Kinship of its parents as reported.
    #[serde(skip_serializing_if = "Values::is_empty")]
    pub kinship: Values,
    /// Average over tasks as reported, in points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average: Option<f64>,
    /// Merge gain as reported, in points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gain: Option<f64>,
    /// The recipe that it was made by, in mergekit's YAML.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub recipe: String,
    /// The kinship that was predicted for it before it was made.
    #[serde(rename = "foreseen", skip_serializing_if = "Vec::is_empty")]
    pub predicted: Vec<PredictedKinship>,
}

/// Kinship of a child with one model, as predicted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PredictedKinship {
    pub model: ModelId,
    pub kinship: Values,
    /// How far off a cosine or a Pearson correlation, and a distance as a share of itself, may
    /// be; 0 where it is exact.
    pub error: f64,
}

impl Origin {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A number that is reported of a model, and not worked out here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reported {
    /// Its average over tasks, in points.
    Average,
    /// Its merge gain, in points.
    Gain,
    Kinship(Metric),
}

impl Reported {
    pub fn all() -> impl Iterator<Item = Self> {
        let kinship = Metric::independent().map(Self::Kinship);
        [Self::Average, Self::Gain].into_iter().chain(kinship)
    }

    pub fn title(self) -> String {
        match self {
            Self::Average => "Average".to_owned(),
            Self::Gain => "Merge gain".to_owned(),
            Self::Kinship(metric) => format!("Parents' {}", metric.short),
        }
    }

    pub fn is_of_merge(self) -> bool {
        self != Self::Average
    }

    pub fn get(self, origin: &Origin) -> Option<f64> {
        match self {
            Self::Average => origin.average,
            Self::Gain => origin.gain,
            Self::Kinship(metric) => origin.kinship.get(metric),
        }
    }

    pub(super) fn set(self, origin: &mut Origin, value: Option<f64>) {
        match self {
            Self::Average => origin.average = value,
            Self::Gain => origin.gain = value,
            Self::Kinship(metric) => origin.kinship.set(metric, value),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
pub(super) fn is_zero(n: &u32) -> bool {
    *n == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(value: &bool) -> bool {
    !value
}

/// That a model belongs to a run of merges, and where in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Step {
    /// Name of the run or path: `greedy`, `Path 1`. Empty for the study's own merges.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub run: String,
    /// Generation in that run; founders are 0.
    pub generation: u32,
    /// Its number in that generation, from 1; 0 if not counted.
    #[serde(skip_serializing_if = "is_zero")]
    pub number: u32,
    /// Whether it was made to explore: from the best model and a distant relative.
    #[serde(skip_serializing_if = "is_false")]
    pub exploration: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PairRecord {
    pub models: [ModelId; 2],
    pub kinship: Values,
    /// Their average task performance difference as reported, in points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<f64>,
    /// The table it belongs to, such as `Table 13, fine-tuned`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// What is to be known of it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
}
