//! Numbers in blocks with scales of their own, as in GGUF: which there are, and how they decode.
//!
//! The layouts are those of ggml (`ggml-common.h`), and so is the arithmetic, in `f32` and in its
//! order: the product of the scales first, then times the code, then minus the offset, nothing
//! fused. So all bits agree with it. Bytes that make a scale NaN or infinite make such numbers.

mod long;
pub mod q8_0;
mod short;

use self::long::{Q2K, Q3K, Q4K, Q5K, Q6K};
use self::short::{Iq4Nl, Mxfp4, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0};
use super::isa::{dispatch, f32_of_half, prefetch};

/// How numbers are packed in blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    non_camel_case_types,
    reason = "the names are those of the files"
)]
pub enum Packing {
    Q8_0,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    IQ4_NL,
    MXFP4,
    Q2_K,
    Q3_K,
    Q4_K,
    Q5_K,
    Q6_K,
}

/// The most numbers that a block has.
pub const MOST_NUMBERS: usize = 256;

/// Runs one routine for the packing that `$packing` names.
macro_rules! by_packing {
    ($packing:expr, $routine:ident($($arg:expr),*)) => {
        match $packing {
            Packing::Q8_0 => $routine::<Q8_0>($($arg),*),
            Packing::Q4_0 => $routine::<Q4_0>($($arg),*),
            Packing::Q4_1 => $routine::<Q4_1>($($arg),*),
            Packing::Q5_0 => $routine::<Q5_0>($($arg),*),
            Packing::Q5_1 => $routine::<Q5_1>($($arg),*),
            Packing::IQ4_NL => $routine::<Iq4Nl>($($arg),*),
            Packing::MXFP4 => $routine::<Mxfp4>($($arg),*),
            Packing::Q2_K => $routine::<Q2K>($($arg),*),
            Packing::Q3_K => $routine::<Q3K>($($arg),*),
            Packing::Q4_K => $routine::<Q4K>($($arg),*),
            Packing::Q5_K => $routine::<Q5K>($($arg),*),
            Packing::Q6_K => $routine::<Q6K>($($arg),*),
        }
    };
}

impl Packing {
    /// Every packing.
    pub const ALL: [Self; 12] = [
        Self::Q8_0,
        Self::Q4_0,
        Self::Q4_1,
        Self::Q5_0,
        Self::Q5_1,
        Self::IQ4_NL,
        Self::MXFP4,
        Self::Q2_K,
        Self::Q3_K,
        Self::Q4_K,
        Self::Q5_K,
        Self::Q6_K,
    ];

    /// Numbers of a block.
    pub fn numbers(self) -> usize {
        by_packing!(self, numbers_of())
    }

    /// Bytes of a block.
    pub fn bytes(self) -> usize {
        by_packing!(self, bytes_of())
    }

    /// Decodes whole blocks, as many as both have room for; what is left of `out` stays as it was.
    pub fn decode(self, blocks: &[u8], out: &mut [f32]) {
        by_packing!(self, decode_blocks(blocks, out));
    }

    /// The expected sum of squares of what rounding to this packing took from the numbers `from`
    /// to `to` of one block: a step of the grid, squared, over twelve, for every number.
    pub fn rounding(self, block: &[u8], from: usize, to: usize) -> f64 {
        by_packing!(self, rounding_of(block, from, to))
    }
}

/// One packing. Slices are of exactly one block.
trait Block {
    const NUMBERS: usize;
    const BYTES: usize;
    /// Numbers that share a scale.
    const GROUP: usize;

    fn decode(block: &[u8], out: &mut [f32]);

    /// The variance of the rounding of a number in group `group`.
    fn variance(block: &[u8], group: usize) -> f64;
}

dispatch!(fn decode_blocks<B: Block>(blocks: &[u8], out: &mut [f32]) => decode_blocks_body);

/// How far ahead of the reading the memory is asked for its next lines.
const AHEAD_BYTES: usize = 4096;

#[inline(always)]
fn decode_blocks_body<B: Block>(blocks: &[u8], out: &mut [f32]) {
    let blocks = blocks.chunks_exact(B::BYTES);
    for (block, out) in blocks.zip(out.chunks_exact_mut(B::NUMBERS)) {
        prefetch(block, AHEAD_BYTES);
        B::decode(block, out);
    }
}

fn numbers_of<B: Block>() -> usize {
    B::NUMBERS
}

fn bytes_of<B: Block>() -> usize {
    B::BYTES
}

fn rounding_of<B: Block>(block: &[u8], from: usize, to: usize) -> f64 {
    if block.len() != B::BYTES {
        return 0.0;
    }
    let mut sum = 0.0;
    for group in 0..B::NUMBERS / B::GROUP {
        let start = (group * B::GROUP).max(from);
        let end = ((group + 1) * B::GROUP).min(to);
        if start < end {
            sum += B::variance(block, group) * (end - start) as f64;
        }
    }
    sum
}

/// The variance of rounding to a grid of this step.
fn of_step(step: f32) -> f64 {
    f64::from(step) * f64::from(step) / 12.0
}

/// The half at byte `at`.
#[inline(always)]
fn half(block: &[u8], at: usize) -> f32 {
    f32_of_half(u16::from_le_bytes([block[at], block[at + 1]]))
}

#[cfg(test)]
mod tests;
