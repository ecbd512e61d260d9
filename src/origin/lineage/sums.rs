//! Products of all models with all, matrix by matrix, and least squares on them.
//!
//! A child of a linear merge is c = Σ wᵢxᵢ, rounded once. Which models are in the sum is found by
//! fitting c on small sets of others: with the products of the sampled weights themselves (not of
//! changes from a base, which is not known yet) a fit costs some hundred operations a matrix, so
//! thousands of sets can be tried. Weights are free in each matrix, as SLERP and gradients of
//! weights over the layers have it. The base of task arithmetic is one more member of the set.

use super::sample::Sample;

/// Products of one matrix's rows.
struct Products {
    /// ⟨xᵢ, xⱼ⟩, row by row.
    dots: Vec<f64>,
    /// What rounding alone leaves of each model, as a sum of squares.
    rounding: Vec<f64>,
}

/// Products of all matrices of a family.
pub struct Sums {
    models: usize,
    tensors: Vec<Products>,
}

/// A child as a sum of others.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// The models in the sum, ascending.
    pub parents: Vec<usize>,
    /// Their weights in each matrix.
    pub weights: Vec<Vec<f64>>,
    /// What the sum leaves of the child, as a multiple of what rounding the child leaves: about 1
    /// where the sum is right.
    pub excess: f64,
}

impl Fitted {
    /// The mean weight of each parent over the matrices, by their numbers.
    pub fn mean_weights(&self, sample: &Sample) -> Vec<f64> {
        let all = sample.len().max(1) as f64;
        let mut out = vec![0.0; self.parents.len()];
        for (own, tensor) in self.weights.iter().zip(&sample.tensors) {
            let share = tensor.len() as f64 / all;
            out.iter_mut()
                .zip(own)
                .for_each(|(sum, w)| *sum += share * w);
        }
        out
    }
}

/// A hundred-thousand-millionth of the diagonal is added to it: copies in a set share their
/// weight instead of making the system singular.
const RIDGE: f64 = 1e-11;

impl Sums {
    /// Those of a sample.
    pub fn of(sample: &Sample) -> Self {
        let n = sample.models;
        let products = |tensor: &super::sample::Sampled| {
            let mut dots = vec![0.0; n * n];
            for i in 0..n {
                for j in 0..=i {
                    let pairs = tensor.rows[i].iter().zip(&tensor.rows[j]);
                    let dot: f64 = pairs.map(|(&x, &y)| f64::from(x) * f64::from(y)).sum();
                    dots[i * n + j] = dot;
                    dots[j * n + i] = dot;
                }
            }
            Products {
                dots,
                rounding: (0..n).map(|model| tensor.rounding(model)).collect(),
            }
        };
        use rayon::prelude::*;
        Self {
            models: n,
            tensors: sample.tensors.par_iter().map(products).collect(),
        }
    }

    /// How many models there are.
    pub fn models(&self) -> usize {
        self.models
    }

    /// ⟨xₐ − x_o, x_b − x_o⟩ over all matrices.
    pub fn product(&self, a: usize, b: usize, origin: usize) -> f64 {
        let n = self.models;
        let of = |t: &Products| {
            let dot = |i: usize, j: usize| t.dots[i * n + j];
            dot(a, b) - dot(a, origin) - dot(b, origin) + dot(origin, origin)
        };
        self.tensors.iter().map(of).sum()
    }

    /// How much two steps, from `a` to `b` and on to `c`, go one way or back in the single
    /// matrices: the root mean square of their cosines, 0 where a step is nothing.
    pub fn alignment(&self, a: usize, b: usize, c: usize) -> f64 {
        let n = self.models;
        let of = |t: &Products| {
            let dot = |i: usize, j: usize| t.dots[i * n + j];
            let square = |i: usize, j: usize| dot(i, i) - 2.0 * dot(i, j) + dot(j, j);
            let product = dot(c, b) - dot(c, a) - dot(b, b) + dot(b, a);
            let sizes = square(a, b) * square(b, c);
            if sizes > 0.0 {
                product * product / sizes
            } else {
                0.0
            }
        };
        let mean = self.tensors.iter().map(of).sum::<f64>() / self.tensors.len().max(1) as f64;
        mean.sqrt()
    }

    /// |xₐ − x_b|²
    pub fn distance2(&self, a: usize, b: usize) -> f64 {
        self.product(a, a, b).max(0.0)
    }

    /// |x|²
    pub fn square(&self, model: usize) -> f64 {
        let own = model * self.models + model;
        self.tensors.iter().map(|t| t.dots[own]).sum()
    }

