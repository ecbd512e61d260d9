//! Slices of `f32` computed with number by number.
//!
//! Every routine rounds after each operation and never fuses two, so that all instruction sets
//! give the same bits. Where the slices differ in length the shortest counts.

use super::isa::dispatch;
use super::random::{Chance, Stream};

/// Draws for a run of numbers.
#[derive(Clone, Copy, Debug)]
pub struct Draw {
    /// Where they come from.
    pub stream: Stream,
    /// Index of the first.
    pub start: u64,
    /// How likely each is.
    pub chance: Chance,
}

dispatch!(
    /// `out = c·x`
    pub fn scale(out: &mut [f32], c: f32, x: &[f32]) => scale_body);
dispatch!(
    /// `out += c·x`
    pub fn add_scaled(out: &mut [f32], c: f32, x: &[f32]) => add_scaled_body);
dispatch!(
    /// `out += c·(x − b)`
    pub fn add_scaled_difference(out: &mut [f32], c: f32, x: &[f32], b: &[f32])
        => add_scaled_difference_body);
dispatch!(
    /// `out = x − b`
    pub fn difference(out: &mut [f32], x: &[f32], b: &[f32]) => difference_body);
dispatch!(
    /// `out = c·(x − b)` where lower ≤ bits of |x − b| < upper, else 0.
    pub fn banded_difference(out: &mut [f32], c: f32, x: &[f32], b: &[f32], lower: u32, upper: u32)
        => banded_difference_body);
dispatch!(
    /// `out = c·(x − b)` where `draw` happens, else 0.
    pub fn random_difference(out: &mut [f32], c: f32, x: &[f32], b: &[f32], draw: Draw)
        => random_difference_body);
dispatch!(
    /// `sum += x − b`, the difference in `f32`.
    pub fn add_change(sum: &mut [f64], x: &[f32], b: &[f32]) => add_change_body);
dispatch!(
    /// `sum += ((x − b) − mean)²`, the inner difference in `f32`.
    pub fn add_deviation(sum: &mut [f64], x: &[f32], b: &[f32], mean: &[f64])
        => add_deviation_body);
dispatch!(
    /// `sum += Σ aᵢ²` in `f64`, in eight lanes that are added in order.
    pub fn add_squares(sum: &mut f64, a: &[f32]) => add_squares_body);
dispatch!(
    /// `x = 0` where key < least.
    pub fn mask(x: &mut [f32], keys: &[u32], least: u32) => mask_body);
dispatch!(
    /// `count +=` how many numbers are NaN or infinite.
    pub fn count_non_finite(x: &[f32], count: &mut u64) => count_non_finite_body);
dispatch!(
    /// `sum += Σ aᵢbᵢ` in `f64`, in eight lanes that are added in order.
    pub fn add_dot(sum: &mut f64, a: &[f32], b: &[f32]) => add_dot_body);
dispatch!(
    /// `sum += Σ |aᵢ|`, likewise.
    pub fn add_magnitudes(sum: &mut f64, a: &[f32]) => add_magnitudes_body);
dispatch!(
    /// `out = bits of |x − b|`: the key of a change.
    pub fn change_keys(out: &mut [u32], x: &[f32], b: &[f32]) => change_keys_body);
dispatch!(
    /// One model of a vote: `sum += d`.
    pub fn add(sum: &mut [f32], d: &[f32]) => add_body);
dispatch!(
    /// One model after the vote: where the sign of d is that of `vote`, `mixed += d` and
    /// `weights += weight`. A vote of 0 counts as +; a d of 0 agrees with none.
    pub fn add_agreeing(mixed: &mut [f32], weights: &mut [f32], vote: &[f32], d: &[f32], weight: f32)
        => add_agreeing_body);
dispatch!(
    /// `mixed /= weights`, where weights of 0 count as 1.
    pub fn divide(mixed: &mut [f32], weights: &[f32]) => divide_body);
dispatch!(
    /// `out = b + c·mixed`
    pub fn add_to_base(out: &mut [f32], b: &[f32], c: f32, mixed: &[f32]) => add_to_base_body);

#[inline(always)]
fn scale_body(out: &mut [f32], c: f32, x: &[f32]) {
    for (out, x) in out.iter_mut().zip(x) {
        *out = c * x;
    }
}

#[inline(always)]
fn add_scaled_body(out: &mut [f32], c: f32, x: &[f32]) {
    for (out, x) in out.iter_mut().zip(x) {
        *out += c * x;
    }
}

#[inline(always)]
fn add_scaled_difference_body(out: &mut [f32], c: f32, x: &[f32], b: &[f32]) {
    for ((out, x), b) in out.iter_mut().zip(x).zip(b) {
        *out += c * (x - b);
    }
}

