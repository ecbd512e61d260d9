//! The product of two low-rank factors, taken a stretch at a time.
//!
//! PEFT stores A [r, in] and B [out, r] and means δ = scale · B·A, laid out as [out, in]; for
//! bases that store [in, out], and for embeddings, δ = scale · (B·A)ᵀ. Decoding brings all of
//! them into one form, δ = scale · L·R with L [rows, r] and R [r, columns], so that the inner
//! loop runs along the columns of R in every layout.
//!
//! Cost: r multiplications an element; memory of the decoded factors, r · (rows + columns)
//! numbers. Zeros, NaN and infinities follow IEEE: 0 · ∞ is NaN here as in the full product.

use crate::checkpoint::raw::RawTensor;

/// The stored factors of one base tensor; cheap to copy, nothing decoded.
#[derive(Debug, Clone, Copy)]
pub struct LowRank<'a> {
    pub(super) a: Factor<'a>,
    pub(super) b: Factor<'a>,
    pub(super) rank: usize,
    pub(super) scale: f32,
    /// Whether the base tensor is laid out as (B·A)ᵀ.
    pub(super) transposed: bool,
}

/// One factor as it is stored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Factor<'a> {
    pub(super) shape: [usize; 2],
    /// An adapter without is refused when it is opened.
    pub(super) numbers: Option<RawTensor<'a>>,
}

/// Decoded factors: δ = scale · left · right.
#[derive(Debug, Clone, PartialEq)]
pub struct Factors {
    /// Row-major [rows, rank].
    left: Vec<f32>,
    /// Row-major [rank, columns].
    right: Vec<f32>,
    rank: usize,
    columns: usize,
    scale: f32,
}

impl LowRank<'_> {
    /// The shared dimension of the factors.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// What the product is multiplied by.
    pub fn scale(&self) -> f32 {
        self.scale
    }

    /// The shape of the base tensor that this changes.
    pub fn shape(&self) -> [usize; 2] {
        let (rows, columns) = (self.b.shape[0], self.a.shape[1]);
        if self.transposed {
            [columns, rows]
        } else {
            [rows, columns]
        }
    }

    /// Decodes both factors to `f32`. Meant for one tensor at a time, and to be dropped after.
    pub fn decode(&self) -> Factors {
        let (a, b) = (self.a.decode(), self.b.decode());
        let (left, right) = if self.transposed {
            (transpose(&a, self.a.shape), transpose(&b, self.b.shape))
        } else {
            (b, a)
        };
        Factors {
            left,
            right,
            rank: self.rank,
            columns: self.shape()[1],
            scale: self.scale,
        }
    }
}

impl Factor<'_> {
    fn decode(&self) -> Vec<f32> {
        let mut out = vec![0.0; self.shape[0] * self.shape[1]];
        if let Some(numbers) = self.numbers {
            numbers.decode(&mut out);
        }
        out
    }
}

impl Factors {
    /// Writes δ for the row-major elements `start..start + out.len()` of the base tensor.
    ///
    /// Each element is summed over the rank from first to last and scaled once, so that the
    /// result does not depend on how a tensor is cut into stretches. The stretch must lie within
    /// the tensor, whose shape [`Adapter::change`](super::Adapter::change) has checked.
    pub fn delta(&self, start: usize, out: &mut [f32]) {
        if self.columns == 0 {
            return;
        }
        let (mut row, mut column) = (start / self.columns, start % self.columns);
        let mut rest = out;
        while !rest.is_empty() {
            let length = rest.len().min(self.columns - column);
            let (now, later) = rest.split_at_mut(length);
            self.row_delta(row, column, now);
            (rest, row, column) = (later, row + 1, 0);
        }
    }

