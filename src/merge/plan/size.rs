//! What a plan costs.

use super::{Cost, Step};

/// Bytes a second that a usual machine decodes, merges and writes, for each thread.
const BYTES_PER_SECOND: f64 = 0.7e9;
/// Bytes a second that a usual disk reads.
const DISK_BYTES_PER_SECOND: f64 = 1.0e9;
/// What a thread keeps: a chunk of results, the same encoded, and room for a method.
const THREAD_BYTES: u64 = 6 << 20;
/// And for each input: a block of numbers, or a row if that is longer.
const INPUT_BYTES: u64 = 64 << 10;
const OWN_BYTES: u64 = 8 << 20;

/// The cost of all steps on this many threads.
pub(super) fn cost(steps: &[Step], threads: usize) -> Cost {
    let mut out = Cost::default();
    for step in steps {
        let mut inputs = 0;
        for tensor in &step.tensors {
            out.bytes_read += step.bytes_read(tensor);
            inputs = inputs.max(tensor.inputs.len() as u64);
        }
        out.bytes_written += step.bytes_written();
        out.peak_memory_bytes = out.peak_memory_bytes.max(memory(inputs, threads));
    }
    out.seconds = seconds(out.bytes_read + out.bytes_written, threads);
    out.cold_seconds = cold(out.seconds, out.bytes_read);
    out
}

/// The cost of going through so many bytes, one input at a time.
pub(crate) fn cost_of(bytes_read: u64, bytes_written: u64, threads: usize) -> Cost {
    let seconds = seconds(bytes_read + bytes_written, threads);
    Cost {
        bytes_read,
        bytes_written,
        peak_memory_bytes: memory(1, threads),
        seconds,
        cold_seconds: cold(seconds, bytes_read),
    }
}

/// Threads whose merges of a few models stay within so much memory; at least one.
pub fn threads_within(memory_bytes: u64) -> usize {
    const FEW_INPUTS: u64 = 8;
    let each = THREAD_BYTES + FEW_INPUTS * INPUT_BYTES;
    let threads = memory_bytes.saturating_sub(OWN_BYTES) / each;
    usize::try_from(threads).unwrap_or(usize::MAX).max(1)
}

fn memory(inputs: u64, threads: usize) -> u64 {
    OWN_BYTES + threads.max(1) as u64 * (THREAD_BYTES + inputs * INPUT_BYTES)
}

/// Reading from the disk goes on beside the work; the slower of the two is waited for.
fn cold(seconds: f64, bytes_read: u64) -> f64 {
    seconds.max(bytes_read as f64 / DISK_BYTES_PER_SECOND)
}

fn seconds(bytes: u64, threads: usize) -> f64 {
    bytes as f64 / (BYTES_PER_SECOND * threads.max(1) as f64)
}
