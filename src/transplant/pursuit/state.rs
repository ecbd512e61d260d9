//! One target of a pursuit: what was chosen, and what is left.
//!
//! With D the chosen atoms as rows, the weights γ solve D·Dᵀ·γ = D·x by a Cholesky factor L that
//! grows by a row with each atom. Atoms are read again when they are needed, t of them for the
//! t-th choice, which is little beside the products with all atoms.

use super::{Found, Rows};
use crate::numeric::vector::{add_dot, add_squares};

/// Below this share of its squared length an atom is a sum of the chosen ones, as far as `f64`
/// tells after the products were squared.
const DEPENDENT: f64 = 1e-10;
/// A residual of this share of the target is rounding.
const EXPLAINED: f64 = 1e-9;

pub(super) struct State {
    target: Vec<f32>,
    /// Length of the target.
    length: f64,
    residual: Vec<f64>,
    /// Length of the residual.
    pub(super) left: f64,
    chosen: Vec<u32>,
    /// The rows of L, one after the other, row t with t + 1 numbers.
    factor: Vec<f64>,
    /// L⁻¹·D·x
    solved: Vec<f64>,
    weights: Vec<f64>,
    /// Whether it takes further atoms.
    pub(super) is_open: bool,
}

impl State {
    pub(super) fn new(targets: &dyn Rows, row: usize) -> Self {
        let mut target = vec![0.0; targets.width()];
        targets.read(row, &mut target);
        let mut square = 0.0;
        add_squares(&mut square, &target);
        let length = square.sqrt();
        Self {
            residual: target.iter().map(|x| f64::from(*x)).collect(),
            target,
            length,
            left: length,
            chosen: Vec::new(),
            factor: Vec::new(),
            solved: Vec::new(),
            weights: Vec::new(),
            is_open: length > 0.0,
        }
    }

    pub(super) fn has(&self, atom: u32) -> bool {
        self.chosen.contains(&atom)
    }

    /// The residual, rounded.
    pub(super) fn residual(&self, out: &mut [f32]) {
        for (out, r) in out.iter_mut().zip(&self.residual) {
            *out = *r as f32;
        }
    }

    /// ⟨row, residual⟩
    pub(super) fn product(&self, row: &[f32]) -> f64 {
        let pairs = row.iter().zip(&self.residual);
        pairs.map(|(x, r)| f64::from(*x) * r).sum()
    }

    /// Takes an atom, or ends where there is none that has anything to add.
    pub(super) fn take(&mut self, atoms: &dyn Rows, atom: Option<u32>) {
        if !self.is_open {
            return;
        }
        match atom {
            Some(atom) if self.append(atoms, atom) => self.solve(atoms),
            _ => self.is_open = false,
        }
    }

    /// Gives L its next row; whether the atom is no sum of the chosen ones.
    fn append(&mut self, atoms: &dyn Rows, atom: u32) -> bool {
        let (mut own, mut other) = (vec![0.0; atoms.width()], vec![0.0; atoms.width()]);
        atoms.read(atom as usize, &mut own);
        let mut row = Vec::with_capacity(self.chosen.len() + 1);
        for &earlier in &self.chosen {
            atoms.read(earlier as usize, &mut other);
            let mut dot = 0.0;
            add_dot(&mut dot, &own, &other);
            let before = row_of(&self.factor, row.len());
            let known: f64 = before.iter().zip(&row).map(|(l, w)| l * w).sum();
            let diagonal = before.last().copied().unwrap_or(1.0);
            row.push((dot - known) / diagonal);
        }
        let mut square = 0.0;
        add_squares(&mut square, &own);
        let pivot = square - row.iter().map(|w| w * w).sum::<f64>();
        if pivot <= DEPENDENT * square || !pivot.is_finite() {
            return false;
        }
        let pivot = pivot.sqrt();
        let mut dot = 0.0;
        add_dot(&mut dot, &own, &self.target);
        let known: f64 = row.iter().zip(&self.solved).map(|(w, z)| w * z).sum();
        self.solved.push((dot - known) / pivot);
        row.push(pivot);
        self.factor.extend(row);
        self.chosen.push(atom);
        true
    }

    /// Sets weights and residual.
    fn solve(&mut self, atoms: &dyn Rows) {
        let count = self.chosen.len();
        self.weights = self.solved.clone();
        for t in (0..count).rev() {
            let row = row_of(&self.factor, t);
            let Some((diagonal, before)) = row.split_last() else {
                continue;
            };
            self.weights[t] /= diagonal;
            let own = self.weights[t];
            for (weight, l) in self.weights.iter_mut().zip(before) {
                *weight -= l * own;
            }
        }
        for (r, x) in self.residual.iter_mut().zip(&self.target) {
            *r = f64::from(*x);
        }
        let mut row = vec![0.0f32; atoms.width()];
        for (&atom, weight) in self.chosen.iter().zip(&self.weights) {
            atoms.read(atom as usize, &mut row);
            for (r, x) in self.residual.iter_mut().zip(&row) {
                *r -= weight * f64::from(*x);
            }
        }
        self.left = self.residual.iter().map(|r| r * r).sum::<f64>().sqrt();
        self.is_open = self.left > EXPLAINED * self.length;
    }

    pub(super) fn found(self) -> Found {
        let share = match self.length > 0.0 {
            true => self.left / self.length,
            false => 0.0,
        };
        Found {
            terms: self.chosen.into_iter().zip(self.weights).collect(),
            unexplained: share as f32,
        }
    }
}

/// Row `t` of a triangle, with its diagonal.
fn row_of(triangle: &[f64], t: usize) -> &[f64] {
    let start = t * (t + 1) / 2;
    triangle.get(start..start + t + 1).unwrap_or_default()
}
