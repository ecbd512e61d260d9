//! Products with a matrix that is read in bands, on all threads of the pool.
//!
//! Bands and their groups are fixed by the shape alone. Each group sums its own part, and the
//! parts are added in order, so that the result is the same on any number of threads.

use std::ops::Range;
use std::sync::Mutex;

use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{BlockStructure, matmul as triangular_matmul};
use faer::prelude::{Reborrow, ReborrowMut};
use faer::{Accum, Mat, MatMut, MatRef, Par};

use super::{Matrix, SvdError, Tick};
use crate::jobs::Failure;
use crate::numeric::vector::add_squares;
use crate::parallel::{in_order, lock};

/// Numbers of a band: they and what is made of them stay in a core's cache.
const BAND: usize = 1 << 19;
/// Sums that go on side by side.
const GROUPS: usize = 8;

/// A matrix with the bands that it is read in.
pub(super) struct Products<'m> {
    matrix: &'m dyn Matrix,
    tick: Tick<'m>,
    /// Bands of each group, in order.
    groups: Vec<Vec<Range<usize>>>,
}

/// What one step towards a Krylov space finds: M·V, MᵀM·V and the inner products of M·V.
pub(super) struct Step {
    /// MᵀMV: [columns, block].
    pub(super) back: Mat<f32>,
    /// (MV_all)ᵀ·MV for the block: [all, block].
    pub(super) inner: Mat<f64>,
}

impl<'m> Products<'m> {
    pub(super) fn new(matrix: &'m dyn Matrix, tick: Tick<'m>) -> Self {
        let [rows, columns] = matrix.shape();
        let bands = bands(rows, BAND / columns.max(1));
        let each = bands.len().div_ceil(GROUPS).max(1);
        Self {
            matrix,
            tick,
            groups: bands.chunks(each).map(<[_]>::to_vec).collect(),
        }
    }

    pub(super) fn shape(&self) -> [usize; 2] {
        self.matrix.shape()
    }

    /// ‖M‖².
    pub(super) fn energy(&self) -> Result<f64, SvdError> {
        let part = |_: Range<usize>, band: MatRef<'_, f32>, sum: &mut f64| {
            rows_of_band(band).for_each(|row| add_squares(sum, row));
        };
        let parts = self.over_bands(|| 0.0, part)?;
        Ok(parts.into_iter().sum())
    }

    /// Extends `forward`, which has M·V of earlier blocks in its first `known` columns, by the
    /// block `v`.
    pub(super) fn step(
        &self,
        v: MatRef<'_, f32>,
        forward: &mut Mat<f32>,
        known: usize,
    ) -> Result<Step, SvdError> {
        let (columns, block) = (self.shape()[1], v.ncols());
        let all = known + block;
        let bands = rows_of(forward, &self.groups);
        let start = || {
            let sums = Step {
                back: Mat::zeros(columns, block),
                inner: Mat::zeros(all, block),
            };
            (sums, Mat::<f64>::new())
        };
        let part = |rows: Range<usize>, band: MatRef<'_, f32>, own: &mut (Step, Mat<f64>)| {
            let (sums, wide) = own;
            let mut forward = lock(&bands[self.index(&rows)]);
            let mut own = forward.rb_mut().subcols_mut(known, block);
            let seq = Par::Seq;
            matmul(own.rb_mut(), Accum::Replace, band, v, 1.0, seq);
            matmul(
                sums.back.as_mut(),
                Accum::Add,
                band.transpose(),
                own.rb(),
                1.0,
                seq,
            );
            // Wide numbers, because the smallest singular values are squared here.
            let forward = forward.rb().subcols(0, all);
            wide.resize_with(rows.len(), all, |_, _| 0.0);
            wide.copy_from(widened(forward));
            let wide = wide.as_ref();
            matmul(
                sums.inner.as_mut(),
                Accum::Add,
                wide.transpose(),
                wide.subcols(known, block),
                1.0,
                seq,
            );
        };
        let mut parts = self.over_bands(start, part)?.into_iter();
        let (mut sum, _) = parts.next().unwrap_or_else(start);
        for (part, _) in parts {
            sum.back += part.back;
            sum.inner += part.inner;
        }
        Ok(sum)
    }

    /// M·V.
    pub(super) fn times(&self, v: MatRef<'_, f32>) -> Result<Mat<f32>, SvdError> {
        let mut out = Mat::zeros(self.shape()[0], v.ncols());
        let bands = rows_of(&mut out, &self.groups);
        let part = |rows: Range<usize>, band: MatRef<'_, f32>, (): &mut ()| {
            let mut own = lock(&bands[self.index(&rows)]);
            matmul(own.rb_mut(), Accum::Replace, band, v, 1.0, Par::Seq);
        };
        self.over_bands(|| (), part)?;
        drop(bands);
        Ok(out)
    }

    /// Mᵀ·U.
    pub(super) fn transposed_times(&self, u: MatRef<'_, f32>) -> Result<Mat<f32>, SvdError> {
        let start = || Mat::<f32>::zeros(self.shape()[1], u.ncols());
        let part = |rows: Range<usize>, band: MatRef<'_, f32>, sum: &mut Mat<f32>| {
            let own = u.subrows(rows.start, rows.len());
            matmul(sum, Accum::Add, band.transpose(), own, 1.0, Par::Seq);
        };
        let parts = self.over_bands(start, part)?;
        Ok(summed(parts, start))
    }

    /// MᵀM, in its lower half, in wide numbers.
    pub(super) fn inner_columns(&self) -> Result<Mat<f64>, SvdError> {
        let columns = self.shape()[1];
        let start = || Mat::<f64>::zeros(columns, columns);
        let mut sum = start();
        // One sum for all: as many as there are threads would take their memory.
        for rows in self.groups.iter().flatten() {
            let mut room = Vec::new();
            let band = self.band(rows, &mut room);
            let wide = widened(band);
            lower_product(sum.as_mut(), wide.transpose(), wide.as_ref());
            self.count(rows)?;
        }
        Ok(sum)
    }

    /// MMᵀ, in its lower half, in wide numbers.
    pub(super) fn inner_rows(&self) -> Result<Mat<f64>, SvdError> {
        let rows = self.shape()[0];
        let mut out = Mat::<f64>::zeros(rows, rows);
        // Few bands, because each is read once for every band below it.
        let bands = bands(rows, rows.div_ceil(GROUPS));
        for (k, one) in bands.iter().enumerate() {
            let rows_of_one = one;
            let mut room = Vec::new();
            let wide_one = widened(self.band(one, &mut room));
            for other in &bands[..=k] {
                let mut room = Vec::new();
                let wide_other = widened(self.band(other, &mut room));
                let to = out
                    .as_mut()
                    .submatrix_mut(one.start, other.start, one.len(), other.len());
                let (one, other) = (wide_one.as_ref(), wide_other.transpose());
                matmul(to, Accum::Replace, one, other, 1.0, Par::Seq);
            }
            self.count(rows_of_one)?;
        }
        Ok(out)
    }

    /// The sums of `part` over the bands of each group, in order.
    pub(super) fn over_bands<S: Send>(
        &self,
        start: impl Fn() -> S + Sync,
        part: impl Fn(Range<usize>, MatRef<'_, f32>, &mut S) + Sync,
    ) -> Result<Vec<S>, SvdError> {
        let cells: Vec<Mutex<Option<S>>> = self.groups.iter().map(|_| Mutex::new(None)).collect();
        in_order(self.groups.len(), |k| {
            let (mut sum, mut room) = (start(), Vec::new());
            for rows in &self.groups[k] {
                let band = self.band(rows, &mut room);
                part(rows.clone(), band, &mut sum);
                self.count(rows)?;
            }
            *lock(&cells[k]) = Some(sum);
            Ok::<(), Failure>(())
        })?;
        let found = cells.into_iter().filter_map(|cell| lock(&cell).take());
        Ok(found.collect())
    }

    /// Tells that a band was gone through, as a share of all rows.
    fn count(&self, rows: &Range<usize>) -> Result<(), Failure> {
        (self.tick)(rows.len() as f64 / self.shape()[0].max(1) as f64)
    }

    /// A band, in `room` where it is not in memory.
    fn band<'r>(&'r self, rows: &Range<usize>, room: &'r mut Vec<f32>) -> MatRef<'r, f32> {
        let columns = self.shape()[1];
        let numbers = match self.matrix.lent(rows) {
            Some(lent) => lent,
            None => {
                room.resize(rows.len() * columns, 0.0);
                self.matrix.read(rows, room);
                room
            }
        };
        MatRef::from_row_major_slice(numbers, rows.len(), columns)
    }

    /// The number of a band.
    fn index(&self, rows: &Range<usize>) -> usize {
        let mut bands = self.groups.iter().flatten();
        bands.position(|band| band == rows).unwrap_or(0)
    }
}

