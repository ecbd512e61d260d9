//! Least squares of a child's task vector on those of its candidates, from Gram sums alone.
//!
//! Minimises |δ_c − Σ xᵢδᵢ|² with xᵢ ≥ 0 (or of any sign). Everything is in the normal equations:
//! G = ⟨δᵢ, δⱼ⟩, g = ⟨δᵢ, δ_c⟩ and ⟨δ_c, δ_c⟩, so a fit over any set of tensors takes microseconds
//! and no file. The non-negative fit is the active set of Lawson and Hanson, *Solving Least Squares
//! Problems*, 1974, chapter 23, in `f64`; it is exact and ends for a positive definite G. A candidate
//! that others of the active set make up to rounding never enters it, so that copies cannot make the
//! system singular.
//!
//! Cost: O(n⁴) for n candidates at worst. A child that is its base has no change to explain: all
//! shares and the residual are 0. Without a tensor that all have, there is no system.

use super::eigen::eigenvalues;
use crate::kinship::{Kinship, TensorGram};

/// Which shares a fit may find.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Signs {
    /// Zero and above.
    #[default]
    NonNegative,
    /// Negative ones too: a model that was subtracted.
    Any,
}

/// The normal equations of one child and its candidates over some tensors.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct System {
    /// ⟨δᵢ, δⱼ⟩, row by row.
    gram: Vec<f64>,
    /// ⟨δᵢ, δ_c⟩; as many as there are candidates.
    target: Vec<f64>,
    /// ⟨δ_c, δ_c⟩
    square: f64,
    /// |δᵢ − δ_c|², exact where the two are equal.
    apart: Vec<f64>,
    /// ⟨b, δᵢ⟩ of the base's weights b.
    base: Vec<f64>,
    /// ⟨b, δ_c⟩
    base_child: f64,
    /// ⟨b, b⟩
    base_square: f64,
    /// Numbers that were compared.
    count: u64,
}

/// What a fit found.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// A share for each candidate.
    pub shares: Vec<f64>,
    /// |δ_c − Σ xᵢδᵢ| / |δ_c|, 0 to 1.
    pub residual: f64,
    /// |δ_c − Σ xᵢδᵢ|²
    pub unexplained: f64,
    /// Condition of the cosines among the candidates with a share: the largest eigenvalue over
    /// the least. 1 where they are orthogonal.
    pub condition: f64,
}

/// What is lost when one candidate is left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Without {
    /// The candidate.
    pub candidate: usize,
    /// The fit of the others; the share of the candidate is 0.
    pub fit: Fit,
}

/// A pivot below this share of its diagonal is rounding: the vector is made up by the others.
const DEPENDENT: f64 = 1e-10;

impl System {
    /// That of model `child` and `candidates` of a result over `tensors`, as far as all of them
    /// have finite numbers there; `None` if that is nowhere.
    pub fn of(
        kinship: &Kinship,
        child: usize,
        candidates: &[usize],
        tensors: &[usize],
    ) -> Option<Self> {
        let mut sum: Option<Self> = None;
        let listed = tensors.iter().filter_map(|&k| kinship.tensors.get(k));
        for own in listed.filter_map(|tensor| Self::of_tensor(tensor, child, candidates)) {
            match &mut sum {
                Some(sum) => sum.add(&own),
                None => sum = Some(own),
            }
        }
        sum
    }

