//! LoHa and LoKr: W + s · (products of small matrices).
//!
//! LoHa is the elementwise product of two low-rank matrices (Hyeon-Woo et al. 2021, "FedPara").
//! LoKr is a Kronecker product w1 ⊗ w2 (Yeh et al. 2023, "LyCORIS"): element (i·c + k, j·d + l)
//! is w1[i, j] · w2[k, l], where w2 is [c, d]. Neither product is ever whole in memory.

use std::sync::Arc;

use super::super::low_rank::{Factors, Pair, decode};
use super::{BLOCK, Edit, Ready, by_rows};
use crate::checkpoint::source::Source;
use crate::checkpoint::tensor::Tensor;

/// Adds s · (w1_a·w1_b) ∘ (w2_a·w2_b).
#[derive(Debug)]
pub(in super::super) struct Hadamard {
    pub(in super::super) pairs: [Arc<Pair>; 2],
    pub(in super::super) scale: f32,
}

impl Edit for Hadamard {
    fn prepare(&self, _: &dyn Source) -> Box<dyn Ready> {
        let decode = |pair: &Pair| pair.decode(pair.view(false));
        Box::new(ReadyHadamard {
            factors: [decode(&self.pairs[0]), decode(&self.pairs[1])],
            scale: self.scale,
        })
    }
}

#[derive(Debug)]
struct ReadyHadamard {
    factors: [Factors; 2],
    scale: f32,
}

impl Ready for ReadyHadamard {
    fn read(&self, of: &dyn Source, first: usize, out: &mut [f32]) {
        let (mut one, mut two) = ([0.0; BLOCK], [0.0; BLOCK]);
        for (k, out) in out.chunks_mut(BLOCK).enumerate() {
            let first = first + k * BLOCK;
            let (one, two) = (&mut one[..out.len()], &mut two[..out.len()]);
            self.factors[0].delta(first, one);
            self.factors[1].delta(first, two);
            of.read(first, out);
            for ((weight, one), two) in out.iter_mut().zip(one).zip(two) {
                *weight += *one * *two * self.scale;
            }
        }
    }

    fn size_bytes(&self) -> usize {
        self.factors.iter().map(Factors::size_bytes).sum()
    }
}

/// Adds s · w1 ⊗ w2.
#[derive(Debug)]
pub(in super::super) struct Kronecker {
    pub(in super::super) one: Matrix,
    pub(in super::super) two: Matrix,
    pub(in super::super) scale: f32,
}

/// A matrix, whole or as a product.
#[derive(Debug, Clone)]
pub(in super::super) enum Matrix {
    Whole(Tensor),
    Product(Arc<Pair>),
}

impl Matrix {
    pub(in super::super) fn shape(&self) -> [usize; 2] {
        match self {
            Self::Whole(tensor) => [0, 1].map(|k| tensor.shape.get(k).copied().unwrap_or(1)),
            Self::Product(pair) => [pair.outputs(), pair.inputs()],
        }
    }

    fn prepare(&self) -> ReadyMatrix {
        ReadyMatrix {
            columns: self.shape()[1],
            numbers: match self {
                Self::Whole(tensor) => MatrixNumbers::Whole(decode(tensor)),
                Self::Product(pair) => MatrixNumbers::Product(pair.decode(pair.view(false))),
            },
        }
    }
}

impl Edit for Kronecker {
    fn prepare(&self, _: &dyn Source) -> Box<dyn Ready> {
        Box::new(ReadyKronecker {
            one: self.one.prepare(),
            two_rows: self.two.shape()[0],
            two: self.two.prepare(),
            scale: self.scale,
        })
    }
}

#[derive(Debug)]
struct ReadyMatrix {
    columns: usize,
    numbers: MatrixNumbers,
}

#[derive(Debug)]
enum MatrixNumbers {
    Whole(Vec<f32>),
    Product(Factors),
}

impl ReadyMatrix {
    fn row(&self, row: usize, out: &mut Vec<f32>) {
        out.resize(self.columns, 0.0);
        let start = row * self.columns;
        match &self.numbers {
            MatrixNumbers::Product(factors) => factors.delta(start, out),
            MatrixNumbers::Whole(numbers) => {
                let own = numbers.get(start..start + self.columns).unwrap_or_default();
                out.clear();
                out.extend_from_slice(own);
            }
        }
    }

    fn size_bytes(&self) -> usize {
        match &self.numbers {
            MatrixNumbers::Whole(numbers) => size_of_val(&numbers[..]),
            MatrixNumbers::Product(factors) => factors.size_bytes(),
        }
    }
}

#[derive(Debug)]
struct ReadyKronecker {
    one: ReadyMatrix,
    two: ReadyMatrix,
    /// Rows of the second.
    two_rows: usize,
    scale: f32,
}

impl Ready for ReadyKronecker {
    fn read(&self, of: &dyn Source, first: usize, out: &mut [f32]) {
        of.read(first, out);
        let width = self.two.columns;
        let (mut one, mut two) = (Vec::new(), Vec::new());
        by_rows(
            self.one.columns * width,
            first,
            out,
            |row, column, piece| {
                self.one.row(row / self.two_rows, &mut one);
                self.two.row(row % self.two_rows, &mut two);
                let mut at = column;
                let mut rest = piece;
                while !rest.is_empty() {
                    let (by, from) = (one[at / width], at % width);
                    let len = rest.len().min(width - from);
                    let (now, later) = rest.split_at_mut(len);
                    for (weight, two) in now.iter_mut().zip(&two[from..]) {
                        // PEFT scales the product, not its factors.
                        *weight += by * two * self.scale;
                    }
                    (rest, at) = (later, at + len);
                }
            },
        );
    }

    fn size_bytes(&self) -> usize {
        self.one.size_bytes() + self.two.size_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::edited;
    use super::*;
    use crate::checkpoint::source::tests::in_memory;

    fn pair(a: &[f32], b: &[f32]) -> Arc<Pair> {
        Arc::new(Pair {
            a: in_memory(&[1, a.len()], a),
            b: in_memory(&[b.len(), 1], b),
            a_rows: None,
            b_rows: None,
            rank: 1,
            experts: 1,
            scale: 1.0,
        })
    }

    #[test]
    fn elements_of_two_products_are_multiplied() {
        let make = || -> Box<dyn Edit> {
            Box::new(Hadamard {
                pairs: [
                    pair(&[1.0, 2.0], &[1.0, 3.0]),
                    pair(&[5.0, 7.0], &[1.0, 1.0]),
                ],
                scale: 2.0,
            })
        };
        let found = edited(make, &[1.0, 1.0, 1.0, 1.0]);
        assert_eq!(found, [11.0, 29.0, 31.0, 85.0]);
    }

    #[test]
    fn the_kronecker_product_repeats_the_second_in_the_first() {
        let make = |two: Matrix| {
            move || -> Box<dyn Edit> {
                Box::new(Kronecker {
                    one: Matrix::Whole(in_memory(&[2, 2], &[1.0, 2.0, 3.0, 4.0])),
                    two: two.clone(),
                    scale: 1.0,
                })
            }
        };
        let expected = [
            10.0, 20.0, 30.0, 20.0, 40.0, 60.0, // The first row of both.
            30.0, 60.0, 90.0, 40.0, 80.0, 120.0,
        ];
        let whole = Matrix::Whole(in_memory(&[1, 3], &[10.0, 20.0, 30.0]));
        assert_eq!(edited(make(whole), &[0.0; 12]), expected);
        let product = Matrix::Product(pair(&[10.0, 20.0, 30.0], &[1.0]));
        assert_eq!(edited(make(product), &[0.0; 12]), expected);
    }
}
