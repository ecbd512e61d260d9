//! Consensus Task Arithmetic: the sum of the changes, where enough models need it (2405.07813).
//!
//! With dᵢ = wᵢ(xᵢ − b) and d = Σdᵢ, a number matters to model i if |dᵢ| ≥ threshold·|d − dᵢ| and
//! dᵢ is not 0 (the TALL mask). The child is b + λd where it matters to at least `agreement`
//! models, and b elsewhere: what only one model needs, and what none does, is left out.

use std::ops::Range;

use crate::jobs::Ticket;
use crate::merge::blocks::{AnyKernel, Kernel};
use crate::merge::error::MergeError;
use crate::merge::method::{
    BaseRule, Description, Method, Parameter, ParameterScope, Prediction, Values,
};
use crate::merge::tensor::MergeTensor;
use crate::numeric::{Real, vector};

pub(super) struct Consensus;

static DESCRIPTION: Description = Description {
    name: "consensus",
    title: "Consensus",
    help: "Adds up the changes, but only at numbers that matter to several models; evidence is from vision models; mergekit lacks it",
    paper: Some((
        "Localizing Task Information for Improved Model Merging and Compression",
        "https://arxiv.org/abs/2405.07813",
    )),
    base: BaseRule::Required,
    base_is_model: false,
    models: (1, usize::MAX),
    fewest_of_old: None,
    parameters: &[
        Parameter::CHANGE_WEIGHT,
        Parameter::number(
            "threshold",
            "How large a model's change must be beside that of the others to matter",
            ParameterScope::Global,
            [0.0, f64::MAX],
            (0.0, 1.0),
            Some(0.4),
        ),
        Parameter::number(
            "agreement",
            "How many models a number must matter to; no more than there are are asked for",
            ParameterScope::Global,
            [0.0, f64::MAX],
            (0.0, 4.0),
            Some(2.0),
        ),
        Parameter::LAMBDA,
    ],
    prediction: Prediction::Estimate,
    prediction_error: 0.2,
};

impl Method for Consensus {
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
        let agreement = values.global("agreement")?.min(models.len() as f64);
        Ok(Box::new(Agreed {
            base: tensor.needed_base()?,
            weights: values.of_each(models.iter().copied(), "weight")?,
            models,
            threshold: values.global("threshold")?,
            agreement,
            lambda: values.global("lambda")?,
        }))
    }
}

struct Agreed {
    base: usize,
    models: Vec<usize>,
    weights: Vec<f64>,
    threshold: f64,
    agreement: f64,
    lambda: f64,
}

impl Kernel for Agreed {
    fn block<N: Real>(&self, range: Range<usize>, inputs: &[&[N]], out: &mut [N]) {
        let (n, base) = (range.len(), inputs[self.base]);
        let mut changes = vec![N::ZERO; self.models.len() * n];
        let mut sum = vec![N::ZERO; n];
        let models = self.models.iter().zip(&self.weights);
        for ((&model, &weight), d) in models.zip(changes.chunks_mut(n.max(1))) {
            vector::difference(d, inputs[model], base);
            d.iter_mut().for_each(|d| *d *= N::of(weight));
            vector::add(&mut sum, d);
        }
        let mut votes = vec![0.0f64; n];
        let threshold = N::of(self.threshold);
        for d in changes.chunks(n.max(1)) {
            for ((vote, &d), &sum) in votes.iter_mut().zip(d).zip(&sum) {
                let matters = d.abs() > N::ZERO && d.abs() >= threshold * (sum - d).abs();
                // Not dropped where something is no number.
                *vote += f64::from(u8::from(matters || sum.is_nan()));
            }
        }
        for (((out, b), sum), vote) in out.iter_mut().zip(base).zip(sum).zip(votes) {
            let is_kept = vote >= self.agreement;
            *out = *b
                + if is_kept {
                    N::of(self.lambda) * sum
                } else {
                    N::ZERO
                };
        }
    }
}
