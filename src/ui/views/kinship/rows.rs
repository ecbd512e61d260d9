//! The tensors of a pair with what each makes of their distance.

use crate::kinship::{Grain, Kinship, Measure};

/// One tensor of the two models.
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
pub fn rows(
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
