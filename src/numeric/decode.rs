//! Stored numbers to `f32` and `f64`.
//!
//! Every format but F64 is exact in `f32`. The conversions have no branches and meet no
//! subnormal `f32`, so that whole slices of them become fast vector code.

use super::isa::{GROUP, Simd, dispatch, f32_of_half, prefetch};

/// The stored number formats that Kinfolk computes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Float {
    /// IEEE double.
    F64,
    /// IEEE single.
    F32,
    /// IEEE half.
    F16,
    /// The upper half of an IEEE single.
    BF16,
    /// 4 exponent and 3 mantissa bits, no infinities (the `e4m3fn` of the hub).
    F8E4M3,
    /// 5 exponent and 2 mantissa bits, with infinities.
    F8E5M2,
}

impl Float {
    /// Every format, widest first.
    pub const ALL: [Self; 6] = [
        Self::F64,
        Self::F32,
        Self::F16,
        Self::BF16,
        Self::F8E4M3,
        Self::F8E5M2,
    ];

    /// Bytes of one number.
    pub const fn bytes(self) -> usize {
        match self {
            Self::F64 => 8,
            Self::F32 => 4,
            Self::F16 | Self::BF16 => 2,
            Self::F8E4M3 | Self::F8E5M2 => 1,
        }
    }
}

/// Runs one routine for the format that `$float` names.
macro_rules! by_format {
    ($float:expr, $routine:ident($($arg:expr),*)) => {
        match $float {
            Float::F64 => $routine::<F64>($($arg),*),
            Float::F32 => $routine::<F32>($($arg),*),
            Float::F16 => $routine::<F16>($($arg),*),
            Float::BF16 => $routine::<Bf16>($($arg),*),
            Float::F8E4M3 => $routine::<F8E4M3>($($arg),*),
            Float::F8E5M2 => $routine::<F8E5M2>($($arg),*),
        }
    };
}

/// Decodes `out.len()` little-endian numbers from the front of `bytes`.
///
/// F64 is rounded to the nearest `f32`; every other format is exact. Where `bytes` is too
/// short the rest of `out` stays as it was.
pub fn to_f32(float: Float, bytes: &[u8], out: &mut [f32]) {
    by_format!(float, decode_f32(bytes, out));
}

/// Decodes `out.len()` numbers to `f64`, exactly.
pub fn to_f64(float: Float, bytes: &[u8], out: &mut [f64]) {
    by_format!(float, decode_f64(bytes, out));
}

/// `out[k] = decoded[k] − base[k]`, taken in `f32` (F64 is rounded first) and widened.
pub fn delta_f32(float: Float, bytes: &[u8], base: &[f32], out: &mut [f64]) {
    by_format!(float, decode_delta(bytes, base, out));
}

/// `f32` to `f64`.
pub fn widen(from: &[f32], to: &mut [f64]) {
    widen_all(from, to);
}

dispatch!(fn widen_all(from: &[f32], to: &mut [f64]) => widen_body);
dispatch!(fn decode_f32<F: Format>(bytes: &[u8], out: &mut [f32]) => decode_f32_body simd);
dispatch!(fn decode_f64<F: Format>(bytes: &[u8], out: &mut [f64]) => decode_f64_body);
dispatch!(fn decode_delta<F: Format>(bytes: &[u8], base: &[f32], out: &mut [f64]) => decode_delta_body simd);

/// How far ahead of the reading the memory is asked for its next lines.
const AHEAD_BYTES: usize = 4096;

#[inline(always)]
fn widen_body(from: &[f32], to: &mut [f64]) {
    for (from, to) in from.iter().zip(to) {
        *to = f64::from(*from);
    }
}

#[inline(always)]
fn decode_f32_body<F: Format, S: Simd>(simd: S, bytes: &[u8], out: &mut [f32]) {
    let n = out.len().min(bytes.len() / F::BYTES);
    let (bytes, rest_bytes) = bytes[..n * F::BYTES].split_at(n / GROUP * GROUP * F::BYTES);
    let (out, rest_out) = out[..n].as_chunks_mut();
    for (bytes, out) in bytes.chunks_exact(GROUP * F::BYTES).zip(out) {
        prefetch(bytes, AHEAD_BYTES);
        F::group(simd, bytes, out);
    }
    for (number, out) in rest_bytes.chunks_exact(F::BYTES).zip(rest_out) {
        *out = F::f32(number);
    }
}

#[inline(always)]
fn decode_f64_body<F: Format>(bytes: &[u8], out: &mut [f64]) {
    for (number, out) in bytes.chunks_exact(F::BYTES).zip(out) {
        *out = F::f64(number);
    }
}

