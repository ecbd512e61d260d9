//! The child of a plan: each step's child joins the family that the next one is made from.

use std::borrow::Cow;

use super::{Parts, Predicted, Wish, predict};
use crate::kinship::Kinship;
use crate::merge::error::MergeError;
use crate::merge::plan::{Model, ModelSource, Plan, Step, TensorPlan};

/// Why there is no prediction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PredictError {
    /// Models that the kinship does not have, as the recipe names them.
    #[error("the kinship of {} is not measured", .0.join(", "))]
    NotMeasured(Vec<String>),
    /// The sentence for the user.
    #[error("{0}")]
    Refused(String),
}

impl From<MergeError> for PredictError {
    fn from(error: MergeError) -> Self {
        Self::Refused(error.to_string())
    }
}

/// Predicts the child of a sound plan.
///
/// `person` finds a model among those of the kinship; its inner `None` is the base. What a step
/// makes on the way is taken as exact as it is predicted, and its rounding is not looked at.
///
/// # Errors
/// [`PredictError`] if a model is not in the kinship, if a layer changes its place, or if nothing
/// can be said of a method's children.
pub fn predict_plan<'k>(
    plan: &Plan,
    kinship: &'k Kinship,
    person: &dyn Fn(&Model) -> Option<Option<usize>>,
) -> Result<Predicted<'k>, PredictError> {
    let unknown = |m: &&Model| m.checkpoint().is_some() && person(m).is_none();
    let models = plan.steps.iter().flat_map(|step| &step.models);
    let missing: Vec<String> = models
        .filter(unknown)
        .map(|m| m.reference.short_name())
        .collect();
    if !missing.is_empty() {
        return Err(PredictError::NotMeasured(missing));
    }
    let Some((last, earlier)) = plan.steps.split_last() else {
        return Err(PredictError::Refused("the recipe is empty".to_owned()));
    };
    let given = kinship.models;
    let mut family = Cow::Borrowed(kinship);
    let (mut exact, mut error) = (true, 0.0);
    for step in earlier {
        let made = predict_step(step, family, given, person)?;
        exact &= made.exact;
        error += made.error;
        family = Cow::Owned(made.joined());
    }
    let mut child = predict_step(last, family, given, person)?;
    child.given = given;
    child.exact &= exact;
    child.error += error;
    Ok(child)
}

fn predict_step<'k>(
    step: &Step,
    family: Cow<'k, Kinship>,
    given: usize,
    person: &dyn Fn(&Model) -> Option<Option<usize>>,
) -> Result<Predicted<'k>, PredictError> {
    let people: Vec<Option<usize>> = step
        .models
        .iter()
        .map(|model| match model.source {
            ModelSource::Step(earlier) => Some(given + earlier),
            ModelSource::Opened(_) => person(model).flatten(),
        })
        .collect();
    if step.tensors.iter().any(changes_place) {
        let sentence = "a layer that changes its place cannot be predicted: it was never compared \
                        with the layer that it takes the place of";
        return Err(PredictError::Refused(sentence.to_owned()));
    }
    let parts = |name: &str| {
        let tensor = step.tensor(name)?;
        Some(Parts {
            inputs: tensor.inputs.iter().map(|i| people[i.model]).collect(),
            base: tensor.base,
            values: &tensor.values,
        })
    };
    let wish = Wish {
        method: step.method,
        parts: &parts,
    };
    Ok(predict(family, &wish)?)
}

/// Whether a tensor is made from another layer than the one it becomes.
fn changes_place(tensor: &TensorPlan) -> bool {
    let layer = |name: &str| crate::checkpoint::place(name).layer;
    let changes = |name: &str| name != tensor.name && layer(name) != tensor.place.layer;
    tensor.inputs.iter().any(|input| changes(&input.tensor))
}
