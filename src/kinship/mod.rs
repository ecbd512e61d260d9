//! Model kinship: how similar the task vectors of models of one base are.
//!
//! [`measure`] reads every number once and keeps a Gram matrix a tensor; everything else
//! (metrics, aggregates, groups, subsets) is arithmetic on those, in microseconds.
//!
//! Source: *Exploring Model Kinship for Merging Large Language Models*, arXiv 2410.12613.

mod clusters;
mod compared;
mod effective_rank;
mod joining;
mod linkage;
mod matrix;
mod measures;
mod newick;
mod pairs;
mod pass;
pub mod pieces;
mod report;
pub mod sketch;
pub mod store;
mod sums;
pub mod table;
mod tree;

use std::ops::Range;

use crate::checkpoint::{Kind, LeftOut, TensorLocation};
use crate::numeric::{Gram, GramRow};

pub use clusters::{cut_into, groups};
pub use compared::{Compared, SMALL_SHARE};
pub use effective_rank::participation;
pub use joining::{Branch, Joined, neighbour_joining};
pub use linkage::Linkage;
pub use matrix::{Aggregate, Grain, Group, Matrix, Measure, Scope};
pub use measures::{Definition, Metric, PairContext, ScaleKind, Values};
pub use newick::{newick, newick_unrooted};
pub use pairs::PairValues;
pub use pass::{MeasureError, Precision, measure};
pub use report::{Measured, Report, RoundingReport, report};
pub use sums::PairSums;
pub use tree::{Join, Tree, cluster, cluster_by};

/// What one pass over a base and its models found.
#[derive(Clone, Debug, PartialEq)]
pub struct Kinship {
    /// Number of models.
    pub models: usize,
    /// The Gram matrices, in the order of the base's tensors.
    pub tensors: Vec<TensorGram>,
    /// What was not compared, and why.
    pub left_out: Vec<LeftOut>,
    /// Whether the base ties its output head to its embedding.
    pub tied_embeddings: bool,
    /// How the task vectors were taken.
    pub precision: Precision,
}

/// The Gram matrix of one segment: some rows of one tensor, for the models that have them.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorGram {
    /// Name of the tensor in the base.
    pub tensor: String,
    /// Its layer and kind.
    pub place: TensorLocation,
    /// Which rows: indices of the first dimension; from the end of the tensor on where rows are
    /// compared token by token, in an order of their own.
    pub rows: Range<usize>,
    /// The models that have these rows, by index, ascending; row k + 1 of the Gram is the
    /// k-th of them.
    pub models: Vec<usize>,
    /// The sums.
    pub gram: Gram,
}

impl TensorGram {
    /// The sums of models `a` and `b`; `None` if one of them lacks these rows, or if its
    /// numbers here are not all finite.
    pub fn pair(&self, a: usize, b: usize) -> Option<PairSums> {
        let row = |model| {
            let slot = self.models.binary_search(&model).ok()?;
            (self.gram.non_finite[slot + 1] == 0).then_some(slot)
        };
        Some(self.slots(row(a)?, row(b)?))
    }

    /// The sums of one of `models`, by its place there, and of a model more that has this row;
    /// `None` as for [`Self::pair`].
    pub fn beside(&self, row: &GramRow, slot: usize) -> Option<PairSums> {
        let own = slot + 1;
        let is_finite = self.gram.non_finite[own] == 0 && row.non_finite == 0;
        is_finite.then(|| PairSums {
            count: self.gram.count as f64,
            sum_a: self.gram.sums[own],
            sum_b: row.sum,
            square_a: self.gram.dot(own, own),
            square_b: row.dots[self.gram.sums.len()],
            product: row.dots[own],
            squared_distance: row.squared_distances[slot],
        })
    }

    /// The sums of two of `models`, by their place there.
    fn slots(&self, i: usize, j: usize) -> PairSums {
        PairSums {
            count: self.gram.count as f64,
            sum_a: self.gram.sums[i + 1],
            sum_b: self.gram.sums[j + 1],
            square_a: self.gram.dot(i + 1, i + 1),
            square_b: self.gram.dot(j + 1, j + 1),
            product: self.gram.dot(i + 1, j + 1),
            squared_distance: self.gram.squared_distance(i, j),
        }
    }
}

impl Kinship {
    /// Numbers of the base that were compared.
    pub fn parameters(&self) -> u64 {
        self.tensors.iter().map(|t| t.gram.count).sum()
    }

    /// Whether a tensor of this kind was compared.
    pub fn has_kind(&self, kind: Kind) -> bool {
        self.tensors.iter().any(|t| t.place.kind == kind)
    }

    /// The same for `models` of this one, in that order.
    pub fn select(&self, models: &[usize]) -> Self {
        let tensors = self
            .tensors
            .iter()
            .filter_map(|t| t.select(models))
            .collect();
        let left_out = self.left_out.iter().filter_map(|l| {
            let model = match l.model {
                None => None,
                Some(old) => Some(models.iter().position(|&m| m == old)?),
            };
            Some(LeftOut { model, ..l.clone() })
        });
        Self {
            models: models.len(),
            tensors,
            left_out: left_out.collect(),
            ..*self
        }
    }
}

impl TensorGram {
    fn select(&self, models: &[usize]) -> Option<Self> {
        let slots: Vec<(usize, usize)> = models
            .iter()
            .enumerate()
            .filter_map(|(new, old)| Some((new, self.models.binary_search(old).ok()?)))
            .collect();
        if slots.is_empty() {
            return None;
        }
        let gram = self
            .gram
            .select(&slots.iter().map(|&(_, slot)| slot).collect::<Vec<_>>());
        let models = slots.into_iter().map(|(new, _)| new).collect();
        Some(Self {
            tensor: self.tensor.clone(),
            rows: self.rows.clone(),
            models,
            gram,
            ..*self
        })
    }
}
