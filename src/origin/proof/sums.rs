//! Sums over a sample of each tensor, and the child as a combination of the models in them.
//!
//! With b the base, δᵢ = xᵢ − b and δ = child − b, each tensor has the dot products of b, δ₁ … δₙ
//! and δ over at most [`MOST`] of its numbers, in blocks spread evenly. The child is then fitted
//! as δ = (g − 1)·b + Σ cᵢδᵢ by least squares: g is 1 for every method that works on changes and
//! for means, and a little more for arcs between weights.

use rayon::prelude::*;

use super::case::{BASE, Case, Lined, last_place};
use super::solve::{Normal, Solved};
use super::stabbing::{MOST_ROWS, Rows, improve};
use crate::checkpoint::{Dtype, TensorLocation};
use crate::jobs::Ticket;
use crate::merge::run::{Changed, Opened};
use crate::merge::tensor::MergeTensor;
use crate::merge::{Inputs, MergeError};

/// A residual of more than this many roundings is not from rounding alone.
const MOST_ROUNDINGS: f64 = 4.0;
/// Numbers of a block.
const BLOCK: usize = 1024;
/// The most numbers that are read of a tensor.
const MOST: usize = 64 * BLOCK;

/// What is known of one tensor.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its name.
    pub name: String,
    /// Its layer and kind.
    pub place: TensorLocation,
    /// How many of them were read.
    pub count: u64,
    /// Dot products of b, δ₁ … δₙ, δ: row-major, n + 2 squared.
    pub dots: Vec<f64>,
    /// Σ u²/12 over the last places u of the child's numbers: what one rounding leaves.
    pub rounding: f64,
    /// For each of the people how many numbers are the child's.
    pub equal: Vec<u64>,
    /// Some of the numbers themselves, where the child has few bits.
    pub rows: Rows,
}

/// A tensor of the child as a combination of the people's.
#[derive(Clone, Debug)]
pub struct Combination {
    /// g, then the cᵢ of the parents; 0 where nothing is known.
    pub values: Vec<f64>,
    /// Their standard errors; infinite where nothing is known.
    pub errors: Vec<f64>,
    /// What is left: Σ (δ − fitted)².
    pub residual: f64,
}

/// Reads the sample of each tensor, on all threads of the current pool.
///
/// # Errors
/// When the ticket is cancelled, or a tensor cannot be read.
pub(crate) fn look(
    case: &Case,
    opened: &Opened,
    lined: &[Lined],
    ticket: &Ticket,
) -> Result<Vec<Seen>, MergeError> {
    let bytes = |own: &Lined| {
        let read = own.elements().min(MOST);
        own.inputs
            .iter()
            .map(|input| input.dtype.stored_bytes(read))
            .sum::<u64>()
    };
    ticket.expect(lined.iter().map(bytes).sum());
    let look = |own: &Lined| {
        let seen = seen(case, opened, own)?;
        ticket.advance(bytes(own))?;
        Ok(seen)
    };
    lined.par_iter().map(look).collect()
}

/// Blocks of a tensor, spread evenly.
pub(crate) fn blocks(elements: usize, most: usize) -> Vec<std::ops::Range<usize>> {
    let all = elements.div_ceil(BLOCK);
    let wanted = (most / BLOCK).clamp(1, all.max(1));
    let block = |k: usize| {
        let start = (k * all / wanted) * BLOCK;
        start..(start + BLOCK).min(elements)
    };
    (0..wanted)
        .map(block)
        .filter(|range| !range.is_empty())
        .collect()
}

fn seen(case: &Case, opened: &Opened, own: &Lined) -> Result<Seen, MergeError> {
    let people = case.people.len();
    let read = own.elements().min(MOST);
    let mut sums = Sums::new(people, own.dtype, read);
    numbers(opened, own, &blocks(own.elements(), MOST), |inputs| {
        sums.add(inputs);
    })?;
    Ok(Seen {
        name: own.name.clone(),
        place: own.place,
        count: sums.count,
        dots: sums.mirrored(),
        rounding: sums.rounding,
        equal: sums.equal,
        rows: sums.rows,
    })
}

/// Hands the numbers of all inputs of a tensor in these ranges to `take`: people in their order,
/// then the child.
pub(crate) fn numbers(
    opened: &Opened,
    own: &Lined,
    ranges: &[std::ops::Range<usize>],
    mut take: impl FnMut(&[&[f32]]),
) -> Result<(), MergeError> {
    let changed: Vec<Changed<'_>> = (own.inputs.iter())
        .map(|input| Changed::new(input, opened))
        .collect::<Result<_, _>>()?;
    let elements = own.elements();
    let tensor = MergeTensor {
        name: &own.name,
        shape: &own.shape,
        inputs: (changed.iter())
            .map(|changed| changed.input(elements))
            .collect::<Result<_, _>>()?,
        base: Some(BASE),
        rounded_to: None,
        seed: 0,
    };
    Inputs::new(&tensor).some::<f32>(ranges.iter().cloned(), |_, inputs| take(inputs));
    Ok(())
}

struct Sums {
    dtype: Dtype,
    width: usize,
    count: u64,
    dots: Vec<f64>,
    rounding: f64,
    equal: Vec<u64>,
    row: Vec<f64>,
    rows: Rows,
    /// One of so many numbers is kept in `rows`; none if it is 0.
    step: u64,
}