    /// That of one tensor; `None` if one of the models lacks it or has NaN or infinities there.
    pub fn of_tensor(tensor: &TensorGram, child: usize, candidates: &[usize]) -> Option<Self> {
        let gram = &tensor.gram;
        let row = |model: &usize| {
            let slot = tensor.models.binary_search(model).ok()?;
            (gram.non_finite[slot + 1] == 0).then_some(slot + 1)
        };
        let child = row(&child).filter(|_| gram.non_finite[0] == 0)?;
        let rows: Vec<usize> = candidates.iter().map(row).collect::<Option<_>>()?;
        let pairs = rows.iter().flat_map(|&i| rows.iter().map(move |&j| (i, j)));
        Some(Self {
            gram: pairs.map(|(i, j)| gram.dot(i, j)).collect(),
            target: rows.iter().map(|&i| gram.dot(i, child)).collect(),
            square: gram.dot(child, child),
            apart: rows
                .iter()
                .map(|&i| gram.squared_distance(i - 1, child - 1))
                .collect(),
            base: rows.iter().map(|&i| gram.dot(0, i)).collect(),
            base_child: gram.dot(0, child),
            base_square: gram.dot(0, 0),
            count: gram.count,
        })
    }

    /// That of `n` candidates over `count` single numbers: `of` writes the candidates' changes at a
    /// place and gives the child's, or `None` if the place is not to be counted.
    pub fn of_places(
        n: usize,
        count: usize,
        mut of: impl FnMut(usize, &mut [f64]) -> Option<f64>,
    ) -> Self {
        let mut out = Self {
            gram: vec![0.0; n * n],
            target: vec![0.0; n],
            apart: vec![0.0; n],
            base: vec![0.0; n],
            ..Self::default()
        };
        let mut changes = vec![0.0; n];
        for place in 0..count {
            let Some(child) = of(place, &mut changes) else {
                continue;
            };
            out.square += child * child;
            out.count += 1;
            for (i, a) in changes.iter().enumerate() {
                out.target[i] += a * child;
                out.apart[i] += (a - child).powi(2);
                let row = &mut out.gram[i * n..][..n];
                row.iter_mut()
                    .zip(&changes)
                    .for_each(|(sum, b)| *sum += a * b);
            }
        }
        out
    }

    /// Adds that of other tensors with the same candidates.
    pub fn add(&mut self, other: &Self) {
        debug_assert_eq!(self.len(), other.len());
        fn all(to: &mut [f64], from: &[f64]) {
            for (to, from) in to.iter_mut().zip(from) {
                *to += from;
            }
        }
        all(&mut self.gram, &other.gram);
        all(&mut self.target, &other.target);
        all(&mut self.apart, &other.apart);
        all(&mut self.base, &other.base);
        self.square += other.square;
        self.base_child += other.base_child;
        self.base_square += other.base_square;
        self.count += other.count;
    }

    /// How many candidates there are.
    pub fn len(&self) -> usize {
        self.target.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.target.is_empty()
    }

    /// Numbers that were compared.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// |δ_c|²
    pub fn square(&self) -> f64 {
        self.square
    }

    /// Σw² of the child's weights.
    pub fn weights_square(&self) -> f64 {
        (self.base_square + 2.0 * self.base_child + self.square).max(0.0)
    }

    /// The same for what of each vector is orthogonal to the base's weights.
    ///
    /// A method that works on weights, such as SLERP, makes α·θ_a + β·θ_b with α + β ≠ 1 and so
    /// leaves a multiple of the base in δ_c, which is of no interest here.
    #[must_use]
    pub fn beside_base(&self) -> Self {
        if self.base_square <= 0.0 {
            return self.clone();
        }
        let n = self.len();
        let along = |i: usize| self.base[i] / self.base_square;
        let pairs = (0..n).flat_map(|i| (0..n).map(move |j| (i, j)));
        let gram = pairs.map(|(i, j)| self.dot(i, j) - along(i) * self.base[j]);
        let target = (0..n).map(|i| self.target[i] - along(i) * self.base_child);
        Self {
            gram: gram.collect(),
            target: target.collect(),
            square: (self.square - self.base_child * self.base_child / self.base_square).max(0.0),
            apart: self.apart.clone(),
            base: vec![0.0; n],
            base_child: 0.0,
            ..*self
        }
    }

    /// |δᵢ|² of a candidate.
    pub fn square_of(&self, i: usize) -> f64 {
        self.dot(i, i)
    }

