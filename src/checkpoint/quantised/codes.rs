//! Codes of few bits, one after the other, to the numbers they stand for before any scale.
//!
//! Half bytes are decoded by a table of pairs, one look for two numbers, which is as fast as
//! vector code and needs no instruction set.

use super::super::source::Stored;
use crate::numeric::{Float, Numbers, Plain};

/// For each byte the numbers of its two halves.
pub(super) type Pairs = [[f32; 2]; 256];

/// The sixteen numbers of two exponent bits and one bit of mantissa, by code.
pub(super) const E2M1: [f32; 16] = [
    0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, -0.0, -0.5, -1.0, -1.5, -2.0, -3.0, -4.0, -6.0,
];
const SIGNED: [f32; 16] = counting(-8.0);

static E2M1_PAIRS: Pairs = pairs(&E2M1);
static SIGNED_PAIRS: Pairs = pairs(&SIGNED);

const fn counting(from: f32) -> [f32; 16] {
    let mut out = [from; 16];
    let mut k = 1;
    while k < 16 {
        out[k] = out[k - 1] + 1.0;
        k += 1;
    }
    out
}

/// Low halves first.
const fn pairs(table: &[f32; 16]) -> Pairs {
    let mut out = [[0.0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        out[byte] = [table[byte & 15], table[byte >> 4]];
        byte += 1;
    }
    out
}

/// How the codes of a tensor lie.
#[derive(Debug, Clone)]
pub(super) enum Codes {
    /// 8-bit floats.
    Float8(Float),
    /// Signed bytes.
    Int8,
    /// Bytes that are 128 too large.
    Offset8,
    /// Half bytes, the low one first, of a known table.
    Halves(Halves),
    /// Half bytes, the high one first; sixteen F32 in the file say what they stand for.
    Mapped(Stored),
}

/// What half a byte stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Halves {
    E2m1,
    /// −8 to 7.
    Signed,
}

impl Halves {
    fn pairs(self) -> &'static Pairs {
        match self {
            Self::E2m1 => &E2M1_PAIRS,
            Self::Signed => &SIGNED_PAIRS,
        }
    }
}

impl Codes {
    /// How many codes a byte holds.
    pub(super) const fn per_byte(&self) -> usize {
        match self {
            Self::Float8(_) | Self::Int8 | Self::Offset8 => 1,
            Self::Halves(_) | Self::Mapped(_) => 2,
        }
    }

    /// Decodes `first..first + out.len()` of the codes in `bytes`.
    pub(super) fn expand(&self, bytes: &[u8], first: usize, out: &mut [f32]) {
        let rest = bytes.get(first / self.per_byte()..).unwrap_or_default();
        match self {
            Self::Float8(float) => {
                let (float, bytes) = (*float, rest);
                Plain { float, bytes }.read_f32(out);
            }
            Self::Int8 => each(rest, out, |byte| f32::from(byte.cast_signed())),
            Self::Offset8 => each(rest, out, |byte| f32::from(byte) - 128.0),
            Self::Halves(halves) => {
                let pairs = halves.pairs();
                expand_halves(|byte| pairs[usize::from(byte)], rest, first, out);
            }
            Self::Mapped(map) => {
                let table = read_map(map);
                let number = |half: u8| table[usize::from(half & 15)];
                let pair = |byte: u8| [number(byte >> 4), number(byte)];
                expand_halves(pair, rest, first, out);
            }
        }
    }

    /// For each code the expected square of the error that rounding to it makes, before scales.
    pub(super) fn variances(&self) -> Variances {
        match self {
            Self::Float8(float) => Variances::Bytes(Box::new(of_float8(*float))),
            Self::Int8 | Self::Offset8 => Variances::Even,
            Self::Halves(Halves::Signed) => Variances::Even,
            Self::Halves(Halves::E2m1) => Variances::LowFirst(of_table(&E2M1)),
            Self::Mapped(map) => Variances::HighFirst(of_table(&read_map(map))),
        }
    }
}

fn each(bytes: &[u8], out: &mut [f32], number: impl Fn(u8) -> f32) {
    for (byte, out) in bytes.iter().zip(out) {
        *out = number(*byte);
    }
}

