//! The numbers of a tensor's inputs, read block by block on all threads.
//!
//! A tensor is cut into chunks of a quarter of a million numbers, which workers take in order,
//! and a chunk into blocks that stay in the cache. Cuts depend on the tensor alone, so sums
//! taken chunk by chunk are the same for any number of threads.

use std::ops::Range;

use super::error::MergeError;
use super::tensor::{Input, MergeTensor};
use crate::checkpoint::{Dtype, Factors};
use crate::jobs::Ticket;
use crate::numeric::Real;
use crate::numeric::vector::count_non_finite;
use crate::parallel::in_order_with;

/// Numbers of a block, unless a row is longer and rows must be whole.
pub const BLOCK: usize = 1024;
/// Numbers of a chunk, likewise.
const CHUNK: usize = 1 << 18;

/// Whether blocks may end within a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocks {
    /// Anywhere.
    Any,
    /// Only at the end of a row; a vector is one row.
    WholeRows,
}

/// Takes numbers of the result as they are made: the flat range and its numbers. Called from
/// several threads at once and in any order; each number comes exactly once.
pub type Write<'a, N> = &'a (dyn Fn(Range<usize>, &[N]) -> Result<(), MergeError> + Sync);

/// Reads the inputs of one tensor; cheap to make but for adapters, whose factors it decodes.
pub struct Inputs<'t> {
    tensor: &'t MergeTensor<'t>,
    factors: Vec<Option<Factors>>,
}

/// A tensor in chunks and blocks.
#[derive(Clone, Copy, Debug)]
pub struct Cuts {
    elements: usize,
    block: usize,
    chunk: usize,
}

impl Cuts {
    /// Those of a tensor.
    pub fn new(tensor: &MergeTensor<'_>, blocks: Blocks) -> Self {
        let block = match blocks {
            Blocks::Any => BLOCK,
            Blocks::WholeRows => tensor.whole_rows(BLOCK).len(),
        };
        Self {
            elements: tensor.elements(),
            block,
            chunk: (CHUNK / block).max(1) * block,
        }
    }

    /// The same with at most `n` chunks, for sums that take much memory each.
    pub fn at_most(self, n: usize) -> Self {
        let blocks = self.elements.div_ceil(self.block).div_ceil(n).max(1);
        Self {
            chunk: self.chunk.max(blocks * self.block),
            ..self
        }
    }

    /// How many chunks there are.
    pub fn chunks(self) -> usize {
        self.elements.div_ceil(self.chunk)
    }

    /// The flat range of a chunk.
    pub fn chunk(self, k: usize) -> Range<usize> {
        let start = k * self.chunk;
        start..(start + self.chunk).min(self.elements)
    }

    fn blocks(self, chunk: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let end = chunk.end;
        chunk
            .step_by(self.block)
            .map(move |start| start..(start + self.block).min(end))
    }
}

/// The decoded numbers of one block: the work space of a thread.
#[derive(Default)]
struct Buffers<N> {
    numbers: Vec<Vec<N>>,
    change: Vec<f32>,
}

impl<'t> Inputs<'t> {
    /// Those of `tensor`.
    pub fn new(tensor: &'t MergeTensor<'t>) -> Self {
        let factors = |input: &Input<'_>| input.adapter.map(|adapter| adapter.decode());
        Self {
            tensor,
            factors: tensor.inputs.iter().map(factors).collect(),
        }
    }

    /// Whose inputs they are.
    pub fn tensor(&self) -> &'t MergeTensor<'t> {
        self.tensor
    }

    /// Calls `block` for every block with the numbers of all inputs. Each chunk starts with a
    /// new `T`; what became of them comes back in the order of the chunks. Each worker has an
    /// `R` for room.
    ///
    /// # Errors
    /// When the ticket is cancelled.
    pub fn by_chunk<N: Width, R: Send, T: Send>(
        &self,
        cuts: Cuts,
        ticket: &Ticket,
        (room, new): (impl Fn() -> R + Sync, impl Fn() -> T + Sync),
        block: impl Fn(&mut R, &mut T, Range<usize>, &[&[N]]) + Sync,
    ) -> Result<Vec<T>, MergeError> {
        let worker = || (Buffers::default(), room(), Vec::new());
        let states = in_order_with(cuts.chunks(), worker, |(buffers, room, done), k| {
            let mut own = new();
            ticket.during(|| {
                self.read(cuts.blocks(cuts.chunk(k)), buffers, |range, inputs| {
                    block(room, &mut own, range, inputs);
                });
            });
            done.push((k, own));
            self.report(cuts.chunk(k), ticket)
        })?;
        let mut done: Vec<(usize, T)> = states.into_iter().flat_map(|(_, _, done)| done).collect();
        done.sort_by_key(|(k, _)| *k);
        Ok(done.into_iter().map(|(_, own)| own).collect())
    }

