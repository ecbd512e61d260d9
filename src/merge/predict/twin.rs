//! A small stand-in for a tensor, on which a method that drops or votes can be tried.
//!
//! Its numbers are jointly normal, with exactly the sums and dot products (for each number)
//! that base and models have in the tensor; so what a method does by sizes and signs comes out
//! as for normally distributed changes. The estimate is off where changes are far from normal,
//! such as a change of few numbers only, and by how much at most on the families it was tried
//! on is what the description of the method states.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::noise::Noise;
use super::parts::Parts;
use crate::jobs::Ticket;
use crate::kinship::TensorGram;
use crate::merge::error::MergeError;
use crate::merge::method::Method;
use crate::merge::run_tensor::merge_tensor;
use crate::merge::tensor::{Input, MergeTensor};
use crate::numeric::{Gram, GramRow};

/// Numbers of a twin, unless the tensor has fewer.
const MOST: usize = 8192;
/// Numbers of all twins together: what one of many tensors is off by, the others even out.
const ALL: usize = 600_000;
const LEAST: usize = 1024;

/// Makes twins for the segments of a model.
pub(super) struct Twins {
    numbers: usize,
    /// Whether matrices are tried as squares.
    is_square: bool,
    /// What twins of this many numbers are made from; most tensors have twins of one size.
    noise: BTreeMap<usize, Noise>,
}

impl Twins {
    pub(super) fn new(segments: &[TensorGram], method: &dyn Method) -> Self {
        let mut twins = Self {
            numbers: (ALL / segments.len().max(1)).clamp(LEAST, MOST),
            is_square: method.is_spectral(),
            noise: BTreeMap::new(),
        };
        for segment in segments {
            let n = twins.shape(segment).iter().product();
            // One for the base, and one for each model.
            let rows = segment.gram.sums.len();
            twins.noise.entry(n).or_default().make_room(rows);
        }
        twins
    }

    /// The row of the child in the Gram of a segment, by trying the method on a twin.
    ///
    /// Only the inputs have a twin. What the others have to do with the child follows from what
    /// they have to do with the inputs, as it does for jointly normal numbers: by regression.
    pub(super) fn row(
        &self,
        segment: &TensorGram,
        method: &dyn Method,
        parts: &Parts<'_>,
        rows: &[usize],
    ) -> Result<GramRow, MergeError> {
        let mut own: Vec<usize> = rows
            .iter()
            .filter(|&&row| row > 0)
            .map(|row| row - 1)
            .collect();
        own.sort_unstable();
        own.dedup();
        let of_inputs = segment.gram.select(&own);
        let place = |row: &usize| match *row {
            0 => 0,
            row => own.binary_search(&(row - 1)).map_or(0, |at| at + 1),
        };
        let places: Vec<usize> = rows.iter().map(place).collect();
        let shape = self.shape(segment);
        let n = shape.iter().product();
        let noise = self
            .noise
            .get(&n)
            .map_or(Vec::new(), |noise| noise.rows(of_inputs.sums.len(), n));
        let twin = twin(&of_inputs, &noise, n);
        let child = tried(segment, &shape, &twin, method, parts, &places)?;
        Ok(row(&segment.gram, &of_inputs, &own, &twin, &child))
    }

    /// Whole rows of the tensor, as many as fit, or a square; a vector stays a vector.
    fn shape(&self, segment: &TensorGram) -> Vec<usize> {
        let count = segment.gram.count as usize;
        let row = count / segment.rows.len().max(1);
        if row <= 1 {
            return vec![count.min(self.numbers)];
        }
        let row = row.min(self.numbers);
        let shape = [(self.numbers / row).min(count / row).max(1), row];
        match self.is_square {
            true => vec![(shape[0] * shape[1]).isqrt(); 2],
            false => shape.to_vec(),
        }
    }
}

