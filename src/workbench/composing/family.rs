//! The measured family that a composed merge is in, and what is predicted of the child there.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Request;
use crate::checkpoint::Checkpoint;
use crate::kinship::store::CachedKinship;
use crate::kinship::{Grain, Group, Kinship, Metric, PairSums, Values};
use crate::merge::plan::{Model, Plan};
use crate::merge::predict::{PredictError, Predicted, predict_plan};
use crate::study::ModelId;

/// Kinship over the layers, in one measure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    pub layers: Vec<String>,
    /// Of the child with each parent.
    pub child: Vec<(ModelId, Vec<Option<f64>>)>,
    /// Of the parents with each other, mean over the pairs.
    pub parents: Vec<Option<f64>>,
}

/// The measured family that a plan's models are in.
pub(super) struct Family<'r> {
    pub(super) base: ModelId,
    stored: &'r CachedKinship,
    /// The study's model of each of the measured ones, where it is still there.
    ids: Vec<Option<ModelId>>,
}

impl<'r> Family<'r> {
    /// The one that has most of the plan's models.
    pub(super) fn of(request: &'r Request, plan: &Plan) -> Option<Self> {
        let models = plan.steps.iter().flat_map(|s| &s.models);
        let keys: Vec<&str> = models
            .filter_map(|m| Some(m.adapter.as_ref().or(m.checkpoint())?.key()))
            .collect();
        let has = |stored: &CachedKinship| {
            let is_measured = |key: &&&str| stored.models.iter().any(|m| m == **key);
            keys.iter().filter(is_measured).count()
        };
        let measured = request.measured.iter();
        let (base, stored) = measured.max_by_key(|(_, stored)| has(stored))?;
        if has(stored) == 0 {
            return None;
        }
        let id = |key: &String| {
            let of = |m: &&(ModelId, Option<ModelId>, Arc<Checkpoint>)| {
                m.2.key() == key && m.1 == Some(*base)
            };
            request.models.iter().find(of).map(|m| m.0)
        };
        Some(Self {
            base: *base,
            stored,
            ids: stored.models.iter().map(id).collect(),
        })
    }

    /// A model of a plan among the measured; the inner `None` is the base.
    fn index(&self, model: &Model) -> Option<Option<usize>> {
        let weights = model.checkpoint()?;
        let on_base = weights.key() == self.stored.base;
        let person = match &model.adapter {
            None if on_base => return Some(None),
            None => weights,
            Some(adapter) => on_base.then_some(adapter)?,
        };
        let mut keys = self.stored.models.iter();
        keys.position(|key| key == person.key()).map(Some)
    }

    pub(super) fn predict(&self, plan: &Plan) -> Result<Predicted<'r>, PredictError> {
        predict_plan(plan, &self.stored.kinship, &|model| self.index(model))
    }

    pub(super) fn with(&self, predicted: &Predicted<'_>) -> BTreeMap<ModelId, Values> {
        let each = self.ids.iter().zip(predicted.with_each_by_all());
        each.filter_map(|(id, values)| Some(((*id)?, values)))
            .collect()
    }

    /// What the child is made from, each once, the base left out.
    pub(super) fn parents(&self, plan: &Plan) -> Vec<(ModelId, usize)> {
        let mut out = Vec::new();
        for model in plan.steps.iter().flat_map(|s| &s.models) {
            let Some(at) = self.index(model).flatten() else {
                continue;
            };
            let Some(id) = self.ids[at] else { continue };
            if !out.contains(&(id, at)) {
                out.push((id, at));
            }
        }
        out
    }

    /// Mean kinship over all pairs of a plan's parents.
    pub(super) fn of_parents(&self, plan: &Plan) -> Values {
        let kinship = &self.stored.kinship;
        let all: Vec<usize> = (0..kinship.tensors.len()).collect();
        let sums = pair_sums(kinship, &all, &self.parents(plan));
        Values::by(|metric| mean(sums.iter().map(|sums| metric.of(sums))))
    }

    /// The child's kinship over the layers.
    pub(super) fn profile(
        &self,
        predicted: &Predicted<'_>,
        parents: &[(ModelId, usize)],
        metric: Metric,
    ) -> Profile {
        let kinship = &self.stored.kinship;
        let in_layer = |g: &Group| {
            let first = g.tensors.first().and_then(|&k| kinship.tensors.get(k));
            first.is_some_and(|tensor| tensor.place.layer.is_some())
        };
        let mut layers = kinship.groups(Grain::Layer);
        layers.retain(in_layer);
        let with_each: Vec<Vec<PairSums>> = (layers.iter())
            .map(|layer| predicted.sums_with_each(layer.tensors.iter().copied()))
            .collect();
        let line = |at: usize| with_each.iter().map(|sums| metric.of(&sums[at])).collect();
        let between = |layer: &Group| {
            let sums = pair_sums(kinship, &layer.tensors, parents);
            mean(sums.iter().map(|sums| metric.of(sums)))
        };
        Profile {
            child: parents.iter().map(|&(id, at)| (id, line(at))).collect(),
            parents: layers.iter().map(between).collect(),
            layers: layers.into_iter().map(|g| g.name).collect(),
        }
    }
}

/// The sums of every two parents over some tensors.
fn pair_sums(kinship: &Kinship, tensors: &[usize], parents: &[(ModelId, usize)]) -> Vec<PairSums> {
    let mut out = Vec::new();
    for (k, &(_, a)) in parents.iter().enumerate() {
        for &(_, b) in &parents[k + 1..] {
            out.push(kinship.sums(tensors, a, b, false));
        }
    }
    out
}

/// The mean; `None` without values, or if one is undefined.
fn mean(values: impl ExactSizeIterator<Item = Option<f64>>) -> Option<f64> {
    let count = values.len();
    let sum: f64 = values.sum::<Option<f64>>()?;
    (count > 0).then(|| sum / count as f64)
}
