//! All that is shown of a pair, worked out from a result; and why a pair has no value.

use std::collections::BTreeMap;

use super::shown::Shown;
use crate::checkpoint::{Kind, Stack};
use crate::kinship::{Grain, Kinship, Measure, PairSums};
use crate::study::ModelId;

pub struct Pair {
    pub key: PairKey,
    pub value: Option<f64>,
    pub reason: Option<String>,
    pub piles: Vec<Pile>,
    pub outside: Vec<(Kind, Option<f64>)>,
    pub rows: Vec<Row>,
}

#[derive(Clone, Copy, PartialEq)]
pub struct PairKey {
    pub base: ModelId,
    pub revision: u64,
    pub measure: Measure,
    /// Places in the family and in the result.
    pub family: (usize, usize),
    pub result: (usize, usize),
}

impl Pair {
    pub fn new(key: PairKey, kinship: &Kinship, shown: &Shown) -> Self {
        let (measure, tensors) = (key.measure, &shown.tensors);
        let value = shown.matrix.get(key.family.0, key.family.1);
        let named = |family: usize, result: usize| Named {
            place: Some(result),
            name: &shown.key.labels[family],
        };
        let (a, b) = (
            named(key.family.0, key.result.0),
            named(key.family.1, key.result.1),
        );
        Self {
            value,
            reason: value
                .is_none()
                .then(|| why_undefined(kinship, tensors, a, b)),
            piles: piles(kinship, tensors, key.result, measure),
            outside: outside(kinship, tensors, key.result, measure),
            rows: rows(kinship, tensors, key.result, measure),
            key,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub tensor: String,
    pub value: Option<f64>,
    /// Share of the squared distance, 0 to 1.
    pub share: Option<f64>,
    /// Numbers that were compared; 0 if the tensor was left out for these two.
    pub parameters: u64,
}

impl Row {
    /// Whether both have the tensor, and yet nothing of it could be compared.
    pub fn is_left_out(&self) -> bool {
        self.parameters == 0
    }
}

/// The tensors in scope that both have, in the order of the model.
fn rows(
    kinship: &Kinship,
    in_scope: &[usize],
    (a, b): (usize, usize),
    measure: Measure,
) -> Vec<Row> {
    let pairs = |tensors: &[usize]| -> (f64, u64) {
        let pairs = tensors.iter().map(|&k| &kinship.tensors[k]);
        pairs
            .filter_map(|t| Some((t.pair(a, b)?.squared_distance, t.gram.count)))
            .fold((0.0, 0), |(d, n), (distance, count)| {
                (d + distance, n + count)
            })
    };
    let (total, _) = pairs(in_scope);
    let both_have = |&k: &usize| {
        let models = &kinship.tensors[k].models;
        [a, b]
            .iter()
            .all(|model| models.binary_search(model).is_ok())
    };
    let mut out = Vec::new();
    for group in kinship.groups(Grain::Tensor) {
        let mut tensors = group.tensors;
        tensors.retain(|k| in_scope.binary_search(k).is_ok() && both_have(k));
        if tensors.is_empty() {
            continue;
        }
        let (distance, parameters) = pairs(&tensors);
        out.push(Row {
            value: kinship.value(&tensors, a, b, measure),
            share: (total > 0.0 && parameters > 0).then(|| distance / total),
            tensor: group.name,
            parameters,
        });
    }
    out
}

#[derive(Clone, Copy)]
pub struct Named<'a> {
    /// Its place in the result; `None` if it has not been measured.
    pub place: Option<usize>,
    pub name: &'a str,
}

/// Why `a` and `b` have no value over `tensors`; "here" in it means those tensors.
pub fn why_undefined(kinship: &Kinship, tensors: &[usize], a: Named<'_>, b: Named<'_>) -> String {
    let (place_a, place_b) = match (a.place, b.place) {
        (None, _) => return format!("{} is not measured yet", a.name),
        (_, None) => return format!("{} is not measured yet", b.name),
        (Some(a), Some(b)) => (a, b),
    };
    let mut sums = PairSums::default();
    let mut both = false;
    for tensor in tensors.iter().map(|&k| &kinship.tensors[k]) {
        let has = |model: usize| tensor.models.binary_search(&model).is_ok();
        both |= has(place_a) && has(place_b);
        if let Some(pair) = tensor.pair(place_a, place_b) {
            sums += pair;
        }
    }
    let constant = "The change is the same number everywhere here";
    match (both, sums) {
        (false, _) => "They have no tensor in common here".to_owned(),
        (true, PairSums { count: 0.0, .. }) => {
            "There are NaN or infinite numbers in every tensor here".to_owned()
        }
        (_, PairSums { square_a: 0.0, .. }) => format!("{} is equal to the base here", a.name),
        (_, PairSums { square_b: 0.0, .. }) => format!("{} is equal to the base here", b.name),
        _ => constant.to_owned(),
    }
}

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
