//! Children that are linear combinations of their inputs.
//!
//! Such a method says its coefficients as a function of the dot products of the inputs. The
//! merge computes with them, and so does the prediction of the child's kinship, from the Gram
//! matrix of a pass over the models: the two cannot disagree.

use std::ops::Range;

use super::blocks::{AnyKernel, Blocks, Cuts, Inputs, Kernel, Width, by_width};
use super::error::MergeError;
use crate::jobs::Ticket;
use crate::numeric::numbers::Numbers;
use crate::numeric::panel::BLOCK as PANEL;
use crate::numeric::{Gram, Panel, Real, vector};

/// Dot products of the inputs of a tensor, over the whole tensor.
///
/// Inputs are taken as origin + change, xᵢ = o + δᵢ, where the origin is the base if there is
/// one: so neither the large numbers (the weights) nor the small ones (their changes) lose
/// digits.
pub struct InputGram<'g> {
    gram: &'g Gram,
    /// For each input its row in the Gram; 0 is the origin itself.
    rows: Vec<usize>,
    base: Option<usize>,
}

impl<'g> InputGram<'g> {
    /// From a Gram whose row 0 is the origin; `rows` names the row of each input, and `base`
    /// the input that is the base.
    pub fn new(gram: &'g Gram, rows: Vec<usize>, base: Option<usize>) -> Self {
        Self { gram, rows, base }
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.rows.len()
    }

    /// The inputs other than the base.
    pub fn models(&self) -> Vec<usize> {
        let base = self.base;
        (0..self.inputs()).filter(|&i| Some(i) != base).collect()
    }

    /// The base, if there is one.
    pub fn base(&self) -> Option<usize> {
        self.base
    }

    /// xᵢ·xⱼ
    pub fn dot(&self, i: usize, j: usize) -> f64 {
        let (i, j) = (self.rows[i], self.rows[j]);
        let cross = |row: usize| if row == 0 { 0.0 } else { self.gram.dot(0, row) };
        let changes = if i == 0 || j == 0 {
            0.0
        } else {
            self.gram.dot(i, j)
        };
        self.gram.dot(0, 0) + cross(i) + cross(j) + changes
    }

    /// |xᵢ − xⱼ|²
    pub fn squared_distance(&self, i: usize, j: usize) -> f64 {
        match (self.rows[i], self.rows[j]) {
            (a, b) if a == b => 0.0,
            (0, row) | (row, 0) => self.gram.dot(row, row),
            (a, b) => self.gram.squared_distance(a - 1, b - 1),
        }
    }

    /// (xᵢ − b)·(xⱼ − b), or xᵢ·xⱼ if there is no base.
    pub fn change_dot(&self, i: usize, j: usize) -> f64 {
        let Some(base) = self.base else {
            return self.dot(i, j);
        };
        match (self.rows[i], self.rows[j], self.rows[base]) {
            (a, b, 0) if a > 0 && b > 0 => self.gram.dot(a, b),
            _ if i == j => self.squared_distance(i, base),
            _ => {
                let sides = self.squared_distance(i, base) + self.squared_distance(j, base);
                0.5 * (sides - self.squared_distance(i, j))
            }
        }
    }
}

/// A child as a linear combination of its inputs.
#[derive(Clone, Debug, PartialEq)]
pub enum Coefficients {
    /// Σ cᵢxᵢ
    Weights(Vec<f64>),
    /// b + Σ cᵢ(xᵢ − b); the base's own coefficient does not matter.
    Changes(Vec<f64>),
}

impl Coefficients {
    /// The cᵢ of Σ cᵢxᵢ.
    pub fn of_weights(&self, base: Option<usize>) -> Vec<f64> {
        match (self, base) {
            (Self::Changes(c), Some(base)) => {
                let mut c = c.clone();
                c[base] = 0.0;
                c[base] = 1.0 - c.iter().sum::<f64>();
                c
            }
            (Self::Weights(c) | Self::Changes(c), _) => c.clone(),
        }
    }

