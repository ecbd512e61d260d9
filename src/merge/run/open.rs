//! The files that a step reads.

use std::sync::Arc;

use super::super::error::MergeError;
use super::super::plan::{Model, ModelSource, Step, TensorInput, TensorPlan};
use super::super::tensor::Input;
use super::outcome::RunError;
use crate::checkpoint::{Change, Checkpoint, Dtype, OnDisk, StoredBytes, Tensor, Watch};

/// The opened models of a step: weights, and the adapter on them.
pub(crate) type Opened = Vec<(Arc<Checkpoint>, Option<Arc<Checkpoint>>)>;

/// The models of a step, which must still be those that were planned with.
pub(super) fn opened(step: &Step, steps: &[Arc<Checkpoint>]) -> Result<Opened, RunError> {
    opened_models(&step.models, steps)
}

/// The same of these models, of which some may be the results of earlier steps.
pub(crate) fn opened_models(
    models: &[Model],
    steps: &[Arc<Checkpoint>],
) -> Result<Opened, RunError> {
    let mut out = Vec::new();
    for model in models {
        let weights = match &model.source {
            ModelSource::Opened(checkpoint) => Arc::clone(checkpoint),
            ModelSource::Step(k) => {
                let made = steps.get(*k).map(Arc::clone);
                made.ok_or_else(|| format!("{} was not made", model.reference))?
            }
        };
        for checkpoint in [Some(&weights), model.adapter.as_ref()]
            .into_iter()
            .flatten()
        {
            unchanged(checkpoint)?;
        }
        out.push((weights, model.adapter.clone()));
    }
    Ok(out)
}

/// All that models are read from and no step makes, looked at before anything is read.
pub(crate) fn watch<'m>(
    models: impl Iterator<Item = &'m Model>,
) -> Result<Watch<Arc<Checkpoint>>, RunError> {
    let given = models.flat_map(|model| model.checkpoint().into_iter().chain(&model.adapter));
    let mut watch = Watch::new([])?;
    for checkpoint in given {
        unchanged(checkpoint)?;
        watch.add(Arc::clone(checkpoint))?;
    }
    Ok(watch)
}

fn unchanged(checkpoint: &Checkpoint) -> Result<(), RunError> {
    if checkpoint.state_on_disk() == OnDisk::Unchanged {
        return Ok(());
    }
    let sentence = "the files have changed since the merge was planned; start again";
    Err(format!("{sentence}: {}", checkpoint.path().display()).into())
}

/// What a step reads of one model for a tensor.
pub(crate) struct Changed<'m> {
    /// The stored weights.
    own: &'m Tensor,
    /// What the adapter on them does.
    change: Change<'m>,
}

/// The tensors that the inputs of a tensor are read from.
pub(super) fn changed<'m>(
    plan: &TensorPlan,
    models: &'m Opened,
) -> Result<Vec<Changed<'m>>, MergeError> {
    let inputs = plan.inputs.iter();
    inputs.map(|input| Changed::new(input, models)).collect()
}

/// The numbers of a tensor's inputs: the first rows that all have.
pub(super) fn inputs<'m>(
    plan: &TensorPlan,
    changed: &'m [Changed<'m>],
) -> Result<Vec<Input<'m>>, MergeError> {
    let elements = plan.elements();
    changed.iter().map(|own| own.input(elements)).collect()
}

impl<'m> Changed<'m> {
    /// The tensor that an input is read from.
    pub(crate) fn new(input: &TensorInput, models: &'m Opened) -> Result<Self, MergeError> {
        let (weights, adapter) = &models[input.model];
        let Some(own) = weights.tensor(&input.tensor) else {
            let what = "the model does not have it any more";
            return Err(refused(&input.tensor, what));
        };
        let adapter = adapter.as_ref().filter(|_| !own.has_adapter_in_it());
        let adapter = adapter.and_then(|adapter| adapter.adapter());
        let change = match adapter {
            Some(adapter) => adapter
                .change(&**weights, own)
                .map_err(|error| refused(&input.tensor, &error.to_string()))?,
            None => Change::None,
        };
        Ok(Self { own, change })
    }

    /// What is stored of it, if that are its weights in this format, to be copied as it is.
    pub(crate) fn stored_as(&self, dtype: Dtype) -> Option<StoredBytes<'m>> {
        let is_unchanged = matches!(self.change, Change::None);
        let own = (is_unchanged && self.own.dtype == dtype).then_some(self.own)?;
        own.stored_bytes()
    }

    /// Its first numbers.
    pub(crate) fn input(&self, elements: usize) -> Result<Input<'_>, MergeError> {
        let own = self.own;
        let refused = |what: &str| refused(&own.name, what);
        let (tensor, adapter) = match &self.change {
            Change::None => (own, None),
            Change::LowRank(low_rank) => (own, Some(*low_rank)),
            Change::Replaced(tensor) => (*tensor, None),
            Change::Rebuilt { tensor, .. } => (tensor, None),
        };
        let stored = tensor
            .numbers()
            .ok_or_else(|| refused("it holds no floats"))?;
        let stored = stored.part(0..elements);
        let known = adapter.map_or(usize::MAX, |adapter| adapter.shape().iter().product());
        if stored.elements().min(known) < elements {
            return Err(refused("it has too few numbers"));
        }
        Ok(Input { stored, adapter })
    }
}

fn refused(tensor: &str, what: &str) -> MergeError {
    MergeError::Refused(format!("{tensor}: {what}"))
}

/// Tells the system what will be read next.
pub(super) fn read_ahead(tensor: &TensorPlan, models: &Opened) {
    for input in &tensor.inputs {
        let (weights, _) = &models[input.model];
        if let Some(own) = weights.tensor(&input.tensor) {
            own.advise_soon();
        }
    }
}