    /// The same with one `T` for each worker, for sums that do not care for their order, such
    /// as counts.
    ///
    /// # Errors
    /// When the ticket is cancelled.
    pub fn by_worker<N: Width, T: Send>(
        &self,
        cuts: Cuts,
        ticket: &Ticket,
        new: impl Fn() -> T + Sync,
        block: impl Fn(&mut T, Range<usize>, &[&[N]]) + Sync,
    ) -> Result<Vec<T>, MergeError> {
        let worker = || (Buffers::default(), new());
        let states = in_order_with(cuts.chunks(), worker, |(buffers, own), k| {
            ticket.during(|| {
                self.read(cuts.blocks(cuts.chunk(k)), buffers, |range, inputs| {
                    block(own, range, inputs);
                });
            });
            self.report(cuts.chunk(k), ticket)
        })?;
        Ok(states.into_iter().map(|(_, own)| own).collect())
    }

    /// Calls `make` for every block with the numbers of all inputs and room for the result, and
    /// `write` with the result of each chunk. Counts the NaN and infinities of each input.
    ///
    /// # Errors
    /// What `write` said, or when the ticket is cancelled.
    pub fn make<N: Width>(
        &self,
        cuts: Cuts,
        ticket: &Ticket,
        make: impl Fn(Range<usize>, &[&[N]], &mut [N]) + Sync,
        write: Write<'_, N>,
    ) -> Result<Vec<u64>, MergeError> {
        let n = self.tensor.inputs.len();
        let worker = || (Buffers::default(), Vec::new(), vec![0u64; n]);
        let states = in_order_with(cuts.chunks(), worker, |(buffers, out, counts), k| {
            let chunk = cuts.chunk(k);
            out.resize(chunk.len(), N::ZERO);
            ticket.during(|| {
                self.read(cuts.blocks(chunk.clone()), buffers, |range, inputs| {
                    for (count, numbers) in counts.iter_mut().zip(inputs) {
                        count_non_finite(numbers, count);
                    }
                    let own = range.start - chunk.start..range.end - chunk.start;
                    make(range, inputs, &mut out[own]);
                });
            });
            write(chunk.clone(), out)?;
            self.report(chunk, ticket)
        })?;
        let mut counts = vec![0; n];
        for (_, _, own) in states {
            for (count, own) in counts.iter_mut().zip(own) {
                *count += own;
            }
        }
        Ok(counts)
    }

    /// Reads one chunk on this thread.
    pub fn one_chunk<N: Width>(
        &self,
        cuts: Cuts,
        k: usize,
        block: impl FnMut(Range<usize>, &[&[N]]),
    ) {
        self.some(cuts.blocks(cuts.chunk(k)), block);
    }

    /// Reads some ranges on this thread, without a report.
    pub fn some<N: Width>(
        &self,
        ranges: impl Iterator<Item = Range<usize>>,
        block: impl FnMut(Range<usize>, &[&[N]]),
    ) {
        self.read(ranges, &mut Buffers::default(), block);
    }

    /// Tells that all inputs were read in this range.
    ///
    /// # Errors
    /// When the ticket is cancelled.
    pub fn report(&self, chunk: Range<usize>, ticket: &Ticket) -> Result<(), MergeError> {
        let bytes = |input: &Input<'_>| input.stored.part(chunk.clone()).size_bytes();
        Ok(ticket.advance(self.tensor.inputs.iter().map(bytes).sum())?)
    }

