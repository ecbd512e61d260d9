//! The change of one matrix, as the decomposition reads it.

use std::ops::Range;

use super::model::Numbers;
use super::svd::{Held, Matrix};
use crate::checkpoint::Dtype;

/// Δ = θ − θ₀, rounded to the format that both are stored in, if it is one.
///
/// The change of two BF16 weights that is itself BF16 is what the reference tool takes.
pub(super) struct Change<'a> {
    pub(super) numbers: Numbers<'a>,
    pub(super) shape: [usize; 2],
    pub(super) rounded_to: Option<Dtype>,
}

impl Change<'_> {
    /// All of it, in memory.
    pub(super) fn held(&self) -> Held {
        let [rows, columns] = self.shape;
        let mut numbers = vec![0.0; rows * columns];
        let band = (1 << 18) / columns.max(1);
        for start in (0..rows).step_by(band.max(1)) {
            let rows = start..(start + band.max(1)).min(rows);
            let out = &mut numbers[rows.start * columns..rows.end * columns];
            self.read(&rows, out);
        }
        let shape = self.shape;
        Held { shape, numbers }
    }
}

impl Matrix for Change<'_> {
    fn shape(&self) -> [usize; 2] {
        self.shape
    }

    fn read(&self, rows: &Range<usize>, out: &mut [f32]) {
        let columns = self.shape[1];
        let mut room = vec![0.0; out.len()];
        let range = rows.start * columns..rows.end * columns;
        self.numbers.change(range, &mut room, out);
        if let Some(dtype) = self.rounded_to {
            dtype.round(out);
        }
    }

    fn lent(&self, _: &Range<usize>) -> Option<&[f32]> {
        None
    }
}
