//! One file of weights, tensor by tensor.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::super::blocks::{Width, by_width};
use super::super::error::MergeError;
use super::super::plan::{Step, TensorPlan, Work};
use super::super::recipe::OnNan;
use super::super::run_tensor::{Merged, merge_tensor};
use super::super::tensor::MergeTensor;
use super::super::write::{ShardFile, ShardPlan};
use super::open::{Opened, changed, inputs, read_ahead};
use super::outcome::{NonFinite, RunError};
use crate::checkpoint::{Checkpoint, CheckpointError, Slot, StoredBytes, Watch};
use crate::jobs::Ticket;

/// Makes the tensors of one step.
pub(super) struct Maker<'a> {
    pub(super) step: &'a Step,
    pub(super) models: &'a Opened,
    /// Everything that is read.
    pub(super) watch: &'a Watch<Arc<Checkpoint>>,
    pub(super) seed: Option<u64>,
    pub(super) on_nan: Option<OnNan>,
    pub(super) ticket: &'a Ticket,
}

/// Counts a shard that is there as read, so that the bar comes to its end.
pub(super) fn skip(step: &Step, shard: &ShardPlan, ticket: &Ticket) -> Result<(), RunError> {
    for (k, _) in &shard.tensors {
        ticket.advance(step.bytes_read(&step.tensors[*k]))?;
    }
    Ok(())
}

impl Maker<'_> {
    /// Makes all tensors of a shard; tells which of them have numbers that are not finite.
    pub(super) fn shard(
        &self,
        shard: &ShardPlan,
        file: &ShardFile,
    ) -> Result<Vec<NonFinite>, MergeError> {
        let mut odd = Vec::new();
        for (at, (k, slot)) in shard.tensors.iter().enumerate() {
            if let Some((next, _)) = shard.tensors.get(at + 1) {
                read_ahead(&self.step.tensors[*next], self.models);
            }
            let tensor = &self.step.tensors[*k];
            let before = self.ticket.progress().done;
            match tensor.work {
                Work::Copy => self.copy(tensor, file, slot)?,
                Work::Merge => odd.extend(self.merge(tensor, file, slot)?),
            }
            // A method may need fewer readings than it announced.
            let done = self.ticket.progress().done - before;
            let expected = self.step.bytes_read(tensor);
            self.ticket.advance(expected.saturating_sub(done))?;
        }
        Ok(odd)
    }

    /// Stops where an input was cut short.
    fn whole(&self) -> Result<(), MergeError> {
        // What a cancelled job did not wait for is missing, and that is no error.
        self.ticket.advance(0)?;
        let refused = |error: CheckpointError| MergeError::Refused(error.to_string());
        self.watch.glance().map_err(refused)
    }

    fn copy(&self, tensor: &TensorPlan, file: &ShardFile, slot: &Slot) -> Result<(), MergeError> {
        for input in &tensor.inputs {
            let (model, _) = &self.models[input.model];
            let own = model.tensor(&input.tensor);
            let bytes = own.and_then(|own| own.stored_bytes()).ok_or_else(|| {
                let name = &input.tensor;
                MergeError::Refused(format!(
                    "tensor `{name}` has no floats and does not lie in one piece, so that it cannot be copied; save its model as safetensors"
                ))
            })?;
            copy_bytes(bytes, (file, slot.first_byte()), self.watch, self.ticket)?;
        }
        Ok(())
    }

    fn merge(
        &self,
        plan: &TensorPlan,
        file: &ShardFile,
        slot: &Slot,
    ) -> Result<Option<NonFinite>, MergeError> {
        let changed = changed(plan, self.models)?;
        let tensor = MergeTensor {
            name: &plan.name,
            shape: &plan.shape,
            inputs: inputs(plan, &changed)?,
            base: plan.base,
            rounded_to: plan.rounded_to,
            seed: self.seed.or(self.step.recipe.own.seed).unwrap_or(0),
        };
        let (merged, written) = by_width!(tensor, self.made(plan, &tensor, file, slot))?;
        self.not_finite(plan, &merged, written)
    }

    /// Makes one tensor; how many of its numbers are not finite, as written.
    fn made<N: Width>(
        &self,
        plan: &TensorPlan,
        tensor: &MergeTensor<'_>,
        file: &ShardFile,
        slot: &Slot,
    ) -> Result<(Merged, u64), MergeError> {
        let odd = AtomicU64::new(0);
        let write = |range: Range<usize>, numbers: &[N]| {
            let encoded = slot.encode(range.start, numbers).ok_or_else(|| {
                let sentence = format!("numbers of type {} cannot be written", slot.dtype());
                MergeError::Refused(sentence)
            })?;
            self.whole()?;
            for piece in encoded {
                odd.fetch_add(piece.non_finite, Ordering::Relaxed);
                file.write_at(piece.offset, &piece.bytes)?;
            }
            Ok(())
        };
        let merged = merge_tensor(tensor, self.step.method, &plan.values, self.ticket, &write)?;
        Ok((merged, odd.into_inner()))
    }

    /// What is said of NaN and infinities; an error if they are refused.
    fn not_finite(
        &self,
        plan: &TensorPlan,
        merged: &Merged,
        written: u64,
    ) -> Result<Option<NonFinite>, MergeError> {
        let counts = plan.inputs.iter().zip(&merged.non_finite);
        let name = |model: usize| self.step.models[model].reference.to_string();
        let inputs: BTreeMap<String, u64> = counts
            .filter(|(_, count)| **count > 0)
            .map(|(input, count)| (name(input.model), *count))
            .collect();
        if inputs.is_empty() && written == 0 {
            return Ok(None);
        }
        let odd = NonFinite {
            tensor: plan.name.clone(),
            inputs,
            written,
        };
        if self.on_nan.or(self.step.recipe.own.on_nan) == Some(OnNan::Refuse) {
            return Err(MergeError::Refused(odd.to_string()));
        }
        Ok(Some(odd))
    }
}

/// Writes bytes of a tensor as they are, from a place in a file on.
pub(crate) fn copy_bytes(
    bytes: StoredBytes<'_>,
    (file, first): (&ShardFile, u64),
    watch: &Watch<Arc<Checkpoint>>,
    ticket: &Ticket,
) -> Result<(), MergeError> {
    const PIECE: usize = 1 << 22;
    for (start, piece) in bytes.pieces(PIECE) {
        file.write_at(first + start as u64, &piece)?;
        ticket.advance(piece.len() as u64)?;
        let refused = |error: CheckpointError| MergeError::Refused(error.to_string());
        watch.glance().map_err(refused)?;
    }
    Ok(())
}
