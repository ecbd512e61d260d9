//! MagMax: at each number the largest change of any model (2407.06322).
//!
//! With dᵢ = wᵢ(xᵢ − b), the child is b + λdₖ for the k whose |dₖ| is largest; the first of equal
//! ones.

use std::ops::Range;

use crate::jobs::Ticket;
use crate::merge::blocks::{AnyKernel, Kernel};
use crate::merge::error::MergeError;
use crate::merge::method::{BaseRule, Description, Method, Parameter, Prediction, Values};
use crate::merge::tensor::MergeTensor;
use crate::numeric::Real;

pub(super) struct MagMax;

static DESCRIPTION: Description = Description {
    name: "magmax",
    title: "MagMax",
    help: "Takes at each number the largest change of any model; evidence is from vision models that learn one task after the other; mergekit lacks it",
    paper: Some((
        "MagMax: Leveraging Model Merging for Seamless Continual Learning",
        "https://arxiv.org/abs/2407.06322",
    )),
    base: BaseRule::Required,
    base_is_model: false,
    models: (1, usize::MAX),
    fewest_of_old: None,
    parameters: &[Parameter::CHANGE_WEIGHT, Parameter::LAMBDA],
    prediction: Prediction::Estimate,
    prediction_error: 0.2,
};

impl Method for MagMax {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn prepare<'t>(
        &self,
        tensor: &'t MergeTensor<'t>,
        values: &Values,
        _ticket: &Ticket,
    ) -> Result<Box<dyn AnyKernel + 't>, MergeError> {
        let models = tensor.models();
        Ok(Box::new(Largest {
            base: tensor.needed_base()?,
            weights: values.of_each(models.iter().copied(), "weight")?,
            models,
            lambda: values.global("lambda")?,
        }))
    }
}

struct Largest {
    base: usize,
    models: Vec<usize>,
    weights: Vec<f64>,
    lambda: f64,
}

impl Kernel for Largest {
    fn block<N: Real>(&self, range: Range<usize>, inputs: &[&[N]], out: &mut [N]) {
        let (base, lambda) = (inputs[self.base], N::of(self.lambda));
        let mut largest = vec![N::ZERO; range.len()];
        for (&model, &weight) in self.models.iter().zip(&self.weights) {
            let weight = N::of(weight);
            for ((largest, x), b) in largest.iter_mut().zip(inputs[model]).zip(base) {
                let change = weight * (*x - *b);
                // A NaN is taken, and stays.
                if change.abs() > largest.abs() || change.is_nan() {
                    *largest = change;
                }
            }
        }
        for ((out, b), change) in out.iter_mut().zip(base).zip(largest) {
            *out = *b + lambda * change;
        }
    }
}
