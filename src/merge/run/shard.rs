//! One file of weights, tensor by tensor.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use super::super::error::MergeError;
use super::super::plan::{Step, TensorPlan, Work};
use super::super::recipe::OnNan;
use super::super::tensor::MergeTensor;
use super::super::write::{ShardFile, ShardPlan, Staging};
use super::super::{Merged, merge_tensor};
use super::open::{Opened, inputs, read_ahead};
use super::{NonFinite, Run, RunError};
use crate::checkpoint::{CheckpointError, Slot};

impl Run<'_> {
    /// Counts a shard that is there as read, so that the bar comes to its end.
    pub(super) fn skip(&self, step: &Step, shard: &ShardPlan) -> Result<(), RunError> {
        for (k, _) in &shard.tensors {
            self.ticket.advance(step.bytes_read(&step.tensors[*k]))?;
        }
        Ok(())
    }

    pub(super) fn shard(
        &mut self,
        step: &Step,
        shard: &ShardPlan,
        models: &Opened,
        file: &ShardFile,
    ) -> Result<(), MergeError> {
        for (at, &(k, offset)) in shard.tensors.iter().enumerate() {
            if let Some((next, _)) = shard.tensors.get(at + 1) {
                read_ahead(&step.tensors[*next], models);
            }
            let tensor = &step.tensors[k];
            let before = self.ticket.progress().done;
            match tensor.work {
                Work::Copy => self.copy(tensor, models, file, offset)?,
                Work::Merge => self.merge(step, tensor, models, file, offset)?,
            }
            // A method may need fewer readings than it announced.
            let done = self.ticket.progress().done - before;
            let expected = step.bytes_read(tensor);
            self.ticket.advance(expected.saturating_sub(done))?;
        }
        Ok(())
    }

    /// Stops where an input was cut short.
    fn whole(&self) -> Result<(), MergeError> {
        let refused = |error: CheckpointError| MergeError::Refused(error.to_string());
        self.watch.glance().map_err(refused)
    }

    fn copy(
        &self,
        tensor: &TensorPlan,
        models: &Opened,
        file: &ShardFile,
        offset: u64,
    ) -> Result<(), MergeError> {
        const PIECE: usize = 1 << 22;
        for input in &tensor.inputs {
            let (model, _) = &models[input.model];
            let own = model.tensor(&input.tensor);
            let bytes = own.map_or(&[][..], |own| model.bytes(own));
            for (k, piece) in bytes.chunks(PIECE).enumerate() {
                file.write_at(offset + (k * PIECE) as u64, piece)?;
                self.whole()?;
                self.ticket.advance(piece.len() as u64)?;
            }
        }
        Ok(())
    }

    fn merge(
        &mut self,
        step: &Step,
        plan: &TensorPlan,
        models: &Opened,
        file: &ShardFile,
        offset: u64,
    ) -> Result<(), MergeError> {
        let tensor = MergeTensor {
            name: &plan.name,
            shape: &plan.shape,
            inputs: inputs(plan, models)?,
            base: plan.base,
            rounded_to: plan.rounded_to,
            seed: self.options.seed.or(step.recipe.seed).unwrap_or(0),
        };
        let slot = Slot::new(plan.dtype, offset);
        let odd = AtomicU64::new(0);
        let write = |range: Range<usize>, numbers: &[f32]| {
            let encoded = slot.encode(range.start, numbers).ok_or_else(|| {
                let sentence = format!("numbers of type {} cannot be written", plan.dtype);
                MergeError::Refused(sentence)
            })?;
            odd.fetch_add(encoded.non_finite, Ordering::Relaxed);
            self.whole()?;
            Ok(file.write_at(encoded.offset, &encoded.bytes)?)
        };
        let merged = merge_tensor(&tensor, step.method, &plan.values, self.ticket, &write)?;
        self.note_odd(step, plan, &merged, odd.into_inner())
    }

    /// Notes NaN and infinities, or refuses them.
    fn note_odd(
        &mut self,
        step: &Step,
        plan: &TensorPlan,
        merged: &Merged,
        written: u64,
    ) -> Result<(), MergeError> {
        let counts = plan.inputs.iter().zip(&merged.non_finite);
        let inputs: BTreeMap<String, u64> = counts
            .filter(|(_, count)| **count > 0)
            .map(|(input, count)| (step.models[input.model].reference.to_string(), *count))
            .collect();
        if inputs.is_empty() && written == 0 {
            return Ok(());
        }
        let odd = NonFinite {
            tensor: plan.name.clone(),
            inputs,
            written,
        };
        if self.options.on_nan.or(step.recipe.on_nan) == Some(OnNan::Refuse) {
            return Err(MergeError::Refused(odd.to_string()));
        }
        self.outcome.non_finite.push(odd);
        Ok(())
    }
}

/// The sentence for what went wrong in a shard.
pub(super) fn failure(error: MergeError, staging: &Staging, shard: &ShardPlan) -> RunError {
    match error {
        MergeError::Cancelled(cancelled) => cancelled.into(),
        MergeError::Write(error) => staging.sentence(&error, &shard.file_name).into(),
        MergeError::Refused(sentence) => RunError::Failed(sentence),
    }
}
