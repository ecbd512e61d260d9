//! What is written down of models and merges: scores, how a model was made, in which run, and
//! what others have reported. Plain data; what follows from it is worked out in [`super::Record`].

use serde::{Deserialize, Serialize};

use super::doc::ModelId;
use crate::kinship::Metric;

/// What a model scored on one task.
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
    /// The merge method, as recipes name it: `slerp`. Empty if nobody said.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub method: String,
    /// Whether it has parents that nobody named; its merge gain cannot be worked out then.
    #[serde(skip_serializing_if = "is_false")]
    pub unnamed_parents: bool,
    /// Kinship of its parents as reported.
    #[serde(skip_serializing_if = "GivenKinship::is_empty")]
    pub kinship: GivenKinship,
    /// Average over tasks as reported, in points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average: Option<f64>,
    /// Merge gain as reported, in points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gain: Option<f64>,
    /// The recipe that it was made by, in mergekit's YAML.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub recipe: String,
    /// The kinship that was foreseen for it before it was made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub foreseen: Vec<ForeseenKinship>,
}

/// Kinship of a child with one model, as foreseen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ForeseenKinship {
    /// With whom.
    pub model: ModelId,
    /// The values.
    pub kinship: GivenKinship,
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
    /// Pearson correlation of its parents.
    Pearson,
    /// Their cosine.
    Cosine,
    /// Their Euclidean distance.
    Euclidean,
}

impl Reported {
    /// Every one, in the order on screen.
    pub const ALL: [Self; 5] = [
        Self::Average,
        Self::Gain,
        Self::Pearson,
        Self::Cosine,
        Self::Euclidean,
    ];

    /// The words on screen.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Average => "Average",
            Self::Gain => "Merge gain",
            Self::Pearson => "Parents' Pearson",
            Self::Cosine => "Parents' cosine",
            Self::Euclidean => "Parents' distance",
        }
    }

    /// Whether only a merge has it.
    pub fn is_of_merge(self) -> bool {
        self != Self::Average
    }

    /// Its value.
    pub const fn get(self, origin: &Origin) -> Option<f64> {
        match self {
            Self::Average => origin.average,
            Self::Gain => origin.gain,
            Self::Pearson => origin.kinship.pearson,
            Self::Cosine => origin.kinship.cosine,
            Self::Euclidean => origin.kinship.euclidean,
        }
    }

    pub(super) const fn of(self, origin: &mut Origin) -> &mut Option<f64> {
        match self {
            Self::Average => &mut origin.average,
            Self::Gain => &mut origin.gain,
            Self::Pearson => &mut origin.kinship.pearson,
            Self::Cosine => &mut origin.kinship.cosine,
            Self::Euclidean => &mut origin.kinship.euclidean,
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

/// Kinship as somebody reported it, in any of the measures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GivenKinship {
    /// Pearson correlation of the task vectors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pearson: Option<f64>,
    /// Their cosine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cosine: Option<f64>,
    /// Their Euclidean distance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub euclidean: Option<f64>,
}

impl GivenKinship {
    /// The value in a measure; the magnitude of the cosine follows from the cosine.
    pub fn get(&self, metric: Metric) -> Option<f64> {
        match metric {
            Metric::Pearson => self.pearson,
            Metric::Cosine => self.cosine,
            Metric::AbsoluteCosine => self.cosine.map(f64::abs),
            Metric::Euclidean => self.euclidean,
        }
    }

    /// Whether nothing was reported.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
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
    /// Its number in that generation, from 1; 0 where nobody counts.
    #[serde(skip_serializing_if = "is_zero")]
    pub number: u32,
    /// Whether it was made to explore: from the best model and a distant relative.
    #[serde(skip_serializing_if = "is_false")]
    pub exploration: bool,
}

/// What somebody reported of two models.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PairRecord {
    /// The two.
    pub models: [ModelId; 2],
    /// Their kinship.
    pub kinship: GivenKinship,
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
