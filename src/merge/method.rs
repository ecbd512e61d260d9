//! What a merge method is: a description as data, values for its parameters, and a kernel.

use std::collections::BTreeMap;

use super::blocks::AnyKernel;
use super::combine::{Coefficients, InputGram};
use super::error::MergeError;
use super::tensor::MergeTensor;
use super::version::Version;
use crate::checkpoint::Dtype;
use crate::jobs::Ticket;

/// What a method is.
pub struct Description {
    /// As in recipes: `task_arithmetic`.
    pub name: &'static str,
    /// As on screen: "Task arithmetic".
    pub title: &'static str,
    /// One sentence for someone who chooses.
    pub help: &'static str,
    /// Title and address of the paper, where there is one.
    pub paper: Option<(&'static str, &'static str)>,
    /// What it needs of a base.
    pub base: BaseRule,
    /// Whether a base that is given counts as one more model, with parameters of its own.
    pub base_is_model: bool,
    /// How many models it takes, the base not counted unless it must be one of them.
    pub models: (usize, usize),
    /// The fewest that mergekit 0.1.4 took, where it took fewer.
    pub fewest_of_old: Option<usize>,
    /// Its parameters.
    pub parameters: &'static [Parameter],
    /// What can be said of the child before it is made.
    pub prediction: Prediction,
    /// Where it is an estimate: how far off a cosine or a Pearson correlation, and a distance as
    /// a share of itself, may be. More than was found on the families of the tests; on the
    /// trained one a tenth of it is usual.
    pub prediction_error: f64,
}

/// What a method needs of a base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BaseRule {
    /// There must be one.
    Required,
    /// There must be one, and it is one of the models.
    OneOfModels,
    /// There may be one.
    Optional,
    /// There must be none.
    Forbidden,
}

/// A parameter of a method, as data.
pub struct Parameter {
    /// As in recipes.
    pub key: &'static str,
    /// One sentence.
    pub help: &'static str,
    /// Whose it is.
    pub scope: ParameterScope,
    /// What values it takes.
    pub kind: ParameterKind,
}

/// Whose a parameter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterScope {
    /// Each model has its own.
    PerModel,
    /// The merge has one.
    Global,
}

/// What values a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ParameterKind {
    /// A number; without a default it must be given.
    Number {
        /// Least value that makes sense.
        min: f64,
        /// Greatest value that makes sense.
        max: f64,
        /// Range of a slider, inside min and max.
        slider_range: (f64, f64),
        /// Value if none is given.
        default: Option<f64>,
    },
    /// Yes or no, as 1 and 0.
    Flag {
        /// Value if none is given.
        default: bool,
    },
}

/// What can be said of a child before it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prediction {
    /// Its δ is a linear combination of the inputs': kinship follows exactly.
    Exact,
    /// An approximation whose error is stated.
    Estimate,
    /// Nothing.
    None,
}

impl Description {
    /// How many models it takes by these rules.
    pub fn models_by(&self, version: Version) -> (usize, usize) {
        let (fewest, most) = self.models;
        let old = self.fewest_of_old.filter(|_| version == Version::V0_1_4);
        (old.unwrap_or(fewest), most)
    }
}

impl Parameter {
    pub(super) const fn number(
        key: &'static str,
        help: &'static str,
        scope: ParameterScope,
        [min, max]: [f64; 2],
        slider_range: (f64, f64),
        default: Option<f64>,
    ) -> Self {
        Self {
            key,
            help,
            scope,
            kind: ParameterKind::Number {
                min,
                max,
                slider_range,
                default,
            },
        }
    }

    pub(super) const fn flag(key: &'static str, help: &'static str, default: bool) -> Self {
        Self {
            key,
            help,
            scope: ParameterScope::Global,
            kind: ParameterKind::Flag { default },
        }
    }

    /// The share of a model that most methods ask for.
    pub(super) const fn weight(help: &'static str) -> Self {
        Self::number(
            "weight",
            help,
            ParameterScope::PerModel,
            ANY,
            (0.0, 1.0),
            None,
        )
    }

    /// How much of a model's change goes into the merge, for methods that look at all of it
    /// unless told otherwise.
    pub(super) const CHANGE_WEIGHT: Self = Self::number(
        "weight",
        "What the model's change is multiplied by before it is merged",
        ParameterScope::PerModel,
        ANY,
        (0.0, 1.0),
        Some(1.0),
    );

    /// The scale of the merged change.
    pub(super) const LAMBDA: Self = Self::number(
        "lambda",
        "What the merged change is multiplied by before it is added to the base",
        ParameterScope::Global,
        ANY,
        (0.0, 2.0),
        Some(1.0),
    );

