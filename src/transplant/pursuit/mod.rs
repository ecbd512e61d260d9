//! Orthogonal matching pursuit for many vectors over one set of atoms.
//!
//! For each target x: the residual r begins as x; `k` times the atom with the largest |⟨d, r⟩| is
//! chosen, and r becomes what least squares over all chosen atoms leaves of x (Pati, Rezaiifar,
//! Krishnaprasad: *Orthogonal Matching Pursuit*, 1993).
//!
//! The products of all residuals with all atoms are nearly all of the work: N atoms of width d
//! and T targets take T·N·d·k multiply-adds. Targets are taken [`BATCH`] at a time, and atoms are
//! decoded and packed a block at a time by each thread, once for the whole batch. The products are
//! in `f32`; whatever their error could hide is decided by products in `f64`, so that the choice
//! does not depend on the machine, on blocks or on threads. Of equal atoms the first is chosen.
//!
//! Memory: a batch of targets in `f32` and residuals in `f64`, and a block for each thread: 30 MB
//! for a width of 4096, however many atoms and targets there are.

mod state;

use rayon::prelude::*;

use self::state::State;
use crate::jobs::{Cancelled, Ticket};
use crate::numeric::product::{Packed, TALL, WIDE, error, products};
use crate::numeric::vector::add_squares;
use crate::parallel::in_order_with;

/// Targets whose products are computed together.
const BATCH: usize = 512;
/// Atoms that are packed at a time.
const BLOCK: usize = 128;

/// Rows that are read by their numbers.
pub(super) trait Rows: Sync {
    fn count(&self) -> usize;
    fn width(&self) -> usize;
    /// Decodes one row.
    fn read(&self, row: usize, out: &mut [f32]);
}

/// The sum that a target is taken for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Found {
    /// Atoms with their weights, in the order in which they were chosen.
    pub(super) terms: Vec<(u32, f64)>,
    /// Length of what is left, as a share of the target's.
    pub(super) unexplained: f32,
}

/// Bytes that are counted for a pursuit: each atom as often as it is gone through.
pub(super) fn cost(atoms: usize, targets: usize, width: usize, k: usize) -> u64 {
    let passes = targets.div_ceil(BATCH) as u64 * k as u64;
    passes.saturating_mul(bytes(atoms, width))
}

fn bytes(rows: usize, width: usize) -> u64 {
    (rows as u64).saturating_mul(4 * width as u64)
}

/// A sum of at most `k` atoms for each target; all numbers are finite. Fewer where the target is
/// explained to the last digit, or no atom has anything to add.
///
/// # Errors
/// If the ticket is cancelled.
pub(super) fn pursue(
    atoms: &dyn Rows,
    targets: &dyn Rows,
    k: usize,
    ticket: &Ticket,
) -> Result<Vec<Found>, Cancelled> {
    let longest = longest(atoms)?;
    let mut out = Vec::with_capacity(targets.count());
    for first in (0..targets.count()).step_by(BATCH) {
        let last = (first + BATCH).min(targets.count());
        let mut states: Vec<State> = (first..last).map(|row| State::new(targets, row)).collect();
        for pass in 0..k {
            let open: Vec<usize> = (0..states.len()).filter(|&s| states[s].is_open).collect();
            if open.is_empty() {
                // What is left to go through is not.
                ticket.advance(bytes(atoms.count(), atoms.width()) * (k - pass) as u64)?;
                break;
            }
            let near = nearest(atoms, longest, &states, &open, ticket)?;
            let chosen = chosen(atoms, &states, &open, near);
            states
                .par_iter_mut()
                .zip(chosen)
                .try_for_each(|(state, atom)| {
                    state.take(atoms, atom);
                    ticket.advance(0)
                })?;
        }
        out.extend(states.into_iter().map(State::found));
    }
    Ok(out)
}

/// The largest length of an atom.
fn longest(atoms: &dyn Rows) -> Result<f64, Cancelled> {
    let row = || (vec![0.0f32; atoms.width()], 0.0f64);
    let parts = in_order_with(atoms.count(), row, |(row, most), k| {
        atoms.read(k, row);
        let mut square = 0.0;
        add_squares(&mut square, row);
        *most = most.max(square);
        Ok::<(), Cancelled>(())
    })?;
    let most = parts.into_iter().map(|(_, most)| most).fold(0.0, f64::max);
    Ok(most.sqrt())
}

/// An atom that may be the one with the largest product, and the magnitude of that.
type Near = (u32, f32);

