//! Which tensors of a child are compared where not all are.

use std::collections::BTreeSet;

use crate::checkpoint::{Checkpoint, Kind, Tensor};

/// How large a sample is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Bytes of the child altogether, but for the first of each kind.
    most: u64,
    /// Bytes that the first of a kind may have.
    largest: u64,
}

/// What is compared at the end: a matrix of a model of some ten billion parameters is in it.
pub(crate) const USUAL: Size = Size {
    most: 128 << 20,
    largest: 512 << 20,
};

/// What recipes are tried on while they are many.
pub(crate) const QUICK: Size = Size {
    most: 2 << 20,
    largest: 40 << 20,
};

/// What tells that a recipe is out of the question.
pub(crate) const GLANCE: Size = Size {
    most: 128 << 10,
    largest: 40 << 20,
};

/// Names of tensors of each kind and of all depths, small ones first; the smallest of all if
/// every one is too large.
pub(crate) fn sample(child: &Checkpoint, size: Size) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    let mut bytes = 0;
    let layers = child.layers().max(1) as u32;
    let depths = [0, layers / 2, layers - 1, layers / 4, 3 * layers / 4];
    let mut rounds: Vec<Vec<&Tensor>> = Vec::new();
    for (round, depth) in depths.into_iter().enumerate() {
        let is_here = |own: &&Tensor| match own.place.layer {
            Some(layer) => layer == depth,
            None => round == 0,
        };
        for kind in Kind::ALL {
            let tensors = child.tensors().iter().filter(is_here);
            rounds.push(by_size(tensors.filter(|own| own.place.kind == kind)));
        }
    }
    rounds.push(by_size(child.tensors().iter()));
    for (round, here) in rounds.iter().enumerate() {
        for (k, tensor) in here.iter().enumerate() {
            let own = tensor.size_bytes();
            let is_first = round < Kind::ALL.len() && k == 0 && own <= size.largest;
            if (is_first || bytes + own <= size.most) && out.insert(tensor.name.clone()) {
                bytes += own;
            }
        }
    }
    if let (true, Some(smallest)) = (out.is_empty(), rounds.last().and_then(|all| all.first())) {
        out.insert(smallest.name.clone());
    }
    out
}

fn by_size<'t>(tensors: impl Iterator<Item = &'t Tensor>) -> Vec<&'t Tensor> {
    let mut out: Vec<&Tensor> = tensors.collect();
    out.sort_by_key(|own| own.size_bytes());
    out
}