#[inline(always)]
fn difference_body(out: &mut [f32], x: &[f32], b: &[f32]) {
    for ((out, x), b) in out.iter_mut().zip(x).zip(b) {
        *out = x - b;
    }
}

#[inline(always)]
fn banded_difference_body(out: &mut [f32], c: f32, x: &[f32], b: &[f32], lower: u32, upper: u32) {
    for ((out, x), b) in out.iter_mut().zip(x).zip(b) {
        let delta = x - b;
        let bits = delta.to_bits() & 0x7fff_ffff;
        let kept = (bits >= lower) & (bits < upper);
        *out = if kept { c * delta } else { 0.0 };
    }
}

#[inline(always)]
fn random_difference_body(out: &mut [f32], c: f32, x: &[f32], b: &[f32], draw: Draw) {
    for (k, ((out, x), b)) in out.iter_mut().zip(x).zip(b).enumerate() {
        let kept = draw.stream.happens(draw.start + k as u64, draw.chance);
        let change = c * (x - b);
        *out = if kept { change } else { 0.0 };
    }
}

#[inline(always)]
fn add_change_body(sum: &mut [f64], x: &[f32], b: &[f32]) {
    for ((sum, x), b) in sum.iter_mut().zip(x).zip(b) {
        *sum += f64::from(x - b);
    }
}

#[inline(always)]
fn add_deviation_body(sum: &mut [f64], x: &[f32], b: &[f32], mean: &[f64]) {
    for (((sum, x), b), mean) in sum.iter_mut().zip(x).zip(b).zip(mean) {
        let off = f64::from(x - b) - mean;
        *sum += off * off;
    }
}

#[inline(always)]
fn add_squares_body(sum: &mut f64, a: &[f32]) {
    add_dot_body(sum, a, a);
}

#[inline(always)]
fn mask_body(x: &mut [f32], keys: &[u32], least: u32) {
    for (x, key) in x.iter_mut().zip(keys) {
        *x = if *key >= least { *x } else { 0.0 };
    }
}

#[inline(always)]
fn count_non_finite_body(x: &[f32], count: &mut u64) {
    // In 32 bits as long as they suffice: twice as many at once.
    for part in x.chunks(1 << 20) {
        let mut own = 0u32;
        for x in part {
            own += u32::from(x.to_bits() & 0x7f80_0000 == 0x7f80_0000);
        }
        *count += u64::from(own);
    }
}

/// Lanes of a sum.
const LANES: usize = 8;

#[inline(always)]
fn add_dot_body(sum: &mut f64, a: &[f32], b: &[f32]) {
    let n = a.len().min(b.len());
    let (a, rest_a) = a[..n].as_chunks::<LANES>();
    let (b, rest_b) = b[..n].as_chunks::<LANES>();
    let mut lanes = [0.0f64; LANES];
    for (a, b) in a.iter().zip(b) {
        for k in 0..LANES {
            lanes[k] += f64::from(a[k]) * f64::from(b[k]);
        }
    }
    let rest = rest_a.iter().zip(rest_b);
    *sum += lanes.iter().sum::<f64>()
        + rest
            .map(|(a, b)| f64::from(*a) * f64::from(*b))
            .sum::<f64>();
}

#[inline(always)]
fn add_magnitudes_body(sum: &mut f64, a: &[f32]) {
    let (a, rest) = a.as_chunks::<LANES>();
    let mut lanes = [0.0f64; LANES];
    for a in a {
        for k in 0..LANES {
            lanes[k] += f64::from(a[k].abs());
        }
    }
    *sum += lanes.iter().sum::<f64>() + rest.iter().map(|a| f64::from(a.abs())).sum::<f64>();
}

#[inline(always)]
fn change_keys_body(out: &mut [u32], x: &[f32], b: &[f32]) {
    for ((out, x), b) in out.iter_mut().zip(x).zip(b) {
        *out = (x - b).to_bits() & 0x7fff_ffff;
    }
}

#[inline(always)]
fn add_body(sum: &mut [f32], d: &[f32]) {
    for (sum, d) in sum.iter_mut().zip(d) {
        *sum += d;
    }
}

#[inline(always)]
fn add_agreeing_body(mixed: &mut [f32], weights: &mut [f32], vote: &[f32], d: &[f32], weight: f32) {
    let outs = mixed.iter_mut().zip(weights);
    for (((mixed, weights), vote), d) in outs.zip(vote).zip(d) {
        let agrees = ((*vote >= 0.0) & (*d > 0.0)) | ((*vote < 0.0) & (*d < 0.0));
        // A NaN has no sign to agree with and must not vanish.
        let nan = vote.is_nan();
        *mixed += if agrees | nan { *d } else { 0.0 };
        *weights += if agrees { weight } else { 0.0 };
    }
}

