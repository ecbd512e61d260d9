//! A long vector as a few thousand sums of its numbers with random signs, which keep its angles.
//!
//! Number i is added to one of [`WIDTH`] buckets with the sign σᵢ. The product of two such
//! sketches is an unbiased estimate of the product of the vectors, whose variance is
//! (|a|²|b|² + (a·b)² − 2 Σ aᵢ²bᵢ²) / [`WIDTH`] (Alon, Matias, Szegedy: *The space complexity of
//! approximating the frequency moments*, STOC 1996; Charikar, Chen, Farach-Colton: *Finding
//! frequent items in data streams*, ICALP 2002). Signs are independent, one bit a number. Buckets
//! are not: a block of `BLOCK` numbers goes to as many buckets beside each other from a random
//! one on, so that it is added as a vector. Numbers of one block never meet, and those of two
//! meet as often as if each had drawn a bucket of its own; whole columns of a matrix, whose
//! numbers stand far apart, are spread over all buckets.
//!
//! A sketch is linear: the difference of two is the sketch of the difference. Everything is drawn
//! from a name and an index, so that sketches made on different machines belong together.
//!
//! Cost: 16 random numbers a block, and one addition a number. Memory: 20 KB.

use super::isa::dispatch;
use super::random::Stream;

/// Buckets of a sketch: 16 KB of `f32`.
pub const WIDTH: usize = 4096;

/// Numbers that go to buckets beside each other.
const BLOCK: usize = 1024;

/// Numbers whose signs are one random number.
const WORD: usize = 64;

/// Changes with the random numbers.
const SEED: u64 = 17;

/// The sums of a part of a vector, on their way.
pub struct Buckets {
    signs: Stream,
    places: Stream,
    /// A block that begins in one of the last buckets goes on behind them.
    sums: Vec<f32>,
}

impl Buckets {
    /// Empty ones, for the vector of this name.
    pub fn new(name: &str) -> Self {
        Self {
            signs: Stream::new(SEED, name, 0),
            places: Stream::new(SEED, name, 1),
            sums: vec![0.0; WIDTH + BLOCK],
        }
    }

    /// Adds numbers of the vector, of which the first has index `first`.
    ///
    /// A bucket is summed in `f32`, in the order of the numbers: with some hundred numbers in a
    /// bucket its error is far below that of what it estimates.
    pub fn add(&mut self, first: usize, numbers: &[f32]) {
        let (mut at, mut rest) = (first, numbers);
        while !rest.is_empty() {
            let within = at % BLOCK;
            let (own, later) = rest.split_at(rest.len().min(BLOCK - within));
            self.block(at / BLOCK, within, own);
            at += own.len();
            rest = later;
        }
    }

    fn block(&mut self, block: usize, within: usize, numbers: &[f32]) {
        let start = self.places.at(block as u64) as usize % WIDTH + within;
        let sums = &mut self.sums[start..start + numbers.len()];
        let words = (block * BLOCK / WORD) as u64;
        if within.is_multiple_of(WORD) {
            let first = words + (within / WORD) as u64;
            let mut signs = [0; BLOCK / WORD];
            for (sign, k) in signs.iter_mut().zip(first..) {
                *sign = self.signs.at(k);
            }
            add_signed(sums, numbers, &signs);
            return;
        }
        for (k, (sum, x)) in sums.iter_mut().zip(numbers).enumerate() {
            let at = within + k;
            let word = self.signs.at(words + (at / WORD) as u64);
            *sum += signed(*x, (word >> (at % WORD)) as u32);
        }
    }

    /// Adds the sums to `total`, which has [`WIDTH`] numbers.
    pub fn add_to(&self, total: &mut [f64]) {
        for (k, sum) in self.sums.iter().enumerate() {
            total[k % WIDTH] += f64::from(*sum);
        }
    }
}

dispatch!(
    /// `sum ± x`, with the signs of one bit each.
    fn add_signed(sums: &mut [f32], numbers: &[f32], signs: &[u64]) => add_signed_body);

#[inline(always)]
fn add_signed_body(sums: &mut [f32], numbers: &[f32], signs: &[u64]) {
    const HALF: usize = WORD / 2;
    let halves = |k: usize| (signs[k / 2] >> (k % 2 * HALF)) as u32;
    let (whole, rest) = numbers.as_chunks::<HALF>();
    let (sums, last) = sums.split_at_mut(whole.len() * HALF);
    let (sums, _) = sums.as_chunks_mut::<HALF>();
    for (k, (sums, numbers)) in sums.iter_mut().zip(whole).enumerate() {
        let bits = halves(k);
        for j in 0..HALF {
            sums[j] += signed(numbers[j], bits >> j);
        }
    }
    for (j, (sum, x)) in last.iter_mut().zip(rest).enumerate() {
        *sum += signed(*x, halves(whole.len()) >> j);
    }
}

/// `x`, or `-x` where the lowest bit is set.
#[inline(always)]
const fn signed(x: f32, bit: u32) -> f32 {
    f32::from_bits(x.to_bits() ^ (bit << 31))
}

