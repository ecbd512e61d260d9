//! DoRA: V = W + s·B·A, and every output of V brought to a length of its own.
//!
//! W' = V · m/‖V‖ with the norm over the inputs of each output (Liu et al. 2024, "DoRA",
//! section 4). Outputs are rows of a linear layer and columns of GPT-2's Conv1D; of an embedding
//! PEFT takes its features, so that the norm runs over the tokens.
//!
//! Norms of rows are made row by row when they are first needed, by whichever thread needs them.
//! Those of columns take one pass over the tensor. Sums are in `f64`. A norm of 0 gives NaN or
//! infinities, as in PEFT.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::super::low_rank::{Factors, Pair, View, decode};
use super::{BLOCK, Edit, Ready, by_rows};
use crate::checkpoint::source::Source;
use crate::checkpoint::tensor::Tensor;

/// Lengths and directions.
#[derive(Debug)]
pub(in super::super) struct Dora {
    pub(in super::super) pair: Arc<Pair>,
    pub(in super::super) view: View,
    /// One length for each output.
    pub(in super::super) magnitude: Tensor,
}

impl Edit for Dora {
    fn prepare(&self, of: &dyn Source) -> Box<dyn Ready> {
        let factors = self.pair.decode(self.view);
        let magnitude = decode(&self.magnitude);
        let [rows, columns] = self.view.shape();
        if !self.view.transposed {
            return Box::new(ByRow {
                factors,
                columns,
                factor: magnitude.iter().map(|_| AtomicU32::new(UNKNOWN)).collect(),
                magnitude,
            });
        }
        let norms = column_norms(&factors, of, [rows, columns]);
        let by = magnitude.iter().zip(norms).map(|(m, norm)| m / norm);
        Box::new(ByColumn {
            by: by.collect(),
            factors,
        })
    }
}

/// Stands where no factor is known; as a number it is a NaN that no division makes.
const UNKNOWN: u32 = u32::MAX;

#[derive(Debug)]
struct ByRow {
    factors: Factors,
    columns: usize,
    magnitude: Vec<f32>,
    /// Bits of m/‖V‖ of each row.
    factor: Vec<AtomicU32>,
}

impl ByRow {
    /// Two threads may both find it missing, and then find the same.
    fn factor(&self, row: usize, of: &dyn Source) -> f32 {
        let (Some(cell), Some(magnitude)) = (self.factor.get(row), self.magnitude.get(row)) else {
            return f32::NAN;
        };
        let known = cell.load(Ordering::Relaxed);
        if known != UNKNOWN {
            return f32::from_bits(known);
        }
        let factor = magnitude / row_norm(&self.factors, of, row * self.columns, self.columns);
        cell.store(factor.to_bits(), Ordering::Relaxed);
        factor
    }
}

impl Ready for ByRow {
    fn read(&self, of: &dyn Source, first: usize, out: &mut [f32]) {
        self.factors.read(of, first, out);
        by_rows(self.columns, first, out, |row, _, piece| {
            let factor = self.factor(row, of);
            for weight in piece {
                *weight *= factor;
            }
        });
    }

    fn size_bytes(&self) -> usize {
        self.factors.size_bytes() + 2 * size_of_val(&self.magnitude[..])
    }
}

#[derive(Debug)]
struct ByColumn {
    factors: Factors,
    /// m/‖V‖ of each column.
    by: Vec<f32>,
}

impl Ready for ByColumn {
    fn read(&self, of: &dyn Source, first: usize, out: &mut [f32]) {
        self.factors.read(of, first, out);
        by_rows(self.by.len(), first, out, |_, column, piece| {
            for (weight, by) in piece.iter_mut().zip(&self.by[column..]) {
                *weight *= by;
            }
        });
    }

    fn size_bytes(&self) -> usize {
        self.factors.size_bytes() + size_of_val(&self.by[..])
    }
}

fn row_norm(factors: &Factors, of: &dyn Source, first: usize, columns: usize) -> f32 {
    let mut block = [0.0; BLOCK];
    let mut sum = 0.0;
    for start in (0..columns).step_by(BLOCK) {
        let block = &mut block[..BLOCK.min(columns - start)];
        factors.read(of, first + start, block);
        sum += block.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>();
    }
    sum.sqrt() as f32
}

fn column_norms(factors: &Factors, of: &dyn Source, [rows, columns]: [usize; 2]) -> Vec<f32> {
    let mut sums = vec![0.0_f64; columns];
    let mut row = vec![0.0; columns];
    for k in 0..rows {
        factors.read(of, k * columns, &mut row);
        for (sum, &v) in sums.iter_mut().zip(&row) {
            *sum += f64::from(v).powi(2);
        }
    }
    sums.iter().map(|sum| sum.sqrt() as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::edited;
    use super::*;
    use crate::checkpoint::source::tests::in_memory;

    fn dora(transposed: bool, magnitude: [f32; 2], base: &[f32]) -> Vec<f32> {
        // δ = [[1, 2], [2, 4]].
        let pair = Arc::new(Pair {
            a: in_memory(&[1, 2], &[1.0, 2.0]),
            b: in_memory(&[2, 1], &[1.0, 2.0]),
            a_rows: None,
            b_rows: None,
            rank: 1,
            experts: 1,
            scale: 1.0,
        });
        let make = || -> Box<dyn Edit> {
            Box::new(Dora {
                view: pair.view(transposed),
                pair: Arc::clone(&pair),
                magnitude: in_memory(&[2], &magnitude),
            })
        };
        edited(make, base)
    }

    #[test]
    fn rows_get_their_lengths() {
        // V = [[3, 4], [0, 1]].
        let base = [2.0, 2.0, -2.0, -3.0];
        let found = dora(false, [10.0, 2.0], &base);
        assert_eq!(found, [6.0, 8.0, 0.0, 2.0]);
    }

    #[test]
    fn columns_get_their_lengths() {
        // The same transposed.
        let base = [2.0, -2.0, 2.0, -3.0];
        let found = dora(true, [10.0, 2.0], &base);
        assert_eq!(found, [6.0, 0.0, 8.0, 2.0]);
    }
}
