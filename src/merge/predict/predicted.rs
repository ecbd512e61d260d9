//! What is predicted: the child's row beside each Gram of its family.

use std::borrow::Cow;

use crate::checkpoint::LeftOut;
use crate::kinship::{Kinship, Metric, PairSums, TensorGram, Values};
use crate::numeric::GramRow;

/// What is predicted of a child.
#[derive(Clone, Debug, PartialEq)]
pub struct Predicted<'k> {
    /// The models that were given, then what is made on the way to the child.
    family: Cow<'k, Kinship>,
    /// The child's row in each segment of the family; `None` where an input lacks it.
    rows: Vec<Option<GramRow>>,
    /// How many models were given.
    pub(super) given: usize,
    /// Whether it is exact, up to the rounding of the child's numbers when they are written.
    pub exact: bool,
    /// How far off a cosine or a Pearson correlation, and a distance as a share of itself, may
    /// be; 0 if exact, else what the method's description states.
    pub error: f64,
}

impl<'k> Predicted<'k> {
    pub(super) fn new(
        family: Cow<'k, Kinship>,
        rows: Vec<Option<GramRow>>,
        exact: bool,
        error: f64,
    ) -> Self {
        Self {
            given: family.models,
            family,
            rows,
            exact,
            error: if exact { 0.0 } else { error },
        }
    }

    /// The child's kinship with each model that was given, all tensors as one vector.
    pub fn with_each(&self, metric: Metric) -> Vec<Option<f64>> {
        let each = self.sums_with_each(0..self.rows.len());
        each.iter().map(|sums| metric.of(sums)).collect()
    }

    /// The same in every measure, from one walk over the tensors.
    pub fn with_each_by_all(&self) -> Vec<Values> {
        let sums = self.sums_with_each(0..self.rows.len());
        sums.iter().map(Values::of_sums).collect()
    }

    /// The sums of the child with each model that was given, over segments of the family.
    pub fn sums_with_each(&self, segments: impl IntoIterator<Item = usize>) -> Vec<PairSums> {
        let mut sums = vec![PairSums::default(); self.given];
        for k in segments {
            let (Some(tensor), Some(Some(row))) = (self.family.tensors.get(k), self.rows.get(k))
            else {
                continue;
            };
            for (slot, &model) in tensor.models.iter().enumerate() {
                if let (Some(sums), Some(new)) = (sums.get_mut(model), tensor.beside(row, slot)) {
                    *sums += new;
                }
            }
        }
        sums
    }

    /// What rounding takes of the child's correlations, as a share of them: its errors lie in all
    /// directions, so that they only make the change longer. `share` is the mean square of a
    /// tensor's error as a share of that of its numbers.
    pub fn lost_to_rounding(&self, share: &dyn Fn(&str) -> Option<f64>) -> f64 {
        let (mut error, mut change) = (0.0, 0.0);
        for (tensor, row) in self.family.tensors.iter().zip(&self.rows) {
            let Some(row) = row else { continue };
            let of_itself = row.dots.last().copied().unwrap_or(0.0);
            let with_base = row.dots.first().copied().unwrap_or(0.0);
            // |b + δ|², from what the Gram has of b and δ.
            let size = tensor.gram.dot(0, 0) + 2.0 * with_base + of_itself;
            change += of_itself;
            error += share(&tensor.tensor).unwrap_or(0.0) * size.max(0.0);
        }
        match change > 0.0 {
            true => 1.0 - 1.0 / (1.0 + error / change).sqrt(),
            false => 0.0,
        }
    }

    /// The family with the child as its last model.
    pub(super) fn joined(self) -> Kinship {
        let child = self.family.models;
        let mut family = self.family.into_owned();
        for (tensor, row) in family.tensors.iter_mut().zip(self.rows) {
            match row {
                Some(row) => {
                    tensor.models.push(child);
                    tensor.gram.push(&row);
                }
                None => family.left_out.push(left_out(tensor, child)),
            }
        }
        family.models += 1;
        family
    }
}

fn left_out(tensor: &TensorGram, child: usize) -> LeftOut {
    LeftOut {
        tensor: tensor.tensor.clone(),
        model: Some(child),
        reason: "one of its inputs lacks it".to_owned(),
    }
}
