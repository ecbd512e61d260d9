//! The kinship of a child that does not exist yet.
//!
//! Where the child is a linear combination of its inputs, its dot products with all models
//! follow exactly from the Gram matrices of a [`Kinship`], by the same coefficients that the
//! merge computes with. Where it is not, the method itself is run on a small
//! twin of each tensor: random numbers with the tensor's own Gram matrix.
//!
//! Either way the child is one more row beside each Gram, so every measure applies to it.
//! Cost: microseconds a tensor if exact, a few hundredths of a millisecond if not, on all
//! threads of the current pool. The Grams themselves are not copied, unless a child on the way
//! joins the family.

mod noise;
mod parts;
mod predicted;
mod row;
mod steps;
mod twin;

pub use parts::{Parts, Wish};
pub use predicted::Predicted;
pub use steps::{PredictError, predict_plan};

use std::borrow::Cow;

use rayon::prelude::*;

use self::twin::Twins;
use super::combine::{Coefficients, InputGram};
use super::error::MergeError;
use super::method::{Method, Prediction};
use crate::kinship::{Kinship, Precision, TensorGram};
use crate::numeric::{Gram, GramRow};

/// Predicts the child of `wish`.
///
/// Tensors that an input lacks are left out.
///
/// # Errors
/// If the values are refused, if nothing can be said of the method's children, or if the
/// kinship was not measured at full precision.
pub fn predict<'k>(
    kinship: Cow<'k, Kinship>,
    wish: &Wish<'_>,
) -> Result<Predicted<'k>, MergeError> {
    if kinship.precision != Precision::Full {
        return Err(MergeError::Refused(
            "A prediction needs a kinship that was measured at full precision".to_owned(),
        ));
    }
    let description = wish.method.description();
    if description.prediction == Prediction::None {
        return Err(MergeError::Refused(format!(
            "Nothing can be predicted of a child of {}",
            description.name
        )));
    }
    // The segments of a tensor are neighbours.
    let same_tensor = |a: &TensorGram, b: &TensorGram| a.tensor == b.tensor;
    let tensors: Vec<&[TensorGram]> = kinship.tensors.chunk_by(same_tensor).collect();
    let twins = Twins::new(&kinship.tensors, wish.method);
    let made: Vec<Vec<Made>> = tensors
        .par_iter()
        .map(|segments| children(segments, wish, &twins))
        .collect::<Result<_, _>>()?;
    let made: Vec<Made> = made.into_iter().flatten().collect();
    let is_exact = !made.iter().any(|made| matches!(made, Made::Tried(_)));
    let rows = made.into_iter().map(Made::row).collect();
    Ok(Predicted::new(
        kinship,
        rows,
        is_exact,
        description.prediction_error,
    ))
}

/// What became of a segment: the child's row beside its Gram.
enum Made {
    /// By coefficients.
    Combined(GramRow),
    /// By a twin.
    Tried(GramRow),
    /// The child is not in it: an input lacks it.
    LeftOut,
}

impl Made {
    fn row(self) -> Option<GramRow> {
        match self {
            Self::Combined(row) | Self::Tried(row) => Some(row),
            Self::LeftOut => None,
        }
    }
}

/// The child in each segment of one tensor.
fn children(
    segments: &[TensorGram],
    wish: &Wish<'_>,
    twins: &Twins,
) -> Result<Vec<Made>, MergeError> {
    let Some(parts) = segments.first().and_then(|s| (wish.parts)(&s.tensor)) else {
        return Ok(segments.iter().map(|_| Made::LeftOut).collect());
    };
    let rows: Vec<Option<Vec<usize>>> = segments.iter().map(|s| rows(s, &parts.inputs)).collect();
    let whole = segments
        .iter()
        .zip(&rows)
        .filter(|(_, rows)| rows.is_some());
    let whole: Vec<&TensorGram> = whole.map(|(segment, _)| segment).collect();
    let coefficients = match whole[..] {
        [] => None,
        _ => coefficients(&whole, wish.method, &parts)?,
    };
    let of_segment = |(segment, rows): (&TensorGram, Option<Vec<usize>>)| {
        Ok(match (&coefficients, rows) {
            (_, None) => Made::LeftOut,
            (Some(found), Some(rows)) => {
                let child = row::combination(&found.of_weights(parts.base), &rows);
                Made::Combined(row::of(&child, &segment.gram))
            }
            (None, Some(rows)) => Made::Tried(twins.row(segment, wish.method, &parts, &rows)?),
        })
    };
    segments.iter().zip(rows).map(of_segment).collect()
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
    segments: &[&TensorGram],
    method: &dyn Method,
    parts: &Parts<'_>,
) -> Result<Option<Coefficients>, MergeError> {
    let mut models: Vec<usize> = parts.inputs.iter().copied().flatten().collect();
    models.sort_unstable();
    models.dedup();
    let mut sum = Gram::zero(models.len());
    for segment in segments {
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
    method.coefficients(&InputGram::new(&sum, rows, parts.base), parts.values)
}
