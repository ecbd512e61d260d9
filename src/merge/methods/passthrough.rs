//! One model as it is, times `scale`.

use crate::jobs::Ticket;
use crate::merge::blocks::AnyKernel;
use crate::merge::combine::{Coefficients, InputGram};
use crate::merge::error::MergeError;
use crate::merge::method::{
    ANY, BaseRule, Description, Method, Parameter, ParameterScope, Prediction, Values,
};
use crate::merge::tensor::MergeTensor;

pub(super) struct Passthrough;

static DESCRIPTION: Description = Description {
    name: "passthrough",
    title: "Passthrough",
    help: "Copies one model, layer by layer: for stacking layers of several models",
    paper: None,
    base: BaseRule::Forbidden,
    base_is_model: false,
    models: (1, 1),
    fewest_of_old: None,
    parameters: &[Parameter::number(
        "scale",
        "What the numbers are multiplied by",
        ParameterScope::PerModel,
        ANY,
        (0.0, 1.0),
        Some(1.0),
    )],
    prediction: Prediction::Exact,
    prediction_error: 0.0,
};

impl Method for Passthrough {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn coefficients(
        &self,
        gram: &InputGram<'_>,
        values: &Values,
    ) -> Result<Option<Coefficients>, MergeError> {
        coefficients(gram.inputs(), values).map(Some)
    }

    fn prepare<'t>(
        &self,
        tensor: &'t MergeTensor<'t>,
        values: &Values,
        _ticket: &Ticket,
    ) -> Result<Box<dyn AnyKernel + 't>, MergeError> {
        Ok(coefficients(tensor.inputs.len(), values)?.kernel(tensor.base))
    }
}

fn coefficients(inputs: usize, values: &Values) -> Result<Coefficients, MergeError> {
    if inputs != 1 {
        return Err(MergeError::Refused(format!(
            "passthrough copies one model for each slice, not {inputs}"
        )));
    }
    // Optional in recipes that were made by hand.
    let scale = values.of_input(0, "scale").unwrap_or(1.0);
    Ok(Coefficients::Weights(vec![scale]))
}
