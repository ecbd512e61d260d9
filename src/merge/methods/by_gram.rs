//! Methods whose child is a combination of the inputs that follows from their Gram matrix alone.
//!
//! Such a method reads its inputs twice, once for the Gram and once for the numbers, and is
//! predicted by the very coefficients that it merges with.

use crate::jobs::Ticket;
use crate::merge::blocks::{AnyKernel, Inputs};
use crate::merge::combine::{Coefficients, InputGram, from_gram};
use crate::merge::error::MergeError;
use crate::merge::method::{Description, Method, Values};
use crate::merge::tensor::MergeTensor;

/// A method of this kind.
pub(super) struct ByGram {
    pub(super) description: &'static Description,
    /// The child in terms of the inputs.
    pub(super) coefficients: fn(&InputGram<'_>, &Values) -> Result<Coefficients, MergeError>,
}

impl Method for ByGram {
    fn description(&self) -> &'static Description {
        self.description
    }

    fn readings(&self, _values: &Values) -> u64 {
        2
    }

    fn coefficients(
        &self,
        gram: &InputGram<'_>,
        values: &Values,
    ) -> Result<Option<Coefficients>, MergeError> {
        (self.coefficients)(gram, values).map(Some)
    }

    fn prepare<'t>(
        &self,
        tensor: &'t MergeTensor<'t>,
        values: &Values,
        ticket: &Ticket,
    ) -> Result<Box<dyn AnyKernel + 't>, MergeError> {
        from_gram(&Inputs::new(tensor), ticket, |gram| {
            (self.coefficients)(gram, values)
        })
    }
}
