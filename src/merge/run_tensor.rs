//! Makes one tensor, block by block, on all threads.

use super::blocks::{Blocks, Cuts, Inputs, Width, Write};
use super::error::MergeError;
use super::method::{Method, Values};
use super::tensor::MergeTensor;
use crate::jobs::Ticket;

/// What became of a tensor beside its numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// NaN or infinite numbers of each input, in the order of the inputs.
    pub non_finite: Vec<u64>,
}

/// Makes `tensor` with `method` on all threads of the current pool, in the type `N`: `f64` for a
/// tensor that [is wide](MergeTensor::is_wide), else `f32`.
///
/// Reports the bytes of all inputs to the ticket, at most once for each of
/// [`Method::readings`]. Memory: some megabytes a thread, and what the method keeps; one chunk
/// a thread is on its way at any time.
///
/// # Errors
/// What the method, the ticket or `write` said.
pub fn merge_tensor<N: Width>(
    tensor: &MergeTensor<'_>,
    method: &dyn Method,
    values: &Values,
    ticket: &Ticket,
    write: Write<'_, N>,
) -> Result<Merged, MergeError> {
    let kernel = method.prepare(tensor, values, ticket)?;
    let blocks = if kernel.needs_whole_rows() {
        Blocks::WholeRows
    } else {
        Blocks::Any
    };
    let inputs = Inputs::new(tensor);
    let counts = inputs.make(
        Cuts::new(tensor, blocks),
        ticket,
        |range, inputs, out| N::block(&*kernel, range, inputs, out),
        write,
    )?;
    Ok(Merged { non_finite: counts })
}
