//! PiSSA, OLoRA and KaSA: W less a part P of itself, plus s·B·A.
//!
//! These begin with factors taken from the base, or take a part of it away, and an adapter that
//! is stored as it was trained belongs to the base without that part, which is not stored:
//!
//! - PiSSA (Meng et al. 2024): the r largest singular triplets;
//! - OLoRA (Büyükakyüz 2024): s·Q·R of the first r columns of W = QR;
//! - KaSA (Wang et al. 2024): the r smallest singular triplets.
//!
//! All three are projections, whatever the signs of vectors: P = U·Uᵀ·W or W·V·Vᵀ with the
//! vectors of the smaller side, and s·Q·Qᵀ·W. Singular vectors are those of the smaller side's
//! products, by Jacobi rotations in `f64`, in n³ operations, which is why [`MOST_SIDE`] bounds n;
//! OLoRA takes r² operations for each row and column, at any size.

use std::sync::Arc;

use super::super::kinds::Principal;
use super::super::low_rank::{Factors, Pair, View};
use super::{BLOCK, Edit, Ready};
use crate::checkpoint::source::Source;

/// The longest smaller side of a matrix whose singular vectors are computed: some seconds.
pub(in super::super) const MOST_SIDE: usize = 512;

/// The longest other side: the matrix is held in memory.
pub(in super::super) const MOST_OTHER_SIDE: usize = 1 << 16;

/// Takes a part away and adds a product.
#[derive(Debug)]
pub(in super::super) struct Residual {
    pub(in super::super) pair: Arc<Pair>,
    pub(in super::super) view: View,
    pub(in super::super) principal: Principal,
}

impl Edit for Residual {
    fn prepare(&self, of: &dyn Source) -> Box<dyn Ready> {
        let matrix = Matrix::read(of, self.view.shape());
        let rank = self.pair.rank;
        let (vectors, scale) = match self.principal {
            Principal::Olora => (matrix.first_columns(rank), self.pair.scale),
            Principal::Pissa => (matrix.singular_vectors(rank, true), 1.0),
            Principal::Kasa => (matrix.singular_vectors(rank, false), 1.0),
        };
        Box::new(ReadyResidual {
            taken: matrix.projected(vectors, scale),
            added: self.pair.decode(self.view),
        })
    }
}

#[derive(Debug)]
struct ReadyResidual {
    taken: Factors,
    added: Factors,
}

impl Ready for ReadyResidual {
    fn read(&self, of: &dyn Source, first: usize, out: &mut [f32]) {
        let (mut taken, mut added) = ([0.0; BLOCK], [0.0; BLOCK]);
        for (k, out) in out.chunks_mut(BLOCK).enumerate() {
            let first = first + k * BLOCK;
            let (taken, added) = (&mut taken[..out.len()], &mut added[..out.len()]);
            self.taken.delta(first, taken);
            self.added.delta(first, added);
            of.read(first, out);
            for ((weight, taken), added) in out.iter_mut().zip(taken).zip(added) {
                *weight = *weight - *taken + *added;
            }
        }
    }

    fn size_bytes(&self) -> usize {
        self.taken.size_bytes() + self.added.size_bytes()
    }
}

struct Matrix {
    numbers: Vec<f32>,
    rows: usize,
    columns: usize,
}

/// Orthonormal vectors, one after the other, of the space of the rows or of the columns.
enum Vectors {
    /// As long as a column: P = U·Uᵀ·W.
    Left(Vec<Vec<f64>>),
    /// As long as a row: P = W·V·Vᵀ.
    Right(Vec<Vec<f64>>),
}

impl Matrix {
    fn read(of: &dyn Source, [rows, columns]: [usize; 2]) -> Self {
        let mut numbers = vec![0.0; rows * columns];
        of.read(0, &mut numbers);
        Self {
            numbers,
            rows,
            columns,
        }
    }

    fn each_row(&self) -> impl Iterator<Item = &[f32]> {
        self.numbers.chunks_exact(self.columns.max(1))
    }

    /// The first columns made orthonormal: those of Q.
    fn first_columns(&self, rank: usize) -> Vectors {
        let mut out: Vec<Vec<f64>> = Vec::new();
        for k in 0..rank.min(self.columns).min(self.rows) {
            let mut column: Vec<f64> = self.each_row().map(|row| f64::from(row[k])).collect();
            // Twice, because the first time leaves what rounding lets it.
            for _ in 0..2 {
                for known in &out {
                    let along = dot(known, &column);
                    add(&mut column, known, -along);
                }
            }
            let norm = dot(&column, &column).sqrt();
            column.iter_mut().for_each(|x| *x /= norm);
            out.push(column);
        }
        Vectors::Left(out)
    }

