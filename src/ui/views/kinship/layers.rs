//! The kinship of a pair over the layers: a line for each kind, stack by stack.

use std::collections::BTreeMap;

use crate::checkpoint::{Kind, Stack};
use crate::kinship::{Kinship, Measure};

/// Layers beyond this come from a name that only looks like one.
const MOST_LAYERS: u32 = 4096;

pub struct Pile {
    pub stack: Stack,
    pub lines: Vec<Line>,
}

pub struct Line {
    pub kind: Kind,
    /// By layer, from 0.
    pub values: Vec<Option<f64>>,
}

pub fn piles(
    kinship: &Kinship,
    tensors: &[usize],
    (a, b): (usize, usize),
    measure: Measure,
) -> Vec<Pile> {
    let mut groups: BTreeMap<(Stack, Kind), BTreeMap<u32, Vec<usize>>> = BTreeMap::new();
    for &index in tensors {
        let place = kinship.tensors[index].place;
        if let Some(layer) = place.layer.filter(|&layer| layer < MOST_LAYERS) {
            let kind = groups.entry((place.stack, place.kind)).or_default();
            kind.entry(layer).or_default().push(index);
        }
    }
    let mut piles: Vec<Pile> = Vec::new();
    for ((stack, kind), layers) in groups {
        let count = layers.keys().last().map_or(0, |&last| last as usize + 1);
        let mut values = vec![None; count];
        for (layer, members) in layers {
            values[layer as usize] = kinship.value(&members, a, b, measure);
        }
        let line = Line { kind, values };
        match piles.last_mut() {
            Some(pile) if pile.stack == stack => pile.lines.push(line),
            _ => piles.push(Pile {
                stack,
                lines: vec![line],
            }),
        }
    }
    piles
}

/// The value of each kind over the tensors that stand in no layer.
pub fn outside(
    kinship: &Kinship,
    tensors: &[usize],
    (a, b): (usize, usize),
    measure: Measure,
) -> Vec<(Kind, Option<f64>)> {
    let of_kind = |kind: Kind| -> Vec<usize> {
        let counts = |k: &usize| {
            let place = kinship.tensors[*k].place;
            place.kind == kind && place.layer.is_none()
        };
        tensors.iter().copied().filter(counts).collect()
    };
    Kind::ALL
        .into_iter()
        .map(|kind| (kind, of_kind(kind)))
        .filter(|(_, members)| !members.is_empty())
        .map(|(kind, members)| (kind, kinship.value(&members, a, b, measure)))
        .collect()
}

/// The colour of a kind, the same everywhere.
pub const fn role(kind: Kind) -> usize {
    match kind {
        Kind::Attention => 0,
        Kind::Mlp => 1,
        Kind::Norm => 2,
        Kind::Embedding => 3,
        Kind::Head => 5,
        Kind::Other => 7,
    }
}
