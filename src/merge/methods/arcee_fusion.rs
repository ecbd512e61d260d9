//! Takes from the other model x only what matters most.
//!
//! The score of a number is |x − b|·KL, where KL = Σ p·ln(p/q) is taken over its row (the last
//! dimension), p = softmax(x) + 1e-8 and q = softmax(b) + 1e-8. Numbers with a score of at least
//! median + 1.5·(third − first quartile) are taken from x, the rest from the base; quartiles are
//! the scores at int(f·(n−1)) in ascending order.
//!
//! Two differences from mergekit, both within its noise (the KL of two nearly equal rows is
//! mostly rounding there): sums are in f64, and quartiles are those of all scores, where
//! mergekit samples a million. One model alone is copied.

use std::ops::Range;

use crate::checkpoint::Dtype;
use crate::jobs::Ticket;
use crate::merge::blocks::{AnyKernel, Blocks, Cuts, Inputs, Kernel, Width, by_width};
use crate::merge::cut::Streams;
use crate::merge::error::MergeError;
use crate::merge::method::{BaseRule, Description, Method, Prediction, Values};
use crate::merge::tensor::MergeTensor;
use crate::numeric::Real;
use crate::numeric::select::{number, ordered};

pub(super) struct ArceeFusion;

static DESCRIPTION: Description = Description {
    name: "arcee_fusion",
    title: "Arcee Fusion",
    help: "Takes from the other model only the numbers whose change matters most",
    paper: None,
    base: BaseRule::OneOfModels,
    base_is_model: false,
    models: (2, 2),
    fewest_of_old: Some(1),
    parameters: &[],
    prediction: Prediction::None,
    prediction_error: 0.0,
};

impl Method for ArceeFusion {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn readings(&self, _values: &Values) -> u64 {
        5
    }

    /// As in mergekit, whose mask is F32.
    fn own_format(&self) -> Option<Dtype> {
        Some(Dtype::F32)
    }

    fn prepare<'t>(
        &self,
        tensor: &'t MergeTensor<'t>,
        _values: &Values,
        ticket: &Ticket,
    ) -> Result<Box<dyn AnyKernel + 't>, MergeError> {
        let (base, models) = (tensor.needed_base()?, tensor.models());
        let other = match models[..] {
            // Alone: every score is 0, and so is the difference.
            [] => base,
            [other] => other,
            _ => {
                return Err(MergeError::Refused(format!(
                    "arcee_fusion takes two models, not {}",
                    models.len() + 1
                )));
            }
        };
        let inputs = Inputs::new(tensor);
        let fusion = by_width!(tensor, fusion([base, other], &inputs, ticket))?;
        Ok(Box::new(fusion))
    }
}

/// Added to every probability.
const FLOOR: f64 = 1e-8;

struct Scores {
    base: usize,
    other: usize,
    row_len: usize,
    /// KL of each row.
    divergences: Vec<f64>,
}

fn fusion<N: Width>(
    models: [usize; 2],
    inputs: &Inputs<'_>,
    ticket: &Ticket,
) -> Result<Fusion, MergeError> {
    let scores = Scores::new::<N>(models, inputs, ticket)?;
    let threshold = scores.threshold::<N>(inputs, ticket)?;
    Ok(Fusion { scores, threshold })
}

impl Scores {
    fn new<N: Width>(
        [base, other]: [usize; 2],
        inputs: &Inputs<'_>,
        ticket: &Ticket,
    ) -> Result<Self, MergeError> {
        let row_len = inputs.tensor().row_len().max(1);
        let cuts = Cuts::new(inputs.tensor(), Blocks::WholeRows);
        let new = (|| (), Vec::new);
        let chunks = inputs.by_chunk(
            cuts,
            ticket,
            new,
            |(), out: &mut Vec<f64>, _, inputs: &[&[N]]| {
                let rows = inputs[other]
                    .chunks(row_len)
                    .zip(inputs[base].chunks(row_len));
                out.extend(rows.map(|(x, b)| divergence(x, b)));
            },
        )?;
        Ok(Self {
            base,
            other,
            row_len,
            divergences: chunks.concat(),
        })
    }

    fn at<N: Real>(&self, index: usize, at: usize, inputs: &[&[N]]) -> f32 {
        let change = inputs[self.other][at] - inputs[self.base][at];
        (change.abs().wide() * self.divergences[index / self.row_len]) as f32
    }

    /// Median + 1.5·(third − first quartile).
    fn threshold<N: Width>(&self, inputs: &Inputs<'_>, ticket: &Ticket) -> Result<f32, MergeError> {
        let n = inputs.tensor().elements() as u64;
        let keys = |_: usize, range: Range<usize>, inputs: &[&[N]], keys: &mut [u32]| {
            for ((at, index), key) in range.enumerate().zip(keys) {
                *key = ordered(self.at(index, at, inputs));
            }
        };
        let rank = |f: f64| n - ((f * n.saturating_sub(1) as f64) as u64).min(n);
        let ranks = vec![rank(0.25), rank(0.5), rank(0.75)];
        let found = Streams::new(inputs, &keys, ticket).find(&[ranks])?;
        let score = |k: usize| found[0][k].map_or(0.0, |found| number(found.key));
        Ok(score(1) + 1.5 * (score(2) - score(0)))
    }
}

fn divergence<N: Real>(x: &[N], b: &[N]) -> f64 {
    let (p, q) = (softmax(x), softmax(b));
    p.iter().zip(&q).map(|(p, q)| p * (p / q).ln()).sum()
}

fn softmax<N: Real>(row: &[N]) -> Vec<f64> {
    let largest = row.iter().copied().fold(N::of(f64::NEG_INFINITY), N::max);
    let mut out: Vec<f64> = row.iter().map(|&x| (x - largest).wide().exp()).collect();
    let sum: f64 = out.iter().sum();
    out.iter_mut().for_each(|p| *p = *p / sum + FLOOR);
    out
}

struct Fusion {
    scores: Scores,
    threshold: f32,
}

impl Kernel for Fusion {
    fn block<N: Real>(&self, range: Range<usize>, inputs: &[&[N]], out: &mut [N]) {
        let (x, b) = (inputs[self.scores.other], inputs[self.scores.base]);
        for (at, index) in range.enumerate() {
            let taken = self.scores.at(index, at, inputs) >= self.threshold;
            out[at] = if taken { x[at] } else { b[at] };
        }
    }
}
