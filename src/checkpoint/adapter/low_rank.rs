//! The product of two low-rank factors, taken a stretch at a time.
//!
//! PEFT stores A [r, in] and B [out, r] and means δ = scale · B·A, laid out as [out, in]; for
//! bases that store [in, out], and for embeddings, δ = scale · (B·A)ᵀ. Decoding brings all of
//! them into one form, δ = scale · L·R with L [rows, r] and R [r, columns], so that the inner
//! loop runs along the columns of R in every layout. Relatives of LoRA that have further numbers
//! for the ranks or the outputs (AdaLoRA, VeRA), or the factors of several experts in one tensor,
//! come down to the same form.
//!
//! Cost: r multiplications an element; memory of the decoded factors, r · (rows + columns)
//! numbers. Zeros, NaN and infinities follow IEEE: 0 · ∞ is NaN here as in the full product.

use std::sync::Arc;

use crate::checkpoint::heads::rows_in_pairs;
use crate::checkpoint::tensor::Tensor;

/// Two factors as they are stored, whose shapes have been checked.
#[derive(Debug)]
pub(super) struct Pair {
    /// [experts · rank, inputs], expert by expert.
    pub(super) a: Tensor,
    /// [outputs, rank · experts], rank by rank.
    pub(super) b: Tensor,
    /// A number for each rank that multiplies its row of A.
    pub(super) a_rows: Option<Tensor>,
    /// A number for each output that multiplies its row of B.
    pub(super) b_rows: Option<Tensor>,
    pub(super) rank: usize,
    pub(super) experts: usize,
    pub(super) scale: f32,
}

/// Which part of the product of a pair changes a base tensor, and how that is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct View {
    pub(super) expert: usize,
    pub(super) first_output: usize,
    pub(super) outputs: usize,
    /// How many inputs it takes, from the first on.
    pub(super) inputs: usize,
    /// Whether the base tensor is laid out as (B·A)ᵀ.
    pub(super) transposed: bool,
    /// Among how many heads the outputs are shared, if B has them in pairs.
    pub(super) heads: Option<usize>,
}

/// The factors of one base tensor; cheap to copy, nothing decoded.
#[derive(Debug, Clone, Copy)]
pub struct LowRank<'a> {
    pair: &'a Arc<Pair>,
    view: View,
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

impl Pair {
    pub(super) fn outputs(&self) -> usize {
        self.b.shape.first().copied().unwrap_or(0)
    }

    /// Inputs of a linear layer; those of a convolution with its kernel.
    pub(super) fn inputs(&self) -> usize {
        self.a.shape.iter().skip(1).product()
    }

    /// The whole product of a pair for one tensor.
    pub(super) fn view(&self, transposed: bool) -> View {
        View {
            expert: 0,
            first_output: 0,
            outputs: self.outputs(),
            inputs: self.inputs(),
            transposed,
            heads: None,
        }
    }

    /// The whole product where B has the outputs of this many heads in pairs. The error is a
    /// clause that follows the tensor's name.
    pub(super) fn paired_view(&self, heads: Option<usize>) -> Result<View, String> {
        let heads = heads.ok_or(
            "has its rows in the order of the base's heads, and the base does not say how many it \
             has; put its config.json beside its weights, or take the adapter as PEFT saved it",
        )?;
        rows_in_pairs(self.outputs(), heads)?;
        Ok(View {
            heads: Some(heads),
            ..self.view(false)
        })
    }

    /// Decodes both factors to `f32`.
    pub(super) fn decode(&self, view: View) -> Factors {
        let (a, b) = (self.rows_of_a(view), self.rows_of_b(view));
        let (left, right) = if view.transposed {
            (
                transpose(&a, [self.rank, view.inputs]),
                transpose(&b, [view.outputs, self.rank]),
            )
        } else {
            (b, a)
        };
        Factors {
            left,
            right,
            rank: self.rank,
            columns: view.shape()[1],
            scale: self.scale,
        }
    }

