//! Matrices that are read a band of rows at a time.

use std::ops::Range;

/// A matrix of numbers.
pub(in crate::extract) trait Matrix: Sync {
    /// Rows and columns.
    fn shape(&self) -> [usize; 2];

    /// Writes these rows, row-major.
    fn read(&self, rows: &Range<usize>, out: &mut [f32]);

    /// The same without copying, where the numbers are in memory.
    fn lent(&self, rows: &Range<usize>) -> Option<&[f32]>;
}

/// A matrix in memory, row-major.
#[derive(Debug)]
pub(in crate::extract) struct Held {
    pub(in crate::extract) shape: [usize; 2],
    pub(in crate::extract) numbers: Vec<f32>,
}

impl Matrix for Held {
    fn shape(&self) -> [usize; 2] {
        self.shape
    }

    fn read(&self, rows: &Range<usize>, out: &mut [f32]) {
        if let Some(own) = self.lent(rows) {
            out.copy_from_slice(own);
        }
    }

    fn lent(&self, rows: &Range<usize>) -> Option<&[f32]> {
        let columns = self.shape[1];
        self.numbers.get(rows.start * columns..rows.end * columns)
    }
}
