//! Between the base and the mean of the models, by how much the models agree.
//!
//! With c the mean over all pairs of cos(δᵢ, δⱼ), products of norms below 1e-6 counting as 1e-6:
//! t = N·c/(1 + (N−1)·c), and the child is t·mean(xᵢ) + (1−t)·b. t is not clamped: a negative c
//! leads away from the mean. A whole tensor is one vector, or with filter_wise each row.

use std::ops::Range;

use crate::jobs::Ticket;
use crate::merge::blocks::{AnyKernel, Inputs, Kernel};
use crate::merge::combine::{Coefficients, InputGram, from_gram};
use crate::merge::error::MergeError;
use crate::merge::method::{BaseRule, Description, Method, Parameter, Prediction, Values};
use crate::merge::tensor::MergeTensor;
use crate::numeric::Real;
use crate::numeric::vector;

pub(super) struct ModelStock;

static DESCRIPTION: Description = Description {
    name: "model_stock",
    title: "Model Stock",
    help: "Draws the mean of the models to the base, the more so the less the models agree",
    paper: Some((
        "Model Stock: All we need is just a few fine-tuned models",
        "https://arxiv.org/abs/2403.19522",
    )),
    base: BaseRule::Required,
    base_is_model: false,
    models: (2, usize::MAX),
    fewest_of_old: None,
    parameters: &[Parameter::flag(
        "filter_wise",
        "Measure how the models agree row by row instead of tensor by tensor",
        false,
    )],
    prediction: Prediction::Exact,
    prediction_error: 0.05,
};

impl Method for ModelStock {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn readings(&self, values: &Values) -> u64 {
        if values.flag("filter_wise").unwrap_or(false) {
            1
        } else {
            2
        }
    }

    fn coefficients(
        &self,
        gram: &InputGram<'_>,
        values: &Values,
    ) -> Result<Option<Coefficients>, MergeError> {
        if values.flag("filter_wise")? {
            return Ok(None);
        }
        whole(gram).map(Some)
    }

    fn prepare<'t>(
        &self,
        tensor: &'t MergeTensor<'t>,
        values: &Values,
        ticket: &Ticket,
    ) -> Result<Box<dyn AnyKernel + 't>, MergeError> {
        let (base, models) = (tensor.needed_base()?, tensor.models());
        enough(models.len())?;
        if values.flag("filter_wise")? {
            let row_len = tensor.row_len();
            return Ok(Box::new(Rows {
                base,
                models,
                row_len,
            }));
        }
        from_gram(&Inputs::new(tensor), ticket, whole)
    }
}

/// Product of two norms that is too small to divide by.
const SMALL: f64 = 1e-6;

fn enough(models: usize) -> Result<(), MergeError> {
    if models >= 2 {
        return Ok(());
    }
    Err(MergeError::Refused(format!(
        "model_stock needs two models beside the base, not {models}"
    )))
}

/// t of `n` models from δᵢ·δⱼ.
fn ratio(n: usize, dot: impl Fn(usize, usize) -> f64) -> f64 {
    let mut sum = 0.0;
    for j in 0..n {
        for i in 0..j {
            let norms = (dot(i, i).max(0.0) * dot(j, j).max(0.0)).sqrt();
            sum += (dot(i, j) / norms.max(SMALL)).clamp(-1.0, 1.0);
        }
    }
    let n = n as f64;
    let cosine = sum / (n * (n - 1.0) / 2.0);
    n * cosine / (1.0 + (n - 1.0) * cosine)
}

fn whole(gram: &InputGram<'_>) -> Result<Coefficients, MergeError> {
    let models = gram.models();
    enough(models.len())?;
    let t = ratio(models.len(), |i, j| gram.change_dot(models[i], models[j]));
    let mut c = vec![0.0; gram.inputs()];
    for &i in &models {
        c[i] = t / models.len() as f64;
    }
    Ok(Coefficients::Changes(c))
}

/// Each row for itself.
struct Rows {
    base: usize,
    models: Vec<usize>,
    row_len: usize,
}

impl Kernel for Rows {
    fn needs_whole_rows(&self) -> bool {
        true
    }

    fn block<N: Real>(&self, _range: Range<usize>, inputs: &[&[N]], out: &mut [N]) {
        let (base, n) = (inputs[self.base], self.models.len());
        let mut changes = vec![vec![N::ZERO; self.row_len]; n];
        for start in (0..out.len()).step_by(self.row_len.max(1)) {
            let row = start..(start + self.row_len).min(out.len());
            for (change, &model) in changes.iter_mut().zip(&self.models) {
                vector::difference(change, &inputs[model][row.clone()], &base[row.clone()]);
            }
            let t = ratio(n, |i, j| {
                let mut dot = 0.0;
                vector::add_dot(&mut dot, &changes[i], &changes[j]);
                dot
            });
            let out = &mut out[row.clone()];
            out.copy_from_slice(&base[row]);
            for change in &changes {
                vector::add_scaled(out, N::of(t / n as f64), change);
            }
        }
    }
}
