//! Stored tensors as `f32` tensors of the inference library, each asked for once.
//!
//! A tensor that is not asked for belongs to a model that we do not know; running without it
//! would give a score of some other model.

use std::collections::BTreeSet;

use candle_core::{Device, Tensor};

use crate::checkpoint::{Checkpoint, Watch};
use crate::evaluate::EvaluateError;
use crate::jobs::Ticket;

pub(super) struct Reader<'c> {
    checkpoint: &'c Checkpoint,
    watch: Watch<&'c Checkpoint>,
    ticket: &'c Ticket,
    read: BTreeSet<String>,
}

impl<'c> Reader<'c> {
    pub(super) fn new(
        checkpoint: &'c Checkpoint,
        ticket: &'c Ticket,
    ) -> Result<Self, EvaluateError> {
        Ok(Self {
            checkpoint,
            watch: Watch::new([checkpoint])?,
            ticket,
            read: BTreeSet::new(),
        })
    }

    /// The tensor called `name`, which must have this shape.
    pub(super) fn tensor(&mut self, name: &str, shape: &[usize]) -> Result<Tensor, EvaluateError> {
        let found = self.optional(name, shape)?;
        found.ok_or_else(|| EvaluateError::MissingTensor {
            path: self.checkpoint.path().to_owned(),
            tensor: name.to_owned(),
        })
    }

    /// The same where it may be missing.
    pub(super) fn optional(
        &mut self,
        name: &str,
        shape: &[usize],
    ) -> Result<Option<Tensor>, EvaluateError> {
        self.ticket.advance(0)?;
        let Some(stored) = self.checkpoint.tensor(name) else {
            return Ok(None);
        };
        if stored.shape != shape {
            return Err(EvaluateError::TensorShape {
                path: self.checkpoint.path().to_owned(),
                tensor: name.to_owned(),
                expected: shape.to_vec(),
                found: stored.shape.clone(),
            });
        }
        let Some(raw) = stored.numbers() else {
            return Err(self.unsupported(format!(
                "tensor `{name}` is stored as {}, and only floats are computed with",
                stored.dtype
            )));
        };
        let mut numbers = Vec::new();
        let taken = numbers.try_reserve_exact(stored.elements());
        taken.map_err(|_| self.unsupported(format!("memory ran out at tensor `{name}`")))?;
        numbers.resize(stored.elements(), 0.0);
        raw.decode(&mut numbers);
        self.watch.glance()?;
        self.read.insert(name.to_owned());
        Ok(Some(Tensor::from_vec(numbers, shape, &Device::Cpu)?))
    }

    /// Marks a tensor as known and not needed.
    pub(super) fn pass_over(&mut self, name: &str) {
        self.read.insert(name.to_owned());
    }

    /// Refuses a model that was changed meanwhile.
    pub(super) fn unchanged(self) -> Result<(), EvaluateError> {
        Ok(self.watch.check()?)
    }

    /// Refuses a model with tensors that were not asked for, and one that was changed meanwhile.
    pub(super) fn finish(self) -> Result<(), EvaluateError> {
        self.watch.check()?;
        // Some files keep the angles of positions, which follow from the settings.
        let is_known =
            |name: &str| self.read.contains(name) || name.ends_with("rotary_emb.inv_freq");
        let mut names = self.checkpoint.tensors().iter().map(|t| &t.name);
        match names.find(|name| !is_known(name)) {
            None => Ok(()),
            Some(name) => {
                let what = format!("tensor `{name}` has no place in its architecture");
                Err(self.unsupported(what))
            }
        }
    }

    fn unsupported(&self, reason: String) -> EvaluateError {
        EvaluateError::Unsupported {
            path: self.checkpoint.path().to_owned(),
            reason,
        }
    }
}
