//! The k-th largest of very many keys without sorting them: counted, not kept.
//!
//! A key is 32 bits whose order as a whole number is the order wanted; for magnitudes of `f32`
//! these are the bits without the sign (NaN comes above infinity). The first pass counts by
//! the upper half of the keys, which names the half that the k-th largest has; the second
//! counts that half by the lower. Counts add up in any order, so any number of threads gives
//! the same.
//!
//! Cost: two passes over the keys; memory 512 KB for the first and 512 KB a rank for the second.

use super::isa::dispatch;

/// Buckets of a half.
const BUCKETS: usize = 1 << 16;

/// The key of the magnitude of a number.
#[inline]
pub fn magnitude(x: f32) -> u32 {
    x.to_bits() & 0x7fff_ffff
}

/// A key in the order of the numbers themselves, −∞ first and NaN at the ends.
#[inline]
pub fn ordered(x: f32) -> u32 {
    let bits = x.to_bits();
    let negative = (bits as i32 >> 31) as u32;
    bits ^ (negative | 0x8000_0000)
}

/// The number of a key made by [`ordered`].
pub fn number(key: u32) -> f32 {
    let negative = (!key as i32 >> 31) as u32;
    f32::from_bits(key ^ (negative | 0x8000_0000))
}

/// The k largest keys of a stream, those with a lower index first where keys are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Larger keys are in.
    pub threshold: u32,
    /// Keys equal to the threshold are in if their index is below this.
    pub end: u64,
}

impl Cut {
    /// Nothing is in; no key is as large as that.
    pub const NOTHING: Self = Self {
        threshold: u32::MAX,
        end: 0,
    };
    /// Everything is in.
    pub const ALL: Self = Self {
        threshold: 0,
        end: u64::MAX,
    };

    /// The smallest key that is in at `index`.
    #[inline]
    pub fn least(self, index: u64) -> u32 {
        if index < self.end {
            self.threshold
        } else {
            self.threshold.saturating_add(1)
        }
    }

    /// Whether `key` at `index` is in.
    #[inline]
    pub fn has(self, key: u32, index: u64) -> bool {
        key >= self.least(index)
    }
}

/// First pass: keys counted by their upper half.
pub struct Upper(Vec<u64>);

impl Default for Upper {
    fn default() -> Self {
        Self(vec![0; BUCKETS])
    }
}

impl Upper {
    /// Counts some keys.
    pub fn count(&mut self, keys: &[u32]) {
        for key in keys {
            self.0[(key >> 16) as usize] += 1;
        }
    }

    /// Adds what another worker counted.
    pub fn add(&mut self, other: &Self) {
        add(&mut self.0, &other.0);
    }

    /// How many keys were counted.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Where the `k`-th largest lies, counted from 1.
    pub fn find(&self, k: u64) -> Option<Lower> {
        let (half, before) = walk(&self.0, k)?;
        Some(Lower {
            half: half as u32,
            rank: k - before,
            counts: vec![0; BUCKETS],
        })
    }
}

/// Second pass: the keys of one upper half counted by their lower.
#[derive(Clone)]
pub struct Lower {
    half: u32,
    rank: u64,
    counts: Vec<u64>,
}

/// What two passes know of a rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The k-th largest key.
    pub key: u32,
    /// How many keys equal to it are among the k largest.
    pub wanted: u64,
    /// How many there are.
    pub equal: u64,
}

impl Lower {
    /// Counts those of some keys that have the upper half.
    pub fn count(&mut self, keys: &[u32]) {
        count_half(&mut self.counts, keys, self.half);
    }

    /// Adds what another worker counted.
    pub fn add(&mut self, other: &Self) {
        add(&mut self.counts, &other.counts);
    }

    /// The key of the rank.
    pub fn found(&self) -> Option<Found> {
        let (low, before) = walk(&self.counts, self.rank)?;
        Some(Found {
            key: self.half << 16 | low as u32,
            wanted: self.rank - before,
            equal: self.counts[low],
        })
    }
}