    /// δ of one row from `column` on.
    fn row_delta(&self, row: usize, column: usize, out: &mut [f32]) {
        out.fill(0.0);
        let left = &self.left[row * self.rank..(row + 1) * self.rank];
        let length = out.len();
        let right = |k: usize| &self.right[k * self.columns + column..][..length];
        // Four steps of the sum at once: the same order, a quarter of the traffic to `out`.
        let (fours, ones) = left.as_chunks::<4>();
        for (i, four) in fours.iter().enumerate() {
            let k = 4 * i;
            add_four(
                out,
                four,
                [right(k), right(k + 1), right(k + 2), right(k + 3)],
            );
        }
        for (i, &l) in ones.iter().enumerate() {
            for (sum, r) in out.iter_mut().zip(right(4 * fours.len() + i)) {
                *sum += l * r;
            }
        }
        for sum in out {
            *sum *= self.scale;
        }
    }
}

fn add_four(out: &mut [f32], left: &[f32; 4], right: [&[f32]; 4]) {
    let n = out.len();
    // Slices of one known length let the compiler drop the bounds checks and use vectors.
    let [r0, r1, r2, r3] = right.map(|row| &row[..n]);
    for i in 0..n {
        let sum = out[i] + left[0] * r0[i];
        let sum = sum + left[1] * r1[i];
        let sum = sum + left[2] * r2[i];
        out[i] = sum + left[3] * r3[i];
    }
}

fn transpose(matrix: &[f32], [rows, columns]: [usize; 2]) -> Vec<f32> {
    let mut out = vec![0.0; matrix.len()];
    for (i, row) in matrix.chunks_exact(columns.max(1)).enumerate() {
        for (j, &value) in row.iter().enumerate() {
            out[j * rows + i] = value;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// δ element by element, straight from the definition.
    fn naive(a: &[f32], b: &[f32], [rank, inputs]: [usize; 2], low: &LowRank<'_>) -> Vec<f32> {
        let [rows, columns] = low.shape();
        let mut delta = Vec::new();
        for row in 0..rows {
            for column in 0..columns {
                let (o, i) = if low.transposed {
                    (column, row)
                } else {
                    (row, column)
                };
                let terms = (0..rank).map(|k| b[o * rank + k] * a[k * inputs + i]);
                delta.push(terms.fold(0.0, |sum, term| sum + term) * low.scale);
            }
        }
        delta
    }

    fn factor(shape: [usize; 2], numbers: &[f32]) -> Factor<'_> {
        Factor {
            shape,
            numbers: Some(RawTensor::of_numbers(numbers)),
        }
    }

    fn check(rank: usize, inputs: usize, outputs: usize, transposed: bool, cut: usize) {
        let number = |i: usize| ((i * 37 + 11) % 101) as f32 / 7.0 - 7.0;
        let a: Vec<f32> = (0..rank * inputs).map(number).collect();
        let b: Vec<f32> = (0..outputs * rank).map(|i| number(i + 5)).collect();
        let low = LowRank {
            a: factor([rank, inputs], &a),
            b: factor([outputs, rank], &b),
            rank,
            scale: 1.5,
            transposed,
        };
        let mut found = vec![f32::NAN; inputs * outputs];
        let factors = low.decode();
        for (i, part) in found.chunks_mut(cut).enumerate() {
            factors.delta(i * cut, part);
        }
        assert_eq!(found, naive(&a, &b, [rank, inputs], &low));
    }

    proptest! {
        #[test]
        fn delta_is_the_naive_product_to_the_bit(
            rank in 1_usize..11,
            inputs in 0_usize..9,
            outputs in 0_usize..9,
            transposed: bool,
            cut in 1_usize..40,
        ) {
            check(rank, inputs, outputs, transposed, cut);
        }
    }

    #[test]
    fn embedding_of_two_tokens_by_hand() {
        // A [1, vocab 2] and B [width 3, 1]: row v of δ is 2 · A[v] · B.
        let low = LowRank {
            a: factor([1, 2], &[1.0, -1.0]),
            b: factor([3, 1], &[1.0, 2.0, 3.0]),
            rank: 1,
            scale: 2.0,
            transposed: true,
        };
        let mut delta = [0.0; 6];
        low.decode().delta(0, &mut delta);
        assert_eq!(delta, [2.0, 4.0, 6.0, -2.0, -4.0, -6.0]);
    }
}