/// Runs of `each` rows.
fn bands(rows: usize, each: usize) -> Vec<Range<usize>> {
    let each = each.max(1);
    let starts = (0..rows).step_by(each);
    starts
        .map(|start| start..(start + each).min(rows))
        .collect()
}

/// The rows of `matrix` that belong to each band, to be written apart.
fn rows_of<'a>(
    matrix: &'a mut Mat<f32>,
    groups: &[Vec<Range<usize>>],
) -> Vec<Mutex<MatMut<'a, f32>>> {
    let mut rest = matrix.as_mut();
    let mut out = Vec::new();
    for rows in groups.iter().flatten() {
        let (own, below) = rest.split_at_row_mut(rows.len());
        out.push(Mutex::new(own));
        rest = below;
    }
    out
}

fn widened(matrix: MatRef<'_, f32>) -> Mat<f64> {
    Mat::from_fn(matrix.nrows(), matrix.ncols(), |i, j| {
        f64::from(matrix[(i, j)])
    })
}

/// Adds the lower half of a product that is symmetric.
fn lower_product(sum: MatMut<'_, f64>, left: MatRef<'_, f64>, right: MatRef<'_, f64>) {
    let (lower, whole) = (BlockStructure::TriangularLower, BlockStructure::Rectangular);
    triangular_matmul(
        sum,
        lower,
        Accum::Add,
        left,
        whole,
        right,
        whole,
        1.0,
        Par::Seq,
    );
}

fn summed(parts: Vec<Mat<f32>>, start: impl Fn() -> Mat<f32>) -> Mat<f32> {
    let mut parts = parts.into_iter();
    let first = parts.next().unwrap_or_else(start);
    parts.fold(first, |mut sum, part| {
        sum += part;
        sum
    })
}

/// The rows of a band, which lie one after the other.
pub(super) fn rows_of_band(band: MatRef<'_, f32>) -> impl Iterator<Item = &[f32]> {
    let rows = band.transpose().col_iter();
    rows.filter_map(|row| Some(row.try_as_col_major()?.as_slice()))
}