    /// The singular vectors of the smaller side with the largest or the smallest values.
    fn singular_vectors(&self, rank: usize, largest: bool) -> Vectors {
        let is_wide = self.columns > self.rows;
        let side = self.rows.min(self.columns);
        let mut eigen = Symmetric::new(self.products(is_wide), side);
        eigen.diagonalise();
        let mut order: Vec<usize> = (0..side).collect();
        let value = |k: &usize| eigen.matrix[k * side + k];
        order.sort_by(|a, b| value(b).total_cmp(&value(a)));
        if !largest {
            order.reverse();
        }
        let wanted = order.iter().take(rank);
        let vectors = wanted.map(|k| eigen.vectors[k * side..][..side].to_vec());
        if is_wide {
            Vectors::Left(vectors.collect())
        } else {
            Vectors::Right(vectors.collect())
        }
    }

    /// W·Wᵀ of a wide matrix, else Wᵀ·W.
    fn products(&self, is_wide: bool) -> Vec<f64> {
        let side = self.rows.min(self.columns);
        let mut out = vec![0.0; side * side];
        if is_wide {
            let rows: Vec<Vec<f64>> = self.each_row().map(widened).collect();
            for (k, cell) in out.iter_mut().enumerate() {
                *cell = dot(&rows[k / side], &rows[k % side]);
            }
        } else {
            for row in self.each_row().map(widened) {
                for (sums, x) in out.chunks_exact_mut(side.max(1)).zip(&row) {
                    add(sums, &row, *x);
                }
            }
        }
        out
    }

    /// s·P as two factors.
    fn projected(&self, vectors: Vectors, scale: f32) -> Factors {
        let (rows, columns) = (self.rows, self.columns);
        let (left, right, rank) = match vectors {
            Vectors::Left(vectors) => {
                let mut right = vec![0.0; vectors.len() * columns];
                for (sums, vector) in right.chunks_exact_mut(columns.max(1)).zip(&vectors) {
                    for (row, by) in self.each_row().zip(vector) {
                        add(sums, &widened(row), *by);
                    }
                }
                (transpose(&vectors, rows), right, vectors.len())
            }
            Vectors::Right(vectors) => {
                let along = |row: &[f32]| {
                    let row = widened(row);
                    vectors
                        .iter()
                        .map(move |v| dot(v, &row))
                        .collect::<Vec<_>>()
                };
                let left = self.each_row().flat_map(along).collect();
                (left, vectors.concat(), vectors.len())
            }
        };
        let narrow = |all: Vec<f64>| all.into_iter().map(|x| x as f32).collect();
        Factors::new((narrow(left), narrow(right)), rank, columns, scale)
    }
}

fn widened(row: &[f32]) -> Vec<f64> {
    row.iter().map(|&x| f64::from(x)).collect()
}

/// Vectors as columns of a matrix of so many rows.
fn transpose(vectors: &[Vec<f64>], rows: usize) -> Vec<f64> {
    let row = |k: usize| vectors.iter().map(move |vector| vector[k]);
    (0..rows).flat_map(row).collect()
}

/// Four sums at once, which the compiler makes one vector.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    let mut sums = [0.0; 4];
    for (a, b) in a.iter().zip(b) {
        for k in 0..4 {
            sums[k] += a[k] * b[k];
        }
    }
    let rest = a_rest.iter().zip(b_rest).map(|(a, b)| a * b);
    sums.iter().sum::<f64>() + rest.sum::<f64>()
}

fn add(out: &mut [f64], x: &[f64], by: f64) {
    for (sum, x) in out.iter_mut().zip(x) {
        *sum += by * x;
    }
}

/// A symmetric matrix, turned until it is diagonal.
struct Symmetric {
    matrix: Vec<f64>,
    /// Rows become the vectors.
    vectors: Vec<f64>,
    side: usize,
}

impl Symmetric {
    fn new(matrix: Vec<f64>, side: usize) -> Self {
        let mut vectors = vec![0.0; side * side];
        vectors.iter_mut().step_by(side + 1).for_each(|x| *x = 1.0);
        Self {
            matrix,
            vectors,
            side,
        }
    }

