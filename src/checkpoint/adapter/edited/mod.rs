//! Weights that an adapter makes from those of its base, decoded when they are read.
//!
//! What a kind needs for that (decoded factors, norms, rotations) is made when the first weight
//! of a tensor is read and kept on a [`Shelf`] for some tensors at a time.

mod added;
mod columns;
mod dora;
mod products;
mod rotated;
mod rows;
mod scaled;
mod shelf;

use std::fmt::Debug;
use std::sync::Arc;

pub(super) use self::added::{AddFactors, AddVector};
pub(super) use self::columns::WithoutColumns;
pub(super) use self::dora::Dora;
pub(super) use self::products::{Hadamard, Kronecker, Matrix};
pub(super) use self::rotated::Rotated;
pub(super) use self::rows::Rows;
pub(super) use self::scaled::Scaled;
pub(super) use self::shelf::Shelf;
use self::shelf::Slot;
use crate::checkpoint::source::{Source, Stored};

/// Weights in one go: whole blocks of every format, and few enough for the fastest cache.
const BLOCK: usize = 1024;

/// What a kind of adapter does to one tensor.
pub(super) trait Edit: Debug + Send + Sync {
    /// Decodes what the adapter has for the tensor, which in the base is `of`.
    fn prepare(&self, of: &dyn Source) -> Box<dyn Ready>;
}

/// An edit of one tensor, decoded.
pub(super) trait Ready: Debug + Send + Sync {
    /// Makes the weights `first..first + out.len()` of those of the base.
    fn read(&self, of: &dyn Source, first: usize, out: &mut [f32]);

    /// Bytes that it keeps in memory.
    fn size_bytes(&self) -> usize;
}

/// The edited tensor.
#[derive(Debug)]
pub(super) struct Edited {
    of: Arc<dyn Source>,
    elements: usize,
    edit: Box<dyn Edit>,
    slot: Arc<Slot>,
    shelf: Arc<Shelf>,
}

impl Edited {
    /// The first `elements` weights of `of`, edited.
    pub(super) fn new(
        of: Arc<dyn Source>,
        elements: usize,
        edit: Box<dyn Edit>,
        shelf: &Arc<Shelf>,
    ) -> Self {
        Self {
            of,
            elements,
            edit,
            slot: Arc::default(),
            shelf: Arc::clone(shelf),
        }
    }
}

impl Source for Edited {
    fn elements(&self) -> usize {
        self.elements
    }

    fn read(&self, first: usize, out: &mut [f32]) {
        let prepare = || self.edit.prepare(&*self.of);
        let ready = self.shelf.get(&self.slot, prepare);
        ready.read(&*self.of, first, out);
    }

    /// Those of the base alone: an adapter is small beside it, and read once.
    fn stored(&self, visit: &mut dyn FnMut(&Stored)) {
        self.of.stored(visit);
    }

    fn rounding(&self, first: usize, len: usize) -> f64 {
        self.of.rounding(first, len)
    }
}

/// Calls `piece` for every part of a row that `out` covers: row, first column, and its numbers.
fn by_rows(
    columns: usize,
    first: usize,
    out: &mut [f32],
    mut piece: impl FnMut(usize, usize, &mut [f32]),
) {
    if columns == 0 {
        return;
    }
    let (mut row, mut column) = (first / columns, first % columns);
    let mut rest = out;
    while !rest.is_empty() {
        let len = rest.len().min(columns - column);
        let (now, later) = rest.split_at_mut(len);
        piece(row, column, now);
        (rest, row, column) = (later, row + 1, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::source::tests::in_memory;

    /// The edit of a base, whole, and the same read in parts of every length.
    pub(super) fn edited(edit: impl Fn() -> Box<dyn Edit>, base: &[f32]) -> Vec<f32> {
        let of = in_memory(&[base.len()], base).source().unwrap();
        let shelf = Arc::default();
        let all = Edited::new(Arc::clone(&of), base.len(), edit(), &shelf);
        let mut whole = vec![f32::NAN; base.len()];
        all.read(0, &mut whole);
        for len in 1..base.len() {
            let again = Edited::new(Arc::clone(&of), base.len(), edit(), &shelf);
            let mut parts = vec![f32::NAN; base.len()];
            for (k, part) in parts.chunks_mut(len).enumerate() {
                again.read(k * len, part);
            }
            assert_eq!(parts, whole, "in parts of {len}");
        }
        whole
    }
}
