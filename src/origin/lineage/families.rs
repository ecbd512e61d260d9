//! Which models of a folder can be compared number by number: related ones of one shape.
//!
//! Relatedness is [`scan::families`]'s to tell. A pruned model, or one with further layers, is
//! related to the others, but its numbers do not stand where theirs do: it is apart here. A
//! vocabulary of another size leaves all matrices but those of the tokens comparable.

use std::collections::BTreeMap;

use super::sample::is_matrix;
use crate::checkpoint::{Checkpoint, Kind};
use crate::jobs::{Cancelled, Ticket};
use crate::origin::scan;

/// The models by family, each in ascending order; the family of the first model comes first.
///
/// # Errors
/// If the job was cancelled.
pub fn families(models: &[&Checkpoint], ticket: &Ticket) -> Result<Vec<Vec<usize>>, Cancelled> {
    let mut out: Vec<Vec<usize>> = Vec::new();
    for family in scan::families(models, ticket)?.families {
        let mut of_shape: BTreeMap<Vec<(&str, &[usize])>, Vec<usize>> = BTreeMap::new();
        for model in family.members {
            of_shape
                .entry(shape(models[model]))
                .or_default()
                .push(model);
        }
        out.extend(of_shape.into_values());
    }
    out.iter_mut().for_each(|family| family.sort_unstable());
    out.sort_unstable();
    Ok(out)
}

/// The matrices of a model but those of its tokens, with their shapes.
fn shape(model: &Checkpoint) -> Vec<(&str, &[usize])> {
    let is_inner = |kind| !matches!(kind, Kind::Embedding | Kind::Head);
    let tensors = model.tensors().iter();
    tensors
        .filter(|tensor| is_matrix(tensor) && is_inner(tensor.place.kind))
        .map(|tensor| (tensor.name.as_str(), tensor.shape.as_slice()))
        .collect()
}