    fn read<N: Width>(
        &self,
        ranges: impl Iterator<Item = Range<usize>>,
        buffers: &mut Buffers<N>,
        mut block: impl FnMut(Range<usize>, &[&[N]]),
    ) {
        let Buffers { numbers, change } = buffers;
        numbers.resize(self.tensor.inputs.len(), Vec::new());
        for range in ranges {
            for (input, out) in numbers.iter_mut().enumerate() {
                out.resize(range.len(), N::ZERO);
                self.decode(input, range.clone(), out, change);
            }
            let slices: Vec<&[N]> = numbers.iter().map(Vec::as_slice).collect();
            block(range, &slices);
        }
    }

    /// The numbers of one input: stored weights, plus the adapter's change, rounded.
    fn decode<N: Width>(
        &self,
        input: usize,
        range: Range<usize>,
        out: &mut [N],
        change: &mut Vec<f32>,
    ) {
        let stored = &self.tensor.inputs[input].stored;
        N::read(&stored.part(range.clone()), out);
        if let Some(factors) = &self.factors[input] {
            change.resize(range.len(), 0.0);
            factors.delta(range.start, change);
            for (theta, delta) in out.iter_mut().zip(change) {
                *theta += N::of(f64::from(*delta));
            }
        }
        let exact = self.factors[input].is_none() && Some(stored.dtype()) == self.tensor.rounded_to;
        if let Some(dtype) = self.tensor.rounded_to.filter(|_| !exact) {
            N::round(dtype, out);
        }
    }
}

/// What makes the numbers of one tensor, block by block, in any order, on any thread, in either
/// type.
pub trait Kernel: Sync {
    /// Whether blocks must be whole rows.
    fn needs_whole_rows(&self) -> bool {
        false
    }

    /// Makes the numbers `range` (flat, row-major) from those of the inputs.
    fn block<N: Real>(&self, range: Range<usize>, inputs: &[&[N]], out: &mut [N]);
}

/// A [`Kernel`] as an object.
pub trait AnyKernel: Sync {
    /// Whether blocks must be whole rows.
    fn needs_whole_rows(&self) -> bool;

    /// Its block in `f32`.
    fn block_f32(&self, range: Range<usize>, inputs: &[&[f32]], out: &mut [f32]);

    /// Its block in `f64`.
    fn block_f64(&self, range: Range<usize>, inputs: &[&[f64]], out: &mut [f64]);
}

impl<K: Kernel> AnyKernel for K {
    fn needs_whole_rows(&self) -> bool {
        Kernel::needs_whole_rows(self)
    }

    fn block_f32(&self, range: Range<usize>, inputs: &[&[f32]], out: &mut [f32]) {
        self.block(range, inputs, out);
    }

    fn block_f64(&self, range: Range<usize>, inputs: &[&[f64]], out: &mut [f64]) {
        self.block(range, inputs, out);
    }
}

/// A type that a tensor is computed in.
pub trait Width: Real {
    /// The block of a kernel in this type.
    fn block(kernel: &dyn AnyKernel, range: Range<usize>, inputs: &[&[Self]], out: &mut [Self]);

    /// Rounds numbers to those that a format has, where this type has more.
    fn round(dtype: Dtype, numbers: &mut [Self]);
}

impl Width for f32 {
    fn block(kernel: &dyn AnyKernel, range: Range<usize>, inputs: &[&[f32]], out: &mut [f32]) {
        kernel.block_f32(range, inputs, out);
    }

    fn round(dtype: Dtype, numbers: &mut [f32]) {
        dtype.round(numbers);
    }
}

impl Width for f64 {
    fn block(kernel: &dyn AnyKernel, range: Range<usize>, inputs: &[&[f64]], out: &mut [f64]) {
        kernel.block_f64(range, inputs, out);
    }

    /// Only tensors that are rounded to this very type are computed in it.
    fn round(_dtype: Dtype, _numbers: &mut [f64]) {}
}

/// Calls a function of one type argument with the type that `$tensor` is computed in.
macro_rules! by_width {
    ($tensor:expr, $function:ident($($arg:expr),* $(,)?)) => {
        match $tensor.is_wide() {
            true => $function::<f64>($($arg),*),
            false => $function::<f32>($($arg),*),
        }
    };
    ($tensor:expr, $object:ident.$function:ident($($arg:expr),* $(,)?)) => {
        match $tensor.is_wide() {
            true => $object.$function::<f64>($($arg),*),
            false => $object.$function::<f32>($($arg),*),
        }
    };
}
pub(super) use by_width;
