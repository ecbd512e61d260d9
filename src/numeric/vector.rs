//! Slices of numbers computed with one by one, in `f32` or `f64`.
//!
//! Every routine rounds after each operation and never fuses two, so that all instruction sets
//! give the same bits. Where the slices differ in length the shortest counts.

use super::isa::dispatch;
use super::random::{Chance, Stream};
use super::real::Real;

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
    pub fn scale<N: Real>(out: &mut [N], c: N, x: &[N]) => scale_body);
dispatch!(
    /// `out += c·x`
    pub fn add_scaled<N: Real>(out: &mut [N], c: N, x: &[N]) => add_scaled_body);
dispatch!(
    /// `out += c·(x − b)`
    pub fn add_scaled_difference<N: Real>(out: &mut [N], c: N, x: &[N], b: &[N])
        => add_scaled_difference_body);
dispatch!(
    /// `out = x − b`
    pub fn difference<N: Real>(out: &mut [N], x: &[N], b: &[N]) => difference_body);
dispatch!(
    /// `out = c·(x − b)` where lower ≤ key of |x − b| < upper, else 0.
    pub fn banded_difference<N: Real>(out: &mut [N], c: N, x: &[N], b: &[N], lower: u32, upper: u32)
        => banded_difference_body);
dispatch!(
    /// `out = c·(x − b)` where `draw` happens, else 0.
    pub fn random_difference<N: Real>(out: &mut [N], c: N, x: &[N], b: &[N], draw: Draw)
        => random_difference_body);
dispatch!(
    /// `out = c·(x − b)` where the bit is set, else 0; the first bit is bit `from` of `words`, and
    /// bits beyond the words are not set.
    pub fn kept_difference<N: Real>(out: &mut [N], c: N, x: &[N], b: &[N], words: &[u64], from: usize)
        => kept_difference_body);
dispatch!(
    /// `sum += x − b`, the difference in the type of both.
    pub fn add_change<N: Real>(sum: &mut [f64], x: &[N], b: &[N]) => add_change_body);
dispatch!(
    /// `sum += ((x − b) − mean)²`, the inner difference in the type of both.
    pub fn add_deviation<N: Real>(sum: &mut [f64], x: &[N], b: &[N], mean: &[f64])
        => add_deviation_body);
dispatch!(
    /// `sum += Σ aᵢ²` in `f64`, in eight lanes that are added in order.
    pub fn add_squares<N: Real>(sum: &mut f64, a: &[N]) => add_squares_body);
dispatch!(
    /// `x = 0` where key < least.
    pub fn mask<N: Real>(x: &mut [N], keys: &[u32], least: u32) => mask_body);
dispatch!(
    /// `count +=` how many numbers are NaN or infinite.
    pub fn count_non_finite<N: Real>(x: &[N], count: &mut u64) => count_non_finite_body);
dispatch!(
    /// `sum += Σ aᵢbᵢ` in `f64`, in eight lanes that are added in order.
    pub fn add_dot<N: Real>(sum: &mut f64, a: &[N], b: &[N]) => add_dot_body);
dispatch!(
    /// `sum += Σ |aᵢ|`, likewise.
    pub fn add_magnitudes<N: Real>(sum: &mut f64, a: &[N]) => add_magnitudes_body);
dispatch!(
    /// `out = key of |x − b|`, see [`Real::key`].
    pub fn change_keys<N: Real>(out: &mut [u32], x: &[N], b: &[N]) => change_keys_body);
dispatch!(
    /// One model of a vote: `sum += d`.
    pub fn add<N: Real>(sum: &mut [N], d: &[N]) => add_body);
dispatch!(
    /// One model after the vote: where the sign of d is that of `vote`, `mixed += d` and
    /// `weights += weight`. A vote of 0 counts as +; a d of 0 agrees with none.
    pub fn add_agreeing<N: Real>(mixed: &mut [N], weights: &mut [N], vote: &[N], d: &[N], weight: N)
        => add_agreeing_body);
dispatch!(
    /// `mixed /= weights`, where weights of 0 count as 1.
    pub fn divide<N: Real>(mixed: &mut [N], weights: &[N]) => divide_body);
dispatch!(
    /// `out = b + c·mixed`
    pub fn add_to_base<N: Real>(out: &mut [N], b: &[N], c: N, mixed: &[N]) => add_to_base_body);

#[inline(always)]
fn scale_body<N: Real>(out: &mut [N], c: N, x: &[N]) {
    for (out, x) in out.iter_mut().zip(x) {
        *out = c * *x;
    }
}

#[inline(always)]
fn add_scaled_body<N: Real>(out: &mut [N], c: N, x: &[N]) {
    for (out, x) in out.iter_mut().zip(x) {
        *out += c * *x;
    }
}

#[inline(always)]
fn add_scaled_difference_body<N: Real>(out: &mut [N], c: N, x: &[N], b: &[N]) {
    for ((out, x), b) in out.iter_mut().zip(x).zip(b) {
        *out += c * (*x - *b);
    }
}

#[inline(always)]
fn difference_body<N: Real>(out: &mut [N], x: &[N], b: &[N]) {
    for ((out, x), b) in out.iter_mut().zip(x).zip(b) {
        *out = *x - *b;
    }
}

#[inline(always)]
fn banded_difference_body<N: Real>(out: &mut [N], c: N, x: &[N], b: &[N], lower: u32, upper: u32) {
    for ((out, x), b) in out.iter_mut().zip(x).zip(b) {
        let delta = *x - *b;
        let key = delta.key();
        let kept = (key >= lower) & (key < upper);
        *out = if kept { c * delta } else { N::ZERO };
    }
}