    /// The value if none is given.
    pub fn default(&self) -> Option<f64> {
        match self.kind {
            ParameterKind::Number { default, .. } => default,
            ParameterKind::Flag { default } => Some(f64::from(u8::from(default))),
        }
    }
}

/// Every finite number makes sense.
pub(super) const ANY: [f64; 2] = [f64::MIN, f64::MAX];

/// The values of all parameters for one tensor; flags are 0 and 1. Defaults are filled in by
/// whoever makes this, so every key of the description is there unless it is optional.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values {
    /// Of the merge.
    pub global: BTreeMap<&'static str, f64>,
    /// Of each input, in the order of the tensor's inputs.
    pub per_input: Vec<BTreeMap<&'static str, f64>>,
    /// Which version of mergekit is followed.
    pub version: Version,
}

impl Values {
    /// The value of a parameter of the merge.
    ///
    /// # Errors
    /// If it is not there: the recipe gave none and it has no default.
    pub(super) fn global(&self, key: &'static str) -> Result<f64, MergeError> {
        self.global.get(key).copied().ok_or_else(|| missing(key))
    }

    /// Whether a flag of the merge is set.
    pub(super) fn flag(&self, key: &'static str) -> Result<bool, MergeError> {
        Ok(self.global(key)? != 0.0)
    }

    /// The value of a parameter of one input.
    pub(super) fn of_input(&self, input: usize, key: &'static str) -> Result<f64, MergeError> {
        let own = self.per_input.get(input).and_then(|own| own.get(key));
        own.copied().ok_or_else(|| missing(key))
    }

    /// The values of a parameter of several inputs, in order.
    pub(super) fn of_each(
        &self,
        inputs: impl IntoIterator<Item = usize>,
        key: &'static str,
    ) -> Result<Vec<f64>, MergeError> {
        inputs.into_iter().map(|i| self.of_input(i, key)).collect()
    }
}

fn missing(key: &str) -> MergeError {
    MergeError::Refused(format!("The parameter {key} has no value"))
}

/// A way of making one tensor from several.
pub trait Method: Sync {
    /// What it is.
    fn description(&self) -> &'static Description;

    /// How often all inputs are read with these values, [`Self::prepare`] and the merge itself
    /// together. [`merge_tensor`](super::merge_tensor) reports exactly as many bytes.
    fn readings(&self, _values: &Values) -> u64 {
        1
    }

    /// Whether a tensor of this many numbers can be made with these values, as far as can be said
    /// without reading one; asked for every tensor before the first is made.
    ///
    /// # Errors
    /// [`MergeError::Refused`] if not.
    fn check(
        &self,
        _elements: usize,
        _base: Option<usize>,
        _values: &Values,
    ) -> Result<(), MergeError> {
        Ok(())
    }

    /// The format that results have whatever the inputs have, unless the recipe says otherwise.
    fn own_format(&self) -> Option<Dtype> {
        None
    }

    /// Whether it looks at a matrix as a whole, so that what it makes depends on the matrix's
    /// shape: its prediction is tried on squares.
    fn is_spectral(&self) -> bool {
        false
    }

    /// The child as a linear combination of the inputs, where it is one with these values: what
    /// the merge itself computes with, and what its kinship is predicted from.
    ///
    /// # Errors
    /// [`MergeError::Refused`] for values that the method cannot work with.
    fn coefficients(
        &self,
        _gram: &InputGram<'_>,
        _values: &Values,
    ) -> Result<Option<Coefficients>, MergeError> {
        Ok(None)
    }

    /// Looks at the tensor as far as the method must before the first number can be made:
    /// thresholds, norms, angles. Reads through the inputs in blocks, on all threads, and keeps
    /// no copy of the tensor.
    ///
    /// # Errors
    /// [`MergeError::Refused`] for values that the method cannot work with.
    fn prepare<'t>(
        &self,
        tensor: &'t MergeTensor<'t>,
        values: &Values,
        ticket: &Ticket,
    ) -> Result<Box<dyn AnyKernel + 't>, MergeError>;

    /// The same in mergekit's order of operations, for whoever asks whether mergekit has made a
    /// tensor; `None` where that order is not known or can make no difference.
    ///
    /// # Errors
    /// As for [`Self::prepare`].
    fn prepare_in_steps<'t>(
        &self,
        _tensor: &'t MergeTensor<'t>,
        _values: &Values,
        _ticket: &Ticket,
    ) -> Result<Option<Box<dyn AnyKernel + 't>>, MergeError> {
        Ok(None)
    }
}
