//! Tensors whose numbers are stored in blocks, and those that are stored plus a constant.

use std::sync::Arc;

use crate::checkpoint::source::{Source, Stored};
use crate::numeric::Packing;
use crate::numeric::blocks::MOST_NUMBERS;

/// Blocks of one packing, end to end.
#[derive(Debug)]
pub(super) struct PackedSource {
    pub(super) packing: Packing,
    pub(super) stored: Stored,
    /// Whole blocks of them.
    pub(super) elements: usize,
}

impl PackedSource {
    /// The bytes of block `k`; none beyond the last.
    fn block(&self, k: usize) -> &[u8] {
        let width = self.packing.bytes();
        let bytes = self.stored.bytes();
        bytes.get(k * width..(k + 1) * width).unwrap_or_default()
    }

    /// Decodes a part of one block, from number `from` of it on.
    fn part(&self, block: usize, from: usize, out: &mut [f32]) {
        let mut numbers = [0.0; MOST_NUMBERS];
        let all = &mut numbers[..self.packing.numbers()];
        self.packing.decode(self.block(block), all);
        out.copy_from_slice(&all[from..from + out.len()]);
    }
}

impl Source for PackedSource {
    fn elements(&self) -> usize {
        self.elements
    }

    fn read(&self, first: usize, out: &mut [f32]) {
        let n = self.packing.numbers();
        let (mut block, from) = (first / n, first % n);
        let mut rest = out;
        if from > 0 {
            let len = rest.len().min(n - from);
            let (now, later) = rest.split_at_mut(len);
            self.part(block, from, now);
            (rest, block) = (later, block + 1);
        }
        let whole = rest.len() / n;
        let (now, later) = rest.split_at_mut(whole * n);
        let width = self.packing.bytes();
        let bytes = self.stored.bytes().get(block * width..);
        self.packing.decode(bytes.unwrap_or_default(), now);
        if !later.is_empty() {
            self.part(block + whole, 0, later);
        }
    }

    fn stored(&self, visit: &mut dyn FnMut(&Stored)) {
        visit(&self.stored);
    }

    fn rounding(&self, first: usize, len: usize) -> f64 {
        let n = self.packing.numbers();
        let end = first + len;
        let of_block = |block: usize| {
            let start = block * n;
            let (from, to) = (first.max(start) - start, end.min(start + n) - start);
            self.packing.rounding(self.block(block), from, to)
        };
        (first / n..end.div_ceil(n)).map(of_block).sum()
    }
}

/// The numbers of another tensor, each less `by`.
#[derive(Debug)]
pub(super) struct Less {
    pub(super) of: Arc<dyn Source>,
    pub(super) by: f32,
}

impl Source for Less {
    fn elements(&self) -> usize {
        self.of.elements()
    }

    fn read(&self, first: usize, out: &mut [f32]) {
        self.of.read(first, out);
        for x in out {
            *x -= self.by;
        }
    }

    fn stored(&self, visit: &mut dyn FnMut(&Stored)) {
        self.of.stored(visit);
    }

    fn rounding(&self, first: usize, len: usize) -> f64 {
        self.of.rounding(first, len)
    }
}
