//! What makes the numbers of methods that drop changes or vote.

use std::ops::Range;

use super::mask::Mask;
use crate::merge::blocks::Kernel;
use crate::numeric::{Real, vector};

/// Sum of weights that is too near 0 to divide by.
pub(super) const NO_WEIGHT: f64 = 1e-8;

/// One model of a merge.
pub(super) struct Model {
    pub input: usize,
    pub weight: f64,
    /// Weight and rescaling together.
    pub factor: f64,
    pub mask: Mask,
}

/// Makes the numbers of methods that drop or vote.
pub(super) struct Merge {
    pub base: usize,
    pub models: Vec<Model>,
    pub whole_rows: bool,
    pub row_len: usize,
    pub consensus: bool,
    pub normalize: bool,
    pub divisor: f64,
    pub lambda: f64,
}

impl Kernel for Merge {
    fn needs_whole_rows(&self) -> bool {
        self.whole_rows
    }

    fn block<N: Real>(&self, range: Range<usize>, inputs: &[&[N]], out: &mut [N]) {
        let (n, base) = (range.len(), inputs[self.base]);
        let mut changes = vec![N::ZERO; self.models.len() * n];
        for (model, d) in self.models.iter().zip(changes.chunks_mut(n.max(1))) {
            let x = inputs[model.input];
            model
                .mask
                .changes(range.start, self.row_len, (x, base), N::of(model.factor), d);
        }
        let mut sum = vec![N::ZERO; n];
        for d in changes.chunks(n.max(1)) {
            vector::add(&mut sum, d);
        }
        if !self.consensus {
            vector::add_to_base(out, base, N::of(self.lambda / self.divisor), &sum);
            return;
        }
        let (mut mixed, mut weights) = (vec![N::ZERO; n], vec![N::ZERO; n]);
        for (model, d) in self.models.iter().zip(changes.chunks(n.max(1))) {
            vector::add_agreeing(&mut mixed, &mut weights, &sum, d, N::of(model.weight));
        }
        if self.normalize {
            vector::divide(&mut mixed, &weights);
        }
        vector::add_to_base(out, base, N::of(self.lambda), &mixed);
    }
}
