//! W + δ, where W is not the base's own or is a vector.

use std::sync::Arc;

use super::super::low_rank::{Factors, Pair, View, decode};
use super::{BLOCK, Edit, Ready};
use crate::checkpoint::source::Source;
use crate::checkpoint::tensor::Tensor;

/// Adds the product of two factors.
#[derive(Debug)]
pub(in super::super) struct AddFactors {
    pub(in super::super) pair: Arc<Pair>,
    pub(in super::super) view: View,
}

impl Edit for AddFactors {
    fn prepare(&self, _: &dyn Source) -> Box<dyn Ready> {
        Box::new(self.pair.decode(self.view))
    }
}

impl Ready for Factors {
    fn read(&self, of: &dyn Source, first: usize, out: &mut [f32]) {
        let mut delta = [0.0; BLOCK];
        for (k, out) in out.chunks_mut(BLOCK).enumerate() {
            let first = first + k * BLOCK;
            let delta = &mut delta[..out.len()];
            self.delta(first, delta);
            of.read(first, out);
            for (weight, delta) in out.iter_mut().zip(delta) {
                *weight += *delta;
            }
        }
    }

    fn size_bytes(&self) -> usize {
        Self::size_bytes(self)
    }
}

/// Adds a vector, scaled: the bias of LoRA's second factor.
#[derive(Debug)]
pub(in super::super) struct AddVector {
    pub(in super::super) vector: Tensor,
    pub(in super::super) scale: f32,
}

impl Edit for AddVector {
    fn prepare(&self, _: &dyn Source) -> Box<dyn Ready> {
        let mut added = decode(&self.vector);
        for number in &mut added {
            *number *= self.scale;
        }
        Box::new(Added(added))
    }
}

#[derive(Debug)]
struct Added(Vec<f32>);

impl Ready for Added {
    fn read(&self, of: &dyn Source, first: usize, out: &mut [f32]) {
        of.read(first, out);
        let added = self.0.get(first..).unwrap_or_default();
        for (weight, added) in out.iter_mut().zip(added) {
            *weight += added;
        }
    }

    fn size_bytes(&self) -> usize {
        size_of_val(&self.0[..])
    }
}
