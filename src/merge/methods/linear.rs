//! The weighted mean: Σ wᵢxᵢ, divided by Σ wᵢ if normalised.
//!
//! mergekit divides by a sum of 0 and writes NaN or infinity; here that is refused.

use super::steps::Mean;
use crate::jobs::Ticket;
use crate::merge::blocks::AnyKernel;
use crate::merge::combine::{Coefficients, InputGram};
use crate::merge::error::MergeError;
use crate::merge::method::{BaseRule, Description, Method, Parameter, Prediction, Values};
use crate::merge::tensor::MergeTensor;

pub(super) struct Linear;

static DESCRIPTION: Description = Description {
    name: "linear",
    title: "Linear",
    help: "The weighted mean of the models; the plain way, and a good first try",
    paper: Some((
        "Model soups: averaging weights of multiple fine-tuned models improves accuracy without increasing inference time",
        "https://arxiv.org/abs/2203.05482",
    )),
    base: BaseRule::Optional,
    base_is_model: true,
    models: (1, usize::MAX),
    fewest_of_old: None,
    parameters: &[
        Parameter::weight("How much of the model there is in the child"),
        Parameter::flag("normalize", "Divide by the sum of the weights", true),
    ],
    prediction: Prediction::Exact,
    prediction_error: 0.0,
};

impl Method for Linear {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn check(
        &self,
        _elements: usize,
        _base: Option<usize>,
        values: &Values,
    ) -> Result<(), MergeError> {
        coefficients(values.per_input.len(), values).map(drop)
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

    fn prepare_in_steps<'t>(
        &self,
        tensor: &'t MergeTensor<'t>,
        values: &Values,
        _ticket: &Ticket,
    ) -> Result<Option<Box<dyn AnyKernel + 't>>, MergeError> {
        Ok(Some(Box::new(Mean::new(tensor.inputs.len(), values)?)))
    }
}

fn coefficients(inputs: usize, values: &Values) -> Result<Coefficients, MergeError> {
    let weights = values.of_each(0..inputs, "weight")?;
    let divisor = if values.flag("normalize")? {
        weights.iter().sum::<f64>()
    } else {
        1.0
    };
    if divisor == 0.0 {
        return Err(MergeError::Refused(
            "The weights sum to 0, so there is no mean; change a weight or set normalize to false"
                .to_owned(),
        ));
    }
    Ok(Coefficients::Weights(
        weights.iter().map(|w| w / divisor).collect(),
    ))
}