    /// What makes the numbers.
    pub fn kernel<'k>(self, base: Option<usize>) -> Box<dyn AnyKernel + 'k> {
        Box::new(Combination {
            coefficients: self,
            base,
        })
    }
}

/// The kernel of all linear methods.
struct Combination {
    coefficients: Coefficients,
    base: Option<usize>,
}

impl Kernel for Combination {
    fn block<N: Real>(&self, _range: Range<usize>, inputs: &[&[N]], out: &mut [N]) {
        match (&self.coefficients, self.base) {
            (Coefficients::Changes(c), Some(base)) => {
                out.copy_from_slice(inputs[base]);
                for (i, &c) in c.iter().enumerate().filter(|&(i, _)| i != base) {
                    vector::add_scaled_difference(out, N::of(c), inputs[i], inputs[base]);
                }
            }
            (Coefficients::Weights(c) | Coefficients::Changes(c), _) => {
                combine(c, inputs, out);
            }
        }
    }
}

/// `out = Σ cᵢxᵢ`, added in the order of the inputs.
fn combine<N: Real>(coefficients: &[f64], inputs: &[&[N]], out: &mut [N]) {
    let mut terms = coefficients.iter().zip(inputs);
    match terms.next() {
        Some((&c, x)) => vector::scale(out, N::of(c), x),
        None => out.fill(N::ZERO),
    }
    for (&c, x) in terms {
        vector::add_scaled(out, N::of(c), x);
    }
}

/// The Gram of the inputs in one pass: row 0 is the base (zeros if there is none), then the
/// others in order, as changes from it.
///
/// # Errors
/// When the ticket is cancelled.
fn gram_of<N: Width>(inputs: &Inputs<'_>, ticket: &Ticket) -> Result<(Gram, Vec<usize>), MergeError>
where
    for<'n> &'n [N]: Numbers,
{
    let tensor = inputs.tensor();
    let models: Vec<usize> = (0..tensor.inputs.len())
        .filter(|&i| Some(i) != tensor.base)
        .collect();
    let room = || (Panel::new(models.len()), vec![N::ZERO; PANEL]);
    let new = || Gram::zero(models.len());
    let cuts = Cuts::new(tensor, Blocks::Any);
    let chunks = inputs.by_chunk(
        cuts,
        ticket,
        (room, new),
        |(panel, room), gram, range, inputs: &[&[N]]| {
            for start in (0..range.len()).step_by(PANEL) {
                let part = start..(start + PANEL).min(range.len());
                let room = &mut room[..part.len()];
                match tensor.base {
                    Some(base) => panel.set_base(&&inputs[base][part.clone()]),
                    None => {
                        room.fill(N::ZERO);
                        panel.set_base(&&*room);
                    }
                }
                for (slot, &model) in models.iter().enumerate() {
                    let own: &[N] = &inputs[model][part.clone()];
                    match tensor.base {
                        Some(base) => {
                            vector::difference(room, own, &inputs[base][part.clone()]);
                            panel.set_delta(slot, &&*room);
                        }
                        None => panel.set_delta(slot, &own),
                    }
                }
                panel.add_to(gram, 0);
            }
        },
    )?;
    let mut gram = Gram::zero(models.len());
    for own in &chunks {
        gram.add(own);
    }
    let rows = (0..tensor.inputs.len())
        .map(|i| models.iter().position(|&m| m == i).map_or(0, |at| at + 1))
        .collect();
    Ok((gram, rows))
}

/// Prepares a method whose coefficients come from the Gram of the inputs.
///
/// # Errors
/// What `coefficients` said, or when the ticket is cancelled.
pub(super) fn from_gram<'k>(
    inputs: &Inputs<'_>,
    ticket: &Ticket,
    coefficients: impl FnOnce(&InputGram<'_>) -> Result<Coefficients, MergeError>,
) -> Result<Box<dyn AnyKernel + 'k>, MergeError> {
    let (gram, rows) = by_width!(inputs.tensor(), gram_of(inputs, ticket))?;
    let base = inputs.tensor().base;
    let found = coefficients(&InputGram::new(&gram, rows, base))?;
    Ok(found.kernel(base))
}
