//! The kinship of a child that does not exist yet.
//!
//! Where the child is a linear combination of its inputs, its dot products with everybody
//! follow exactly from the Gram matrices of a [`Kinship`], by the same coefficients that the
//! merge computes with. Where it is not, the method itself is run on a small
//! twin of each tensor: random numbers with the tensor's own Gram matrix.
//!
//! Either way the child becomes one more model of the kinship, so every measure, grain and
//! aggregate applies to it. Cost: microseconds a tensor if exact, a few tenths of a millisecond
//! if not, on all threads of the current pool.

mod row;

mod steps;
mod twin;

pub use steps::{Unforeseen, foresee};

use std::collections::BTreeMap;

use rayon::prelude::*;

use self::twin::Twins;
use super::combine::{Coefficients, InputGram};
use super::methods::{MergeError, Method, Prediction, Values};
use crate::checkpoint::LeftOut;
use crate::kinship::{Kinship, Metric, PairSums, Precision, TensorGram};
use crate::numeric::Gram;

/// A recipe in terms of a kinship.
pub struct Wish<'w> {
    /// How the child is made.
    pub method: &'w dyn Method,
    /// What a tensor is made from, by its name; `None` if the child lacks it.
    pub parts: &'w (dyn Fn(&str) -> Option<Parts> + Sync),
}

/// What one tensor of a child is made from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parts {
    /// The recipe's inputs: models of the kinship by index, or its base.
    pub inputs: Vec<Option<usize>>,
    /// Which input is the recipe's base.
    pub base: Option<usize>,
    /// The values of the parameters, in the order of `inputs`.
    pub values: Values,
}

/// What is foreseen.
#[derive(Clone, Debug, PartialEq)]
pub struct Predicted {
    /// The kinship with the child as its last model; before it stand the models that were
    /// given, then what is made on the way to it.
    pub kinship: Kinship,
    /// How many models were given.
    pub given: usize,
    /// Whether it is exact, up to the rounding of the child's numbers when they are written.
    pub exact: bool,
    /// How far off a cosine or a Pearson correlation, and a distance as a share of itself, may
    /// be; 0 if exact, else what the method's description states.
    pub error: f64,
}

impl Predicted {
    /// The child's kinship with each model that was given, all tensors as one vector.
    pub fn with_each(&self, metric: Metric) -> Vec<Option<f64>> {
        (0..self.given)
            .map(|model| metric.of(&self.sums_with(model)))
            .collect()
    }

    /// The same in every measure, as [`Metric::ALL`], from one sum over the tensors.
    pub fn with_each_by_all(&self) -> Vec<[Option<f64>; 4]> {
        let all = |model| {
            let sums = self.sums_with(model);
            Metric::ALL.map(|metric| metric.of(&sums))
        };
        (0..self.given).map(all).collect()
    }

    fn sums_with(&self, model: usize) -> PairSums {
        let child = self.kinship.models.saturating_sub(1);
        let mut sums = PairSums::default();
        for tensor in &self.kinship.tensors {
            if let Some(pair) = tensor.pair(model, child) {
                sums += pair;
            }
        }
        sums
    }
}

/// Foresees the child of `wish`.
///
/// Tensors that an input lacks are left out and listed.
///
/// # Errors
/// If the values are refused, if nothing can be said of the method's children, or if the
/// kinship was not measured at full precision.
pub fn predict(kinship: &Kinship, wish: &Wish<'_>) -> Result<Predicted, MergeError> {
    if kinship.precision != Precision::Full {
        return Err(MergeError::Refused(
            "A prediction needs a kinship that was measured at full precision".to_owned(),
        ));
    }
    let description = wish.method.description();
    if description.prediction == Prediction::None {
        return Err(MergeError::Refused(format!(
            "Nothing can be foreseen of a child of {}",
            description.name
        )));
    }
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, tensor) in kinship.tensors.iter().enumerate() {
        groups.entry(&tensor.tensor).or_default().push(index);
    }
    let groups: Vec<(&str, Vec<usize>)> = groups.into_iter().collect();
    let twins = Twins::new(kinship.tensors.len());
    let made: Vec<Vec<Made>> = groups
        .par_iter()
        .map(|(name, segments)| children(kinship, wish, &twins, name, segments))
        .collect::<Result<_, _>>()?;
    let mut of_segment: Vec<Option<Made>> = vec![None; kinship.tensors.len()];
    for (k, one) in groups
        .iter()
        .flat_map(|g| &g.1)
        .zip(made.into_iter().flatten())
    {
        of_segment[*k] = Some(one);
    }
    Ok(with_child(
        kinship,
        of_segment,
        description.prediction_error,
    ))
}

