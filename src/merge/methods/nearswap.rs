//! Takes the other model where it is near the base: q·x + (1−q)·b with q = t / |x − b|, at most 1.
//!
//! Distances below 1e-6 count as 1e-6. No model beside the base: the base.

use std::ops::Range;

use crate::jobs::Ticket;
use crate::merge::blocks::{AnyKernel, Kernel};
use crate::merge::error::MergeError;
use crate::merge::method::{
    BaseRule, Description, Method, Parameter, ParameterScope, Prediction, Values,
};
use crate::merge::tensor::MergeTensor;
use crate::numeric::Real;

pub(super) struct NearSwap;

static DESCRIPTION: Description = Description {
    name: "nearswap",
    title: "NearSwap",
    help: "Takes the other model where it is near the base, and less of it the farther it is",
    paper: None,
    base: BaseRule::Required,
    base_is_model: false,
    models: (1, 1),
    fewest_of_old: Some(0),
    parameters: &[Parameter::number(
        "t",
        "Distance up to which the other model is taken as it is",
        ParameterScope::Global,
        [0.0, f64::MAX],
        (0.0, 0.01),
        None,
    )],
    prediction: Prediction::Estimate,
    prediction_error: 0.05,
};

impl Method for NearSwap {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn prepare<'t>(
        &self,
        tensor: &'t MergeTensor<'t>,
        values: &Values,
        _ticket: &Ticket,
    ) -> Result<Box<dyn AnyKernel + 't>, MergeError> {
        let base = tensor.needed_base()?;
        let models = tensor.models();
        if models.len() > 1 {
            return Err(MergeError::Refused(format!(
                "nearswap takes one model beside the base, not {}",
                models.len()
            )));
        }
        Ok(Box::new(Near {
            t: values.global("t")?,
            base,
            other: models.first().copied(),
        }))
    }
}

struct Near {
    t: f64,
    base: usize,
    other: Option<usize>,
}

impl Kernel for Near {
    fn block<N: Real>(&self, _range: Range<usize>, inputs: &[&[N]], out: &mut [N]) {
        let base = inputs[self.base];
        let Some(other) = self.other else {
            out.copy_from_slice(base);
            return;
        };
        for ((out, b), x) in out.iter_mut().zip(base).zip(inputs[other]) {
            let share = N::of(self.t) / (*b - *x).abs().max(N::of(1e-6));
            let share = if share < N::ONE {
                share.max(N::ZERO)
            } else {
                N::ONE
            };
            // `max` drops a NaN; the product brings it back.
            *out = share * *x + (N::ONE - share) * *b;
        }
    }
}
