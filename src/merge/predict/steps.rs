//! The child of a plan: each step's child joins the family that the next one is made from.

use std::collections::BTreeMap;

use super::{Parts, Predicted, Wish, predict};
use crate::kinship::Kinship;
use crate::merge::methods::MergeError;
use crate::merge::plan::{Model, ModelSource, Plan, Step, TensorPlan};

/// Why nothing is foreseen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unforeseen {
    /// Models that the kinship does not have, as the recipe names them.
    #[error("the kinship of {} is not measured", .0.join(", "))]
    NotMeasured(Vec<String>),
    /// The sentence for the user.
    #[error("{0}")]
    Refused(String),
}

impl From<MergeError> for Unforeseen {
    fn from(error: MergeError) -> Self {
        Self::Refused(error.to_string())
    }
}

/// Foresees the child of a sound plan.
///
/// `person` finds a model among those of the kinship; its inner `None` is the base. What a step
/// makes on the way is taken as exact as it is foreseen, and its rounding is not looked at.
///
/// # Errors
/// [`Unforeseen`] if a model is not in the kinship, if a layer changes its place, or if nothing
/// can be said of a method's children.
pub fn foresee(
    plan: &Plan,
    kinship: &Kinship,
    person: &dyn Fn(&Model) -> Option<Option<usize>>,
) -> Result<Predicted, Unforeseen> {
    let unknown = |m: &&Model| m.checkpoint().is_some() && person(m).is_none();
    let models = plan.steps.iter().flat_map(|step| &step.models);
    let missing: Vec<String> = models
        .filter(unknown)
        .map(|m| m.reference.short_name())
        .collect();
    if !missing.is_empty() {
        return Err(Unforeseen::NotMeasured(missing));
    }
    let mut out = Predicted {
        kinship: kinship.clone(),
        given: kinship.models,
        exact: true,
        error: 0.0,
    };
    for step in &plan.steps {
        let made = predict_step(step, &out.kinship, kinship.models, person)?;
        out.kinship = made.kinship;
        out.exact &= made.exact;
        out.error += made.error;
    }
    Ok(out)
}

fn predict_step(
    step: &Step,
    kinship: &Kinship,
    given: usize,
    person: &dyn Fn(&Model) -> Option<Option<usize>>,
) -> Result<Predicted, Unforeseen> {
    let people: Vec<Option<usize>> = step
        .models
        .iter()
        .map(|model| match model.source {
            ModelSource::Step(earlier) => Some(given + earlier),
            ModelSource::Opened(_) => person(model).flatten(),
        })
        .collect();
    if step.tensors.iter().any(changes_place) {
        let sentence = "a layer that changes its place cannot be foreseen: it was never compared \
                        with the layer that it takes the place of";
        return Err(Unforeseen::Refused(sentence.to_owned()));
    }
    let tensors: BTreeMap<&str, &TensorPlan> =
        step.tensors.iter().map(|t| (t.name.as_str(), t)).collect();
    let parts = |name: &str| {
        let tensor = tensors.get(name)?;
        Some(Parts {
            inputs: tensor.inputs.iter().map(|i| people[i.model]).collect(),
            base: tensor.base,
            values: tensor.values.clone(),
        })
    };
    let wish = Wish {
        method: step.method,
        parts: &parts,
    };
    Ok(predict(kinship, &wish)?)
}

/// Whether a tensor is made from another layer than the one it becomes.
fn changes_place(tensor: &TensorPlan) -> bool {
    let layer = |name: &str| crate::checkpoint::place(name).layer;
    let own = layer(&tensor.name);
    tensor
        .inputs
        .iter()
        .any(|input| layer(&input.tensor) != own)
}