#[inline(always)]
fn decode_delta_body<F: Format, S: Simd>(simd: S, bytes: &[u8], base: &[f32], out: &mut [f64]) {
    let n = out.len().min(base.len()).min(bytes.len() / F::BYTES);
    let (bytes, rest_bytes) = bytes[..n * F::BYTES].split_at(n / GROUP * GROUP * F::BYTES);
    let (out, rest_out) = out[..n].as_chunks_mut::<GROUP>();
    let (base, rest_base) = base[..n].as_chunks::<GROUP>();
    let groups = bytes.chunks_exact(GROUP * F::BYTES).zip(base);
    for ((bytes, base), out) in groups.zip(out) {
        prefetch(bytes, AHEAD_BYTES);
        let mut theta = [0.0; GROUP];
        F::group(simd, bytes, &mut theta);
        for ((theta, base), out) in theta.iter().zip(base).zip(out) {
            *out = f64::from(theta - base);
        }
    }
    for ((number, base), out) in rest_bytes
        .chunks_exact(F::BYTES)
        .zip(rest_base)
        .zip(rest_out)
    {
        *out = f64::from(F::f32(number) - base);
    }
}

/// How one number of a format is read; `number` has exactly `BYTES` bytes.
trait Format {
    const BYTES: usize;
    fn f32(number: &[u8]) -> f32;
    #[inline(always)]
    fn f64(number: &[u8]) -> f64 {
        f64::from(Self::f32(number))
    }
    /// [`GROUP`] numbers at once; `bytes` has exactly as many as they take.
    #[inline(always)]
    fn group<S: Simd>(_: S, bytes: &[u8], out: &mut [f32; GROUP]) {
        for (number, out) in bytes.chunks_exact(Self::BYTES).zip(out) {
            *out = Self::f32(number);
        }
    }
}

struct F64;
struct F32;
struct F16;
struct Bf16;
struct F8E4M3;
struct F8E5M2;

impl Format for F64 {
    const BYTES: usize = 8;
    #[inline(always)]
    fn f32(number: &[u8]) -> f32 {
        Self::f64(number) as f32
    }
    #[inline(always)]
    fn f64(number: &[u8]) -> f64 {
        f64::from_le_bytes([
            number[0], number[1], number[2], number[3], number[4], number[5], number[6], number[7],
        ])
    }
}

impl Format for F32 {
    const BYTES: usize = 4;
    #[inline(always)]
    fn f32(number: &[u8]) -> f32 {
        f32::from_le_bytes([number[0], number[1], number[2], number[3]])
    }
}

impl Format for Bf16 {
    const BYTES: usize = 2;
    #[inline(always)]
    fn f32(number: &[u8]) -> f32 {
        f32::from_bits(u32::from(u16::from_le_bytes([number[0], number[1]])) << 16)
    }
}

impl Format for F16 {
    const BYTES: usize = 2;
    #[inline(always)]
    fn f32(number: &[u8]) -> f32 {
        f32_of_half(u16::from_le_bytes([number[0], number[1]]))
    }
    #[inline(always)]
    fn group<S: Simd>(simd: S, bytes: &[u8], out: &mut [f32; GROUP]) {
        let mut bits = [0; GROUP];
        for (number, bits) in bytes.chunks_exact(2).zip(&mut bits) {
            *bits = u16::from_le_bytes([number[0], number[1]]);
        }
        simd.halves(&bits, out);
    }
}

impl Format for F8E5M2 {
    const BYTES: usize = 1;
    /// The upper byte of an IEEE half.
    #[inline(always)]
    fn f32(number: &[u8]) -> f32 {
        f32_of_half(u16::from(number[0]) << 8)
    }
    #[inline(always)]
    fn group<S: Simd>(simd: S, bytes: &[u8], out: &mut [f32; GROUP]) {
        let mut bits = [0; GROUP];
        for (number, bits) in bytes.iter().zip(&mut bits) {
            *bits = u16::from(*number) << 8;
        }
        simd.halves(&bits, out);
    }
}

