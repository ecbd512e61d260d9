//! Changes put together in mergekit's order of operations, see [`super::super::steps`].

use std::ops::Range;

use super::super::steps::Steps;
use super::kernel::{Merge, NO_WEIGHT};
use crate::merge::blocks::Kernel;
use crate::numeric::{Real, vector};

/// A merge that rounds after each operation.
pub(super) struct Stepwise {
    pub merge: Merge,
    pub steps: Steps,
}

impl Kernel for Stepwise {
    fn block<N: Real>(&self, range: Range<usize>, inputs: &[&[N]], out: &mut [N]) {
        let (merge, steps) = (&self.merge, self.steps);
        let (n, base) = (range.len(), inputs[merge.base]);
        let weights: Vec<N> = (merge.models.iter())
            .map(|model| steps.number(model.weight))
            .collect();
        let mut changes = vec![N::ZERO; merge.models.len() * n];
        let parts = changes.chunks_mut(n.max(1)).zip(&weights);
        for (model, (d, weight)) in merge.models.iter().zip(parts) {
            let pair = (inputs[model.input], base);
            model
                .mask
                .changes(range.start, merge.row_len, pair, N::ONE, d);
            steps.round(d);
            d.iter_mut().for_each(|d| *d *= *weight);
            steps.round(d);
        }
        let mut sum = vec![N::ZERO; n];
        for d in changes.chunks(n.max(1)) {
            vector::add(&mut sum, d);
        }
        steps.round(&mut sum);
        let (mut mixed, mut divisors) = (vec![N::ZERO; n], vec![N::ZERO; n]);
        if merge.consensus {
            for (d, weight) in changes.chunks(n.max(1)).zip(&weights) {
                vector::add_agreeing(&mut mixed, &mut divisors, &sum, d, *weight);
            }
            steps.round(&mut mixed);
            steps.round(&mut divisors);
        } else {
            mixed = sum;
            let mut all = [N::ZERO];
            weights.iter().for_each(|weight| all[0] += *weight);
            steps.round(&mut all);
            let is_divisor = all[0].wide().abs() >= NO_WEIGHT;
            divisors.fill(if is_divisor { all[0] } else { N::ONE });
        }
        if merge.normalize {
            vector::divide(&mut mixed, &divisors);
            steps.round(&mut mixed);
        }
        if merge.lambda != 1.0 {
            let lambda = N::of(merge.lambda);
            mixed.iter_mut().for_each(|mixed| *mixed *= lambda);
            steps.round(&mut mixed);
        }
        vector::add_to_base(out, base, N::ONE, &mixed);
    }
}
