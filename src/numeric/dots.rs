//! Dot products of all pairs of rows of one block: the inner loop of model kinship.
//!
//! A sum runs in eight lanes, lane l taking the numbers l, l + 8, l + 16 …; the lanes are
//! added pairwise at the end of the block. That order is part of the result, so it does not
//! depend on the register width, on the tiles (which sums are carried in registers together)
//! or on the strips (how much of the rows is gone through at a time, to stay in the first
//! cache).
//!
//! Cost: rows²/2 multiply-adds a number. With a base and two models a block takes about as
//! long as fetching it from memory.

use super::isa::{Simd, dispatch};
use std::ops::Range;

/// Lanes of every sum.
pub const LANES: usize = 8;

/// Numbers of each row in a strip: the four rows and the four others whose products are carried
/// in registers together then take two thirds of the first cache.
const STRIP: usize = 512;

/// Where the product of rows `i ≤ j` stands in packed order: column after column, so that a
/// new last row appends and changes nothing.
#[inline]
pub const fn packed(i: usize, j: usize) -> usize {
    j * (j + 1) / 2 + i
}

/// Rows of equal length in one slice, `stride` numbers from one to the next.
///
/// `len` is a multiple of eight; a shorter row is filled up with zeros, which add nothing.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    /// All rows.
    pub data: &'a [f64],
    /// Numbers from the start of one row to the start of the next.
    pub stride: usize,
    /// Numbers of each row that are summed.
    pub len: usize,
}

impl<'a> Rows<'a> {
    /// Number of rows.
    pub fn count(&self) -> usize {
        self.data.len() / self.stride
    }

    /// One row.
    #[inline(always)]
    pub fn row(&self, k: usize) -> &'a [f64] {
        &self.data[k * self.stride..][..self.len]
    }
}

/// The unfinished sums of a block: eight lanes for each row and for each pair of rows.
pub struct Lanes {
    sums: Vec<[f64; LANES]>,
    dots: Vec<[f64; LANES]>,
}

impl Lanes {
    /// Zeros, for `rows` rows.
    pub fn new(rows: usize) -> Self {
        Self {
            sums: vec![[0.0; LANES]; rows],
            dots: vec![[0.0; LANES]; packed(0, rows)],
        }
    }

    /// Sets `sums` to the sums of the rows and `dots` to the dot products of rows `i ≤ j`
    /// (packed order), for `j ≥ first`; what lies before stays as it is.
    pub fn of_block(&mut self, rows: Rows<'_>, first: usize, sums: &mut [f64], dots: &mut [f64]) {
        debug_assert!(rows.len.is_multiple_of(LANES) && rows.len <= rows.stride);
        let from = packed(0, first);
        self.sums[first..].fill([0.0; LANES]);
        self.dots[from..].fill([0.0; LANES]);
        for start in (0..rows.len).step_by(STRIP) {
            add_strip(rows, start..(start + STRIP).min(rows.len), first, self);
        }
        for (to, lanes) in sums[first..].iter_mut().zip(&self.sums[first..]) {
            *to = pairwise(lanes);
        }
        for (to, lanes) in dots[from..].iter_mut().zip(&self.dots[from..]) {
            *to = pairwise(lanes);
        }
    }
}

/// Σ (a − b)², directly; the lengths are equal and a multiple of eight.
pub fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    let mut out = 0.0;
    distance(a, b, &mut out);
    out
}

/// Σ a², in the order in which [`Lanes::of_block`] sums it.
pub fn squared_norm(a: &[f64]) -> f64 {
    let mut out = 0.0;
    norm(a, &mut out);
    out
}