    /// ⟨δᵢ, δ_c⟩ of a candidate.
    pub fn with_child(&self, i: usize) -> f64 {
        self.target[i]
    }

    /// ⟨δᵢ, δⱼ⟩ of two candidates.
    pub fn dot(&self, i: usize, j: usize) -> f64 {
        self.gram[i * self.len() + j]
    }

    /// |δᵢ − δ_c|² of a candidate; 0 only for one that is the child.
    pub fn apart(&self, i: usize) -> f64 {
        self.apart[i]
    }

    /// The cosine of two candidates; `None` if one has not changed.
    pub fn cosine(&self, i: usize, j: usize) -> Option<f64> {
        let norms = (self.square_of(i) * self.square_of(j)).sqrt();
        (norms > 0.0).then(|| self.dot(i, j) / norms)
    }

    /// The best shares.
    pub fn fit(&self, signs: Signs) -> Fit {
        let everyone: Vec<usize> = (0..self.len()).collect();
        self.fit_of(&everyone, signs)
    }

    /// The best shares of some candidates; those of the others are 0.
    pub fn fit_of(&self, among: &[usize], signs: Signs) -> Fit {
        let shares = match signs {
            Signs::NonNegative => self.non_negative(among),
            Signs::Any => self.free(among),
        };
        self.judged(shares)
    }

    /// For each candidate with a share the fit of the others.
    pub fn leave_one_out(&self, fit: &Fit, signs: Signs) -> Vec<Without> {
        let with_share = (0..self.len()).filter(|&k| fit.shares[k] != 0.0);
        let others = |k: usize| (0..self.len()).filter(|&i| i != k).collect::<Vec<_>>();
        let without = |candidate| Without {
            candidate,
            fit: self.fit_of(&others(candidate), signs),
        };
        with_share.map(without).collect()
    }

    /// The fit that has these shares.
    pub fn judged(&self, shares: Vec<f64>) -> Fit {
        let n = self.len();
        let mut unexplained = self.square;
        for i in (0..n).filter(|&i| shares[i] != 0.0) {
            let explained: f64 = (0..n).map(|j| self.dot(i, j) * shares[j]).sum();
            unexplained += shares[i] * (explained - 2.0 * self.target[i]);
        }
        let unexplained = unexplained.max(0.0);
        let relative = if self.square > 0.0 {
            (unexplained / self.square).sqrt()
        } else {
            0.0
        };
        let active: Vec<usize> = (0..n).filter(|&i| shares[i] != 0.0).collect();
        Fit {
            residual: relative,
            unexplained,
            condition: self.condition(&active),
            shares,
        }
    }

    /// The active set method of Lawson and Hanson.
    fn non_negative(&self, among: &[usize]) -> Vec<f64> {
        let n = self.len();
        let (mut shares, mut active) = (vec![0.0; n], Vec::new());
        let mut refused = vec![true; n];
        among.iter().for_each(|&i| refused[i] = false);
        // Three rounds a candidate are usual; the bound only guards against rounding.
        for _ in 0..10 * n + 10 {
            let Some(next) = self.steepest(&shares, &active, &refused) else {
                break;
            };
            active.push(next);
            let Some(mut wanted) = self.solve(&active) else {
                active.pop();
                refused[next] = true;
                continue;
            };
            if wanted.last().is_none_or(|&x| x <= 0.0) {
                active.pop();
                refused[next] = true;
                continue;
            }
            while wanted.iter().any(|&x| x <= 0.0) {
                retreat(&mut shares, &mut active, &wanted);
                wanted = self.solve(&active).unwrap_or_default();
            }
            shares.iter_mut().for_each(|x| *x = 0.0);
            for (&i, x) in active.iter().zip(wanted) {
                shares[i] = x;
            }
        }
        shares
    }

