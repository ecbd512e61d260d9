//! Children whose layers are copies: of one model each, in any order.

use std::collections::BTreeMap;

use super::case::Case;
use super::recipes::{Candidate, recipe, stacked};
use crate::checkpoint::{Checkpoint, Dtype, Stack, Tensor, in_layer};

/// The recipe that stacks the child from layers of the people; `None` if some layer is nobody's
/// copy. Reads a part of each layer.
pub(crate) fn candidate(case: &Case) -> Option<Candidate> {
    let layers = by_layer(&case.child);
    let count = layers.keys().next_back()? + 1;
    let mut runs: Vec<(usize, [u32; 2])> = Vec::new();
    for layer in 0..count {
        let own = layers.get(&layer)?;
        // The next layer of the same model before any other.
        let next = runs.last().map(|&(person, [_, end])| (person, end));
        let same = next.filter(|&(person, from)| is_copy(case, own, person, from));
        if let (Some(_), Some((_, [_, end]))) = (same, runs.last_mut()) {
            *end += 1;
            continue;
        }
        let (person, from) = origin(case, own, layer)?;
        runs.push((person, [from, from + 1]));
    }
    if let [(person, [0, _])] = runs[..] {
        // All layers of one model: the model itself.
        let whole = vec![(person, Vec::new())];
        return Some(recipe(case, "passthrough", None, whole, Vec::new()).into());
    }
    Some(stacked(case, &runs).into())
}

/// The tensors of each layer.
fn by_layer(model: &Checkpoint) -> BTreeMap<u32, Vec<&Tensor>> {
    let mut out: BTreeMap<u32, Vec<&Tensor>> = BTreeMap::new();
    let main = model
        .tensors()
        .iter()
        .filter(|own| own.place.stack == Stack::Main);
    for tensor in main {
        if let Some(layer) = tensor.place.layer {
            out.entry(layer).or_default().push(tensor);
        }
    }
    out
}

/// Whose layer it is: parents before the base, the same number before others.
fn origin(case: &Case, own: &[&Tensor], layer: u32) -> Option<(usize, u32)> {
    let people = || case.parents().chain([0]);
    let of = |from: u32| people().map(move |person| (person, from));
    let most = (case.people.iter())
        .map(|person| person.weights.layers() as u32)
        .max()
        .unwrap_or(0);
    let others = (0..most).filter(|&from| from != layer).flat_map(of);
    of(layer)
        .chain(others)
        .find(|&(person, from)| is_copy(case, own, person, from))
}

/// Numbers of a tensor that are looked at here; all of them are compared when the recipe is tried.
const LOOK: usize = 2048;

fn is_copy(case: &Case, own: &[&Tensor], person: usize, from: u32) -> bool {
    let person = &case.people[person];
    let is_same = |tensor: &&Tensor| {
        let other = person.weights.tensor(&in_layer(&tensor.name, from));
        let Some(other) = other.filter(|other| other.shape == tensor.shape) else {
            return false;
        };
        let middle = tensor.elements() / 2;
        let range = middle..(middle + LOOK).min(tensor.elements());
        let part = |own: &Tensor, rounded: Dtype| {
            let mut numbers = vec![0.0f32; range.len()];
            own.numbers()?.part(range.clone()).decode(&mut numbers);
            rounded.round(&mut numbers);
            Some(numbers.into_iter().map(f32::to_bits).collect::<Vec<_>>())
        };
        // The child may be in another format.
        let own = part(tensor, tensor.dtype);
        own.is_some() && own == part(other, tensor.dtype)
    };
    person.adapter.is_none() && own.iter().all(is_same)
}