#[inline(always)]
fn random_difference_body<N: Real>(out: &mut [N], c: N, x: &[N], b: &[N], draw: Draw) {
    for (k, ((out, x), b)) in out.iter_mut().zip(x).zip(b).enumerate() {
        let kept = draw.stream.happens(draw.start + k as u64, draw.chance);
        let change = c * (*x - *b);
        *out = if kept { change } else { N::ZERO };
    }
}

#[inline(always)]
fn kept_difference_body<N: Real>(
    out: &mut [N],
    c: N,
    x: &[N],
    b: &[N],
    words: &[u64],
    from: usize,
) {
    let n = out.len().min(x.len()).min(b.len());
    let mut start = 0;
    while start < n {
        let (word, bit) = ((from + start) / 64, (from + start) % 64);
        let end = n.min(start + 64 - bit);
        let bits = words.get(word).map_or(0, |word| word >> bit);
        let pairs = x[start..end].iter().zip(&b[start..end]);
        for (k, (out, (x, b))) in out[start..end].iter_mut().zip(pairs).enumerate() {
            *out = (c * (*x - *b)).only_if(bits >> k & 1 == 1);
        }
        start = end;
    }
}

#[inline(always)]
fn add_change_body<N: Real>(sum: &mut [f64], x: &[N], b: &[N]) {
    for ((sum, x), b) in sum.iter_mut().zip(x).zip(b) {
        *sum += (*x - *b).wide();
    }
}

#[inline(always)]
fn add_deviation_body<N: Real>(sum: &mut [f64], x: &[N], b: &[N], mean: &[f64]) {
    for (((sum, x), b), mean) in sum.iter_mut().zip(x).zip(b).zip(mean) {
        let off = (*x - *b).wide() - mean;
        *sum += off * off;
    }
}

#[inline(always)]
fn add_squares_body<N: Real>(sum: &mut f64, a: &[N]) {
    add_dot_body(sum, a, a);
}

#[inline(always)]
fn mask_body<N: Real>(x: &mut [N], keys: &[u32], least: u32) {
    for (x, key) in x.iter_mut().zip(keys) {
        *x = if *key >= least { *x } else { N::ZERO };
    }
}

#[inline(always)]
fn count_non_finite_body<N: Real>(x: &[N], count: &mut u64) {
    // In 32 bits as long as they suffice: twice as many at once.
    for part in x.chunks(1 << 20) {
        let mut own = 0u32;
        for x in part {
            own += u32::from(!x.is_finite());
        }
        *count += u64::from(own);
    }
}

/// Lanes of a sum.
const LANES: usize = 8;

#[inline(always)]
fn add_dot_body<N: Real>(sum: &mut f64, a: &[N], b: &[N]) {
    let n = a.len().min(b.len());
    let (a, rest_a) = a[..n].as_chunks::<LANES>();
    let (b, rest_b) = b[..n].as_chunks::<LANES>();
    let mut lanes = [0.0f64; LANES];
    for (a, b) in a.iter().zip(b) {
        for k in 0..LANES {
            lanes[k] += a[k].wide() * b[k].wide();
        }
    }
    let rest = rest_a.iter().zip(rest_b);
    *sum += lanes.iter().sum::<f64>() + rest.map(|(a, b)| a.wide() * b.wide()).sum::<f64>();
}

#[inline(always)]
fn add_magnitudes_body<N: Real>(sum: &mut f64, a: &[N]) {
    let (a, rest) = a.as_chunks::<LANES>();
    let mut lanes = [0.0f64; LANES];
    for a in a {
        for k in 0..LANES {
            lanes[k] += a[k].abs().wide();
        }
    }
    *sum += lanes.iter().sum::<f64>() + rest.iter().map(|a| a.abs().wide()).sum::<f64>();
}

#[inline(always)]
fn change_keys_body<N: Real>(out: &mut [u32], x: &[N], b: &[N]) {
    for ((out, x), b) in out.iter_mut().zip(x).zip(b) {
        *out = (*x - *b).key();
    }
}

#[inline(always)]
fn add_body<N: Real>(sum: &mut [N], d: &[N]) {
    for (sum, d) in sum.iter_mut().zip(d) {
        *sum += *d;
    }
}

#[inline(always)]
fn add_agreeing_body<N: Real>(mixed: &mut [N], weights: &mut [N], vote: &[N], d: &[N], weight: N) {
    let outs = mixed.iter_mut().zip(weights);
    for (((mixed, weights), vote), d) in outs.zip(vote).zip(d) {
        let zero = N::ZERO;
        let agrees = ((*vote >= zero) & (*d > zero)) | ((*vote < zero) & (*d < zero));
        // A NaN has no sign to agree with and must not vanish.
        let nan = vote.is_nan();
        *mixed += if agrees | nan { *d } else { zero };
        *weights += if agrees { weight } else { zero };
    }
}

#[inline(always)]
fn divide_body<N: Real>(mixed: &mut [N], weights: &[N]) {
    for (mixed, weights) in mixed.iter_mut().zip(weights) {
        *mixed /= if *weights == N::ZERO {
            N::ONE
        } else {
            *weights
        };
    }
}

#[inline(always)]
fn add_to_base_body<N: Real>(out: &mut [N], b: &[N], c: N, mixed: &[N]) {
    for ((out, b), mixed) in out.iter_mut().zip(b).zip(mixed) {
        *out = *b + c * *mixed;
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
