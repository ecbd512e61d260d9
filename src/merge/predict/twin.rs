//! A small stand-in for a tensor, on which a method that drops or votes can be tried.
//!
//! Its numbers are jointly normal, with exactly the sums and dot products (for each number)
//! that base and models have in the tensor; so what a method does by sizes and signs comes out
//! as for normally distributed changes. The estimate is off where changes are far from normal,
//! such as a change of few numbers only, and by how much at most on the families it was tried
//! on is what the description of the method states.

use std::sync::Mutex;

use super::Wish;
use crate::checkpoint::Stored;
use crate::jobs::Ticket;
use crate::kinship::TensorGram;
use crate::merge::methods::{MergeError, Values};
use crate::merge::run_tensor::merge_tensor;
use crate::merge::tensor::{Input, MergeTensor};
use crate::numeric::dots::packed;
use crate::numeric::random::Stream;
use crate::numeric::{Float, Gram};

/// Numbers of a twin, unless the tensor has fewer.
const NUMBERS: usize = 8192;

/// The Gram of a segment with the child as a further model, by trying the method on a twin.
pub(super) fn append(
    segment: &TensorGram,
    wish: &Wish<'_>,
    rows: &[usize],
    values: &Values,
) -> Result<Gram, MergeError> {
    let shape = shape(segment);
    let twin = twin(&segment.gram, shape.iter().product());
    let base = &twin[0];
    let bytes: Vec<Vec<u8>> = rows
        .iter()
        .map(|&row| {
            let change = if row == 0 { None } else { Some(&twin[row]) };
            let number = |k: usize| (base[k] + change.map_or(0.0, |c| c[k])) as f32;
            (0..base.len())
                .flat_map(|k| number(k).to_le_bytes())
                .collect()
        })
        .collect();
    let tensor = MergeTensor {
        name: &segment.tensor,
        shape: &shape,
        inputs: bytes.iter().map(|bytes| input(bytes)).collect(),
        base: wish.base,
        rounded_to: None,
        seed: 0,
    };
    let made = Mutex::new(vec![0.0; base.len()]);
    merge_tensor(
        &tensor,
        wish.method,
        values,
        &Ticket::default(),
        &|range, numbers| {
            let mut made = crate::parallel::lock(&made);
            for (to, from) in made[range].iter_mut().zip(numbers) {
                *to = f64::from(*from);
            }
            Ok(())
        },
    )?;
    let mut child = made
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    for (child, base) in child.iter_mut().zip(base) {
        // In f32, as the inputs had it.
        *child -= f64::from(*base as f32);
    }
    Ok(with_child(&segment.gram, &twin, &child))
}

fn input(bytes: &[u8]) -> Input<'_> {
    Input {
        stored: Stored {
            float: Float::F32,
            bytes,
        },
        adapter: None,
    }
}

/// Whole rows of the tensor, as many as fit; a vector stays a vector.
fn shape(segment: &TensorGram) -> Vec<usize> {
    let count = segment.gram.count as usize;
    let row = count / segment.rows.len().max(1);
    if row <= 1 {
        return vec![count.min(NUMBERS)];
    }
    let row = row.min(NUMBERS);
    vec![(NUMBERS / row).min(count / row).max(1), row]
}

/// Rows of numbers whose means and mean products are those of `gram`.
fn twin(gram: &Gram, n: usize) -> Vec<Vec<f64>> {
    let rows = gram.sums.len();
    let count = (gram.count as f64).max(1.0);
    let mean: Vec<f64> = gram.sums.iter().map(|s| s / count).collect();
    let noise = independent(rows, n);
    // Cholesky: covariance = L·Lᵀ, a row of zeros where there is no more variance.
    let mut lower = vec![vec![0.0; rows]; rows];
    for i in 0..rows {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
            let rest = gram.dot(i, j) / count - mean[i] * mean[j] - known;
            let size = gram.dot(i, i) / count;
            lower[i][j] = if i == j {
                if rest > 1e-12 * size {
                    rest.sqrt()
                } else {
                    0.0
                }
            } else if lower[j][j] > 0.0 {
                rest / lower[j][j]
            } else {
                0.0
            };
        }
    }
    let number = |row: usize, k: usize| {
        let parts = lower[row].iter().zip(&noise).map(|(l, z)| l * z[k]);
        mean[row] + parts.sum::<f64>()
    };
    (0..rows)
        .map(|row| (0..n).map(|k| number(row, k)).collect())
        .collect()
}

/// Rows of normal numbers with mean 0, made orthogonal to each other and of mean square 1,
/// as far as `n` numbers allow.
fn independent(rows: usize, n: usize) -> Vec<Vec<f64>> {
    let mut out: Vec<Vec<f64>> = Vec::with_capacity(rows);
    for row in 0..rows {
        let stream = Stream::new(0, "twin", row as u64);
        let mut own: Vec<f64> = (0..n).map(|k| normal(stream, k as u64)).collect();
        // Twice is enough for what rounding leaves of the first time.
        for _ in 0..2 {
            let mean = own.iter().sum::<f64>() / n as f64;
            own.iter_mut().for_each(|x| *x -= mean);
            for other in &out {
                let dot = own.iter().zip(other).map(|(a, b)| a * b).sum::<f64>() / n as f64;
                own.iter_mut().zip(other).for_each(|(a, b)| *a -= dot * b);
            }
        }
        let size = (own.iter().map(|x| x * x).sum::<f64>() / n as f64).sqrt();
        let scale = if size > 1e-6 { 1.0 / size } else { 0.0 };
        own.iter_mut().for_each(|x| *x *= scale);
        out.push(own);
    }
    out
}

/// Box and Muller's way from two even numbers to a normal one.
fn normal(stream: Stream, index: u64) -> f64 {
    let even = |k| ((stream.at(k) >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
    let (u, v) = (even(2 * index), even(2 * index + 1));
    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

/// The Gram with the child's sums, scaled from the twin to the tensor.
fn with_child(gram: &Gram, twin: &[Vec<f64>], child: &[f64]) -> Gram {
    let scale = gram.count as f64 / (child.len() as f64).max(1.0);
    let dot = |a: &[f64], b: &[f64]| scale * a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut out = gram.clone();
    out.sums.push(scale * child.iter().sum::<f64>());
    out.non_finite
        .push(child.iter().filter(|x| !x.is_finite()).count() as u64);
    out.dots.extend(twin.iter().map(|row| dot(row, child)));
    out.dots.push(dot(child, child));
    for row in &twin[1..] {
        let apart: Vec<f64> = child.iter().zip(row).map(|(c, r)| c - r).collect();
        out.squared_distances.push(dot(&apart, &apart));
    }
    out.squared_distances.push(0.0);
    debug_assert_eq!(out.dots.len(), packed(0, gram.models() + 2));
    out
}
