//! From Gram matrices to a kinship matrix: which measure, of which tensors, put together how.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Kinship, Metric, PairSums, TensorGram};
use crate::checkpoint::{Kind, Stack};

/// How the tensors of a model are put together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    /// All tensors as one vector: the paper's definition.
    #[default]
    Whole,
    /// The mean of the tensors' values, weighted by their number of parameters; tensors whose
    /// value is undefined count in neither. What the paper's tool calls split.
    MeanOverTensors,
}

impl Aggregate {
    /// Every aggregate, in the order on screen.
    pub const ALL: [Self; 2] = [Self::Whole, Self::MeanOverTensors];

    /// The name on screen.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Whole => "Whole model",
            Self::MeanOverTensors => "Mean over tensors",
        }
    }
}

/// Which tensors count, and how often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Scope {
    /// Only tensors of this kind.
    pub kind: Option<Kind>,
    /// Count a tied embedding a second time, as the output head: what a tool sees that walks
    /// a loaded model instead of its files.
    #[serde(default)]
    pub tied_twice: bool,
}

/// A measure, fully named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Measure {
    /// The measure of similarity or distance.
    pub metric: Metric,
    /// How tensors are put together.
    pub aggregate: Aggregate,
    /// Which tensors.
    pub scope: Scope,
}

/// A symmetric matrix of values, some of which may be undefined.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix {
    n: usize,
    values: Vec<Option<f64>>,
}

impl Matrix {
    /// Calls `value` for each pair i ≤ j of n.
    pub fn build(n: usize, mut value: impl FnMut(usize, usize) -> Option<f64>) -> Self {
        let mut values = vec![None; n * n];
        for i in 0..n {
            for j in i..n {
                let v = value(i, j);
                values[i * n + j] = v;
                values[j * n + i] = v;
            }
        }
        Self { n, values }
    }

    /// Rows, which are also columns.
    pub fn len(&self) -> usize {
        self.n
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// The value of i and j; `None` also outside the matrix.
    pub fn get(&self, i: usize, j: usize) -> Option<f64> {
        if i < self.n && j < self.n {
            self.values[i * self.n + j]
        } else {
            None
        }
    }

    /// The rows.
    pub fn rows(&self) -> impl Iterator<Item = &[Option<f64>]> {
        self.values.chunks(self.n.max(1))
    }

    /// n-model kinship: the mean over all pairs of `models`; `None` if there is no pair or if
    /// one is undefined. Source: arXiv 2410.12613, equation 4.
    pub fn mean_of_pairs(&self, models: &[usize]) -> Option<f64> {
        let (mean, pairs) = self.mean_of_defined(models);
        mean.filter(|_| pairs == models.len() * models.len().saturating_sub(1) / 2)
    }

    /// The mean over those pairs of `models` that have a value, and how many they are.
    pub fn mean_of_defined(&self, models: &[usize]) -> (Option<f64>, usize) {
        let (mut sum, mut pairs) = (0.0, 0);
        for (k, &i) in models.iter().enumerate() {
            for value in models[k + 1..].iter().filter_map(|&j| self.get(i, j)) {
                sum += value;
                pairs += 1;
            }
        }
        ((pairs > 0).then(|| sum / pairs as f64), pairs)
    }
}

/// How finely the tensors are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grain {
    /// Each tensor for itself.
    Tensor,
    /// Each layer of each stack; what is in no layer is grouped by kind.
    Layer,
    /// Attention, MLP, norm and so on.
    Kind,
}

/// Tensors that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name on screen.
    pub name: String,
    /// Indices into [`Kinship::tensors`].
    pub tensors: Vec<usize>,
}

impl Kinship {
    /// The matrix of all models under a measure.
    pub fn matrix(&self, measure: Measure) -> Matrix {
        self.matrix_of(&self.in_scope(measure.scope), measure)
    }

    /// The matrix over some tensors only; the measure's scope is not looked at, except for
    /// tied embeddings.
    pub fn matrix_of(&self, tensors: &[usize], measure: Measure) -> Matrix {
        Matrix::build(self.models, |i, j| self.value(tensors, i, j, measure))
    }

    /// The value of one pair over some tensors.
    pub fn value(&self, tensors: &[usize], a: usize, b: usize, measure: Measure) -> Option<f64> {
        let twice = measure.scope.tied_twice;
        match measure.aggregate {
            Aggregate::Whole => measure.metric.of(&self.sums(tensors, a, b, twice)),
            Aggregate::MeanOverTensors => self.mean(tensors, a, b, measure.metric, twice),
        }
    }

