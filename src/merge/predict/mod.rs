//! The kinship of a child that does not exist yet.
//!
//! Where the child is a linear combination of its inputs, its dot products with everybody
//! follow exactly from the Gram matrices of a [`Kinship`], by the same coefficients that the
//! merge computes with. Where it is not, the method itself is run on a small
//! twin of each tensor: random numbers with the tensor's own Gram matrix.
//!
//! Either way the child becomes one more model of the kinship, so every measure, grain and
//! aggregate applies to it. Cost: microseconds a tensor if exact, about a millisecond if not.

mod row;

mod twin;

use std::collections::BTreeMap;

use super::combine::{Coefficients, InputGram};
use super::methods::{MergeError, Method, Prediction, Values};
use crate::checkpoint::LeftOut;
use crate::kinship::{Kinship, Metric, PairSums, Precision, TensorGram};
use crate::numeric::Gram;

/// A recipe in terms of a kinship.
pub struct Wish<'w> {
    /// How the child is made.
    pub method: &'w dyn Method,
    /// The values of its parameters for a tensor, in the order of `inputs`.
    pub values: &'w dyn Fn(&str) -> Values,
    /// The recipe's inputs: models of the kinship by index, or its base.
    pub inputs: &'w [Option<usize>],
    /// Which input is the recipe's base.
    pub base: Option<usize>,
}

/// What is foreseen.
#[derive(Clone, Debug, PartialEq)]
pub struct Predicted {
    /// The kinship with the child as its last model.
    pub kinship: Kinship,
    /// Whether it is exact, up to the rounding of the child's numbers when they are written.
    pub exact: bool,
    /// How far off a cosine or a Pearson correlation, and a distance as a share of itself, may
    /// be; 0 if exact, else what the method's description states.
    pub error: f64,
}

impl Predicted {
    /// The child's kinship with each model, all tensors as one vector.
    pub fn with_each(&self, metric: Metric) -> Vec<Option<f64>> {
        let child = self.kinship.models.saturating_sub(1);
        let whole = |model| {
            let mut sums = PairSums::default();
            for pair in self
                .kinship
                .tensors
                .iter()
                .filter_map(|t| t.pair(model, child))
            {
                sums += pair;
            }
            metric.of(&sums)
        };
        (0..child).map(whole).collect()
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
    let mut out = Predicted {
        kinship: kinship.clone(),
        exact: true,
        error: 0.0,
    };
    out.kinship.models += 1;
    for (name, segments) in groups {
        out.add_tensor(kinship, wish, name, &segments)?;
    }
    if !out.exact {
        out.error = description.prediction_error;
    }
    Ok(out)
}

impl Predicted {
    /// Adds the child to the segments of one tensor.
    fn add_tensor(
        &mut self,
        kinship: &Kinship,
        wish: &Wish<'_>,
        name: &str,
        segments: &[usize],
    ) -> Result<(), MergeError> {
        let (whole, rest): (Vec<usize>, Vec<usize>) = segments
            .iter()
            .partition(|&&k| rows(&kinship.tensors[k], wish.inputs).is_some());
        for k in rest {
            self.leave_out(&kinship.tensors[k]);
        }
        if whole.is_empty() {
            return Ok(());
        }
        let values = (wish.values)(name);
        let coefficients = coefficients(kinship, wish, &whole, &values)?;
        for k in whole {
            let segment = &kinship.tensors[k];
            let rows = rows(segment, wish.inputs).unwrap_or_default();
            let gram = match &coefficients {
                Some(found) => {
                    let combination = row::combination(&found.of_weights(wish.base), &rows);
                    row::append(&segment.gram, &combination)
                }
                None => {
                    self.exact = false;
                    twin::append(segment, wish, &rows, &values)?
                }
            };
            let tensor = &mut self.kinship.tensors[k];
            tensor.gram = gram;
            tensor.models.push(kinship.models);
        }
        Ok(())
    }

    fn leave_out(&mut self, tensor: &TensorGram) {
        self.kinship.left_out.push(LeftOut {
            tensor: tensor.tensor.clone(),
            model: Some(self.kinship.models - 1),
            reason: "one of its inputs lacks it".to_owned(),
        });
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
    wish: &Wish<'_>,
    segments: &[usize],
    values: &Values,
) -> Result<Option<Coefficients>, MergeError> {
    let mut models: Vec<usize> = wish.inputs.iter().copied().flatten().collect();
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
    let rows = wish.inputs.iter().map(row).collect();
    wish.method
        .coefficients(&InputGram::new(&sum, rows, wish.base), values)
}
