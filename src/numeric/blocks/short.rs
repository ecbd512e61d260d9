//! Blocks of 32 numbers with one scale.

use super::{Block, half, of_step};

pub(super) struct Q8_0;
pub(super) struct Q4_0;
pub(super) struct Q4_1;
pub(super) struct Q5_0;
pub(super) struct Q5_1;
pub(super) struct Iq4Nl;
pub(super) struct Mxfp4;

/// d, then 32 signed bytes: d·q.
impl Block for Q8_0 {
    const NUMBERS: usize = 32;
    const BYTES: usize = 34;
    const GROUP: usize = 32;

    #[inline(always)]
    fn decode(block: &[u8], out: &mut [f32]) {
        let d = half(block, 0);
        for (out, q) in out[..32].iter_mut().zip(&block[2..34]) {
            *out = d * f32::from(q.cast_signed());
        }
    }

    fn variance(block: &[u8], _: usize) -> f64 {
        of_step(half(block, 0))
    }
}

/// Sixteen bytes whose low halves are the first numbers and whose high halves are the others.
#[inline(always)]
fn halves(codes: &[u8], out: &mut [f32], value: impl Fn(u8) -> f32) {
    let (low, high) = out[..32].split_at_mut(16);
    for ((code, low), high) in codes[..16].iter().zip(low).zip(high) {
        *low = value(code & 15);
        *high = value(code >> 4);
    }
}

/// The same with a fifth bit each, bit k of `bits` for number k.
#[inline(always)]
fn fifths(codes: &[u8], bits: u32, out: &mut [f32], value: impl Fn(u8) -> f32) {
    let (low, high) = out[..32].split_at_mut(16);
    for (k, ((code, low), high)) in codes[..16].iter().zip(low).zip(high).enumerate() {
        *low = value(code & 15 | (((bits >> k) & 1) as u8) << 4);
        *high = value((code >> 4) | (((bits >> (k + 16)) & 1) as u8) << 4);
    }
}

#[inline(always)]
fn word(block: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]])
}

/// d·(q − 8).
impl Block for Q4_0 {
    const NUMBERS: usize = 32;
    const BYTES: usize = 18;
    const GROUP: usize = 32;

    #[inline(always)]
    fn decode(block: &[u8], out: &mut [f32]) {
        let d = half(block, 0);
        halves(&block[2..18], out, |q| d * f32::from(q.cast_signed() - 8));
    }

    fn variance(block: &[u8], _: usize) -> f64 {
        of_step(half(block, 0))
    }
}

/// d, m: d·q + m.
impl Block for Q4_1 {
    const NUMBERS: usize = 32;
    const BYTES: usize = 20;
    const GROUP: usize = 32;

    #[inline(always)]
    fn decode(block: &[u8], out: &mut [f32]) {
        let (d, m) = (half(block, 0), half(block, 2));
        halves(&block[4..20], out, |q| d * f32::from(q) + m);
    }

    fn variance(block: &[u8], _: usize) -> f64 {
        of_step(half(block, 0))
    }
}

/// d, the fifth bits, the others: d·(q − 16).
impl Block for Q5_0 {
    const NUMBERS: usize = 32;
    const BYTES: usize = 22;
    const GROUP: usize = 32;

    #[inline(always)]
    fn decode(block: &[u8], out: &mut [f32]) {
        let (d, bits) = (half(block, 0), word(block, 2));
        fifths(&block[6..22], bits, out, |q| {
            d * f32::from(q.cast_signed() - 16)
        });
    }

    fn variance(block: &[u8], _: usize) -> f64 {
        of_step(half(block, 0))
    }
}

/// d, m, the fifth bits, the others: d·q + m.
impl Block for Q5_1 {
    const NUMBERS: usize = 32;
    const BYTES: usize = 24;
    const GROUP: usize = 32;

    #[inline(always)]
    fn decode(block: &[u8], out: &mut [f32]) {
        let (d, m, bits) = (half(block, 0), half(block, 2), word(block, 4));
        fifths(&block[8..24], bits, out, |q| d * f32::from(q) + m);
    }

    fn variance(block: &[u8], _: usize) -> f64 {
        of_step(half(block, 0))
    }
}

/// The values of IQ4_NL's codes, closer to each other around zero.
const IQ4_NL: [i8; 16] = [
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
];

/// d times a value of a table.
impl Block for Iq4Nl {
    const NUMBERS: usize = 32;
    const BYTES: usize = 18;
    const GROUP: usize = 1;

    #[inline(always)]
    fn decode(block: &[u8], out: &mut [f32]) {
        let d = half(block, 0);
        halves(&block[2..18], out, |q| {
            d * f32::from(IQ4_NL[usize::from(q & 15)])
        });
    }

    fn variance(block: &[u8], number: usize) -> f64 {
        of_table(&IQ4_NL, code(&block[2..18], number)) * f64::from(half(block, 0)).powi(2)
    }
}

/// Twice the values of a 4-bit float: 2 exponent bits, 1 mantissa bit. Code 8 is a zero too.
const E2M1: [i8; 16] = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

/// The same in the order of their values, for the distances between them.
const E2M1_SORTED: [i8; 15] = [-12, -8, -6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6, 8, 12];

/// A power of two, 127 for 1, then 4-bit floats.
impl Block for Mxfp4 {
    const NUMBERS: usize = 32;
    const BYTES: usize = 17;
    const GROUP: usize = 1;

    #[inline(always)]
    fn decode(block: &[u8], out: &mut [f32]) {
        let d = half_power(block[0]);
        halves(&block[1..17], out, |q| {
            d * f32::from(E2M1[usize::from(q & 15)])
        });
    }

    fn variance(block: &[u8], number: usize) -> f64 {
        let value = E2M1[code(&block[1..17], number)];
        let at = E2M1_SORTED.iter().position(|own| *own == value);
        of_table(&E2M1_SORTED, at.unwrap_or(0)) * f64::from(half_power(block[0])).powi(2)
    }
}

/// 2^(exponent − 128): half the scale, because the values are twice theirs.
#[inline(always)]
fn half_power(exponent: u8) -> f32 {
    f32::from_bits(match exponent {
        0 | 1 => 0x0020_0000 << exponent,
        _ => (u32::from(exponent) - 1) << 23,
    })
}

/// The code of a number in sixteen bytes of halves.
fn code(codes: &[u8], number: usize) -> usize {
    let byte = codes[number % 16];
    usize::from(if number < 16 { byte & 15 } else { byte >> 4 })
}

/// The variance of rounding to value `at` of a table of rising values, for numbers that are
/// spread evenly between the middles of the gaps beside it.
fn of_table(values: &[i8], at: usize) -> f64 {
    let gap = |a: usize, b: usize| Some(f64::from(*values.get(b)?) - f64::from(*values.get(a)?));
    let below = at.checked_sub(1).and_then(|before| gap(before, at));
    let above = gap(at, at + 1);
    let below_half = below.or(above).unwrap_or(0.0) / 2.0;
    let above_half = above.or(below).unwrap_or(0.0) / 2.0;
    (below_half.powi(3) + above_half.powi(3)) / (3.0 * (below_half + above_half))
}