dispatch!(
    /// `count +=` how many keys are `wanted`.
    pub fn count_equal(keys: &[u32], wanted: u32, count: &mut u64) => count_equal_body);
dispatch!(fn count_half(counts: &mut [u64], keys: &[u32], half: u32) => count_half_body);

#[inline(always)]
fn count_equal_body(keys: &[u32], wanted: u32, count: &mut u64) {
    // In 32 bits as long as they suffice: twice as many at once.
    for part in keys.chunks(1 << 20) {
        let own: u32 = part.iter().map(|&key| u32::from(key == wanted)).sum();
        *count += u64::from(own);
    }
}

#[inline(always)]
fn count_half_body(counts: &mut [u64], keys: &[u32], half: u32) {
    // One key in a hundred has the half: most groups have none, which a vector sees at once.
    for group in keys.chunks(32) {
        let any = group
            .iter()
            .fold(0, |any, key| any | u32::from(key >> 16 == half));
        if any != 0 {
            for key in group.iter().filter(|&key| key >> 16 == half) {
                counts[(key & 0xffff) as usize] += 1;
            }
        }
    }
}

/// The bucket of the `k`-th largest, and how many lie in those above it.
fn walk(counts: &[u64], k: u64) -> Option<(usize, u64)> {
    let mut before = 0;
    for (bucket, &count) in counts.iter().enumerate().rev() {
        if count > 0 && before + count >= k {
            return Some((bucket, before));
        }
        before += count;
    }
    None
}

fn add(to: &mut [u64], from: &[u64]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The k-th largest by sorting.
    fn naive(keys: &[u32], k: usize) -> Found {
        let mut sorted = keys.to_vec();
        sorted.sort_unstable_by(|a, b| b.cmp(a));
        let key = sorted[k - 1];
        Found {
            key,
            wanted: sorted[..k].iter().filter(|&&x| x == key).count() as u64,
            equal: sorted.iter().filter(|&&x| x == key).count() as u64,
        }
    }

    fn keys() -> impl Strategy<Value = Vec<u32>> {
        // Few distinct keys, keys that share their upper half, and any keys.
        let key = prop_oneof![0u32..5, 0x3f80_0000u32..0x3f80_0100, any::<u32>()];
        proptest::collection::vec(key, 1..300)
    }

    proptest! {
        #[test]
        fn counting_finds_what_sorting_finds(keys in keys(), k in 1usize..300, cut in 0usize..300) {
            let (k, cut) = (1 + k % keys.len(), cut % keys.len());
            let (mut upper, mut other) = (Upper::default(), Upper::default());
            upper.count(&keys[..cut]);
            other.count(&keys[cut..]);
            upper.add(&other);
            let mut lower = upper.find(k as u64).unwrap();
            let mut other = lower.clone();
            other.count(&keys[..cut]);
            lower.count(&keys[cut..]);
            lower.add(&other);
            prop_assert_eq!(lower.found(), Some(naive(&keys, k)));
        }

        #[test]
        fn ordered_keys_have_the_order_of_the_numbers(a: f32, b: f32) {
            prop_assert_eq!(number(ordered(a)).to_bits(), a.to_bits());
            if a != b {
                prop_assert_eq!(ordered(a) < ordered(b), a < b);
                prop_assert_eq!(magnitude(a) < magnitude(b), a.abs() < b.abs());
            }
        }
    }

    #[test]
    fn ranks_beyond_the_keys_are_not_found() {
        let mut upper = Upper::default();
        assert!(upper.find(1).is_none());
        upper.count(&[3]);
        assert!(upper.find(2).is_none());
    }

    #[test]
    fn equal_keys_are_cut_by_their_index() {
        let cut = Cut {
            threshold: 7,
            end: 3,
        };
        assert!(cut.has(8, 9) && cut.has(7, 2) && !cut.has(7, 3) && !cut.has(6, 0));
        assert!(!Cut::NOTHING.has(magnitude(f32::NAN), 0) && Cut::ALL.has(0, 9));
    }
}
