//! Which tensors of a child are compared where not all are.

use std::collections::BTreeSet;

use crate::checkpoint::{Checkpoint, Kind, Tensor};

/// Bytes of the child that a sample has at most, but for its first tensor.
pub(crate) const SAMPLE_BYTES: u64 = 64 << 20;
/// Names of tensors of each kind and of all depths, small ones first, of `most` bytes together
/// beside the first of each kind.
pub(crate) fn sample(child: &Checkpoint, most: u64) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    let mut bytes = 0;
    let layers = child.layers().max(1) as u32;
    let depths = [0, layers / 2, layers - 1, layers / 4, 3 * layers / 4];
    let mut rounds: Vec<Vec<&Tensor>> = Vec::new();
    for (round, depth) in depths.into_iter().enumerate() {
        for kind in Kind::ALL {
            let tensors = child.tensors().iter().filter(|own| own.place.kind == kind);
            let mut here: Vec<&Tensor> = match round {
                0 => tensors
                    .filter(|own| own.place.layer.is_none_or(|l| l == depth))
                    .collect(),
                _ => tensors
                    .filter(|own| own.place.layer == Some(depth))
                    .collect(),
            };
            here.sort_by_key(|own| own.size_bytes());
            rounds.push(here);
        }
    }
    let rest: Vec<&Tensor> = child.tensors().iter().collect();
    rounds.push(rest);
    for (round, here) in rounds.iter().enumerate() {
        for (k, tensor) in here.iter().enumerate() {
            let is_first = round < Kind::ALL.len() && k == 0 && tensor.size_bytes() <= SAMPLE_BYTES;
            if (is_first || bytes + tensor.size_bytes() <= most) && out.insert(tensor.name.clone())
            {
                bytes += tensor.size_bytes();
            }
        }
    }
    out
}
