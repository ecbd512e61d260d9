//! Rows that are weighted sums of rows of another tensor, kept as numbers of rows and weights.
//!
//! A vocabulary of 150,000 tokens of which each is a sum of 64 rows takes 77 MB this way, whatever
//! the width of the model; the rows themselves are made when they are read.

use super::source::Source;

/// Weighted sums of rows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RowSums {
    /// Where the terms of each sum end.
    ends: Vec<usize>,
    rows: Vec<u32>,
    weights: Vec<f32>,
}

impl RowSums {
    /// Adds a sum of rows times weights, and gives its number.
    pub fn push(&mut self, terms: impl IntoIterator<Item = (u32, f32)>) -> u32 {
        for (row, weight) in terms {
            self.rows.push(row);
            self.weights.push(weight);
        }
        self.ends.push(self.rows.len());
        // Rows are fewer than four millions.
        (self.ends.len() - 1) as u32
    }

    /// How many sums there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The rows of a sum with their weights; none where there is no such sum.
    pub fn terms(&self, sum: u32) -> impl Iterator<Item = (u32, f32)> {
        let end = |k: usize| self.ends.get(k).copied().unwrap_or(0);
        let sum = sum as usize;
        let start = sum.checked_sub(1).map_or(0, end);
        let range = start..end(sum).max(start);
        let rows = self.rows.get(range.clone()).unwrap_or_default();
        let weights = self.weights.get(range).unwrap_or_default();
        rows.iter().copied().zip(weights.iter().copied())
    }

    /// Some columns of a sum of rows of `table`, which are `row_len` long: added in `f64`, in
    /// order, and rounded once.
    pub(super) fn read(
        &self,
        sum: u32,
        table: &dyn Source,
        row_len: usize,
        column: usize,
        out: &mut [f32],
    ) {
        let mut sums = vec![0.0f64; out.len()];
        for (row, weight) in self.terms(sum) {
            table.read(row as usize * row_len + column, out);
            for (sum, x) in sums.iter_mut().zip(&*out) {
                *sum += f64::from(weight) * f64::from(*x);
            }
        }
        for (out, sum) in out.iter_mut().zip(sums) {
            *out = sum as f32;
        }
    }
}