#[inline(always)]
fn divide_body(mixed: &mut [f32], weights: &[f32]) {
    for (mixed, weights) in mixed.iter_mut().zip(weights) {
        *mixed /= if *weights == 0.0 { 1.0 } else { *weights };
    }
}

#[inline(always)]
fn add_to_base_body(out: &mut [f32], b: &[f32], c: f32, mixed: &[f32]) {
    for ((out, b), mixed) in out.iter_mut().zip(b).zip(mixed) {
        *out = b + c * mixed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::isa::with_each;
    use proptest::prelude::*;

    fn numbers() -> impl Strategy<Value = Vec<f32>> {
        proptest::collection::vec(-4i8..4, 77)
            .prop_map(|v| v.iter().map(|&x| f32::from(x) / 3.0).collect())
    }

    proptest! {
        #[test]
        fn slices_compute_like_single_numbers(x in numbers(), b in numbers(), c in -2f32..2.0) {
            with_each(|| {
                let mut out = vec![1.0; 77];
                add_scaled_difference(&mut out, c, &x, &b);
                assert!((0..77).all(|k| out[k] == 1.0 + c * (x[k] - b[k])));
                add_scaled(&mut out, c, &b);
                assert!((0..77).all(|k| out[k] == 1.0 + c * (x[k] - b[k]) + c * b[k]));
                add_to_base(&mut out, &b, c, &x);
                assert!((0..77).all(|k| out[k] == b[k] + c * x[k]));
                banded_difference(&mut out, c, &x, &b, 0.5f32.to_bits(), 1.5f32.to_bits());
                for k in 0..77 {
                    let delta = x[k] - b[k];
                    let kept = (0.5..1.5).contains(&delta.abs());
                    assert_eq!(out[k], if kept { c * delta } else { 0.0 });
                }
                let (mut mixed, mut weights) = (vec![0.0; 77], vec![0.0; 77]);
                add_agreeing(&mut mixed, &mut weights, &b, &x, 0.7);
                for k in 0..77 {
                    let vote = if b[k] >= 0.0 { 1.0 } else { -1.0 };
                    let agrees = x[k] * vote > 0.0;
                    assert_eq!((mixed[k], weights[k]), if agrees { (x[k], 0.7) } else { (0.0, 0.0) });
                }
            });
        }
    }

    proptest! {
        #[test]
        fn sums_and_draws_are_those_of_single_numbers(x in numbers(), b in numbers(), p in 0f64..1.0) {
            let draw = Draw {
                stream: Stream::new(1, "x", 2),
                start: 5,
                chance: Chance::new(p),
            };
            let exact = |a: &[f32], b: &[f32]| -> f64 {
                a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
            };
            let mut found = Vec::new();
            with_each(|| {
                let mut out = vec![1.0; 77];
                random_difference(&mut out, 2.0, &x, &b, draw);
                for k in 0..77 {
                    let kept = draw.stream.happens(5 + k as u64, draw.chance);
                    assert_eq!(out[k], if kept { 2.0 * (x[k] - b[k]) } else { 0.0 });
                }
                let mut keys = vec![0; 77];
                change_keys(&mut keys, &x, &b);
                let least = 1f32.to_bits();
                let mut masked = x.clone();
                mask(&mut masked, &keys, least);
                let (mut sum, mut square) = (vec![0.0; 77], vec![0.0; 77]);
                add_change(&mut sum, &x, &b);
                add_deviation(&mut square, &x, &b, &vec![0.5; 77]);
                for k in 0..77 {
                    let change = x[k] - b[k];
                    assert_eq!(keys[k], change.abs().to_bits());
                    assert_eq!(masked[k], if change.abs() >= 1.0 { x[k] } else { 0.0 });
                    assert_eq!(sum[k], f64::from(change));
                    assert_eq!(square[k], (f64::from(change) - 0.5).powi(2));
                }
                let (mut dot, mut squares, mut magnitudes) = (1.0, 0.0, 0.0);
                add_dot(&mut dot, &x, &b);
                add_squares(&mut squares, &x);
                add_magnitudes(&mut magnitudes, &x);
                assert!((dot - 1.0 - exact(&x, &b)).abs() < 1e-12);
                assert!((squares - exact(&x, &x)).abs() < 1e-12);
                let signs: Vec<f32> = x.iter().map(|x| x.signum()).collect();
                assert!((magnitudes - exact(&x, &signs)).abs() < 1e-12);
                found.push([dot, squares, magnitudes].map(f64::to_bits));
            });
            assert!(found.iter().all(|f| *f == found[0]), "all instruction sets agree");
        }
    }

    #[test]
    fn broken_numbers_are_counted() {
        let mut count = 1;
        count_non_finite(
            &[1.0, f32::NAN, f32::INFINITY, -f32::INFINITY, f32::MAX],
            &mut count,
        );
        assert_eq!(count, 4);
    }
}