impl Sums {
    fn new(people: usize, dtype: Dtype, read: usize) -> Self {
        let width = people + 1;
        let is_coarse = last_place(dtype, 1.0) > 1e-6;
        Self {
            dtype,
            width,
            count: 0,
            dots: vec![0.0; width * width],
            rounding: 0.0,
            equal: vec![0; people],
            row: vec![0.0; width],
            rows: Rows {
                width,
                ..Rows::default()
            },
            step: if is_coarse {
                read.div_ceil(MOST_ROWS).max(1) as u64
            } else {
                0
            },
        }
    }

    /// People, then the child. What is not finite is left out.
    fn add(&mut self, inputs: &[&[f32]]) {
        let (Some(base), Some(child)) = (inputs.first(), inputs.last()) else {
            return;
        };
        for k in 0..child.len().min(base.len()) {
            if inputs.iter().any(|own| !own[k].is_finite()) {
                continue;
            }
            self.count += 1;
            for (equal, own) in self.equal.iter_mut().zip(inputs) {
                *equal += u64::from(own[k] == child[k]);
            }
            let origin = f64::from(base[k]);
            self.row[0] = origin;
            for (to, own) in self.row[1..].iter_mut().zip(&inputs[1..]) {
                *to = f64::from(own[k]) - origin;
            }
            for i in 0..self.width {
                for j in 0..=i {
                    self.dots[i * self.width + j] += self.row[i] * self.row[j];
                }
            }
            let place = last_place(self.dtype, f64::from(child[k]));
            self.rounding += place * place / 12.0;
            if self.step > 0 && self.count.is_multiple_of(self.step) {
                self.rows.values.extend(self.row.iter().map(|&x| x as f32));
                self.rows.reach.push((place / 2.0) as f32);
            }
        }
    }

    fn mirrored(&self) -> Vec<f64> {
        let w = self.width;
        (0..w * w)
            .map(|at| {
                let (i, j) = (at / w, at % w);
                self.dots[i.max(j) * w + i.min(j)]
            })
            .collect()
    }
}

impl Seen {
    /// How many vectors there are: b, the δᵢ and δ.
    fn width(&self) -> usize {
        self.equal.len() + 1
    }

    /// δ·δ: how far the child is from the base.
    pub fn change(&self) -> f64 {
        self.dots.last().copied().unwrap_or(0.0)
    }

    /// xᵢ·xⱼ of two people, by their numbers.
    pub fn dot(&self, i: usize, j: usize) -> f64 {
        let w = self.width();
        let at = |a: usize, b: usize| self.dots[a * w + b];
        let own = |k: usize| if k == BASE { 0.0 } else { at(0, k) };
        let changes = if i == BASE || j == BASE {
            0.0
        } else {
            at(i, j)
        };
        at(0, 0) + own(i) + own(j) + changes
    }

    /// δᵢ·δⱼ of two parents, by their numbers among the people.
    pub fn change_dot(&self, i: usize, j: usize) -> f64 {
        self.dots[i * self.width() + j]
    }

    /// The child as a combination of b and of the changes of these parents.
    pub fn fit(&self, parents: &[usize]) -> Combination {
        let w = self.width();
        let columns: Vec<usize> = std::iter::once(BASE)
            .chain(parents.iter().copied())
            .collect();
        let last = w - 1;
        let normal = Normal {
            dots: (columns.iter())
                .map(|&i| columns.iter().map(|&j| self.dots[i * w + j]).collect())
                .collect(),
            product: columns.iter().map(|&i| self.dots[i * w + last]).collect(),
            square: self.change(),
        };
        let Solved {
            mut values,
            inverse,
            residual,
        } = normal.solve();
        let degrees = self.count.saturating_sub(columns.len() as u64).max(1) as f64;
        let variance = residual.max(self.rounding) / degrees;
        let errors = inverse.iter().map(|&d| (variance * d).sqrt()).collect();
        if let Some(g) = values.first_mut() {
            *g += 1.0;
        }
        Combination {
            values,
            errors,
            residual,
        }
    }

    /// A combination of these parents, better known: where the child has few bits and rounding is
    /// about all that a fit leaves.
    pub fn improved(&self, parents: &[usize], fit: &Combination) -> Combination {
        let is_known = fit.errors.iter().all(|error| error.is_finite());
        let is_rounded =
            !self.rows.reach.is_empty() && fit.residual < MOST_ROUNDINGS * self.rounding;
        if !is_known || !is_rounded {
            return fit.clone();
        }
        let columns: Vec<usize> = std::iter::once(BASE)
            .chain(parents.iter().copied())
            .collect();
        let mut values = fit.values.clone();
        values[0] -= 1.0;
        let widths = improve(&self.rows, &columns, &mut values);
        // Each width is for the others held; what they share makes it wider by as much as it does
        // for least squares.
        let degrees = self.count.saturating_sub(columns.len() as u64).max(1) as f64;
        let variance = fit.residual.max(self.rounding) / degrees;
        let errors = widths.iter().zip(&fit.errors).zip(&columns);
        let errors = errors.map(|((width, error), &k)| {
            let alone = variance / self.dots[k * self.width() + k];
            width * (error * error / alone).sqrt().max(1.0)
        });
        let errors = errors.collect();
        values[0] += 1.0;
        Combination {
            values,
            errors,
            ..fit.clone()
        }
    }
}