/// Half bytes; `first` is odd where the first half of the first byte is not wanted.
fn expand_halves(pair: impl Fn(u8) -> [f32; 2], bytes: &[u8], first: usize, out: &mut [f32]) {
    let mut bytes = bytes.iter().map(|byte| pair(*byte));
    let mut out = out;
    if first % 2 == 1 {
        if let (Some(pair), Some((one, rest))) = (bytes.next(), out.split_first_mut()) {
            *one = pair[1];
            out = rest;
        } else {
            return;
        }
    }
    let (whole, last) = out.as_chunks_mut::<2>();
    for (out, pair) in whole.iter_mut().zip(&mut bytes) {
        *out = pair;
    }
    if let ([last], Some(pair)) = (last, bytes.next()) {
        *last = pair[0];
    }
}

fn read_map(map: &Stored) -> [f32; 16] {
    let mut table = [f32::NAN; 16];
    let (float, bytes) = (Float::F32, map.bytes());
    Plain { float, bytes }.read_f32(&mut table);
    table
}

/// Expected squares of rounding errors, by code.
#[derive(Debug)]
pub(super) enum Variances {
    /// A twelfth for every code: the step of the grid is one.
    Even,
    Bytes(Box<[f64; 256]>),
    LowFirst([f64; 16]),
    HighFirst([f64; 16]),
}

impl Variances {
    pub(super) fn at(&self, bytes: &[u8], at: usize) -> f64 {
        let byte = |at: usize| usize::from(bytes.get(at).copied().unwrap_or_default());
        let half = |at: usize, high: bool| {
            let byte = byte(at / 2);
            if high { byte >> 4 } else { byte & 15 }
        };
        match self {
            Self::Even => 1.0 / 12.0,
            Self::Bytes(table) => table[byte(at)],
            Self::LowFirst(table) => table[half(at, at % 2 == 1)],
            Self::HighFirst(table) => table[half(at, at.is_multiple_of(2))],
        }
    }
}

/// A twelfth of the square of the last place, for each byte.
fn of_float8(float: Float) -> [f64; 256] {
    let (mantissa_bits, bias) = match float {
        Float::F8E5M2 => (2, 15),
        _ => (3, 7),
    };
    std::array::from_fn(|byte| {
        let exponent = ((byte & 0x7f) >> mantissa_bits).max(1) as i32;
        let place = 2f64.powi(exponent - bias - mantissa_bits);
        place * place / 12.0
    })
}

/// What is nearest to an entry lies between the middles of the gaps beside it, and is spread
/// evenly there: (l³ + r³) / (12 (l + r)) for gaps l and r, a twelfth of the square where they are
/// the same or where there is only one.
fn of_table(table: &[f32; 16]) -> [f64; 16] {
    table.map(|own| {
        let gap = |sign: f32| {
            let gaps = table.iter().map(|other| sign * (other - own));
            gaps.filter(|gap| *gap > 0.0).fold(f32::INFINITY, f32::min)
        };
        let sides = [gap(-1.0), gap(1.0)].map(f64::from);
        let (sum, cubes) = sides
            .iter()
            .filter(|gap| gap.is_finite())
            .fold((0.0, 0.0), |(s, c), gap| (s + gap, c + gap.powi(3)));
        if sum > 0.0 { cubes / (12.0 * sum) } else { 0.0 }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_decoded_from_any_place() {
        let bytes = [0x21, 0x43, 0x65];
        for first in 0..6 {
            for len in 0..=6 - first {
                let mut out = vec![9.0; len];
                Codes::Halves(Halves::Signed).expand(&bytes, first, &mut out);
                let wanted: Vec<f32> = (first..first + len).map(|k| k as f32 - 7.0).collect();
                assert_eq!(out, wanted);
            }
        }
    }

    #[test]
    fn rounding_errors_follow_the_gaps() {
        let e2m1 = of_table(&E2M1);
        assert_eq!(e2m1[1], 0.25 / 12.0);
        // Between 3 and 6, of which 4 is nearest to 3.5 to 5.
        assert_eq!(e2m1[6], (1.0 + 8.0) / 36.0);
        assert_eq!(e2m1[7], 4.0 / 12.0);
        assert_eq!(e2m1[15], e2m1[7]);
        let e4m3 = of_float8(Float::F8E4M3);
        assert_eq!(e4m3[0x38], (0.125f64).powi(2) / 12.0);
        assert_eq!(e4m3[0xb8], e4m3[0x38]);
        assert_eq!(e4m3[0], 2f64.powi(-18) / 12.0);
        assert_eq!(of_float8(Float::F8E5M2)[0x3c], 0.0625 / 12.0);
    }
}