    /// [rank, inputs].
    fn rows_of_a(&self, view: View) -> Vec<f32> {
        let mut out = vec![0.0; self.rank * view.inputs];
        let (Some(numbers), stored) = (self.a.numbers(), self.inputs()) else {
            return out;
        };
        let first = view.expert * self.rank;
        for (k, row) in out.chunks_exact_mut(view.inputs.max(1)).enumerate() {
            let start = (first + k) * stored;
            numbers.part(start..start + row.len()).decode(row);
        }
        multiply_rows(&mut out, view.inputs, 0, self.a_rows.as_ref());
        out
    }

    /// [outputs, rank].
    fn rows_of_b(&self, view: View) -> Vec<f32> {
        let mut out = vec![0.0; view.outputs * self.rank];
        let (Some(numbers), stored) = (self.b.numbers(), self.rank * self.experts) else {
            return out;
        };
        if self.experts == 1 {
            let start = view.first_output * stored;
            numbers.part(start..start + out.len()).decode(&mut out);
        } else {
            let mut ranks = vec![0.0; stored];
            for (i, row) in out.chunks_exact_mut(self.rank.max(1)).enumerate() {
                let start = (view.first_output + i) * stored;
                numbers.part(start..start + stored).decode(&mut ranks);
                for (to, of_rank) in row.iter_mut().zip(ranks.chunks_exact(self.experts)) {
                    *to = of_rank[view.expert];
                }
            }
        }
        multiply_rows(&mut out, self.rank, view.first_output, self.b_rows.as_ref());
        match view.heads.map(|heads| rows_in_pairs(view.outputs, heads)) {
            Some(Ok(order)) => in_order(&out, self.rank, &order),
            // Checked when the view was made.
            Some(Err(_)) | None => out,
        }
    }
}

/// The rows of these numbers.
fn in_order(rows: &[f32], row_len: usize, order: &[usize]) -> Vec<f32> {
    let row = |k: &usize| rows.get(k * row_len..(k + 1) * row_len).unwrap_or_default();
    order.iter().flat_map(row).copied().collect()
}

/// Multiplies each row by its number, of which the first row has number `first`.
fn multiply_rows(rows: &mut [f32], row_len: usize, first: usize, numbers: Option<&Tensor>) {
    let Some(numbers) = numbers else { return };
    let numbers = decode(numbers);
    let numbers = numbers.get(first..).unwrap_or_default();
    for (row, by) in rows.chunks_exact_mut(row_len.max(1)).zip(numbers) {
        for number in row {
            *number *= by;
        }
    }
}

/// All numbers of a tensor; zeros where its format is not computed with, which is refused when
/// an adapter is opened.
pub(super) fn decode(tensor: &Tensor) -> Vec<f32> {
    let mut out = vec![0.0; tensor.elements()];
    if let Some(numbers) = tensor.numbers() {
        numbers.decode(&mut out);
    }
    out
}

impl View {
    /// Rows and columns of the base tensor.
    pub(super) fn shape(&self) -> [usize; 2] {
        if self.transposed {
            [self.inputs, self.outputs]
        } else {
            [self.outputs, self.inputs]
        }
    }
}

impl<'a> LowRank<'a> {
    pub(super) fn new(pair: &'a Arc<Pair>, view: View) -> Self {
        Self { pair, view }
    }

    pub(super) fn parts(&self) -> (&'a Arc<Pair>, View) {
        (self.pair, self.view)
    }

    /// The shared dimension of the factors.
    pub fn rank(&self) -> usize {
        self.pair.rank
    }

    /// What the product is multiplied by.
    pub fn scale(&self) -> f32 {
        self.pair.scale
    }

    /// Rows and columns of the base tensor that this changes; what is behind the first dimension
    /// of a convolution counts as columns.
    pub fn shape(&self) -> [usize; 2] {
        self.view.shape()
    }

    /// Decodes both factors to `f32`. Meant for one tensor at a time, and to be dropped after.
    pub fn decode(&self) -> Factors {
        self.pair.decode(self.view)
    }
}

impl Factors {
    /// Row-major [rows, rank] and [rank, columns].
    pub(super) fn new(
        (left, right): (Vec<f32>, Vec<f32>),
        rank: usize,
        columns: usize,
        scale: f32,
    ) -> Self {
        Self {
            left,
            right,
            rank,
            columns,
            scale,
        }
    }

