//! Which of several models is the child: what is rounded once.
//!
//! c = 0.6a + 0.4b holds for a = (c − 0.4b) / 0.6 too, so a fit alone does not tell the child from
//! a parent. Rounding does: c is the number of its format nearest to the sum, whereas the error of
//! c, divided by 0.6, takes a off its own number in about a third of the places. The share of
//! numbers that a sum gives *exactly* is near 1 for the child alone, and lower for sums of
//! grandparents, whose children were rounded before they were merged.

use super::sample::{Sample, Sampled};
use super::sums::Fitted;

/// How near a number of a format as fine as `f32` must be, as a share of it: sums are added in
/// other orders, and weights are fitted.
const NEAR: f64 = 4e-6;

/// Numbers of each matrix that a first look compares.
const FIRST_LOOK: usize = 2048;

/// A sum and the share of the child's numbers that it gives exactly, 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Matched {
    /// The sum.
    pub fitted: Fitted,
    /// The share.
    pub equal: f64,
}

/// The sum with weights as people choose them where these give more equal numbers than fitted
/// ones do: rounded to hundredths or twentieths, and for two parents those near the fit that add
/// to 1 (a small share is fitted too low, since a step below half of the last place is lost).
pub fn matched(sample: &Sample, child: usize, fitted: Fitted) -> Matched {
    let mut best = Matched {
        equal: equal_share(sample, child, &fitted, usize::MAX),
        fitted,
    };
    let mean = best.fitted.mean_weights(sample);
    for weights in chosen(&mean) {
        let flat = Fitted {
            weights: vec![weights; sample.tensors.len()],
            ..best.fitted.clone()
        };
        if equal_share(sample, child, &flat, FIRST_LOOK) + 0.03 < best.equal {
            continue;
        }
        let equal = equal_share(sample, child, &flat, usize::MAX);
        if equal > best.equal {
            best = Matched {
                fitted: flat,
                equal,
            };
        }
    }
    best
}

/// Weights near `mean` that someone may have written.
fn chosen(mean: &[f64]) -> Vec<Vec<f64>> {
    let rounded = |unit: f64| mean.iter().map(|w| (w * unit).round() / unit).collect();
    let mut out: Vec<Vec<f64>> = vec![rounded(100.0), rounded(20.0)];
    if let [_, second] = mean {
        let hundredths = (second * 100.0).round();
        let near = (-4..=4).map(|step| (hundredths + f64::from(step)) / 100.0);
        out.extend(near.map(|t| vec![1.0 - t, t]));
    }
    out
}

fn equal_share(sample: &Sample, child: usize, fitted: &Fitted, most: usize) -> f64 {
    let (mut equal, mut all) = (0, 0);
    for (tensor, weights) in sample.tensors.iter().zip(&fitted.weights) {
        let count = tensor.len().min(most);
        all += count;
        equal += equal_in(tensor, child, &fitted.parents, weights, count);
    }
    equal as f64 / all.max(1) as f64
}

fn equal_in(tensor: &Sampled, child: usize, of: &[usize], weights: &[f64], count: usize) -> usize {
    let mut sum = vec![0.0f64; count];
    for (&parent, &weight) in of.iter().zip(weights) {
        let row = tensor.rows[parent].iter();
        sum.iter_mut()
            .zip(row)
            .for_each(|(sum, &x)| *sum += weight * f64::from(x));
    }
    let mut rounded: Vec<f32> = sum.iter().map(|&x| x as f32).collect();
    let dtype = tensor.dtypes[child];
    dtype.round(&mut rounded);
    let is_coarse = dtype.rounding_share().is_some();
    let is_equal = |&(&x, &own): &(&f32, &f32)| {
        let off = f64::from(x - own).abs();
        x == own || !is_coarse && off <= NEAR * f64::from(own).abs()
    };
    let pairs = rounded.iter().zip(&tensor.rows[child]);
    pairs.filter(is_equal).count()
}
