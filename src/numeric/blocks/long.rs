//! Blocks of 256 numbers in groups whose scales are rounded too: the "K" packings.

use super::{Block, half, of_step};

pub(super) struct Q2K;
pub(super) struct Q3K;
pub(super) struct Q4K;
pub(super) struct Q5K;
pub(super) struct Q6K;

/// Scales and offsets in half a byte each, codes of 2 bits, d, m: d·s·q − m·o.
impl Block for Q2K {
    const NUMBERS: usize = 256;
    const BYTES: usize = 84;
    const GROUP: usize = 16;

    #[inline(always)]
    fn decode(block: &[u8], out: &mut [f32]) {
        let (d, m) = (half(block, 80), half(block, 82));
        let mut scales = [(0.0, 0.0); 16];
        for (own, packed) in scales.iter_mut().zip(&block[..16]) {
            *own = (d * f32::from(packed & 15), m * f32::from(packed >> 4));
        }
        let parts = block[16..80].chunks_exact(32).zip(scales.chunks_exact(8));
        for (out, (codes, scales)) in out.chunks_exact_mut(128).zip(parts) {
            quarter_of_q2::<0>(scales, codes, out);
            quarter_of_q2::<1>(scales, codes, out);
            quarter_of_q2::<2>(scales, codes, out);
            quarter_of_q2::<3>(scales, codes, out);
        }
    }

    fn variance(block: &[u8], group: usize) -> f64 {
        of_step(half(block, 80) * f32::from(block[group] & 15))
    }
}

/// Two groups of sixteen, whose codes are at the same bits of 32 bytes. Which bits is known when
/// this is compiled: shifts by a variable do not become vector code for bytes.
#[inline(always)]
fn quarter_of_q2<const QUARTER: usize>(scales: &[(f32, f32)], codes: &[u8], out: &mut [f32]) {
    let out = &mut out[32 * QUARTER..32 * QUARTER + 32];
    let sides = codes
        .chunks_exact(16)
        .zip(&scales[2 * QUARTER..2 * QUARTER + 2]);
    for (out, (codes, (scale, offset))) in out.chunks_exact_mut(16).zip(sides) {
        for (out, code) in out.iter_mut().zip(codes) {
            *out = scale * f32::from((code >> (2 * QUARTER)) & 3) - offset;
        }
    }
}

/// The sixteen bytes that hold the 2-bit codes of a group, and where in them: 32 bytes hold 128
/// numbers, the first 32 of these in the lowest bits.
#[inline(always)]
fn pairs(codes: &[u8], group: usize) -> (&[u8], usize) {
    let start = group / 8 * 32 + group % 2 * 16;
    (&codes[start..start + 16], group % 8 / 2 * 2)
}

/// High bits, codes of 2 bits, sixteen scales of 6 bits, d: d·(s − 32)·(q − 4), where q has its
/// high bit set, or d·(s − 32)·q of the low bits minus 4 where it has not.
impl Block for Q3K {
    const NUMBERS: usize = 256;
    const BYTES: usize = 110;
    const GROUP: usize = 16;

    #[inline(always)]
    fn decode(block: &[u8], out: &mut [f32]) {
        let d = half(block, 108);
        for (group, out) in out.chunks_exact_mut(16).enumerate() {
            let (codes, shift) = pairs(&block[32..96], group);
            let start = group % 2 * 16;
            let high = &block[start..start + 16];
            let bit = group / 2;
            let scale = d * f32::from(scale_of_q3(block, group));
            for ((out, code), high) in out.iter_mut().zip(codes).zip(high) {
                let low = ((code >> shift) & 3).cast_signed();
                let high = ((high >> bit) & 1).cast_signed();
                *out = scale * f32::from(low + high * 4 - 4);
            }
        }
    }

    fn variance(block: &[u8], group: usize) -> f64 {
        of_step(half(block, 108) * f32::from(scale_of_q3(block, group)))
    }
}

/// Four low bits of sixteen scales in eight bytes, two high bits in four.
#[inline(always)]
fn scale_of_q3(block: &[u8], group: usize) -> i8 {
    let low = block[96 + group % 8] >> (group / 8 * 4) & 15;
    let high = block[104 + group % 4] >> (group / 4 * 2) & 3;
    (low | high << 4).cast_signed() - 32
}

/// The scale and the offset of a group of 32, of 6 bits each, in twelve bytes.
#[inline(always)]
fn scale_and_offset(packed: &[u8], group: usize) -> (f32, f32) {
    let (scale, offset) = if group < 4 {
        (packed[group] & 63, packed[group + 4] & 63)
    } else {
        (
            packed[group + 4] & 15 | packed[group - 4] >> 6 << 4,
            packed[group + 4] >> 4 | packed[group] >> 6 << 4,
        )
    };
    (f32::from(scale), f32::from(offset))
}

