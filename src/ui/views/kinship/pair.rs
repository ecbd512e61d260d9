//! All that is shown of a pair, worked out from a result; and why a pair has no value.

use super::layers::{self, Pile};
use super::shown::Shown;
use crate::checkpoint::Kind;
use crate::kinship::{Grain, Kinship, Measure, PairSums};
use crate::study::ModelId;

pub struct Pair {
    pub key: PairKey,
    pub value: Option<f64>,
    pub reason: Option<String>,
    pub piles: Vec<Pile>,
    /// The kinds that stand in no layer.
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
            piles: layers::piles(kinship, tensors, key.result, measure),
            outside: layers::outside(kinship, tensors, key.result, measure),
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

/// A model of the result, with its name.
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
