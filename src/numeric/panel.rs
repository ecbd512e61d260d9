//! The panel that fills a Gram matrix block by block: decoding, summing, and what the sums say
//! of broken numbers and of distances that would cancel.

use super::dots::{LANES, Lanes, Rows, packed, squared_distance, squared_norm};
use super::numbers::Numbers;
use super::{Gram, decode};

/// Entries of a block: with a base and two models its panel takes half of the first cache, and
/// what is done once a block costs little.
pub const BLOCK: usize = 1024;

/// Numbers from one row of a panel to the next: at a power of two, all rows would compete for
/// the same few places in the cache.
const STRIDE: usize = BLOCK + LANES;

/// Below this share of |δᵢ|² + |δⱼ|² a squared distance is summed directly, because the
/// difference of the dot products would lose more than three of its sixteen digits.
const CANCELLED: f64 = 1e-3;

/// Rows of a block, [`STRIDE`] numbers apart, the first at the start of a cache line: a vector
/// that lies across two lines takes twice the time.
struct AlignedRows {
    data: Vec<f64>,
    first: usize,
}

impl AlignedRows {
    fn new(rows: usize) -> Self {
        let data = vec![0.0f64; rows * STRIDE + LANES];
        // At most LANES − 1, and no promise: the standard library may say that it cannot tell.
        let first = data.as_ptr().align_offset(64).min(LANES);
        Self { data, first }
    }

    fn all(&self) -> &[f64] {
        let end = self.data.len() - LANES;
        &self.data[self.first..][..end]
    }

    fn all_mut(&mut self) -> &mut [f64] {
        let end = self.data.len() - LANES;
        &mut self.data[self.first..][..end]
    }
}

/// One block of a base and its models, decoded: the work space of a thread.
pub struct Panel {
    len: usize,
    base_is_wide: bool,
    base: Vec<f32>,
    rows: AlignedRows,
    lanes: Lanes,
    block: Gram,
}

impl Panel {
    /// Room for a base and `models` models.
    pub fn new(models: usize) -> Self {
        Self {
            len: 0,
            base_is_wide: false,
            base: vec![0.0; BLOCK],
            rows: AlignedRows::new(models + 1),
            lanes: Lanes::new(models + 1),
            block: Gram::zero(models),
        }
    }

    /// Starts a block with the base's numbers, at most [`BLOCK`] of them.
    #[inline]
    pub fn set_base<N: Numbers>(&mut self, numbers: &N) {
        self.len = numbers.count().min(BLOCK);
        self.base_is_wide = numbers.is_wide();
        numbers.read_f32(&mut self.base[..self.len]);
        if self.base_is_wide {
            numbers.read_f64(self.row_mut(0));
        } else {
            let (base, row) = (&self.base[..self.len], &mut self.rows.all_mut()[..self.len]);
            decode::widen(base, row);
        }
    }

    /// Sets a model (counted from 0) from its weights: δ = θ − b, in `f32` unless one of the two
    /// is stored as F64.
    #[inline]
    pub fn set_weights<N: Numbers>(&mut self, model: usize, numbers: &N) {
        if self.base_is_wide || numbers.is_wide() {
            numbers.read_f64(self.row_mut(model + 1));
            let (base, rest) = self.rows.all_mut().split_at_mut(STRIDE);
            let row = &mut rest[model * STRIDE..][..self.len];
            for (theta, base) in row.iter_mut().zip(&base[..]) {
                *theta -= base;
            }
        } else {
            let row = &mut self.rows.all_mut()[(model + 1) * STRIDE..][..self.len];
            numbers.read_change(&self.base[..self.len], row);
        }
    }

    /// Sets a model from its change δ.
    pub fn set_delta<N: Numbers>(&mut self, model: usize, delta: &N) {
        delta.read_f64(self.row_mut(model + 1));
    }

    /// Sets a model that is equal to the base here.
    pub fn set_unchanged(&mut self, model: usize) {
        self.row_mut(model + 1).fill(0.0);
    }

    /// Replaces δ of a model by round(δ / `largest` · 127), ties to even: the reference tool's
    /// 8-bit variant, where `largest` is the model's max |δ|.
    pub fn quantise(&mut self, model: usize, largest: f64) {
        for x in self.row_mut(model + 1) {
            *x = if largest > 0.0 {
                (*x / largest * 127.0).round_ties_even()
            } else {
                0.0
            };
        }
    }

