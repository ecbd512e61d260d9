//! The two factors of an adapter, and how far their product is from the change.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, Par};

use super::products::{Products, rows_of_band};
use super::{Matrix, SvdError, Tick, Truncated};
use crate::numeric::vector::add_squares;

/// B [outputs, rank] and A [rank, inputs].
pub(in crate::extract) struct Factors {
    /// [rows, rank] and [columns, rank] of the stored matrix.
    sides: [Mat<f32>; 2],
    /// Whether the rows are the inputs.
    is_across: bool,
}

impl Factors {
    /// The factors of `scale` · M: σ is shared evenly if `distribute`, else A has all of it.
    pub(in crate::extract) fn new(
        found: &Truncated,
        is_across: bool,
        distribute: bool,
        scale: f64,
    ) -> Self {
        let weight = |k: usize, is_inputs: bool| match (distribute, is_inputs) {
            (true, _) => (found.values[k] * scale).sqrt(),
            (false, true) => found.values[k] * scale,
            (false, false) => 1.0,
        };
        let side = |vectors: &Mat<f32>, is_inputs: bool| {
            Mat::from_fn(vectors.nrows(), vectors.ncols(), |i, k| {
                (f64::from(vectors[(i, k)]) * weight(k, is_inputs)) as f32
            })
        };
        let sides = [side(&found.left, is_across), side(&found.right, !is_across)];
        Self { sides, is_across }
    }

    /// Rounds both as they are stored.
    pub(in crate::extract) fn round(&mut self, round: impl Fn(&mut [f32])) {
        for side in &mut self.sides {
            let columns = side.col_iter_mut();
            columns
                .filter_map(|column| column.try_as_col_major_mut())
                .for_each(|column| round(column.as_slice_mut()));
        }
    }

    /// Row-major [rank, inputs], and the inputs.
    pub(in crate::extract) fn a(&self) -> (Vec<f32>, usize) {
        let side = &self.sides[usize::from(!self.is_across)];
        let columns = side.col_iter().flat_map(|column| column.iter().copied());
        (columns.collect(), side.nrows())
    }

    /// Row-major [outputs, rank], and the outputs.
    pub(in crate::extract) fn b(&self) -> (Vec<f32>, usize) {
        let side = &self.sides[usize::from(self.is_across)];
        let rows = side.row_iter().flat_map(|row| row.iter().copied());
        (rows.collect(), side.nrows())
    }
}

/// ‖M − scale · BA‖, summed from the differences: as a difference of squares it would be lost
/// where it is small.
pub(in crate::extract) fn residual(
    matrix: &dyn Matrix,
    factors: &Factors,
    scale: f64,
    tick: Tick<'_>,
) -> Result<f64, SvdError> {
    let products = Products::new(matrix, tick);
    let [left, right] = &factors.sides;
    let square = products.over_bands(
        || (0.0, Vec::new()),
        |rows, band, (sum, rest): &mut (f64, Vec<f32>)| {
            rest.clear();
            rows_of_band(band).for_each(|row| rest.extend_from_slice(row));
            let own = left.subrows(rows.start, rows.len());
            let to = MatMut::from_row_major_slice_mut(rest, band.nrows(), band.ncols());
            let (right, scale) = (right.transpose(), -scale as f32);
            matmul(to, Accum::Add, own, right, scale, Par::Seq);
            add_squares(sum, rest);
        },
    )?;
    Ok(square.into_iter().map(|(sum, _)| sum).sum::<f64>().sqrt())
}

/// ‖M‖².
pub(in crate::extract) fn energy(matrix: &dyn Matrix, tick: Tick<'_>) -> Result<f64, SvdError> {
    Products::new(matrix, tick).energy()
}
