//! The Gram matrix of a base and its task vectors.
//!
//! For the vectors [1, b, δ₁ … δₙ] a [`Gram`] keeps count, sums, dot products and squared
//! distances, all in `f64`: everything that every measure of model kinship is made of. Grams
//! of disjoint pieces add up. Memory: about (n+2)² numbers for n models.

use super::dots::packed;

/// Sums over the entries of a base b and n task vectors δ = θ − b.
///
/// Row 0 is the base, row k the k-th model. Symmetric matrices are packed column by column
/// (see [`packed`]), so that a further model appends.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gram {
    /// Number of entries.
    pub count: u64,
    /// Σb, Σδ₁ … Σδₙ.
    pub sums: Vec<f64>,
    /// Dot products of rows i ≤ j at `packed(i, j)`.
    pub dots: Vec<f64>,
    /// Σ(δᵢ − δⱼ)² of models i < j (counted from 0) at `packed(i, j)`; the diagonal is 0.
    pub squared_distances: Vec<f64>,
    /// NaN or infinite entries of each row.
    pub non_finite: Vec<u64>,
}

/// The row that one model more has in a Gram.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GramRow {
    /// Σδ
    pub sum: f64,
    /// Dot products with each row of the Gram, and with itself.
    pub dots: Vec<f64>,
    /// Σ(δ − δᵢ)² for each of its models.
    pub squared_distances: Vec<f64>,
    /// NaN or infinite entries.
    pub non_finite: u64,
}

impl Gram {
    /// The sums over nothing, for n models.
    pub fn zero(models: usize) -> Self {
        let rows = models + 1;
        Self {
            count: 0,
            sums: vec![0.0; rows],
            dots: vec![0.0; packed(0, rows)],
            squared_distances: vec![0.0; packed(0, models)],
            non_finite: vec![0; rows],
        }
    }

    /// Number of models, the base not counted.
    pub fn models(&self) -> usize {
        self.sums.len().saturating_sub(1)
    }

    /// Adds the sums over another piece of the same vectors.
    pub fn add(&mut self, other: &Self) {
        fn all(to: &mut [f64], from: &[f64]) {
            for (to, from) in to.iter_mut().zip(from) {
                *to += from;
            }
        }
        debug_assert_eq!(self.models(), other.models());
        self.count += other.count;
        all(&mut self.sums, &other.sums);
        all(&mut self.dots, &other.dots);
        all(&mut self.squared_distances, &other.squared_distances);
        for (to, from) in self.non_finite.iter_mut().zip(&other.non_finite) {
            *to += from;
        }
    }

    /// The dot product of rows i and j.
    pub fn dot(&self, i: usize, j: usize) -> f64 {
        self.dots[packed(i.min(j), i.max(j))]
    }

    /// The squared distance of models i and j.
    pub fn squared_distance(&self, i: usize, j: usize) -> f64 {
        self.squared_distances[packed(i.min(j), i.max(j))]
    }

    /// The Gram of `models` (each counted from 0), in that order.
    pub fn select(&self, models: &[usize]) -> Self {
        let row = |k: usize| if k == 0 { 0 } else { models[k - 1] + 1 };
        let mut out = Self {
            count: self.count,
            ..Self::zero(models.len())
        };
        for j in 0..=models.len() {
            out.sums[j] = self.sums[row(j)];
            out.non_finite[j] = self.non_finite[row(j)];
            for i in 0..=j {
                out.dots[packed(i, j)] = self.dot(row(i), row(j));
            }
        }
        for j in 0..models.len() {
            for i in 0..j {
                out.squared_distances[packed(i, j)] = self.squared_distance(models[i], models[j]);
            }
        }
        out
    }

    /// Appends the row of one model more.
    pub fn push(&mut self, row: &GramRow) {
        debug_assert_eq!(row.dots.len(), self.models() + 2);
        debug_assert_eq!(row.squared_distances.len(), self.models());
        self.sums.push(row.sum);
        self.dots.extend(&row.dots);
        self.squared_distances.extend(&row.squared_distances);
        self.squared_distances.push(0.0);
        self.non_finite.push(row.non_finite);
    }

    /// Takes over the sums of some models; `slots` says where each of them stands here.
    ///
    /// With `known` above 0 only the pairs of one of the first `known` with one of the others
    /// are taken: the rest was left out of `part`, or is in another one.
    pub fn take_block(&mut self, part: &Self, slots: &[usize], known: usize) {
        let row = |k: usize| if k == 0 { 0 } else { slots[k - 1] + 1 };
        let place = |i: usize, j: usize| packed(i.min(j), i.max(j));
        if known == 0 {
            self.count = part.count;
            for k in 0..=slots.len() {
                self.sums[row(k)] = part.sums[k];
                self.non_finite[row(k)] = part.non_finite[k];
                self.dots[place(row(0), row(k))] = part.dot(0, k);
            }
        }
        for j in known..slots.len() {
            let others = if known == 0 { j } else { known };
            for i in 0..others {
                let at = place(slots[i], slots[j]);
                self.squared_distances[at] = part.squared_distance(i, j);
                self.dots[place(row(i + 1), row(j + 1))] = part.dot(i + 1, j + 1);
            }
            if known == 0 {
                self.dots[place(row(j + 1), row(j + 1))] = part.dot(j + 1, j + 1);
            }
        }
    }

    /// Takes over what `known` says of its models, which are the first of this one's.
    pub fn take_known(&mut self, known: &Self) {
        self.sums[..known.sums.len()].copy_from_slice(&known.sums);
        self.dots[..known.dots.len()].copy_from_slice(&known.dots);
        self.squared_distances[..known.squared_distances.len()]
            .copy_from_slice(&known.squared_distances);
        self.non_finite[..known.non_finite.len()].copy_from_slice(&known.non_finite);
    }
}