    /// The candidate outside the active set along which the residual falls fastest, if it falls
    /// by more than rounding.
    fn steepest(&self, shares: &[f64], active: &[usize], refused: &[bool]) -> Option<usize> {
        let mut best: Option<(usize, f64)> = None;
        for i in (0..self.len()).filter(|i| !refused[*i] && !active.contains(i)) {
            let norm = (self.square_of(i) * self.square).sqrt();
            let explained: f64 = (0..self.len()).map(|j| self.dot(i, j) * shares[j]).sum();
            let slope = (self.target[i] - explained) / norm;
            // NaN where a vector is all zero: not above.
            if slope > DEPENDENT && best.is_none_or(|(_, other)| slope > other) {
                best = Some((i, slope));
            }
        }
        best.map(|(i, _)| i)
    }

    /// Shares of any sign; one after the other enters that is not made up by those before.
    fn free(&self, among: &[usize]) -> Vec<f64> {
        let (mut shares, mut active) = (vec![0.0; self.len()], Vec::new());
        for &i in among {
            active.push(i);
            if self.solve(&active).is_none() {
                active.pop();
            }
        }
        for (&i, x) in active.iter().zip(self.solve(&active).unwrap_or_default()) {
            shares[i] = x;
        }
        shares
    }

    /// Solves the normal equations of some candidates by Cholesky; `None` where the last of them
    /// is made up by the others.
    fn solve(&self, active: &[usize]) -> Option<Vec<f64>> {
        let n = active.len();
        let mut lower = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..=i {
                let before: f64 = (0..j).map(|k| lower[i * n + k] * lower[j * n + k]).sum();
                let rest = self.dot(active[i], active[j]) - before;
                lower[i * n + j] = if i == j {
                    let is_new = rest > DEPENDENT * self.square_of(active[i]);
                    is_new.then(|| rest.sqrt())?
                } else {
                    rest / lower[j * n + j]
                };
            }
        }
        let mut x: Vec<f64> = active.iter().map(|&i| self.target[i]).collect();
        for i in 0..n {
            let before: f64 = (0..i).map(|k| lower[i * n + k] * x[k]).sum();
            x[i] = (x[i] - before) / lower[i * n + i];
        }
        for i in (0..n).rev() {
            let after: f64 = (i + 1..n).map(|k| lower[k * n + i] * x[k]).sum();
            x[i] = (x[i] - after) / lower[i * n + i];
        }
        Some(x)
    }

    /// Condition of the matrix of cosines of some candidates, 1 for none; infinite where they are
    /// dependent.
    pub fn condition(&self, active: &[usize]) -> f64 {
        let n = active.len();
        let pairs = active
            .iter()
            .flat_map(|&i| active.iter().map(move |&j| (i, j)));
        let cosines: Vec<f64> = pairs
            .map(|(i, j)| {
                if i == j {
                    1.0
                } else {
                    self.cosine(i, j).unwrap_or(0.0)
                }
            })
            .collect();
        let values = eigenvalues(cosines, n);
        let largest = values.iter().copied().fold(0.0, f64::max);
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        match n {
            0 => 1.0,
            _ if least <= DEPENDENT => f64::INFINITY,
            _ => largest / least,
        }
    }
}

/// Goes from the shares towards the wanted ones as far as none becomes negative, and takes those
/// that are zero there out of the active set.
fn retreat(shares: &mut [f64], active: &mut Vec<usize>, wanted: &[f64]) {
    let steps = active.iter().zip(wanted).filter(|(_, x)| **x <= 0.0);
    let steps = steps.map(|(&i, &x)| shares[i] / (shares[i] - x));
    let step = steps.fold(1.0, f64::min);
    for (&i, &x) in active.iter().zip(wanted) {
        shares[i] += step * (x - shares[i]);
        if x <= 0.0 && shares[i] <= f64::EPSILON {
            shares[i] = 0.0;
        }
    }
    let before = active.len();
    active.retain(|&i| shares[i] > 0.0);
    if active.len() == before {
        // Rounding left the one at the bound above it.
        active.pop();
    }
}

#[cfg(test)]
mod tests;