/// d, m, scales and offsets, codes of 4 bits: d·s·q − m·o.
impl Block for Q4K {
    const NUMBERS: usize = 256;
    const BYTES: usize = 144;
    const GROUP: usize = 32;

    #[inline(always)]
    fn decode(block: &[u8], out: &mut [f32]) {
        let (d, m) = (half(block, 0), half(block, 2));
        for (k, out) in out.chunks_exact_mut(64).enumerate() {
            let codes = &block[16 + 32 * k..48 + 32 * k];
            let (first, second) = out.split_at_mut(32);
            let (scale, offset) = scale_and_offset(&block[4..16], 2 * k);
            let (scale, offset) = (d * scale, m * offset);
            for (out, code) in first.iter_mut().zip(codes) {
                *out = scale * f32::from(code & 15) - offset;
            }
            let (scale, offset) = scale_and_offset(&block[4..16], 2 * k + 1);
            let (scale, offset) = (d * scale, m * offset);
            for (out, code) in second.iter_mut().zip(codes) {
                *out = scale * f32::from(code >> 4) - offset;
            }
        }
    }

    fn variance(block: &[u8], group: usize) -> f64 {
        of_step(half(block, 0) * scale_and_offset(&block[4..16], group).0)
    }
}

/// The same with a fifth bit: bit k of byte j for number j of group k.
impl Block for Q5K {
    const NUMBERS: usize = 256;
    const BYTES: usize = 176;
    const GROUP: usize = 32;

    #[inline(always)]
    fn decode(block: &[u8], out: &mut [f32]) {
        let (d, m) = (half(block, 0), half(block, 2));
        let high = &block[16..48];
        for (k, out) in out.chunks_exact_mut(64).enumerate() {
            let codes = &block[48 + 32 * k..80 + 32 * k];
            let (first, second) = out.split_at_mut(32);
            let (scale, offset) = scale_and_offset(&block[4..16], 2 * k);
            let (scale, offset) = (d * scale, m * offset);
            for ((out, code), high) in first.iter_mut().zip(codes).zip(high) {
                let q = code & 15 | (high >> (2 * k) & 1) << 4;
                *out = scale * f32::from(q) - offset;
            }
            let (scale, offset) = scale_and_offset(&block[4..16], 2 * k + 1);
            let (scale, offset) = (d * scale, m * offset);
            for ((out, code), high) in second.iter_mut().zip(codes).zip(high) {
                let q = code >> 4 | (high >> (2 * k + 1) & 1) << 4;
                *out = scale * f32::from(q) - offset;
            }
        }
    }

    fn variance(block: &[u8], group: usize) -> f64 {
        of_step(half(block, 0) * scale_and_offset(&block[4..16], group).0)
    }
}

/// Low halves, 2 high bits, sixteen signed scales, d: d·s·(q − 32).
impl Block for Q6K {
    const NUMBERS: usize = 256;
    const BYTES: usize = 210;
    const GROUP: usize = 16;

    #[inline(always)]
    fn decode(block: &[u8], out: &mut [f32]) {
        for (part, out) in out.chunks_exact_mut(128).enumerate() {
            quarter_of_q6::<0>(block, part, out);
            quarter_of_q6::<1>(block, part, out);
            quarter_of_q6::<2>(block, part, out);
            quarter_of_q6::<3>(block, part, out);
        }
    }

    fn variance(block: &[u8], group: usize) -> f64 {
        of_step(half(block, 208) * f32::from(block[192 + group].cast_signed()))
    }
}

/// Two groups of sixteen: 64 bytes hold the low halves of 128 numbers, those of the last two
/// quarters above; 32 bytes hold the high bits of all quarters.
#[inline(always)]
fn quarter_of_q6<const QUARTER: usize>(block: &[u8], part: usize, out: &mut [f32]) {
    let d = half(block, 208);
    for (side, out) in out[32 * QUARTER..32 * QUARTER + 32]
        .chunks_exact_mut(16)
        .enumerate()
    {
        let scale = d * f32::from(block[192 + part * 8 + 2 * QUARTER + side].cast_signed());
        let low_at = part * 64 + QUARTER % 2 * 32 + side * 16;
        let high_at = 128 + part * 32 + side * 16;
        let low = &block[low_at..low_at + 16];
        let high = &block[high_at..high_at + 16];
        for ((out, low), high) in out.iter_mut().zip(low).zip(high) {
            let low = (low >> (QUARTER / 2 * 4)) & 15;
            let high = (high >> (2 * QUARTER)) & 3;
            *out = scale * f32::from((low | high << 4).cast_signed() - 32);
        }
    }
}
