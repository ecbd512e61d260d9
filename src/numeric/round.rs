//! Rounding `f32` to the numbers that a narrower format has, to nearest, ties to even.

use half::f16;

use super::Float;
use super::isa::dispatch;

/// Replaces each number by the nearest one of `float`.
///
/// F64 and F32 have them all. Beyond the largest number of a format is infinity; NaN stays NaN.
/// The 8-bit formats, in which nothing is computed, are left as they are.
pub fn round_to(float: Float, numbers: &mut [f32]) {
    match float {
        Float::BF16 => round_bf16(numbers),
        Float::F16 => {
            for x in numbers {
                *x = f16::from_f32(*x).to_f32();
            }
        }
        Float::F64 | Float::F32 | Float::F8E4M3 | Float::F8E5M2 => {}
    }
}

/// The mean square of the error of rounding to `float`, as a share of the mean square of the
/// numbers; `None` where nothing is rounded.
///
/// A number m·2ᵉ with 1 ≤ m < 2 is off by up to half of the last place u = 2ᵉ⁻ᵖ. Over many
/// magnitudes m² is 3/(2 ln 2) in the mean, and the square of the error u²/12, or u²/8 where
/// numbers of the format itself were averaged, so that half of them lie in the middle. Between
/// the two, u²/10 is taken. Numbers near zero, where a format has no more places, are not
/// thought of.
pub fn error_share(float: Float) -> Option<f64> {
    let places = match float {
        Float::BF16 => 7,
        Float::F16 => 10,
        Float::F64 | Float::F32 | Float::F8E4M3 | Float::F8E5M2 => return None,
    };
    let place = f64::powi(2.0, -2 * places);
    Some(place / 10.0 / (1.5 / std::f64::consts::LN_2))
}

dispatch!(fn round_bf16(numbers: &mut [f32]) => round_bf16_body);

#[inline(always)]
fn round_bf16_body(numbers: &mut [f32]) {
    for x in numbers {
        let bits = x.to_bits();
        // Half of the last place, a little less where the last bit is even already.
        let up = bits.wrapping_add(0x7fff + ((bits >> 16) & 1)) & 0xffff_0000;
        let quiet = (bits | 0x0040_0000) & 0xffff_0000;
        *x = f32::from_bits(if x.is_nan() { quiet } else { up });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::isa::with_each;
    use half::bf16;
    use proptest::prelude::*;

    /// The same for one number at a time, by the library.
    fn rounded(float: Float, x: f32) -> f32 {
        match float {
            Float::BF16 => bf16::from_f32(x).to_f32(),
            Float::F16 => f16::from_f32(x).to_f32(),
            Float::F64 | Float::F32 | Float::F8E4M3 | Float::F8E5M2 => x,
        }
    }

    #[test]
    fn the_error_is_as_large_as_expected() {
        let numbers = || (1..20_000).map(|k| (k as f32).sin() * 0.02);
        for float in [Float::BF16, Float::F16] {
            let mut found: Vec<f32> = numbers().collect();
            round_to(float, &mut found);
            let squares = |x: f32| f64::from(x) * f64::from(x);
            let error: f64 = numbers().zip(&found).map(|(a, b)| squares(a - b)).sum();
            let size: f64 = numbers().map(squares).sum();
            let ratio = error / size / error_share(float).unwrap();
            assert!((0.6..1.6).contains(&ratio), "{float:?}: {ratio}");
        }
        assert_eq!(error_share(Float::F32), None);
    }

    proptest! {
        #[test]
        fn slices_round_like_single_numbers(bits in proptest::collection::vec(any::<u32>(), 0..100)) {
            for float in [Float::BF16, Float::F16, Float::F32] {
                with_each(|| {
                    let mut found: Vec<f32> = bits.iter().map(|&b| f32::from_bits(b)).collect();
                    round_to(float, &mut found);
                    for (found, &bits) in found.iter().zip(&bits) {
                        let expected = rounded(float, f32::from_bits(bits));
                        assert!(found.to_bits() == expected.to_bits() || (found.is_nan() && expected.is_nan()));
                    }
                });
            }
        }
    }
}