    /// The largest |δ| of a model in this block; NaN and infinities do not count.
    pub fn largest(&self, model: usize) -> f64 {
        self.rows.all()[(model + 1) * STRIDE..][..self.len]
            .iter()
            .map(|x| x.abs())
            .filter(|x| x.is_finite())
            .fold(0.0, f64::max)
    }

    /// Adds this block to `gram`, leaving out the pairs among the first `known` models.
    pub fn add_to(&mut self, gram: &mut Gram, known: usize) {
        let used = self.len.next_multiple_of(LANES);
        for row in self.rows.all_mut().chunks_exact_mut(STRIDE) {
            row[self.len..used].fill(0.0);
        }
        let rows = Rows {
            data: self.rows.all(),
            stride: STRIDE,
            len: used,
        };
        let first = if known == 0 { 0 } else { known + 1 };
        self.block.non_finite.fill(0);
        self.block.count = self.len as u64;
        self.lanes
            .of_block(rows, first, &mut self.block.sums, &mut self.block.dots);
        for row in 1..first {
            // Left out above, and needed for the distances to what is new.
            self.block.dots[packed(row, row)] = squared_norm(rows.row(row));
        }
        self.block.count_non_finite(rows, first);
        self.block.find_distances(rows, known);
        gram.add(&self.block);
    }

    fn row_mut(&mut self, row: usize) -> &mut [f64] {
        &mut self.rows.all_mut()[row * STRIDE..][..self.len]
    }
}

impl Gram {
    /// A row with a NaN or an infinity has a norm that is neither finite; only then count.
    fn count_non_finite(&mut self, rows: Rows<'_>, first: usize) {
        for row in first..rows.count() {
            if !self.dots[packed(row, row)].is_finite() {
                let count = rows.row(row).iter().filter(|x| !x.is_finite()).count();
                // A finite row can still overflow as a sum of squares; that is not a finite number either.
                self.non_finite[row] = count.max(1) as u64;
            }
        }
    }

