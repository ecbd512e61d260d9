//! OLoRA (Büyükakyüz 2024): W − s·Q·R + s·B·A.
//!
//! Its factors begin as the first r columns of Q and rows of R in W = Q·R, which are taken from
//! the base. An adapter that is stored as it was trained belongs to the base without them, which
//! is not stored. Q·R of the first columns is Q·Qᵀ·W, whatever the signs of Q; made in `f64` by
//! Gram and Schmidt in two passes over W, with r² operations for each row.
//!
//! Its relatives by singular values (PiSSA, KaSA) are refused: a decomposition of a whole matrix
//! takes n³ operations, minutes for one of a real model, and PEFT's own is of `f32`, so that its
//! rounding shows in the kinship.

use std::sync::Arc;

use super::super::low_rank::{Factors, Pair, View};
use super::{BLOCK, Edit, Ready};
use crate::checkpoint::source::Source;

/// Takes the product of the first columns away and adds another.
#[derive(Debug)]
pub(in super::super) struct WithoutColumns {
    pub(in super::super) pair: Arc<Pair>,
    pub(in super::super) view: View,
}

impl Edit for WithoutColumns {
    fn prepare(&self, of: &dyn Source) -> Box<dyn Ready> {
        let [rows, columns] = self.view.shape();
        let q = first_columns(of, [rows, columns], self.pair.rank);
        let r = products(of, &q, [rows, columns]);
        let left = (0..rows).flat_map(|row| q.iter().map(move |column| column[row]));
        let factors = (left.map(|x| x as f32).collect(), r);
        Box::new(ReadyColumns {
            taken: Factors::new(factors, q.len(), columns, self.pair.scale),
            added: self.pair.decode(self.view),
        })
    }
}

#[derive(Debug)]
struct ReadyColumns {
    taken: Factors,
    added: Factors,
}

impl Ready for ReadyColumns {
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

/// The first columns made orthonormal.
fn first_columns(of: &dyn Source, [rows, columns]: [usize; 2], rank: usize) -> Vec<Vec<f64>> {
    let rank = rank.min(rows).min(columns);
    let mut out = vec![vec![0.0; rows]; rank];
    let mut numbers = vec![0.0; rank];
    for row in 0..rows {
        of.read(row * columns, &mut numbers);
        for (column, x) in out.iter_mut().zip(&numbers) {
            column[row] = f64::from(*x);
        }
    }
    for k in 0..rank {
        let (known, rest) = out.split_at_mut(k);
        let Some(own) = rest.first_mut() else { break };
        // Twice, because the first time leaves what rounding lets it.
        for other in known.iter().chain(&*known) {
            let along = dot(other, own);
            add(own, other, -along);
        }
        let norm = dot(own, own).sqrt();
        own.iter_mut().for_each(|x| *x /= norm);
    }
    out
}

/// Qᵀ·W, row-major.
fn products(of: &dyn Source, q: &[Vec<f64>], [rows, columns]: [usize; 2]) -> Vec<f32> {
    let mut sums = vec![0.0; q.len() * columns];
    let mut numbers = vec![0.0; columns];
    for row in 0..rows {
        of.read(row * columns, &mut numbers);
        let wide: Vec<f64> = numbers.iter().map(|&x| f64::from(x)).collect();
        for (sums, column) in sums.chunks_exact_mut(columns.max(1)).zip(q) {
            add(sums, &wide, column[row]);
        }
    }
    sums.into_iter().map(|x| x as f32).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(out: &mut [f64], x: &[f64], by: f64) {
    for (sum, x) in out.iter_mut().zip(x) {
        *sum += by * x;
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::edited;
    use super::*;
    use crate::checkpoint::source::tests::in_memory;

    #[test]
    fn the_first_columns_are_taken_away_scaled() {
        let pair = Arc::new(Pair {
            a: in_memory(&[1, 2], &[0.0; 2]),
            b: in_memory(&[2, 1], &[0.0; 2]),
            a_rows: None,
            b_rows: None,
            rank: 1,
            experts: 1,
            scale: 2.0,
        });
        let make = || -> Box<dyn Edit> {
            Box::new(WithoutColumns {
                view: pair.view(false),
                pair: Arc::clone(&pair),
            })
        };
        // Q = (3, 4)/5 and R = Qᵀ·W = (5, 11).
        let found = edited(make, &[3.0, 1.0, 4.0, 13.0]);
        for (a, b) in found.iter().zip([-3.0, 1.0 - 13.2, -4.0, 13.0 - 17.6]) {
            assert!((a - b).abs() < 1e-5, "{found:?}");
        }
    }
}