/// What became of a segment.
#[derive(Clone)]
enum Made {
    /// Its Gram with the child as a further model.
    Child { gram: Gram, exact: bool },
    /// The child is not in it: an input lacks it.
    LeftOut,
}

/// The child in each segment of one tensor, in the order of `segments`.
fn children(
    kinship: &Kinship,
    wish: &Wish<'_>,
    twins: &Twins,
    name: &str,
    segments: &[usize],
) -> Result<Vec<Made>, MergeError> {
    let Some(parts) = (wish.parts)(name) else {
        return Ok(vec![Made::LeftOut; segments.len()]);
    };
    let rows_of = |k: usize| rows(&kinship.tensors[k], &parts.inputs);
    let whole: Vec<usize> = segments
        .iter()
        .copied()
        .filter(|&k| rows_of(k).is_some())
        .collect();
    if whole.is_empty() {
        return Ok(vec![Made::LeftOut; segments.len()]);
    }
    let coefficients = coefficients(kinship, wish.method, &parts, &whole)?;
    let of_segment = |&k: &usize| {
        let Some(rows) = rows_of(k) else {
            return Ok(Made::LeftOut);
        };
        let segment = &kinship.tensors[k];
        Ok(match &coefficients {
            Some(found) => {
                let combination = row::combination(&found.of_weights(parts.base), &rows);
                Made::Child {
                    gram: row::append(&segment.gram, &combination),
                    exact: true,
                }
            }
            None => Made::Child {
                gram: twins.append(segment, wish.method, &parts, &rows)?,
                exact: false,
            },
        })
    };
    segments.iter().map(of_segment).collect()
}

/// The kinship with the child as a further model.
fn with_child(kinship: &Kinship, made: Vec<Option<Made>>, error: f64) -> Predicted {
    let child = kinship.models;
    let mut left_out = kinship.left_out.clone();
    let mut is_exact = true;
    let mut tensors = Vec::with_capacity(kinship.tensors.len());
    for (tensor, made) in kinship.tensors.iter().zip(made) {
        let Some(Made::Child { gram, exact }) = made else {
            left_out.push(LeftOut {
                tensor: tensor.tensor.clone(),
                model: Some(child),
                reason: "one of its inputs lacks it".to_owned(),
            });
            tensors.push(tensor.clone());
            continue;
        };
        is_exact &= exact;
        let mut models = tensor.models.clone();
        models.push(child);
        tensors.push(TensorGram {
            tensor: tensor.tensor.clone(),
            rows: tensor.rows.clone(),
            models,
            gram,
            ..*tensor
        });
    }
    Predicted {
        kinship: Kinship {
            models: child + 1,
            tensors,
            left_out,
            ..*kinship
        },
        given: child,
        exact: is_exact,
        error: if is_exact { 0.0 } else { error },
    }
}

/// The row of each input in the Gram of a segment; `None` if one is not there, or has numbers
/// that are not finite.
fn rows(segment: &TensorGram, inputs: &[Option<usize>]) -> Option<Vec<usize>> {
    let row = |input: &Option<usize>| {
        let row = match input {
            None => 0,
            Some(model) => segment.models.binary_search(model).ok()? + 1,
        };
        (segment.gram.non_finite[row] == 0).then_some(row)
    };
    inputs.iter().map(row).collect()
}

/// The coefficients of a tensor, from its segments together.
fn coefficients(
    kinship: &Kinship,
    method: &dyn Method,
    parts: &Parts,
    segments: &[usize],
) -> Result<Option<Coefficients>, MergeError> {
    let mut models: Vec<usize> = parts.inputs.iter().copied().flatten().collect();
    models.sort_unstable();
    models.dedup();
    let mut sum = Gram::zero(models.len());
    for segment in segments.iter().map(|&k| &kinship.tensors[k]) {
        let slots = models
            .iter()
            .filter_map(|m| segment.models.binary_search(m).ok());
        sum.add(&segment.gram.select(&slots.collect::<Vec<_>>()));
    }
    let row = |input: &Option<usize>| {
        input
            .and_then(|m| models.binary_search(&m).ok())
            .map_or(0, |at| at + 1)
    };
    let rows = parts.inputs.iter().map(row).collect();
    method.coefficients(&InputGram::new(&sum, rows, parts.base), &parts.values)
}