    /// Sweeps over all pairs until what is off the diagonal is lost in rounding. Convergence is
    /// quadratic, some eight sweeps; the bound is for numbers that are not finite.
    fn diagonalise(&mut self) {
        let side = self.side;
        let whole = dot(&self.matrix, &self.matrix);
        for _ in 0..40 {
            let off = |k: usize| k / side != k % side;
            let cells = self.matrix.iter().enumerate().filter(|(k, _)| off(*k));
            let rest: f64 = cells.map(|(_, x)| x * x).sum();
            if rest <= whole * 1e-32 {
                return;
            }
            for p in 0..side {
                for q in p + 1..side {
                    self.turn(p, q);
                }
            }
        }
    }

    /// Makes element (p, q) zero (Golub and Van Loan, "Matrix Computations", 8.5).
    fn turn(&mut self, p: usize, q: usize) {
        let side = self.side;
        let at = |i: usize, j: usize| i * side + j;
        let off = self.matrix[at(p, q)];
        if off == 0.0 {
            return;
        }
        let tau = (self.matrix[at(q, q)] - self.matrix[at(p, p)]) / (2.0 * off);
        let tangent = tau.signum() / (tau.abs() + (1.0 + tau * tau).sqrt());
        let cosine = 1.0 / (1.0 + tangent * tangent).sqrt();
        let sine = tangent * cosine;
        turn_rows(&mut self.matrix, side, (p, q), (cosine, sine));
        for row in self.matrix.chunks_exact_mut(side) {
            let (x, y) = (row[p], row[q]);
            (row[p], row[q]) = (cosine * x - sine * y, sine * x + cosine * y);
        }
        turn_rows(&mut self.vectors, side, (p, q), (cosine, sine));
    }
}

fn turn_rows(matrix: &mut [f64], side: usize, (p, q): (usize, usize), (cosine, sine): (f64, f64)) {
    let (before, after) = matrix.split_at_mut(q * side);
    let rows = before[p * side..][..side]
        .iter_mut()
        .zip(&mut after[..side]);
    for (x, y) in rows {
        (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::edited;
    use super::*;
    use crate::checkpoint::source::tests::in_memory;

    /// W less the part, for factors of zero.
    fn less(principal: Principal, [rows, columns]: [usize; 2], base: &[f32]) -> Vec<f32> {
        let pair = Arc::new(Pair {
            a: in_memory(&[1, columns], &vec![0.0; columns]),
            b: in_memory(&[rows, 1], &vec![0.0; rows]),
            a_rows: None,
            b_rows: None,
            rank: 1,
            experts: 1,
            scale: 2.0,
        });
        let make = || -> Box<dyn Edit> {
            Box::new(Residual {
                view: pair.view(false),
                pair: Arc::clone(&pair),
                principal,
            })
        };
        edited(make, base)
    }

    fn near(found: &[f32], expected: &[f32]) {
        assert_eq!(found.len(), expected.len());
        for (a, b) in found.iter().zip(expected) {
            assert!((a - b).abs() < 1e-5, "{found:?}");
        }
    }

    #[test]
    fn singular_triplets_by_hand() {
        // 3·u₁v₁ᵀ + 1·u₂v₂ᵀ with vectors along the diagonals, tall, wide and square.
        let square = [2.0, 1.0, 1.0, 2.0];
        near(
            &less(Principal::Pissa, [2, 2], &square),
            &[0.5, -0.5, -0.5, 0.5],
        );
        near(
            &less(Principal::Kasa, [2, 2], &square),
            &[1.5, 1.5, 1.5, 1.5],
        );
        let wide = [2.0, 0.0, 1.0, 1.0, 0.0, 2.0];
        near(
            &less(Principal::Pissa, [2, 3], &wide),
            &[0.5, 0.0, -0.5, -0.5, 0.0, 0.5],
        );
        let tall = [2.0, 1.0, 0.0, 0.0, 1.0, 2.0];
        near(
            &less(Principal::Kasa, [3, 2], &tall),
            &[1.5, 1.5, 0.0, 0.0, 1.5, 1.5],
        );
    }

    #[test]
    fn the_first_columns_are_taken_away_scaled() {
        // Q₁ = (3, 4)/5 and R₁ = Q₁ᵀW = (5, 11); W − 2·Q₁R₁.
        let found = less(Principal::Olora, [2, 2], &[3.0, 1.0, 4.0, 13.0]);
        near(&found, &[-3.0, 1.0 - 13.2, -4.0, 13.0 - 17.6]);
    }
}
