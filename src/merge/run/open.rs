//! The files that a step reads.

use std::sync::Arc;

use super::super::error::MergeError;
use super::super::plan::{ModelSource, Plan, Step, TensorPlan};
use super::super::tensor::Input;
use super::outcome::RunError;
use crate::checkpoint::{Change, Checkpoint, OnDisk, Watch};

/// The opened models of a step: weights, and the adapter on them.
pub(super) type Opened = Vec<(Arc<Checkpoint>, Option<Arc<Checkpoint>>)>;

/// The models of a step, which must still be those that were planned with.
pub(super) fn opened(step: &Step, steps: &[Arc<Checkpoint>]) -> Result<Opened, RunError> {
    let mut out = Vec::new();
    for model in &step.models {
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

/// All that a plan reads and no step makes, looked at before anything is read.
pub(super) fn watch(plan: &Plan) -> Result<Watch<Arc<Checkpoint>>, RunError> {
    let models = || plan.steps.iter().flat_map(|step| &step.models);
    let given = models().flat_map(|model| model.checkpoint().into_iter().chain(&model.adapter));
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

/// The numbers of a tensor's inputs: the first rows that all have.
pub(super) fn inputs<'m>(
    plan: &TensorPlan,
    models: &'m Opened,
) -> Result<Vec<Input<'m>>, MergeError> {
    let mut out = Vec::new();
    for input in &plan.inputs {
        let (weights, adapter) = &models[input.model];
        let refused = |what: String| MergeError::Refused(format!("{}: {what}", input.tensor));
        let Some(own) = weights.tensor(&input.tensor) else {
            return Err(refused("the model does not have it any more".to_owned()));
        };
        let adapter = adapter.as_ref().filter(|_| !own.has_adapter_in_it());
        let adapter = adapter.and_then(|adapter| adapter.adapter());
        let change = match adapter {
            Some(adapter) => adapter
                .change(&input.tensor, &own.shape)
                .map_err(|error| refused(error.to_string()))?,
            None => Change::None,
        };
        let stored = match change {
            Change::Replaced { numbers, .. } => numbers,
            Change::None | Change::LowRank(_) => own.numbers(),
        };
        let stored = stored
            .ok_or_else(|| refused("it holds no floats".to_owned()))?
            .part(0..plan.elements());
        if stored.elements() < plan.elements() {
            return Err(refused("it has too few numbers".to_owned()));
        }
        out.push(Input {
            stored,
            adapter: match change {
                Change::LowRank(low_rank) => Some(low_rank),
                Change::None | Change::Replaced { .. } => None,
            },
        });
    }
    Ok(out)
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