/// The change of the child that the method makes of the twin.
fn tried(
    segment: &TensorGram,
    shape: &[usize],
    twin: &[Vec<f64>],
    method: &dyn Method,
    parts: &Parts<'_>,
    places: &[usize],
) -> Result<Vec<f64>, MergeError> {
    let base = &twin[0];
    let numbers: Vec<Vec<f32>> = places
        .iter()
        .map(|&row| match row {
            0 => base.iter().map(|b| *b as f32).collect(),
            row => {
                let changed = base.iter().zip(&twin[row]);
                changed.map(|(b, change)| (b + change) as f32).collect()
            }
        })
        .collect();
    let tensor = MergeTensor {
        name: &segment.tensor,
        shape,
        inputs: numbers.iter().map(|own| Input::of_numbers(own)).collect(),
        base: parts.base,
        rounded_to: None,
        seed: 0,
    };
    let made = Mutex::new(vec![0.0; base.len()]);
    merge_tensor(
        &tensor,
        method,
        parts.values,
        &Ticket::default(),
        &|range, numbers: &[f32]| {
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
    Ok(child)
}

/// Rows of `n` numbers whose means and mean products are those of `gram`, made from as many
/// rows of noise.
fn twin(gram: &Gram, noise: &[&[f64]], n: usize) -> Vec<Vec<f64>> {
    let rows = gram.sums.len();
    let count = (gram.count as f64).max(1.0);
    let mean: Vec<f64> = gram.sums.iter().map(|s| s / count).collect();
    let covariance = |i: usize, j: usize| gram.dot(i, j) / count - mean[i] * mean[j];
    let lower = lower(rows, covariance, |i| gram.dot(i, i) / count);
    let numbers = |row: usize| {
        let mut out = vec![0.0; n];
        for (l, z) in lower[row][..=row].iter().zip(noise) {
            out.iter_mut().zip(*z).for_each(|(x, z)| *x += l * z);
        }
        out.iter_mut().for_each(|x| *x += mean[row]);
        out
    };
    (0..rows).map(numbers).collect()
}

/// Cholesky: L of L·Lᵀ, with 0 on the diagonal where what is left of a row is rounding noise
/// beside its `size`.
fn lower(
    n: usize,
    matrix: impl Fn(usize, usize) -> f64,
    size: impl Fn(usize) -> f64,
) -> Vec<Vec<f64>> {
    let mut lower = vec![vec![0.0; n]; n];
    for i in 0..n {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
            let rest = matrix(i, j) - known;
            lower[i][j] = if i == j {
                if rest > 1e-12 * size(i) {
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
    lower
}

/// The x of L·Lᵀx = v, with 0 where L has none on its diagonal.
fn solved(lower: &[Vec<f64>], v: &[f64]) -> Vec<f64> {
    let n = v.len();
    let divided = |rest: f64, diagonal: f64| if diagonal > 0.0 { rest / diagonal } else { 0.0 };
    let mut x = v.to_vec();
    for i in 0..n {
        let known: f64 = (0..i).map(|k| lower[i][k] * x[k]).sum();
        x[i] = divided(x[i] - known, lower[i][i]);
    }
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|k| lower[k][i] * x[k]).sum();
        x[i] = divided(x[i] - known, lower[i][i]);
    }
    x
}

/// The child's row, scaled from the twin to the tensor. `own` are the models of `gram` that
/// have a twin.
fn row(gram: &Gram, of_inputs: &Gram, own: &[usize], twin: &[Vec<f64>], child: &[f64]) -> GramRow {
    let scale = gram.count as f64 / (child.len() as f64).max(1.0);
    let dot = |a: &[f64], b: &[f64]| scale * dot(a, b);
    let sum = scale * child.iter().sum::<f64>();
    let square = dot(child, child);
    let known: Vec<f64> = twin.iter().map(|row| dot(row, child)).collect();
    let regression = Regression::new(of_inputs, sum, &known);
    let models = gram.models();
    let mut dots = Vec::with_capacity(models + 2);
    let mut distances = Vec::with_capacity(models);
    dots.push(known[0]);
    for model in 0..models {
        if let Ok(at) = own.binary_search(&model) {
            dots.push(known[at + 1]);
            let apart: Vec<f64> = child
                .iter()
                .zip(&twin[at + 1])
                .map(|(c, r)| c - r)
                .collect();
            distances.push(dot(&apart, &apart));
        } else {
            let product = regression.dot(gram, own, model);
            dots.push(product);
            distances.push((square + gram.dot(model + 1, model + 1) - 2.0 * product).max(0.0));
        }
    }
    dots.push(square);
    GramRow {
        sum,
        dots,
        squared_distances: distances,
        non_finite: child.iter().filter(|x| !x.is_finite()).count() as u64,
    }
}

/// The child's dot products with models that have no twin: those of its regression on 1, b and
/// the inputs' δ, which leaves nothing that is theirs.
struct Regression {
    shares: Vec<f64>,
}

impl Regression {
    /// Of a child with this sum, and these dot products with the rows of `of_inputs`.
    fn new(of_inputs: &Gram, sum: f64, known: &[f64]) -> Self {
        let n = of_inputs.sums.len() + 1;
        let product = |i: usize, j: usize| match (i.min(j), i.max(j)) {
            (0, 0) => of_inputs.count as f64,
            (0, j) => of_inputs.sums[j - 1],
            (i, j) => of_inputs.dot(i - 1, j - 1),
        };
        let lower = lower(n, product, |i| product(i, i));
        let with: Vec<f64> = std::iter::once(sum).chain(known.iter().copied()).collect();
        Self {
            shares: solved(&lower, &with),
        }
    }

    /// With a model of `gram`, of which `own` are the inputs.
    fn dot(&self, gram: &Gram, own: &[usize], model: usize) -> f64 {
        let row = model + 1;
        let inputs = own.iter().map(|&k| gram.dot(k + 1, row));
        let with = [gram.sums[row], gram.dot(0, row)].into_iter().chain(inputs);
        with.zip(&self.shares).map(|(x, share)| x * share).sum()
    }
}

/// Σ aₖbₖ, in lanes that do not wait for each other.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    for (a, b) in a.iter().zip(b) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += a * b;
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    lanes.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_in_lanes_are_those_in_a_row() {
        for n in [0, 1, 7, 8, 9, 100] {
            let a: Vec<f64> = (0..n).map(f64::from).collect();
            let b: Vec<f64> = a.iter().map(|x| 3.0 - x).collect();
            // Whole numbers, so that no order of adding rounds.
            let naive: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
            assert_eq!(dot(&a, &b), naive, "{n}");
        }
    }

    #[test]
    fn what_depends_on_others_has_no_share() {
        // Worked out by hand: 4x + 2y = 8 and 2x + 5y = 8, and a third row that is the first.
        let matrix = [[4.0, 2.0, 4.0], [2.0, 5.0, 2.0], [4.0, 2.0, 4.0]];
        let lower = lower(3, |i, j| matrix[i][j], |i| matrix[i][i]);
        let x = solved(&lower, &[8.0, 8.0, 8.0]);
        assert!((x[0] - 1.5).abs() < 1e-15 && (x[1] - 1.0).abs() < 1e-15);
        assert_eq!(x[2], 0.0);
    }
}