/// The cosine of two vectors from the product of their sketches and the squared lengths of these,
/// each divided by the lengths that the vectors really have.
///
/// The likeliest cosine given the lengths (Li, Hastie, Church: *Improving random projections
/// using marginal information*, COLT 2006): the root of ρ³ − zρ² + (m − 1)ρ − z, where z is the
/// product and m the sum of the squares.
pub fn likeliest_cosine(product: f64, squares: f64) -> f64 {
    let mut rho = if squares > 0.0 {
        2.0 * product / squares
    } else {
        0.0
    };
    for _ in 0..8 {
        let value = ((rho - product) * rho + squares - 1.0) * rho - product;
        let slope = (3.0 * rho - 2.0 * product) * rho + squares - 1.0;
        if slope <= 0.0 {
            break;
        }
        rho -= value / slope;
    }
    rho.clamp(-1.0, 1.0)
}

/// The standard error of such a cosine: (1 − ρ²) / √((1 + ρ²) · [`WIDTH`]), by the same source.
pub fn standard_error(cosine: f64) -> f64 {
    let square = cosine * cosine;
    (1.0 - square).max(0.0) / ((1.0 + square) * WIDTH as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::super::isa::with_each;
    use super::*;

    fn normal(name: &str, n: usize) -> Vec<f32> {
        let stream = Stream::new(5, name, 0);
        (0..n as u64).map(|k| stream.normal(k) as f32).collect()
    }

    fn sketch(numbers: &[f32]) -> Vec<f64> {
        let mut buckets = Buckets::new("a");
        buckets.add(0, numbers);
        let mut out = vec![0.0; WIDTH];
        buckets.add_to(&mut out);
        out
    }

    fn dot(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    /// By the definition, a number at a time.
    fn naive(numbers: &[f32]) -> Vec<f64> {
        let of = Buckets::new("a");
        let mut out = vec![0.0; WIDTH];
        for (i, x) in numbers.iter().enumerate() {
            let place = of.places.at((i / BLOCK) as u64) as usize % WIDTH + i % BLOCK;
            let is_minus = of.signs.at((i / 64) as u64) >> (i % 64) & 1 == 1;
            out[place % WIDTH] += f64::from(if is_minus { -x } else { *x });
        }
        out
    }

    #[test]
    fn sums_are_those_of_the_definition_in_whatever_pieces() {
        let numbers = normal("x", 5000);
        let expected = naive(&numbers);
        for cuts in [vec![], vec![1024, 2048], vec![1, 65, 1000, 1088, 4999]] {
            with_each(|| {
                let mut buckets = Buckets::new("a");
                let mut start = 0;
                for &cut in cuts.iter().chain(&[numbers.len()]) {
                    buckets.add(start, &numbers[start..cut]);
                    start = cut;
                }
                let mut found = vec![0.0; WIDTH];
                buckets.add_to(&mut found);
                for (a, b) in found.iter().zip(&expected) {
                    assert!((a - b).abs() < 1e-5, "{a} is not {b}");
                }
            });
        }
    }

    #[test]
    fn products_are_off_by_no_more_than_they_say() {
        // Also where the numbers of a few columns are large, as they are in models.
        for wide in [1.0f32, 30.0] {
            let n = 200_000;
            let (mut a, mut b) = (normal("a", n), normal("b", n));
            for k in (7..n).step_by(WIDTH) {
                a[k] *= wide;
                b[k] *= wide;
            }
            let mut squares = 0.0;
            let shares = [0.0f32, 0.1, 0.3, 1.0, 3.0, 10.0];
            let mut count = 0.0;
            for share in shares {
                let mixed: Vec<f32> = a.iter().zip(&b).map(|(a, b)| share * a + b).collect();
                for other in [&a, &b] {
                    let exact = |x: &[f32], y: &[f32]| -> f64 {
                        x.iter()
                            .zip(y)
                            .map(|(x, y)| f64::from(*x) * f64::from(*y))
                            .sum()
                    };
                    let (square_a, square_b) = (exact(&mixed, &mixed), exact(other, other));
                    let cosine = exact(&mixed, other) / (square_a * square_b).sqrt();
                    let (s, t) = (sketch(&mixed), sketch(other));
                    let product = dot(&s, &t) / (square_a * square_b).sqrt();
                    let found =
                        likeliest_cosine(product, dot(&s, &s) / square_a + dot(&t, &t) / square_b);
                    let off = (found - cosine) / (standard_error(cosine) + 1e-6);
                    assert!(off.abs() < 5.0, "{found} is {off} errors from {cosine}");
                    squares += off * off;
                    count += 1.0;
                }
            }
            assert!(squares / count < 2.5, "{}", squares / count);
        }
    }

    #[test]
    fn the_likeliest_cosine_of_a_vector_with_itself_is_one() {
        for square in [0.9, 1.0, 1.1] {
            assert!((likeliest_cosine(square, 2.0 * square) - 1.0).abs() < 1e-6);
            assert!((likeliest_cosine(-square, 2.0 * square) + 1.0).abs() < 1e-6);
        }
        assert_eq!(likeliest_cosine(0.0, 2.0), 0.0);
        assert_eq!(likeliest_cosine(0.0, 0.0), 0.0);
        assert_eq!(standard_error(1.0), 0.0);
        assert_eq!(standard_error(0.0), 1.0 / 64.0);
    }
}