impl Format for F8E4M3 {
    const BYTES: usize = 1;
    #[inline(always)]
    fn f32(number: &[u8]) -> f32 {
        let bits = u32::from(number[0]);
        let magnitude = bits & 0x7f;
        let normal = (magnitude << 20) + ((127 - 7) << 23);
        let subnormal = (magnitude as f32 * f32::from_bits((127 - 9) << 23)).to_bits();
        let value = if magnitude < 0x08 { subnormal } else { normal };
        let value = if magnitude == 0x7f {
            f32::NAN.to_bits()
        } else {
            value
        };
        f32::from_bits(value | (bits & 0x80) << 24)
    }
    /// With its exponent and mantissa in place, a half that is too small by 2⁸.
    #[inline(always)]
    fn group<S: Simd>(simd: S, bytes: &[u8], out: &mut [f32; GROUP]) {
        let mut bits = [0; GROUP];
        for (number, bits) in bytes.iter().zip(&mut bits) {
            *bits = u16::from(number & 0x80) << 8 | u16::from(number & 0x7f) << 7;
        }
        simd.halves(&bits, out);
        for (number, out) in bytes.iter().zip(out) {
            let is_nan = number & 0x7f == 0x7f;
            *out = if is_nan { f32::NAN } else { *out * 256.0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::isa::with_each;
    use proptest::prelude::*;

    /// The value of a small float by its definition: sign · mantissa · 2^exponent.
    fn by_definition(bits: u32, exponent_bits: u32, mantissa_bits: u32) -> f64 {
        let bias = (1i32 << (exponent_bits - 1)) - 1;
        let mantissa =
            f64::from(bits & ((1 << mantissa_bits) - 1)) / f64::from(1u32 << mantissa_bits);
        let exponent = ((bits >> mantissa_bits) & ((1 << exponent_bits) - 1)) as i32;
        let sign = if bits >> (exponent_bits + mantissa_bits) == 1 {
            -1.0
        } else {
            1.0
        };
        let e4m3 = (exponent_bits, mantissa_bits) == (4, 3);
        sign * match exponent {
            0 => mantissa * 2f64.powi(1 - bias),
            15 if e4m3 && mantissa == 0.875 => f64::NAN,
            e if !e4m3 && e == (1 << exponent_bits) - 1 => {
                if mantissa == 0.0 {
                    f64::INFINITY
                } else {
                    f64::NAN
                }
            }
            e => (1.0 + mantissa) * 2f64.powi(e - bias),
        }
    }

    fn same(a: f64, b: f64) -> bool {
        a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
    }

    /// Decodes every pattern of a format with the fast routines and with the definition.
    fn check_every_pattern(float: Float, exponent_bits: u32, mantissa_bits: u32) {
        let patterns: Vec<u32> = (0..1u32 << (8 * float.bytes())).collect();
        let bytes: Vec<u8> = patterns
            .iter()
            .flat_map(|p| p.to_le_bytes()[..float.bytes()].to_vec())
            .collect();
        let mut narrow = vec![0.0; patterns.len()];
        let mut wide = vec![0.0; patterns.len()];
        with_each(|| {
            to_f32(float, &bytes, &mut narrow);
            to_f64(float, &bytes, &mut wide);
            compare(float, [exponent_bits, mantissa_bits], &narrow, &wide);
        });
    }

    fn compare(
        float: Float,
        [exponent_bits, mantissa_bits]: [u32; 2],
        narrow: &[f32],
        wide: &[f64],
    ) {
        let patterns: Vec<u32> = (0..narrow.len() as u32).collect();
        for (k, &pattern) in patterns.iter().enumerate() {
            let expected = by_definition(pattern, exponent_bits, mantissa_bits);
            assert!(
                same(f64::from(narrow[k]), expected),
                "{float:?} {pattern:#x}: {}",
                narrow[k]
            );
            assert!(
                same(wide[k], expected),
                "{float:?} {pattern:#x}: {}",
                wide[k]
            );
        }
    }

    #[test]
    fn every_half_pattern_decodes_to_its_definition() {
        check_every_pattern(Float::F16, 5, 10);
    }

    #[test]
    fn every_bfloat_pattern_decodes_to_its_definition() {
        check_every_pattern(Float::BF16, 8, 7);
    }

    #[test]
    fn every_e4m3_pattern_decodes_to_its_definition() {
        check_every_pattern(Float::F8E4M3, 4, 3);
    }

    #[test]
    fn every_e5m2_pattern_decodes_to_its_definition() {
        check_every_pattern(Float::F8E5M2, 5, 2);
    }

    proptest! {
        #[test]
        fn delta_is_the_f32_difference(
            stored in proptest::collection::vec(any::<u8>(), 0..800),
            base in proptest::collection::vec(-10f32..10.0, 100),
            which in 0usize..6,
        ) {
            let float = Float::ALL[which];
            let n = base.len().min(stored.len() / float.bytes());
            let mut decoded = vec![0.0f32; n];
            to_f32(float, &stored, &mut decoded);
            with_each(|| {
                let mut delta = vec![7.0; 100];
                delta_f32(float, &stored, &base, &mut delta);
                for k in 0..n {
                    assert!(same(delta[k], f64::from(decoded[k] - base[k])));
                }
                assert!(delta[n..].iter().all(|&d| d == 7.0), "nothing is written beyond the input");
            });
        }
    }
}
