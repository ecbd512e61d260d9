//! Products of all rows of one matrix with all rows of another, in `f32`: `C = A·Bᵀ`.
//!
//! Rows are packed first, several of them column by column, so that the innermost loop reads
//! both matrices front to back and keeps a tile of C in registers. A sum runs over `DEPTH`
//! columns at a time, each in order, so it does not depend on which rows are multiplied together;
//! it differs between machines with and without fused products. The error of a product of rows
//! a and b of n numbers is at most `error(n)·|a|·|b|` (Higham, *Accuracy and Stability of
//! Numerical Algorithms*, section 3.1, for sums in blocks).
//!
//! Cost: one multiply-add for each pair of rows and column, and one writing of C for each
//! `DEPTH` columns.

use super::isa::{Simd, dispatch};

/// Rows of A that are packed together.
pub const TALL: usize = 8;
/// Rows of B that are packed together.
pub const WIDE: usize = 32;
/// Columns that are summed before C is touched: a panel of B then takes half of the first cache.
const DEPTH: usize = 128;

/// Half of the distance from 1 to the next `f32`.
const UNIT: f64 = 1.0 / (1u64 << 24) as f64;

/// The largest error of a product of two rows of `width` numbers, as a share of the product of
/// their lengths.
pub fn error(width: usize) -> f64 {
    (DEPTH.min(width) + width.div_ceil(DEPTH) + 1) as f64 * UNIT
}

/// Rows of a matrix, `N` together; a last panel is filled up with zeros.
pub struct Packed<const N: usize> {
    width: usize,
    rows: usize,
    data: Vec<f32>,
}

impl<const N: usize> Packed<N> {
    /// Room for rows of `width` numbers.
    pub fn new(width: usize) -> Self {
        Self {
            width,
            rows: 0,
            data: Vec::new(),
        }
    }

    /// Makes room for `rows` rows, all zeros.
    pub fn reset(&mut self, rows: usize) {
        self.rows = rows.next_multiple_of(N);
        self.data.clear();
        self.data.resize(self.rows * self.width, 0.0);
    }

    /// How many rows there are, with those that fill up.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Sets one row.
    pub fn set(&mut self, row: usize, numbers: &[f32]) {
        let panel = &mut self.data[row / N * N * self.width..][..N * self.width];
        let (columns, _) = panel.as_chunks_mut::<N>();
        for (column, x) in columns.iter_mut().zip(numbers) {
            column[row % N] = *x;
        }
    }

    /// Some columns of the panel that begins with row `row`.
    #[inline(always)]
    fn panel(&self, row: usize, columns: std::ops::Range<usize>) -> &[[f32; N]] {
        let start = row * self.width;
        let panel = &self.data[start + columns.start * N..start + columns.end * N];
        panel.as_chunks::<N>().0
    }
}

/// Sets `out` to the products: row by row of `a`, with one number for each row of `b`.
pub fn products(a: &Packed<TALL>, b: &Packed<WIDE>, out: &mut Vec<f32>) {
    debug_assert_eq!(a.width, b.width);
    out.clear();
    out.resize(a.rows * b.rows, 0.0);
    add(a, b, out);
}

dispatch!(fn add(a: &Packed<TALL>, b: &Packed<WIDE>, out: &mut [f32]) => add_body simd);

#[inline(always)]
fn add_body<S: Simd>(simd: S, a: &Packed<TALL>, b: &Packed<WIDE>, out: &mut [f32]) {
    for start in (0..a.width).step_by(DEPTH) {
        let columns = start..(start + DEPTH).min(a.width);
        for j in (0..b.rows).step_by(WIDE) {
            let right = b.panel(j, columns.clone());
            for i in (0..a.rows).step_by(TALL) {
                let left = a.panel(i, columns.clone());
                let tile = &mut out[i * b.rows + j..];
                if S::WIDTH == 8 {
                    add_tile::<TALL, 2, S>(simd, left, right, tile, b.rows, [0, 0]);
                    continue;
                }
                // As many sums as there are registers.
                for at in [[0, 0], [0, 16], [4, 0], [4, 16]] {
                    add_tile::<4, 2, S>(simd, left, right, tile, b.rows, at);
                }
            }
        }
    }
}

/// Adds the products of `NI` rows of a panel from row `at[0]` on with `NV` vectors of rows of
/// another from row `at[1]` on to a tile, whose rows are `stride` apart.
#[inline(always)]
fn add_tile<const NI: usize, const NV: usize, S: Simd>(
    simd: S,
    left: &[[f32; TALL]],
    right: &[[f32; WIDE]],
    tile: &mut [f32],
    stride: usize,
    at: [usize; 2],
) {
    let lanes = 2 * S::WIDTH;
    let mut sums = [[simd.no_singles(); NV]; NI];
    for (left, right) in left.iter().zip(right) {
        let vectors: [S::Singles; NV] =
            std::array::from_fn(|v| simd.singles(&right[at[1] + v * lanes..]));
        for (k, sums) in sums.iter_mut().enumerate() {
            for (sum, vector) in sums.iter_mut().zip(vectors) {
                *sum = simd.plus_scaled(*sum, left[at[0] + k], vector);
            }
        }
    }
    for (k, sums) in sums.iter().enumerate() {
        let row = &mut tile[(at[0] + k) * stride + at[1]..];
        let mut own = [0.0; WIDE];
        for (v, sum) in sums.iter().enumerate() {
            simd.put_singles(*sum, &mut own[v * lanes..]);
        }
        for (out, sum) in row.iter_mut().zip(&own[..NV * lanes]) {
            *out += sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::isa::with_each;
    use super::*;

    fn matrix(rows: usize, width: usize, seed: u32) -> Vec<f32> {
        let number = |k: u32| (k.wrapping_mul(2_654_435_761).wrapping_add(seed) >> 8) as f32;
        let numbers = (0..(rows * width) as u32).map(|k| number(k) / (1 << 23) as f32 - 1.0);
        numbers.collect()
    }

    fn packed<const N: usize>(numbers: &[f32], width: usize) -> Packed<N> {
        let mut out = Packed::new(width);
        out.reset(numbers.len() / width);
        for (k, row) in numbers.chunks(width).enumerate() {
            out.set(k, row);
        }
        out
    }

    #[test]
    fn products_are_those_of_rows() {
        for (rows, others, width) in [(1, 1, 1), (9, 33, 7), (16, 70, 300), (3, 32, 128)] {
            let (a, b) = (matrix(rows, width, 1), matrix(others, width, 2));
            with_each(|| {
                let mut out = Vec::new();
                let (left, right) = (packed::<TALL>(&a, width), packed::<WIDE>(&b, width));
                products(&left, &right, &mut out);
                assert_eq!(out.len(), left.rows() * right.rows());
                for (i, x) in a.chunks(width).enumerate() {
                    for (j, y) in b.chunks(width).enumerate() {
                        let pairs = || x.iter().zip(y).map(|(x, y)| f64::from(*x) * f64::from(*y));
                        let norm =
                            |v: &[f32]| v.iter().map(|x| f64::from(x * x)).sum::<f64>().sqrt();
                        let off = f64::from(out[i * right.rows() + j]) - pairs().sum::<f64>();
                        assert!(off.abs() <= error(width) * norm(x) * norm(y) * 1.001);
                    }
                }
            });
        }
    }
}
