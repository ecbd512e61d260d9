//! SLERP for any number of models: the mean of the directions, as long as the models are.
//!
//! With uᵢ = xᵢ/(|xᵢ| + eps), task vectors if there is a base: m = Σ wᵢuᵢ, made a unit vector;
//! Tᵢ = uᵢ − (uᵢ·m)m, T = Σ wᵢTᵢ, τ = |T| + eps; the child is (m·cos τ + T·sin τ/τ)·Σ wᵢ|xᵢ|.
//! T is zero but for rounding, because m is the mean with the same weights; it is kept because
//! mergekit has it. If the directions cancel, |m| < eps, two models are mixed linearly and more
//! are refused. One model alone is copied.

use super::by_gram::ByGram;
use crate::merge::combine::{Coefficients, InputGram};
use crate::merge::error::MergeError;
use crate::merge::method::{BaseRule, Description, Parameter, ParameterScope, Prediction, Values};

pub(super) static MULTISLERP: ByGram = ByGram {
    description: &DESCRIPTION,
    coefficients,
};

static DESCRIPTION: Description = Description {
    name: "multislerp",
    title: "Multi-SLERP",
    help: "SLERP for any number of models, of task vectors if there is a base",
    paper: Some((
        "Multi-SLERP",
        "https://goddard.blog/posts/multislerp-wow-what-a-cool-idea",
    )),
    base: BaseRule::Optional,
    base_is_model: false,
    models: (1, usize::MAX),
    fewest_of_old: None,
    parameters: &[
        Parameter::weight("How much of the model there is in the child"),
        Parameter::flag("normalize_weights", "Divide the weights by their sum", true),
        Parameter::number(
            "eps",
            "Norm below which a vector has no direction",
            ParameterScope::Global,
            [0.0, f64::MAX],
            (1e-10, 1e-6),
            Some(1e-8),
        ),
    ],
    prediction: Prediction::Exact,
    prediction_error: 0.0,
};

fn coefficients(gram: &InputGram<'_>, values: &Values) -> Result<Coefficients, MergeError> {
    let (models, eps) = (gram.models(), values.global("eps")?);
    let mut weights = values.of_each(models.iter().copied(), "weight")?;
    if models.is_empty() {
        return Err(MergeError::Refused(
            "multislerp needs a model beside the base".to_owned(),
        ));
    }
    if models.len() == 1 {
        return Ok(spread(gram, &models, &[1.0]));
    }
    if values.flag("normalize_weights")? {
        let sum: f64 = weights.iter().sum();
        if sum == 0.0 {
            return Err(MergeError::Refused(
                "The weights sum to 0; change a weight or set normalize_weights to false"
                    .to_owned(),
            ));
        }
        weights.iter_mut().for_each(|w| *w /= sum);
    }
    let norms: Vec<f64> = models
        .iter()
        .map(|&i| gram.change_dot(i, i).max(0.0).sqrt())
        .collect();
    if norms.iter().all(|&n| n == 0.0) {
        // mergekit stops here for more than two; but zeros are what zeros come to.
        return Ok(spread(gram, &models, &weights));
    }
    // Vectors are written as combinations of the models from here on.
    let dot = |a: &[f64], b: &[f64]| {
        let mut sum = 0.0;
        for (a, &i) in a.iter().zip(&models) {
            for (b, &j) in b.iter().zip(&models) {
                sum += a * b * gram.change_dot(i, j);
            }
        }
        sum
    };
    let mean: Vec<f64> = weights
        .iter()
        .zip(&norms)
        .map(|(w, n)| w / (n + eps))
        .collect();
    let length = dot(&mean, &mean).max(0.0).sqrt();
    if length < eps {
        if models.len() == 2 {
            return Ok(spread(gram, &models, &weights));
        }
        return Err(MergeError::Refused(
            "The directions of the models cancel out; change the weights or leave a model out"
                .to_owned(),
        ));
    }
    let m: Vec<f64> = mean.iter().map(|c| c / length).collect();
    // Σ wᵢ(uᵢ − (uᵢ·m)m)
    let along = dot(&mean, &m);
    let tangent: Vec<f64> = mean.iter().zip(&m).map(|(c, m)| c - along * m).collect();
    let tau = dot(&tangent, &tangent).max(0.0).sqrt() + eps;
    let scale: f64 = weights.iter().zip(&norms).map(|(w, n)| w * n).sum();
    let c: Vec<f64> = m
        .iter()
        .zip(&tangent)
        .map(|(m, t)| (m * tau.cos() + t * tau.sin() / tau) * scale)
        .collect();
    Ok(spread(gram, &models, &c))
}

/// Coefficients of some inputs among those of all.
fn spread(gram: &InputGram<'_>, models: &[usize], own: &[f64]) -> Coefficients {
    let mut c = vec![0.0; gram.inputs()];
    for (&i, &own) in models.iter().zip(own) {
        c[i] = own;
    }
    match gram.base() {
        Some(_) => Coefficients::Changes(c),
        None => Coefficients::Weights(c),
    }
}