/// For each open state the atoms whose products with its residual may be the largest, in no
/// order.
fn nearest(
    atoms: &dyn Rows,
    longest: f64,
    states: &[State],
    open: &[usize],
    ticket: &Ticket,
) -> Result<Vec<Vec<Near>>, Cancelled> {
    let width = atoms.width();
    let mut residuals = Packed::<TALL>::new(width);
    residuals.reset(open.len());
    let mut row = vec![0.0f32; width];
    for (at, &state) in open.iter().enumerate() {
        states[state].residual(&mut row);
        residuals.set(at, &row);
    }
    // Two products may both be off, each residual was rounded, and a product may have been below
    // what an f32 holds.
    let margin = |at: usize| {
        let off = 2.0 * (error(width) + f64::from(f32::EPSILON));
        (off * longest * states[open[at]].left) as f32 * 1.01 + f32::MIN_POSITIVE
    };
    let margins: Vec<f32> = (0..open.len()).map(margin).collect();
    let worker = || Worker {
        packed: Packed::new(width),
        products: Vec::new(),
        row: vec![0.0; width],
        best: vec![0.0; open.len()],
        near: vec![Vec::new(); open.len()],
    };
    let blocks = atoms.count().div_ceil(BLOCK);
    let workers = in_order_with(blocks, worker, |own, block| {
        let first = block * BLOCK;
        let rows = BLOCK.min(atoms.count() - first);
        own.multiply(&residuals, atoms, first..first + rows);
        for (at, margin) in margins.iter().enumerate() {
            own.note(at, first, rows, *margin, &states[open[at]]);
        }
        ticket.advance(bytes(rows, width))
    })?;
    let mut out: Vec<Vec<Near>> = vec![Vec::new(); open.len()];
    for own in workers {
        for (all, own) in out.iter_mut().zip(own.near) {
            all.extend(own);
        }
    }
    for (near, margin) in out.iter_mut().zip(margins) {
        let best = near.iter().map(|(_, size)| *size).fold(0.0, f32::max);
        near.retain(|(_, size)| *size >= best - margin);
    }
    Ok(out)
}

/// What a thread works with.
struct Worker {
    packed: Packed<WIDE>,
    products: Vec<f32>,
    row: Vec<f32>,
    /// The largest product so far of each residual.
    best: Vec<f32>,
    near: Vec<Vec<Near>>,
}

impl Worker {
    fn multiply(
        &mut self,
        residuals: &Packed<TALL>,
        atoms: &dyn Rows,
        range: std::ops::Range<usize>,
    ) {
        self.packed.reset(range.len());
        for (at, atom) in range.enumerate() {
            atoms.read(atom, &mut self.row);
            self.packed.set(at, &self.row);
        }
        products(residuals, &self.packed, &mut self.products);
    }

    /// Keeps those atoms of a block that may be the nearest of a residual.
    fn note(&mut self, at: usize, first: usize, rows: usize, margin: f32, state: &State) {
        let stride = self.packed.rows();
        let products = &self.products[at * stride..][..rows];
        // Magnitudes of finite numbers are in the order of their bits.
        let bits = products
            .iter()
            .fold(0, |m: u32, p| m.max(p.abs().to_bits()));
        let most = f32::from_bits(bits);
        if most < self.best[at] - margin {
            return;
        }
        let least = most.max(self.best[at]) - margin;
        for (atom, size) in (first as u32..).zip(products.iter().map(|p| p.abs())) {
            if size >= least && !state.has(atom) {
                self.best[at] = self.best[at].max(size);
                self.near[at].push((atom, size));
            }
        }
    }
}

/// The atom that each state takes: by products in `f64` where several are near, and of equal ones
/// the first; `None` for those that are done, or that no atom has anything to add to.
fn chosen(
    atoms: &dyn Rows,
    states: &[State],
    open: &[usize],
    near: Vec<Vec<Near>>,
) -> Vec<Option<u32>> {
    let mut out = vec![None; states.len()];
    let mut row = vec![0.0f32; atoms.width()];
    for (&state, mut near) in open.iter().zip(near) {
        near.sort_unstable_by_key(|(atom, _)| *atom);
        if let [only] = near[..] {
            out[state] = Some(only.0);
            continue;
        }
        let mut best: Option<(u32, f64)> = None;
        for (atom, _) in near {
            atoms.read(atom as usize, &mut row);
            let size = states[state].product(&row).abs();
            if best.is_none_or(|(_, best)| size > best) {
                best = Some((atom, size));
            }
        }
        out[state] = best.filter(|(_, size)| *size > 0.0).map(|(atom, _)| atom);
    }
    out
}

#[cfg(test)]
mod tests;
