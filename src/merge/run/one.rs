//! One tensor of a plan by itself, as the bytes that a file would have of it: for whoever compares
//! and writes nothing.

use std::ops::Range;
use std::sync::Arc;

use super::super::blocks::{AnyKernel, Width, by_width};
use super::super::error::MergeError;
use super::super::method::{Description, Method, Values};
use super::super::plan::{Step, TensorPlan, Work};
use super::super::run_tensor::merge_tensor;
use super::super::tensor::MergeTensor;
use super::open::{Opened, changed, inputs, opened_models};
use super::outcome::RunError;
use crate::checkpoint::{Checkpoint, Slot};
use crate::jobs::Ticket;

/// Takes bytes of a tensor as they are made, with the place of the first. Called from several
/// threads at once and in any order; each byte comes exactly once.
pub(crate) type Take<'a> = &'a (dyn Fn(u64, &[u8]) + Sync);

/// When numbers are rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Once, as `kinfolk merge` does.
    #[default]
    Once,
    /// After each operation, in mergekit's order, where that is known.
    Steps,
}

/// A method in mergekit's order of operations.
struct InSteps(&'static dyn Method);

impl Method for InSteps {
    fn description(&self) -> &'static Description {
        self.0.description()
    }

    fn prepare<'t>(
        &self,
        tensor: &'t MergeTensor<'t>,
        values: &Values,
        ticket: &Ticket,
    ) -> Result<Box<dyn AnyKernel + 't>, MergeError> {
        match self.0.prepare_in_steps(tensor, values, ticket)? {
            Some(kernel) => Ok(kernel),
            None => self.0.prepare(tensor, values, ticket),
        }
    }
}

/// A step whose models are open.
pub(crate) struct Bench<'s> {
    step: &'s Step,
    models: Opened,
    order: Order,
}

impl<'s> Bench<'s> {
    /// A step that reads no other step's result.
    ///
    /// # Errors
    /// A sentence if a file has changed since the plan was made.
    pub(crate) fn new(step: &'s Step, order: Order) -> Result<Self, RunError> {
        let none: &[Arc<Checkpoint>] = &[];
        let models = opened_models(&step.models, none)?;
        Ok(Self {
            step,
            models,
            order,
        })
    }

    /// Makes one tensor of the step and hands its bytes to `take`.
    ///
    /// Reports the bytes that are read to the ticket, as many as [`Step::bytes_read`] says.
    ///
    /// # Errors
    /// What the method or the ticket said.
    pub(crate) fn make(
        &self,
        plan: &TensorPlan,
        ticket: &Ticket,
        take: Take<'_>,
    ) -> Result<(), MergeError> {
        let before = ticket.progress().done;
        match plan.work {
            Work::Copy => self.copied(plan, take),
            Work::Merge => self.merged(plan, ticket, take)?,
        }
        let done = ticket.progress().done.saturating_sub(before);
        Ok(ticket.advance(self.step.bytes_read(plan).saturating_sub(done))?)
    }

    fn copied(&self, plan: &TensorPlan, take: Take<'_>) {
        const PIECE: usize = 1 << 22;
        for input in &plan.inputs {
            let (model, _) = &self.models[input.model];
            let bytes = model
                .tensor(&input.tensor)
                .and_then(|own| own.stored_bytes());
            for (start, piece) in bytes.into_iter().flat_map(|bytes| bytes.pieces(PIECE)) {
                take(start as u64, &piece);
            }
        }
    }

    fn merged(&self, plan: &TensorPlan, ticket: &Ticket, take: Take<'_>) -> Result<(), MergeError> {
        let changed = changed(plan, &self.models)?;
        let tensor = MergeTensor {
            name: &plan.name,
            shape: &plan.shape,
            inputs: inputs(plan, &changed)?,
            base: plan.base,
            rounded_to: plan.rounded_to,
            seed: self.step.recipe.own.seed.unwrap_or(0),
        };
        by_width!(tensor, self.encoded(plan, &tensor, ticket, take))
    }

    fn encoded<N: Width>(
        &self,
        plan: &TensorPlan,
        tensor: &MergeTensor<'_>,
        ticket: &Ticket,
        take: Take<'_>,
    ) -> Result<(), MergeError> {
        let slot = Slot::new(plan.dtype, 0);
        let write = |range: Range<usize>, numbers: &[N]| {
            let encoded = slot.encode(range.start, numbers).ok_or_else(|| {
                let sentence = format!("numbers of type {} cannot be written", plan.dtype);
                MergeError::Refused(sentence)
            })?;
            encoded
                .iter()
                .for_each(|piece| take(piece.offset, &piece.bytes));
            Ok(())
        };
        let method = self.step.method;
        match self.order {
            Order::Once => merge_tensor(tensor, method, &plan.values, ticket, &write)?,
            Order::Steps => merge_tensor(tensor, &InSteps(method), &plan.values, ticket, &write)?,
        };
        Ok(())
    }
}
