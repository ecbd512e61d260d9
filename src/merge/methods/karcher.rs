//! The Karcher mean of the directions, as long as the models are on average.
//!
//! Weights are equal, a = 1/N. u starts as Σ a·x̂ᵢ, made a unit vector. Each step adds up the
//! ways to the models along the sphere, T = Σ a·θᵢ/sin θᵢ·(x̂ᵢ − cos θᵢ·u), cos θᵢ = u·x̂ᵢ, and
//! goes that way, u ← u·cos|T| + T̂·sin|T|, until |T| < tol or max_iter steps are done. The
//! child is u·Σ|xᵢ|/N. A tensor with a norm up to tol has no direction and counts in the length
//! only. A base that is given is one more model.

use super::by_gram::ByGram;
use crate::merge::combine::{Coefficients, InputGram};
use crate::merge::error::MergeError;
use crate::merge::method::{BaseRule, Description, Parameter, ParameterScope, Prediction, Values};

pub(super) static KARCHER: ByGram = ByGram {
    description: &DESCRIPTION,
    coefficients,
};

static DESCRIPTION: Description = Description {
    name: "karcher",
    title: "Karcher mean",
    help: "The mean of the models on the sphere, all with equal weight",
    paper: Some((
        "Karcher mean",
        "https://en.wikipedia.org/wiki/Fr%C3%A9chet_mean",
    )),
    base: BaseRule::Optional,
    base_is_model: true,
    models: (1, usize::MAX),
    fewest_of_old: None,
    parameters: &[
        Parameter::number(
            "max_iter",
            "Steps after which the search for the mean ends",
            ParameterScope::Global,
            [0.0, 1e6],
            (1.0, 50.0),
            Some(10.0),
        ),
        Parameter::number(
            "tol",
            "Length of a step below which the mean is found",
            ParameterScope::Global,
            [0.0, f64::MAX],
            (1e-9, 1e-3),
            Some(1e-5),
        ),
    ],
    prediction: Prediction::Exact,
    prediction_error: 0.0,
};

fn coefficients(gram: &InputGram<'_>, values: &Values) -> Result<Coefficients, MergeError> {
    let (steps, tol) = (values.global("max_iter")?, values.global("tol")?);
    let n = gram.inputs();
    let norms: Vec<f64> = (0..n).map(|i| gram.dot(i, i).max(0.0).sqrt()).collect();
    // A NaN is not a direction either, but must not vanish.
    let directed: Vec<usize> = (0..n)
        .filter(|&i| norms[i] > tol || norms[i].is_nan())
        .collect();
    if n == 1 || directed.is_empty() {
        // Zeros, or one model: the mean itself.
        return Ok(Coefficients::Weights(vec![1.0 / n as f64; n]));
    }
    let mut mean = Mean {
        gram,
        norms: &norms,
        directed: &directed,
        u: vec![0.0; n],
    };
    mean.start(tol);
    for _ in 0..steps as u64 {
        if !mean.step(tol) {
            break;
        }
    }
    let length = norms.iter().sum::<f64>() / n as f64;
    Ok(Coefficients::Weights(
        mean.u.iter().map(|c| c * length).collect(),
    ))
}

/// The mean so far, u = Σ cᵢxᵢ.
struct Mean<'m> {
    gram: &'m InputGram<'m>,
    norms: &'m [f64],
    directed: &'m [usize],
    u: Vec<f64>,
}

impl Mean<'_> {
    fn dot(&self, a: &[f64], b: &[f64]) -> f64 {
        let mut sum = 0.0;
        for &i in self.directed {
            for &j in self.directed {
                sum += a[i] * b[j] * self.gram.dot(i, j);
            }
        }
        sum
    }

    fn length(&self, a: &[f64]) -> f64 {
        self.dot(a, a).max(0.0).sqrt()
    }

    fn start(&mut self, tol: f64) {
        let share = 1.0 / self.directed.len() as f64;
        for &i in self.directed {
            self.u[i] = share / self.norms[i];
        }
        let length = self.length(&self.u);
        if length < tol {
            self.u.fill(0.0);
            self.u[self.directed[0]] = 1.0 / self.norms[self.directed[0]];
        } else {
            self.u.iter_mut().for_each(|c| *c /= length);
        }
    }

    /// One step; whether there may be another.
    fn step(&mut self, tol: f64) -> bool {
        let share = 1.0 / self.directed.len() as f64;
        let mut tangent = vec![0.0; self.u.len()];
        for &i in self.directed {
            let mut direction = vec![0.0; self.u.len()];
            direction[i] = 1.0 / self.norms[i];
            let cosine = self.dot(&self.u, &direction).clamp(-1.0, 1.0);
            let angle = cosine.acos();
            if angle < tol {
                continue;
            }
            let size = share * angle / angle.sin();
            for ((t, d), u) in tangent.iter_mut().zip(&direction).zip(&self.u) {
                *t += size * (d - cosine * u);
            }
        }
        let length = self.length(&tangent);
        if length < tol {
            return false;
        }
        for (u, t) in self.u.iter_mut().zip(&tangent) {
            *u = length.cos() * *u + length.sin() * t / length;
        }
        let length = self.length(&self.u);
        self.u.iter_mut().for_each(|c| *c /= length);
        true
    }
}
