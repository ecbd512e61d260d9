//! RAM: what one model alone changed is kept whole, what several changed is averaged.
//!
//! A number is changed by model i if |δᵢ| > epsilon. The plus variant multiplies the changes of
//! one model alone by 1 + r·min(shared/max(alone, epsilon), alpha), where shared and alone count
//! the model's changes in the tensor.

use std::ops::Range;

use crate::jobs::Ticket;
use crate::merge::blocks::{AnyKernel, Blocks, Cuts, Inputs, Kernel, Width, by_width};
use crate::merge::error::MergeError;
use crate::merge::method::{
    BaseRule, Description, Method, Parameter, ParameterScope, Prediction, Values,
};
use crate::merge::tensor::MergeTensor;
use crate::numeric::Real;

/// The two variants.
pub(super) struct Ram {
    description: &'static Description,
    plus: bool,
}

const PAPER: Option<(&str, &str)> = Some((
    "Behavior Knowledge Merge in Reinforced Agentic Models",
    "https://arxiv.org/abs/2601.13572",
));

const EPSILON: Parameter = Parameter::number(
    "epsilon",
    "Size from which a change counts",
    ParameterScope::Global,
    [0.0, f64::MAX],
    (0.0, 1e-3),
    Some(1e-5),
);

/// What one model alone changed is kept whole.
pub(super) static RAM: Ram = Ram {
    description: &Description {
        name: "ram",
        title: "RAM",
        help: "Keeps what one model alone changed, and takes the mean where several did",
        paper: PAPER,
        base: BaseRule::Required,
        base_is_model: false,
        models: (0, usize::MAX),
        fewest_of_old: None,
        parameters: &[EPSILON],
        prediction: Prediction::Estimate,
        prediction_error: 0.2,
    },
    plus: false,
};

/// The same, with more of what one model alone changed.
pub(super) static RAMPLUS: Ram = Ram {
    description: &Description {
        name: "ramplus_tl",
        title: "RAM+",
        help: "RAM that strengthens what one model alone changed, the more so the more it shares with others",
        paper: PAPER,
        base: BaseRule::Required,
        base_is_model: false,
        models: (0, usize::MAX),
        fewest_of_old: None,
        parameters: &[
            EPSILON,
            Parameter::number(
                "r",
                "How much changes of one model alone are strengthened at most, for each unit of alpha",
                ParameterScope::Global,
                [0.0, f64::MAX],
                (0.0, 1.0),
                Some(0.1),
            ),
            Parameter::number(
                "alpha",
                "Greatest ratio of shared to lone changes that counts",
                ParameterScope::Global,
                [0.0, f64::MAX],
                (0.0, 1.0),
                Some(0.2),
            ),
        ],
        prediction: Prediction::Estimate,
        prediction_error: 0.2,
    },
    plus: true,
};

impl Method for Ram {
    fn description(&self) -> &'static Description {
        self.description
    }

    fn readings(&self, _values: &Values) -> u64 {
        if self.plus { 2 } else { 1 }
    }

    fn prepare<'t>(
        &self,
        tensor: &'t MergeTensor<'t>,
        values: &Values,
        ticket: &Ticket,
    ) -> Result<Box<dyn AnyKernel + 't>, MergeError> {
        let (base, models) = (tensor.needed_base()?, tensor.models());
        let epsilon = values.global("epsilon")?;
        let mut merge = Merge {
            base,
            factors: vec![1.0; models.len()],
            models,
            epsilon,
        };
        if self.plus {
            let (r, alpha) = (values.global("r")?, values.global("alpha")?);
            let inputs = Inputs::new(tensor);
            let counts = by_width!(tensor, merge.counts(&inputs, ticket))?;
            let factor = |[alone, shared]: [u64; 2]| {
                let ratio = shared as f64 / (alone as f64).max(epsilon);
                // 0/0, if epsilon is 0 and the model changed nothing, multiplies nothing.
                // In f32 whatever is computed in, as in mergekit.
                f64::from((1.0 + r * ratio.max(0.0).min(alpha)) as f32)
            };
            merge.factors = counts.into_iter().map(factor).collect();
        }
        Ok(Box::new(merge))
    }
}

struct Merge {
    base: usize,
    models: Vec<usize>,
    epsilon: f64,
    /// What the changes of one model alone are multiplied by.
    factors: Vec<f64>,
}

impl Merge {
    /// How many models changed a number.
    fn changed_by<N: Real>(&self, at: usize, inputs: &[&[N]]) -> usize {
        let changed = |&&i: &&usize| self.change(i, at, inputs).abs() > N::of(self.epsilon);
        self.models.iter().filter(changed).count()
    }

    fn change<N: Real>(&self, model: usize, at: usize, inputs: &[&[N]]) -> N {
        inputs[model][at] - inputs[self.base][at]
    }

    /// Counts for each model the numbers that it changed alone and with others.
    fn counts<N: Width>(
        &self,
        inputs: &Inputs<'_>,
        ticket: &Ticket,
    ) -> Result<Vec<[u64; 2]>, MergeError> {
        let cuts = Cuts::new(inputs.tensor(), Blocks::Any);
        let new = || vec![[0u64; 2]; self.models.len()];
        let workers = inputs.by_worker(cuts, ticket, new, |counts, range, inputs: &[&[N]]| {
            for at in 0..range.len() {
                let shared = usize::from(self.changed_by(at, inputs) > 1);
                for (counts, &i) in counts.iter_mut().zip(&self.models) {
                    let changed = self.change(i, at, inputs).abs() > N::of(self.epsilon);
                    counts[shared] += u64::from(changed);
                }
            }
        })?;
        let sum = |slot: usize, which: usize| workers.iter().map(|w| w[slot][which]).sum();
        Ok((0..self.models.len())
            .map(|s| [sum(s, 0), sum(s, 1)])
            .collect())
    }
}

impl Kernel for Merge {
    fn block<N: Real>(&self, range: Range<usize>, inputs: &[&[N]], out: &mut [N]) {
        let epsilon = N::of(self.epsilon);
        for at in 0..range.len() {
            let (mut sum, mut count, mut lone) = (N::ZERO, 0u32, 1.0);
            for (&i, &factor) in self.models.iter().zip(&self.factors) {
                let delta = self.change(i, at, inputs);
                // Not `>`, so that a NaN goes on to the result.
                if delta.abs() > epsilon || delta.is_nan() {
                    sum += delta;
                    count += 1;
                    lone = factor;
                }
            }
            let change = match count {
                0 => N::ZERO,
                1 => N::of(lone) * sum,
                n => sum / N::of(f64::from(n)),
            };
            out[at] = inputs[self.base][at] + change;
        }
    }
}
