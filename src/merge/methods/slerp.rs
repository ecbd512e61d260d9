//! Spherical linear interpolation from the base v₀ to the other model v₁.
//!
//! With θ the angle between the two as whole tensors: (sin((1−t)θ)·v₀ + sin(tθ)·v₁) / sin θ,
//! applied to the tensors as they are, not to unit vectors. Where |cos θ| > 0.9995 the straight
//! line is taken. t is not clamped. One model alone is copied.

use super::by_gram::ByGram;
use crate::merge::combine::{Coefficients, InputGram};
use crate::merge::error::MergeError;
use crate::merge::method::{
    ANY, BaseRule, Description, Parameter, ParameterScope, Prediction, Values,
};

pub(super) static SLERP: ByGram = ByGram {
    description: &DESCRIPTION,
    coefficients,
};

static DESCRIPTION: Description = Description {
    name: "slerp",
    title: "SLERP",
    help: "Walks from one model to another along the arc between them instead of straight",
    paper: Some((
        "Animating rotation with quaternion curves",
        "https://doi.org/10.1145/325165.325242",
    )),
    base: BaseRule::OneOfModels,
    base_is_model: false,
    models: (2, 2),
    fewest_of_old: Some(1),
    parameters: &[Parameter::number(
        "t",
        "How far to go: 0 is the base, 1 the other model",
        ParameterScope::Global,
        ANY,
        (0.0, 1.0),
        None,
    )],
    prediction: Prediction::Exact,
    prediction_error: 0.0,
};

/// Cosine beyond which arc and line are the same.
const NEARLY_PARALLEL: f64 = 0.9995;
/// Norm up to which a tensor has no direction.
const NO_DIRECTION: f64 = 1e-8;

fn coefficients(gram: &InputGram<'_>, values: &Values) -> Result<Coefficients, MergeError> {
    let t = values.global("t")?;
    let Some(base) = gram.base() else {
        return Err(MergeError::Refused(
            "slerp needs a base_model, and it must be one of the two models".to_owned(),
        ));
    };
    let mut c = vec![0.0; gram.inputs()];
    match gram.models()[..] {
        [] => c[base] = 1.0,
        [other] => (c[base], c[other]) = shares(gram, base, other, t),
        _ => {
            return Err(MergeError::Refused(format!(
                "slerp takes two models, not {}",
                gram.inputs()
            )));
        }
    }
    Ok(Coefficients::Weights(c))
}

/// How much of the base and of the other model.
fn shares(gram: &InputGram<'_>, base: usize, other: usize, t: f64) -> (f64, f64) {
    // A vector without a direction is not made a unit vector; its dot product stays small.
    let length = |i| {
        let norm = gram.dot(i, i).sqrt();
        if norm > NO_DIRECTION { norm } else { 1.0 }
    };
    let cosine = gram.dot(base, other) / (length(base) * length(other));
    // Two equal directions can come out a little above 1; a NaN goes on to the result.
    if cosine.abs() > NEARLY_PARALLEL {
        return (1.0 - t, t);
    }
    let angle = cosine.acos();
    (
        ((1.0 - t) * angle).sin() / angle.sin(),
        (t * angle).sin() / angle.sin(),
    )
}