    /// Bytes that they take.
    pub(super) fn size_bytes(&self) -> usize {
        size_of_val(&self.left[..]) + size_of_val(&self.right[..])
    }

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
    use proptest::prelude::*;

    use super::*;
    use crate::checkpoint::tensor::tests::in_memory;

    /// δ element by element, straight from the definition.
    fn naive(a: &[f32], b: &[f32], low: &LowRank<'_>) -> Vec<f32> {
        let [rows, columns] = low.shape();
        let (rank, inputs) = (low.rank(), low.view.inputs);
        let mut delta = Vec::new();
        for row in 0..rows {
            for column in 0..columns {
                let (o, i) = if low.view.transposed {
                    (column, row)
                } else {
                    (row, column)
                };
                let terms = (0..rank).map(|k| b[o * rank + k] * a[k * inputs + i]);
                delta.push(terms.fold(0.0, |sum, term| sum + term) * low.scale());
            }
        }
        delta
    }

    fn pair(a: (&[usize], &[f32]), b: (&[usize], &[f32]), scale: f32) -> Pair {
        Pair {
            rank: a.0[0],
            a: in_memory(a.0, a.1),
            b: in_memory(b.0, b.1),
            a_rows: None,
            b_rows: None,
            experts: 1,
            scale,
        }
    }

    #[test]
    fn experts_lie_behind_each_other_in_a_and_rank_by_rank_in_b() {
        // Two experts of rank 2 from 1 input to 2 outputs.
        let mut pair = pair(
            (&[4, 1], &[1.0, 2.0, 3.0, 4.0]),
            (&[2, 4], &[1.0, 10.0, 2.0, 20.0, 3.0, 30.0, 4.0, 40.0]),
            1.0,
        );
        (pair.rank, pair.experts) = (2, 2);
        let delta = |expert, first_output, outputs| {
            let view = View {
                expert,
                first_output,
                outputs,
                ..pair.view(false)
            };
            let mut out = vec![0.0; outputs];
            pair.decode(view).delta(0, &mut out);
            out
        };
        assert_eq!(delta(0, 0, 2), [1.0 + 4.0, 3.0 + 8.0]);
        assert_eq!(delta(1, 0, 2), [30.0 + 80.0, 90.0 + 160.0]);
        assert_eq!(delta(1, 1, 1), [250.0]);
    }

    #[test]
    fn ranks_and_outputs_may_have_numbers_of_their_own() {
        let mut pair = pair(
            (&[2, 1], &[1.0, 2.0]),
            (&[2, 2], &[1.0, 1.0, 1.0, -1.0]),
            1.0,
        );
        pair.a_rows = Some(in_memory(&[2, 1], &[3.0, 5.0]));
        pair.b_rows = Some(in_memory(&[2], &[1.0, 2.0]));
        let mut out = [0.0; 2];
        pair.decode(pair.view(false)).delta(0, &mut out);
        assert_eq!(out, [13.0, 2.0 * -7.0]);
    }

    fn check(rank: usize, inputs: usize, outputs: usize, transposed: bool, cut: usize) {
        let number = |i: usize| ((i * 37 + 11) % 101) as f32 / 7.0 - 7.0;
        let a: Vec<f32> = (0..rank * inputs).map(number).collect();
        let b: Vec<f32> = (0..outputs * rank).map(|i| number(i + 5)).collect();
        let pair = Arc::new(pair((&[rank, inputs], &a), (&[outputs, rank], &b), 1.5));
        let low = LowRank::new(&pair, pair.view(transposed));
        let mut found = vec![f32::NAN; inputs * outputs];
        let factors = low.decode();
        for (i, part) in found.chunks_mut(cut).enumerate() {
            factors.delta(i * cut, part);
        }
        assert_eq!(found, naive(&a, &b, &low));
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
        let pair = pair((&[1, 2], &[1.0, -1.0]), (&[3, 1], &[1.0, 2.0, 3.0]), 2.0);
        let mut delta = [0.0; 6];
        pair.decode(pair.view(true)).delta(0, &mut delta);
        assert_eq!(delta, [2.0, 4.0, 6.0, -2.0, -4.0, -6.0]);
    }
}
