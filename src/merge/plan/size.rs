//! What a plan costs.

use super::{Cost, Model, ModelSource, Step, Work};

/// Bytes a second that a usual machine decodes, merges and writes, for each thread.
const BYTES_PER_SECOND: f64 = 0.7e9;
/// What a thread keeps: a chunk of results, the same encoded, and room for a method.
const THREAD_BYTES: u64 = 6 << 20;
/// And for each input: a block of numbers, or a row if that is longer.
const INPUT_BYTES: u64 = 64 << 10;
/// The program itself.
const OWN_BYTES: u64 = 8 << 20;

/// No cost.
pub(super) fn none() -> Cost {
    Cost::default()
}

/// The cost of all steps on so many threads.
pub(super) fn cost(steps: &[Step], threads: usize) -> Cost {
    let mut out = none();
    for step in steps {
        let mut inputs = 0;
        for tensor in &step.tensors {
            let readings = match tensor.work {
                Work::Merge => step.method.readings(&tensor.values),
                Work::Copy => 1,
            };
            let bits: u64 = tensor
                .inputs
                .iter()
                .map(|input| bits(&step.models, steps, input.model, &input.tensor))
                .sum();
            out.bytes_read += readings * (tensor.elements() as u64 * bits).div_ceil(8);
            inputs = inputs.max(tensor.inputs.len() as u64);
        }
        out.bytes_written += step.bytes_written();
        let blocks = threads.max(1) as u64 * (THREAD_BYTES + inputs * INPUT_BYTES);
        out.peak_memory_bytes = out.peak_memory_bytes.max(OWN_BYTES + blocks);
    }
    let bytes = (out.bytes_read + out.bytes_written) as f64;
    out.seconds = bytes / (BYTES_PER_SECOND * threads.max(1) as f64);
    out
}

/// Bits of a number of a tensor.
fn bits(models: &[Model], steps: &[Step], model: usize, tensor: &str) -> u64 {
    let dtype = match models.get(model).map(|model| &model.source) {
        Some(ModelSource::Opened(opened)) => opened.tensor(tensor).map(|t| t.dtype),
        Some(ModelSource::Step(step)) => steps.get(*step).and_then(|step| {
            let made = step.tensors.iter().find(|t| t.name == tensor);
            made.map(|t| t.dtype)
        }),
        None => None,
    };
    dtype.map_or(0, |dtype| dtype.bitsize() as u64)
}