    fn find_distances(&mut self, rows: Rows<'_>, known: usize) {
        for j in known..self.models() {
            for i in 0..j {
                let norms = self.dot(i + 1, i + 1) + self.dot(j + 1, j + 1);
                let derived = norms - 2.0 * self.dot(i + 1, j + 1);
                self.squared_distances[packed(i, j)] = if derived < CANCELLED * norms {
                    squared_distance(rows.row(i + 1), rows.row(j + 1))
                } else {
                    derived
                };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::isa::with_each;
    use crate::numeric::{Float, Plain};
    use proptest::prelude::*;

    /// The lengths at which vectors, groups and blocks end or just do not.
    const LENGTHS: [usize; 14] = [
        0,
        1,
        7,
        8,
        9,
        31,
        32,
        33,
        255,
        511,
        512,
        513,
        BLOCK - 1,
        BLOCK,
    ];

    /// Stored numbers of one row.
    #[derive(Clone, Debug)]
    struct StoredRow {
        float: Float,
        bytes: Vec<u8>,
    }

    impl StoredRow {
        fn new(float: Float, values: impl IntoIterator<Item = f64>) -> Self {
            let values = values.into_iter();
            let bytes = match float {
                Float::F64 => values.flat_map(f64::to_le_bytes).collect(),
                Float::F32 => values.flat_map(|x| (x as f32).to_le_bytes()).collect(),
                Float::F16 => values
                    .flat_map(|x| half::f16::from_f64(x).to_le_bytes())
                    .collect(),
                Float::BF16 => values
                    .flat_map(|x| half::bf16::from_f64(x).to_le_bytes())
                    .collect(),
                // Any pattern without the upper exponent bit is a number below two.
                Float::F8E4M3 | Float::F8E5M2 => {
                    values.map(|x| (x * 1e6) as i64 as u8 & 0xbf).collect()
                }
            };
            Self { float, bytes }
        }

        /// A base or a model by a seed.
        fn random(float: Float, n: usize, seed: u64) -> Self {
            let mut state = seed;
            Self::new(
                float,
                (0..n).map(|_| {
                    state = state
                        .wrapping_mul(6364136223846793005)
                        .wrapping_add(1442695040888963407);
                    (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
                }),
            )
        }

        fn decoded(&self) -> Vec<f64> {
            let mut out = vec![0.0; self.bytes.len() / self.float.bytes()];
            decode::to_f64(self.float, &self.bytes, &mut out);
            out
        }

        fn plain(&self) -> Plain<'_> {
            Plain {
                float: self.float,
                bytes: &self.bytes,
            }
        }

        /// The task vector by its definition.
        fn minus(&self, base: &Self) -> Vec<f64> {
            let wide = self.float == Float::F64 || base.float == Float::F64;
            let pairs = self.decoded().into_iter().zip(base.decoded());
            if wide {
                pairs.map(|(theta, base)| theta - base).collect()
            } else {
                pairs
                    .map(|(theta, base)| f64::from(theta as f32 - base as f32))
                    .collect()
            }
        }
    }

    fn gram(base: &StoredRow, models: &[StoredRow], known: usize) -> Gram {
        let mut panel = Panel::new(models.len());
        panel.set_base(&base.plain());
        for (k, model) in models.iter().enumerate() {
            panel.set_weights(k, &model.plain());
        }
        let mut gram = Gram::zero(models.len());
        panel.add_to(&mut gram, known);
        gram
    }

    /// Whether `found` is Σ `terms`, up to the order of adding.
    fn is_sum(found: f64, terms: impl Iterator<Item = f64> + Clone) -> bool {
        let size: f64 = terms.clone().map(f64::abs).sum();
        let n = terms.clone().count() as f64;
        (found - terms.sum::<f64>()).abs() <= 2.0 * n * f64::EPSILON * size
    }

    fn population() -> impl Strategy<Value = (StoredRow, Vec<StoredRow>)> {
        let formats = proptest::collection::vec(0usize..6, 2..14);
        (formats, 0usize..LENGTHS.len(), any::<u64>()).prop_map(|(formats, length, seed)| {
            let row = |(k, &format): (usize, &usize)| {
                StoredRow::random(Float::ALL[format], LENGTHS[length], seed ^ k as u64)
            };
            let mut rows: Vec<_> = formats.iter().enumerate().map(row).collect();
            (rows.remove(0), rows)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(80))]

        #[test]
        fn block_is_summed_as_defined((base, models) in population()) {
            let found = gram(&base, &models, 0);
            let mut rows = vec![base.decoded()];
            rows.extend(models.iter().map(|m| m.minus(&base)));
            prop_assert_eq!(found.count, rows[0].len() as u64);
            prop_assert!(found.non_finite.iter().all(|&n| n == 0));
            for j in 0..rows.len() {
                prop_assert!(is_sum(found.sums[j], rows[j].iter().copied()));
                for i in 0..=j {
                    let products = rows[i].iter().zip(&rows[j]).map(|(a, b)| a * b);
                    prop_assert!(is_sum(found.dot(i, j), products), "{} {}", i, j);
                }
            }
            for j in 0..models.len() {
                for i in 0..j {
                    let pairs = rows[i + 1].iter().zip(&rows[j + 1]);
                    let expected: f64 = pairs.map(|(a, b)| (a - b) * (a - b)).sum();
                    // BLOCK · ε / CANCELLED, the worst that a difference of products can be off.
                    let off = 4.0 * BLOCK as f64 * f64::EPSILON / CANCELLED * expected;
                    prop_assert!((found.squared_distance(i, j) - expected).abs() <= off);
                }
            }
        }

        #[test]
        fn known_models_are_left_out_and_the_rest_keeps_its_bits(
            (base, models) in population(), share in 0.0f64..=1.0,
        ) {
            let known = (share * models.len() as f64) as usize;
            let all = gram(&base, &models, 0);
            let mut found = gram(&base, &models, known);
            found.take_known(&gram(&base, &models[..known], 0));
            prop_assert_eq!(found, all);
        }

        #[test]
        fn every_instruction_set_gives_the_same_bits((base, models) in population()) {
            let is_f64 = |row: &StoredRow| row.float == Float::F64;
            prop_assume!(!is_f64(&base) && !models.iter().any(is_f64));
            let mut found = Vec::new();
            with_each(|| found.push(gram(&base, &models, 0)));
            for other in &found[1..] {
                prop_assert_eq!(&found[0], other);
            }
        }

        #[test]
        fn nearly_equal_models_keep_the_digits_of_their_distance(
            seed: u64, length in 0usize..LENGTHS.len(), size in -9i32..-2,
        ) {
            let n = LENGTHS[length];
            let base = StoredRow::random(Float::F32, n, 0);
            let a = StoredRow::random(Float::F32, n, seed);
            let shift = StoredRow::random(Float::F64, n, !seed).decoded();
            let near = a.decoded().into_iter().zip(&shift).map(|(a, s)| a + s * 10f64.powi(size));
            let b = StoredRow::new(Float::F32, near);
            let found = gram(&base, &[a.clone(), b.clone()], 0).squared_distance(0, 1);
            let pairs = a.minus(&base).into_iter().zip(b.minus(&base));
            let expected: f64 = pairs.map(|(a, b)| (a - b) * (a - b)).sum();
            prop_assert!((found - expected).abs() <= 1e-12 * expected, "{} {}", found, expected);
        }

        #[test]
        fn grams_of_pieces_add_up_and_select_picks((base, models) in population()) {
            let n = models.len();
            let whole = gram(&base, &models, 0);
            let mut twice = whole.clone();
            twice.add(&whole);
            prop_assert_eq!(twice.count, 2 * whole.count);
            prop_assert_eq!(twice.dot(0, n), 2.0 * whole.dot(0, n));
            let backwards: Vec<usize> = (0..n).rev().collect();
            let picked = whole.select(&backwards);
            prop_assert_eq!(picked.dot(1, 0), whole.dot(n, 0));
            prop_assert_eq!(picked.squared_distance(0, n - 1), whole.squared_distance(n - 1, 0));
            prop_assert_eq!(picked.select(&backwards), whole);
        }
    }

    fn f32_row(values: &[f32]) -> StoredRow {
        StoredRow::new(Float::F32, values.iter().copied().map(f64::from))
    }

    #[test]
    fn equal_models_have_distance_zero() {
        let base = StoredRow::random(Float::BF16, BLOCK, 1);
        let a = StoredRow::random(Float::F16, BLOCK, 2);
        let found = gram(&base, &[a.clone(), base.clone(), a], 0);
        assert_eq!(found.squared_distance(0, 2), 0.0);
        assert_eq!(found.squared_distance(0, 1), found.dot(1, 1));
        assert_eq!((found.dot(2, 2), found.sums[2]), (0.0, 0.0));
    }

    #[test]
    fn nan_and_infinite_numbers_are_counted_and_spoil_their_row_alone() {
        let base = f32_row(&[0.0; 5]);
        let sound = f32_row(&[1.0, 2.0, 3.0, 4.0, 5.0]);
        let broken = f32_row(&[1.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 5.0]);
        with_each(|| {
            let found = gram(&base, &[sound.clone(), broken.clone(), sound.clone()], 0);
            assert_eq!(found.non_finite, [0, 0, 3, 0]);
            assert_eq!(found.dot(1, 3), 55.0);
            assert_eq!(found.squared_distance(0, 2), 0.0);
            assert!(found.dot(1, 2).is_nan());
        });
    }

    #[test]
    fn broken_base_spoils_every_row() {
        let base = f32_row(&[0.0, f32::NAN]);
        let found = gram(&base, &[f32_row(&[1.0, 2.0])], 0);
        assert_eq!(found.non_finite, [1, 1]);
    }

    #[test]
    fn sum_of_squares_beyond_f64_counts_as_no_number() {
        let base = StoredRow::new(Float::F64, [0.0]);
        let found = gram(&base, &[StoredRow::new(Float::F64, [1e200])], 0);
        assert_eq!(found.non_finite, [0, 1]);
    }

    #[test]
    fn a_shorter_block_does_not_see_the_one_before() {
        let mut panel = Panel::new(1);
        let mut found = Gram::zero(1);
        for n in [BLOCK, 3] {
            let ones = StoredRow::new(Float::F32, vec![1.0; n]);
            panel.set_base(&ones.plain());
            panel.set_delta(0, &&vec![2.0f32; n][..]);
            panel.add_to(&mut found, 0);
        }
        let n = BLOCK as f64 + 3.0;
        assert_eq!(
            (found.sums.as_slice(), found.dot(1, 1)),
            ([n, 2.0 * n].as_slice(), 4.0 * n)
        );
    }

    #[test]
    fn eight_bit_values_are_rounded_to_even_and_broken_ones_stay_broken() {
        let mut panel = Panel::new(2);
        panel.set_base(&&[0.0f32; 5][..]);
        panel.set_delta(0, &&[127.0f32, -2.5, 0.5, f32::NAN, f32::INFINITY][..]);
        panel.set_unchanged(1);
        assert_eq!((panel.largest(0), panel.largest(1)), (127.0, 0.0));
        for model in 0..2 {
            let largest = panel.largest(model);
            panel.quantise(model, largest);
        }
        let row = panel.row_mut(1);
        assert_eq!(row[..3], [127.0, -2.0, 0.0]);
        assert!(row[3].is_nan() && row[4] == f64::INFINITY);
        assert_eq!(panel.row_mut(2), [0.0; 5]);
    }
}
