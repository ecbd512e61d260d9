//! Codes in the order of the weights, with a scale for each block of a grid: what most schemes
//! come down to.

use super::super::layout;
use super::super::source::{Source, Stored};
use super::codes::Codes;
use super::scales::{Groups, Scales};

/// Weights as (code − zero) · scale, divided by a constant where a scheme wants that.
#[derive(Debug)]
pub(super) struct Gridded {
    pub(super) codes: Codes,
    pub(super) stored: Stored,
    pub(super) grid: Grid,
    pub(super) groups: Groups,
    pub(super) scales: Scales,
    pub(super) zeros: Option<PackedZeros>,
    /// What the product is divided by, rounded once more.
    pub(super) divisor: Option<f32>,
}

/// How matrices are cut into blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grid {
    /// Matrices in the tensor.
    pub(super) matrices: usize,
    /// Of each matrix.
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// Codes of a stored row, with what fills its last word.
    pub(super) row_codes: usize,
    /// Rows of a block.
    pub(super) block_rows: usize,
    /// Scales for a matrix: rows and columns; and whether each matrix has its own.
    pub(super) scale_rows: usize,
    pub(super) scale_columns: usize,
    pub(super) own_scales: bool,
}

impl Grid {
    /// Rows of equal length, each with its own scales.
    pub(super) fn of_rows(rows: usize, columns: usize, scale_columns: usize) -> Self {
        Self {
            matrices: 1,
            rows,
            columns,
            row_codes: columns,
            block_rows: 1,
            scale_rows: rows,
            scale_columns,
            own_scales: true,
        }
    }

    /// The first scale of a row, rows being counted through all matrices.
    fn first_scale(&self, row: usize) -> usize {
        let (matrix, row) = (row / self.rows, row % self.rows);
        let matrix = if self.own_scales { matrix } else { 0 };
        (matrix * self.scale_rows + row / self.block_rows) * self.scale_columns
    }
}

/// Zeros of the groups of a row: along the outputs, low bits first, in words of 32 bits.
#[derive(Debug, Clone)]
pub(super) struct PackedZeros {
    pub(super) stored: Stored,
    /// 4 or 8.
    pub(super) bits: usize,
    /// What is taken off each.
    pub(super) offset: f32,
    /// Groups of a row.
    pub(super) groups: usize,
}

impl PackedZeros {
    fn read(&self, row: usize, first: usize, out: &mut [f32]) {
        let in_word = 32 / self.bits;
        let bytes = self.stored.bytes();
        for (k, out) in out.iter_mut().enumerate() {
            let word = (row / in_word) * self.groups + first + k;
            let bits = row % in_word * self.bits;
            let byte = bytes.get(4 * word + bits / 8).copied();
            *out = byte.map_or(f32::NAN, |byte| {
                let code = if self.bits == 4 {
                    byte >> (bits % 8) & 15
                } else {
                    byte
                };
                f32::from(code) - self.offset
            });
        }
    }
}

impl Gridded {
    /// Calls `part` for each run within a row: its row, its first column and where it goes.
    fn by_rows(&self, first: usize, out: &mut [f32], part: impl Fn(usize, usize, &mut [f32])) {
        let columns = self.grid.columns;
        let (mut at, mut rest) = (first, out);
        while !rest.is_empty() {
            let (row, column) = (at / columns, at % columns);
            let (now, later) = rest.split_at_mut((columns - column).min(rest.len()));
            at += now.len();
            part(row, column, now);
            rest = later;
        }
    }

    fn scale(&self, row: usize, column: usize, out: &mut [f32], with_zeros: bool) {
        let first_scale = self.grid.first_scale(row);
        let zeros = self.zeros.as_ref().filter(|_| with_zeros);
        let fill = |group: usize, scales: &mut [f32], own: &mut [f32]| {
            self.scales.read(first_scale + group, scales);
            if let Some(zeros) = zeros {
                zeros.read(row, group, own);
            }
        };
        let groups = self.grid.scale_columns;
        self.groups.apply(column, out, groups, fill);
        if let Some(divisor) = self.divisor {
            for x in out {
                *x /= divisor;
            }
        }
    }
}

impl Source for Gridded {
    fn elements(&self) -> usize {
        let Grid {
            matrices,
            rows,
            columns,
            ..
        } = self.grid;
        layout::elements(&[matrices, rows, columns]).unwrap_or(usize::MAX)
    }

    fn read(&self, first: usize, out: &mut [f32]) {
        let bytes = self.stored.bytes();
        self.by_rows(first, out, |row, column, now| {
            let code = row * self.grid.row_codes + column;
            self.codes.expand(bytes, code, now);
            self.scale(row, column, now, true);
        });
    }

    fn stored(&self, visit: &mut dyn FnMut(&Stored)) {
        visit(&self.stored);
        self.scales.stored(visit);
        self.groups.stored(visit);
        if let Some(zeros) = &self.zeros {
            visit(&zeros.stored);
        }
    }

    fn rounding(&self, first: usize, len: usize) -> f64 {
        let variances = self.codes.variances();
        let bytes = self.stored.bytes();
        let mut sum = 0.0;
        for start in (0..len).step_by(PIECE) {
            // The scale of each weight is what becomes of a one.
            let mut scales = [1.0; PIECE];
            let scales = &mut scales[..PIECE.min(len - start)];
            self.by_rows(first + start, scales, |row, column, now| {
                self.scale(row, column, now, false);
            });
            for (k, scale) in scales.iter().enumerate() {
                let at = first + start + k;
                let (row, column) = (at / self.grid.columns, at % self.grid.columns);
                let code = row * self.grid.row_codes + column;
                sum += variances.at(bytes, code) * f64::from(*scale).powi(2);
            }
        }
        sum
    }
}

/// Weights whose rounding is added up at once.
const PIECE: usize = 256;