    /// How much a fit of `child` on `parents` leaves, in multiples of its rounding; over some
    /// of the matrices, as many as a search needs.
    pub fn excess(&self, child: usize, parents: &[usize], step: usize) -> f64 {
        let (mut left, mut rounding) = (0.0, 0.0);
        let mut weights = Vec::new();
        for tensor in self.tensors.iter().step_by(step.max(1)) {
            left += self.solve(tensor, child, parents, &mut weights);
            rounding += tensor.rounding[child];
        }
        left / rounding.max(f64::MIN_POSITIVE)
    }

    /// Every how many matrices a search looks at, so that it looks at about fifty.
    pub fn step(&self) -> usize {
        self.tensors.len().div_ceil(56)
    }

    /// The fit of `child` on `parents`.
    pub fn fit(&self, child: usize, parents: &[usize]) -> Fitted {
        let (mut left, mut rounding, mut all) = (0.0, 0.0, Vec::new());
        for tensor in &self.tensors {
            let mut weights = Vec::new();
            left += self.solve(tensor, child, parents, &mut weights);
            rounding += tensor.rounding[child];
            all.push(weights);
        }
        Fitted {
            parents: parents.to_vec(),
            weights: all,
            excess: left / rounding.max(f64::MIN_POSITIVE),
        }
    }

    /// Solves the normal equations of one matrix into `weights`; gives back what is left of the
    /// child as a sum of squares.
    fn solve(
        &self,
        tensor: &Products,
        child: usize,
        parents: &[usize],
        weights: &mut Vec<f64>,
    ) -> f64 {
        let (n, k) = (self.models, parents.len());
        let dot = |i: usize, j: usize| tensor.dots[i * n + j];
        let trace: f64 = parents.iter().map(|&p| dot(p, p)).sum();
        let mut system = [[0.0f64; MOST_PARENTS]; MOST_PARENTS];
        weights.clear();
        weights.extend(parents.iter().map(|&p| dot(p, child)));
        for (row, &a) in system.iter_mut().zip(parents) {
            row.iter_mut()
                .zip(parents)
                .for_each(|(to, &b)| *to = dot(a, b));
        }
        (0..k).for_each(|i| system[i][i] += RIDGE * trace);
        cholesky_solve(&mut system, weights);
        let mut left = dot(child, child);
        for (i, &a) in parents.iter().enumerate() {
            let with_others: f64 = (parents.iter().zip(&*weights))
                .map(|(&b, w)| w * dot(a, b))
                .sum();
            left += weights[i] * (with_others - 2.0 * dot(a, child));
        }
        left.max(0.0)
    }
}

/// The most models in a sum.
pub const MOST_PARENTS: usize = 6;

/// Solves A·x = b for a symmetric positive definite A of as many rows as `b` has; x is left in
/// `b`. A pivot that is not positive is rounding, and its unknown is 0.
fn cholesky_solve(a: &mut [[f64; MOST_PARENTS]; MOST_PARENTS], b: &mut [f64]) {
    let k = b.len();
    for i in 0..k {
        for j in 0..=i {
            let done: f64 = (0..j).map(|m| a[i][m] * a[j][m]).sum();
            let rest = a[i][j] - done;
            a[i][j] = match (i == j, a[j][j]) {
                (true, _) => rest.max(0.0).sqrt(),
                (false, 0.0) => 0.0,
                (false, pivot) => rest / pivot,
            };
        }
    }
    for i in 0..k {
        let done: f64 = (0..i).map(|m| a[i][m] * b[m]).sum();
        b[i] = ratio(b[i] - done, a[i][i]);
    }
    for i in (0..k).rev() {
        let done: f64 = (i + 1..k).map(|m| a[m][i] * b[m]).sum();
        b[i] = ratio(b[i] - done, a[i][i]);
    }
}

fn ratio(a: f64, b: f64) -> f64 {
    if b > 0.0 { a / b } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_system_worked_out_by_hand() {
        let mut a = [[0.0; MOST_PARENTS]; MOST_PARENTS];
        a[0][..2].copy_from_slice(&[4.0, 2.0]);
        a[1][..2].copy_from_slice(&[2.0, 3.0]);
        let mut b = [10.0, 8.0];
        cholesky_solve(&mut a, &mut b);
        assert!(
            (b[0] - 1.75).abs() < 1e-12 && (b[1] - 1.5).abs() < 1e-12,
            "{b:?}"
        );
    }
}