dispatch!(fn add_strip(rows: Rows<'_>, strip: Range<usize>, first: usize, lanes: &mut Lanes) => strip_body simd);
dispatch!(fn distance(a: &[f64], b: &[f64], out: &mut f64) => distance_body simd);
dispatch!(fn norm(a: &[f64], out: &mut f64) => norm_body simd);

#[inline(always)]
fn strip_body<S: Simd>(
    simd: S,
    rows: Rows<'_>,
    strip: Range<usize>,
    first: usize,
    lanes: &mut Lanes,
) {
    let count = rows.count();
    let Lanes { sums, dots } = lanes;
    for j in (first..count).step_by(4) {
        let nj = (count - j).min(4);
        for i in (0..j).step_by(4) {
            rectangle(simd, rows, &strip, i..(i + 4).min(j), j..j + nj, dots);
        }
        match nj {
            1 => triangle::<1, S>(simd, rows, &strip, j, sums, dots),
            2 => triangle::<2, S>(simd, rows, &strip, j, sums, dots),
            3 => triangle::<3, S>(simd, rows, &strip, j, sums, dots),
            _ => triangle::<4, S>(simd, rows, &strip, j, sums, dots),
        }
    }
}

/// Rows `i` against rows `j`, at most four of each, no row in both.
#[inline(always)]
fn rectangle<S: Simd>(
    simd: S,
    rows: Rows<'_>,
    strip: &Range<usize>,
    i: Range<usize>,
    j: Range<usize>,
    dots: &mut [[f64; LANES]],
) {
    match (i.len(), j.len()) {
        (4, 4) if S::WIDTH == 8 => tile::<4, 4, S>(simd, rows, strip, i.start, j.start, dots),
        (4, 4) => {
            tile::<4, 2, S>(simd, rows, strip, i.start, j.start, dots);
            tile::<4, 2, S>(simd, rows, strip, i.start, j.start + 2, dots);
        }
        (4, 3) => {
            tile::<4, 2, S>(simd, rows, strip, i.start, j.start, dots);
            tile::<4, 1, S>(simd, rows, strip, i.start, j.start + 2, dots);
        }
        (4, 2) => tile::<4, 2, S>(simd, rows, strip, i.start, j.start, dots),
        (4, 1) => tile::<4, 1, S>(simd, rows, strip, i.start, j.start, dots),
        _ => {
            for i in i {
                for j in j.clone() {
                    tile::<1, 1, S>(simd, rows, strip, i, j, dots);
                }
            }
        }
    }
}

#[inline(always)]
fn tile<const NI: usize, const NJ: usize, S: Simd>(
    simd: S,
    rows: Rows<'_>,
    strip: &Range<usize>,
    i: usize,
    j: usize,
    dots: &mut [[f64; LANES]],
) {
    let left = strips::<NI>(rows, i, strip);
    let right = strips::<NJ>(rows, j, strip);
    for lane in (0..LANES).step_by(S::WIDTH) {
        let mut acc = [[simd.zero(); NJ]; NI];
        for (a, acc) in acc.iter_mut().enumerate() {
            for (b, acc) in acc.iter_mut().enumerate() {
                *acc = simd.load(&dots[packed(i + a, j + b)][lane..]);
            }
        }
        for at in (lane..whole(strip)).step_by(LANES) {
            // SAFETY: the strips are as long as `strip`, and at = lane + 8 k with lane + WIDTH ≤ 8
            // lies below a multiple of eight that is not longer: at + WIDTH ≤ 8 (k + 1) ≤ length.
            let (left, right) = unsafe { (vectors(simd, &left, at), vectors(simd, &right, at)) };
            for (acc, left) in acc.iter_mut().zip(left) {
                for (acc, right) in acc.iter_mut().zip(&right) {
                    *acc = simd.plus_product(*acc, left, *right);
                }
            }
        }
        for (a, acc) in acc.iter().enumerate() {
            for (b, acc) in acc.iter().enumerate() {
                simd.store(*acc, &mut dots[packed(i + a, j + b)][lane..]);
            }
        }
    }
}

/// Rows j..j+N: their sums, and each against each.
#[inline(always)]
fn triangle<const N: usize, S: Simd>(
    simd: S,
    rows: Rows<'_>,
    strip: &Range<usize>,
    j: usize,
    sums: &mut [[f64; LANES]],
    dots: &mut [[f64; LANES]],
) {
    let row = strips::<N>(rows, j, strip);
    for lane in (0..LANES).step_by(S::WIDTH) {
        let mut sum = [simd.zero(); N];
        let mut acc = [[simd.zero(); N]; N];
        for b in 0..N {
            sum[b] = simd.load(&sums[j + b][lane..]);
            for a in 0..=b {
                acc[b][a] = simd.load(&dots[packed(j + a, j + b)][lane..]);
            }
        }
        for at in (lane..whole(strip)).step_by(LANES) {
            // SAFETY: as in `tile`.
            let row = unsafe { vectors(simd, &row, at) };
            for b in 0..N {
                sum[b] = simd.plus(sum[b], row[b]);
                for a in 0..=b {
                    acc[b][a] = simd.plus_product(acc[b][a], row[a], row[b]);
                }
            }
        }
        for b in 0..N {
            simd.store(sum[b], &mut sums[j + b][lane..]);
            for a in 0..=b {
                simd.store(acc[b][a], &mut dots[packed(j + a, j + b)][lane..]);
            }
        }
    }
}

/// The length of a strip without what does not fill all lanes; of a strip from
/// [`Lanes::of_block`] nothing is lost.
#[inline(always)]
fn whole(strip: &Range<usize>) -> usize {
    strip.len() / LANES * LANES
}

/// A strip of each of N rows; plain loops, because a closure does not inherit the instruction
/// set that it is inlined into.
#[inline(always)]
fn strips<'a, const N: usize>(rows: Rows<'a>, from: usize, strip: &Range<usize>) -> [&'a [f64]; N] {
    let mut out: [&[f64]; N] = [&[]; N];
    for (k, out) in out.iter_mut().enumerate() {
        *out = &rows.row(from + k)[strip.clone()];
    }
    out
}

/// One vector of each of N strips.
///
/// # Safety
/// Every strip must have at least `at + WIDTH` numbers.
#[inline(always)]
unsafe fn vectors<const N: usize, S: Simd>(
    simd: S,
    strips: &[&[f64]; N],
    at: usize,
) -> [S::Vector; N] {
    let mut out = [simd.zero(); N];
    for (out, strip) in out.iter_mut().zip(strips) {
        debug_assert!(at + S::WIDTH <= strip.len());
        // SAFETY: promised by the caller.
        *out = unsafe { simd.load_at(strip, at) };
    }
    out
}

#[inline(always)]
fn distance_body<S: Simd>(simd: S, a: &[f64], b: &[f64], out: &mut f64) {
    let mut lanes = [0.0; LANES];
    for lane in (0..LANES).step_by(S::WIDTH) {
        let mut acc = simd.zero();
        for at in (lane..a.len().min(b.len())).step_by(LANES) {
            let difference = simd.minus(simd.load(&a[at..]), simd.load(&b[at..]));
            // The square of a difference has more digits than a number holds.
            acc = simd.plus(acc, simd.times(difference, difference));
        }
        simd.store(acc, &mut lanes[lane..]);
    }
    *out = pairwise(&lanes);
}

#[inline(always)]
fn norm_body<S: Simd>(simd: S, a: &[f64], out: &mut f64) {
    let mut lanes = [0.0; LANES];
    for lane in (0..LANES).step_by(S::WIDTH) {
        let mut acc = simd.zero();
        for at in (lane..a.len()).step_by(LANES) {
            let x = simd.load(&a[at..]);
            acc = simd.plus_product(acc, x, x);
        }
        simd.store(acc, &mut lanes[lane..]);
    }
    *out = pairwise(&lanes);
}

#[inline(always)]
fn pairwise(l: &[f64; LANES]) -> f64 {
    ((l[0] + l[1]) + (l[2] + l[3])) + ((l[4] + l[5]) + (l[6] + l[7]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::isa::with_each;
    use proptest::prelude::*;

    /// Numbers that an `f32` holds, in `[-1, 1)`, from a seed.
    fn numbers(seed: u64, n: usize) -> Vec<f64> {
        let mut state = seed;
        let mut next = || {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            ((state >> 40) as f32 / (1u64 << 23) as f32 - 1.0).into()
        };
        (0..n).map(|_| next()).collect()
    }

    /// Σ aᵢbᵢ and the most that any order of adding can be off.
    fn naive(a: &[f64], b: &[f64]) -> (f64, f64) {
        let products = a.iter().zip(b).map(|(a, b)| a * b);
        let size: f64 = products.clone().map(f64::abs).sum();
        (products.sum(), 2.0 * a.len() as f64 * f64::EPSILON * size)
    }

    fn of_block(rows: Rows<'_>, first: usize) -> (Vec<f64>, Vec<f64>) {
        let count = rows.count();
        let (mut sums, mut dots) = (vec![7.0; count], vec![7.0; packed(0, count)]);
        Lanes::new(count).of_block(rows, first, &mut sums, &mut dots);
        (sums, dots)
    }

    #[test]
    fn packed_order_appends() {
        let places: Vec<usize> = (0..5)
            .flat_map(|j| (0..=j).map(move |i| packed(i, j)))
            .collect();
        assert!(places.iter().copied().eq(0..15));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn sums_and_products_are_those_of_the_definition(
            count in 1usize..14, len in 0usize..80, spare in 0usize..9, seed: u64,
        ) {
            let (len, stride) = (len * LANES, len * LANES + spare + 1);
            let data = numbers(seed, count * stride);
            let rows = Rows { data: &data, stride, len };
            let ones = vec![1.0; len];
            let (sums, dots) = of_block(rows, 0);
            for j in 0..count {
                let (sum, off) = naive(rows.row(j), &ones);
                prop_assert!((sums[j] - sum).abs() <= off);
                for i in 0..=j {
                    let (dot, off) = naive(rows.row(i), rows.row(j));
                    prop_assert!((dots[packed(i, j)] - dot).abs() <= off, "{i} {j}");
                }
            }
        }

        #[test]
        fn later_rows_alone_give_the_bits_of_all_rows(
            count in 1usize..14, len in 0usize..80, skip in 0usize..14, seed: u64,
        ) {
            let (first, len) = (skip.min(count), len * LANES);
            let data = numbers(seed, count * (len + 1));
            let rows = Rows { data: &data, stride: len + 1, len };
            let ((sums, dots), (all_sums, all_dots)) = (of_block(rows, first), of_block(rows, 0));
            prop_assert_eq!(&sums[first..], &all_sums[first..]);
            prop_assert_eq!(&dots[packed(0, first)..], &all_dots[packed(0, first)..]);
            prop_assert!(sums[..first].iter().chain(&dots[..packed(0, first)]).all(|&x| x == 7.0));
        }

        #[test]
        fn a_row_more_changes_no_bit(count in 1usize..13, len in 0usize..80, seed: u64) {
            let len = len * LANES;
            let data = numbers(seed, (count + 1) * (len + 1));
            let all = of_block(Rows { data: &data, stride: len + 1, len }, 0);
            let fewer = of_block(Rows { data: &data[..count * (len + 1)], stride: len + 1, len }, 0);
            prop_assert_eq!(&all.0[..count], &fewer.0[..]);
            prop_assert_eq!(&all.1[..packed(0, count)], &fewer.1[..]);
        }

        #[test]
        fn every_instruction_set_gives_the_same_bits(
            count in 1usize..14, len in 0usize..80, seed: u64,
        ) {
            let len = len * LANES;
            let data = numbers(seed, count * (len + 1));
            let rows = Rows { data: &data, stride: len + 1, len };
            let (a, b) = (rows.row(0), rows.row(count - 1));
            let mut found = Vec::new();
            with_each(|| {
                found.push((of_block(rows, 0), squared_distance(a, b), squared_norm(b)));
            });
            for other in &found[1..] {
                prop_assert_eq!(&found[0], other);
            }
        }

        #[test]
        fn a_norm_alone_has_the_bits_of_the_diagonal(
            count in 1usize..14, len in 0usize..80, seed: u64,
        ) {
            let len = len * LANES;
            let data = numbers(seed, count * (len + 1));
            let rows = Rows { data: &data, stride: len + 1, len };
            let (_, dots) = of_block(rows, 0);
            for k in 0..count {
                prop_assert_eq!(squared_norm(rows.row(k)), dots[packed(k, k)]);
            }
        }

        #[test]
        fn distance_is_that_of_the_definition(len in 0usize..200, seed: u64) {
            let (a, b) = (numbers(seed, len * LANES), numbers(!seed, len * LANES));
            let difference: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - b).collect();
            let (expected, off) = naive(&difference, &difference);
            prop_assert!((squared_distance(&a, &b) - expected).abs() <= off);
            prop_assert_eq!(squared_distance(&a, &a), 0.0);
        }
    }
}