    /// The tensors that a scope names.
    pub fn in_scope(&self, scope: Scope) -> Vec<usize> {
        let counts = |t: &TensorGram| scope.kind.is_none_or(|kind| t.place.kind == kind);
        (0..self.tensors.len())
            .filter(|&k| counts(&self.tensors[k]))
            .collect()
    }

    /// The tensors in groups: layers by number, the rest in the order of the kinds.
    pub fn groups(&self, grain: Grain) -> Vec<Group> {
        let mut groups: BTreeMap<GroupKey<'_>, Vec<usize>> = BTreeMap::new();
        for (index, tensor) in self.tensors.iter().enumerate() {
            groups
                .entry(GroupKey::of(tensor, index, grain))
                .or_default()
                .push(index);
        }
        if grain == Grain::Tensor {
            groups = merge_segments(&self.tensors, groups);
        }
        groups
            .into_iter()
            .map(|(key, tensors)| Group {
                name: key.name(),
                tensors,
            })
            .collect()
    }

    /// How often a tensor counts: twice for a tied embedding where that is asked for.
    pub(super) fn weight(&self, tensor: &TensorGram, tied_twice: bool) -> u32 {
        let embedding = tensor.place.kind == Kind::Embedding;
        if tied_twice && self.tied_embeddings && embedding {
            2
        } else {
            1
        }
    }

    /// The sums of one pair over the tensors that both share.
    pub fn sums(&self, tensors: &[usize], a: usize, b: usize, tied_twice: bool) -> PairSums {
        let mut out = PairSums::default();
        for tensor in tensors.iter().map(|&k| &self.tensors[k]) {
            if let Some(sums) = tensor.pair(a, b) {
                for _ in 0..self.weight(tensor, tied_twice) {
                    out += sums;
                }
            }
        }
        out
    }

    /// Parameter-weighted mean; neighbouring segments of one tensor count as that tensor.
    fn mean(
        &self,
        tensors: &[usize],
        a: usize,
        b: usize,
        metric: Metric,
        twice: bool,
    ) -> Option<f64> {
        let (mut sum, mut parameters) = (0.0, 0.0);
        let same_tensor = |&x: &usize, &y: &usize| self.tensors[x].tensor == self.tensors[y].tensor;
        for segments in tensors.chunk_by(same_tensor) {
            let sums = self.sums(segments, a, b, false);
            if let Some(value) = metric.of(&sums) {
                let weight = f64::from(self.weight(&self.tensors[segments[0]], twice));
                sum += weight * sums.count * value;
                parameters += weight * sums.count;
            }
        }
        (parameters > 0.0).then(|| sum / parameters)
    }
}

/// What makes tensors one group, in the order of the groups.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum GroupKey<'a> {
    Layer(Stack, u32),
    Kind(Kind),
    Tensor(usize, &'a str),
}

impl<'a> GroupKey<'a> {
    fn of(tensor: &'a TensorGram, index: usize, grain: Grain) -> Self {
        match (grain, tensor.place.layer) {
            (Grain::Tensor, _) => Self::Tensor(index, &tensor.tensor),
            (Grain::Layer, Some(layer)) => Self::Layer(tensor.place.stack, layer),
            (Grain::Layer, None) | (Grain::Kind, _) => Self::Kind(tensor.place.kind),
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Layer(Stack::Main, layer) => format!("layer {layer}"),
            Self::Layer(stack, layer) => format!("{} layer {layer}", stack.title()),
            Self::Kind(kind) => kind.title().to_owned(),
            Self::Tensor(_, name) => (*name).to_owned(),
        }
    }
}

/// Puts the segments of one tensor into one group; they are neighbours in the list.
fn merge_segments<'a>(
    tensors: &[TensorGram],
    groups: BTreeMap<GroupKey<'a>, Vec<usize>>,
) -> BTreeMap<GroupKey<'a>, Vec<usize>> {
    let mut out: BTreeMap<GroupKey<'a>, Vec<usize>> = BTreeMap::new();
    for (key, members) in groups {
        let follows = members
            .first()
            .and_then(|&k| k.checked_sub(1))
            .is_some_and(|before| {
                members
                    .iter()
                    .all(|&k| tensors[k].tensor == tensors[before].tensor)
            });
        match out.last_entry() {
            Some(mut last) if follows => last.get_mut().extend(members),
            _ => {
                out.insert(key, members);
            }
        }
    }
    out
}
