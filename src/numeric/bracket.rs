//! Where a rank must lie, guessed from a sample and then proved by counting.
//!
//! A sample of the keys gives two keys that the k-th largest most likely lies between. One pass
//! over all keys counts those above the bracket, counts the most common keys inside it (files
//! of few bits have few distinct changes), and keeps the others. The counts prove the guess or
//! refute it, so what is found is exact, and a bad sample costs time alone.

use super::isa::dispatch;
use super::select::{Found, count_equal};

/// Keys that are counted and not kept, at most.
const COMMON: usize = 8;
/// Keys that are looked at together.
const GROUP: usize = 32;

/// Two keys that a rank is expected between.
#[derive(Clone, Debug)]
pub struct Bracket {
    rank: u64,
    low: u32,
    high: u32,
    /// Keys inside that are too many to keep, largest first.
    common: Vec<u32>,
}

impl Bracket {
    /// Every key is inside: right for any sample, and for so few keys that all can be kept.
    pub fn everything(rank: u64) -> Self {
        Self {
            rank,
            low: 0,
            high: u32::MAX,
            common: Vec::new(),
        }
    }

    /// For the `rank`-th largest of `total` keys, counted from 1; the sample is reordered.
    pub fn new(rank: u64, total: u64, sample: &mut [u32]) -> Self {
        let m = sample.len();
        let at = (rank as f64 / total.max(1) as f64 * m as f64) as usize;
        // Five standard deviations for a small sample of independent keys, and more than ten
        // for a large one, since neighbours are alike.
        let margin = m / 128 + (1.5 * (m as f64).sqrt()) as usize;
        let mut nth = |at: usize| *sample.select_nth_unstable_by(at, |a, b| b.cmp(a)).1;
        let high = if at > margin {
            nth(at - margin)
        } else {
            u32::MAX
        };
        let low = if at + margin < m { nth(at + margin) } else { 0 };
        let mut inside: Vec<u32> = sample.to_vec();
        inside.retain(|key| (low..=high).contains(key));
        inside.sort_unstable();
        let mut runs: Vec<(usize, u32)> = inside
            .chunk_by(|a, b| a == b)
            .filter(|run| run.len() > m / 256)
            .map(|run| (run.len(), run[0]))
            .collect();
        runs.sort_unstable_by(|a, b| b.cmp(a));
        runs.truncate(COMMON);
        let mut common: Vec<u32> = runs.into_iter().map(|(_, key)| key).collect();
        common.sort_unstable_by(|a, b| b.cmp(a));
        Self {
            rank,
            low,
            high,
            common,
        }
    }

    /// What is known of no key at all; at most `limit` are to be kept.
    pub fn tally(&self, limit: usize) -> Tally {
        Tally {
            above: 0,
            common: [0; COMMON],
            kept: Vec::new(),
            limit,
            torn: false,
        }
    }

    /// The key of the rank, from the tallies of all keys; `None` where the guess was wrong.
    pub fn found(&self, tallies: &[&Tally]) -> Option<Found> {
        if tallies.iter().any(|tally| tally.torn) {
            return None;
        }
        let above = tallies.iter().map(|tally| tally.above).sum::<u64>();
        let mut wanted = self.rank.checked_sub(above).filter(|&k| k > 0)?;
        let mut kept: Vec<u32> = tallies.iter().flat_map(|t| &t.kept).copied().collect();
        for (slot, &key) in self.common.iter().enumerate() {
            let equal = tallies.iter().map(|tally| tally.common[slot]).sum::<u64>();
            let before = kept.iter().filter(|&&other| other > key).count() as u64;
            if wanted <= before {
                break;
            }
            if wanted - before <= equal {
                return Some(Found {
                    key,
                    wanted: wanted - before,
                    equal,
                });
            }
            // What is left is a rank among those that were kept.
            wanted -= equal;
        }
        let at = usize::try_from(wanted - 1)
            .ok()
            .filter(|&at| at < kept.len())?;
        let (larger, &mut key, smaller) = kept.select_nth_unstable_by(at, |a, b| b.cmp(a));
        let same = |keys: &[u32]| keys.iter().filter(|&&other| other == key).count() as u64;
        let before = same(larger);
        Some(Found {
            key,
            wanted: before + 1,
            equal: before + 1 + same(smaller),
        })
    }

    /// How many of the keys of a tally are `key`, one inside the bracket.
    pub fn equal(&self, tally: &Tally, key: u32) -> u64 {
        match self.common.iter().position(|&common| common == key) {
            Some(slot) => tally.common[slot],
            None => tally.kept.iter().filter(|&&kept| kept == key).count() as u64,
        }
    }
}

/// What is known of some keys.
#[derive(Clone, Debug)]
pub struct Tally {
    above: u64,
    common: [u64; COMMON],
    kept: Vec<u32>,
    limit: usize,
    /// There were too many to keep.
    torn: bool,
}

impl Tally {
    /// Adds some keys.
    pub fn count(&mut self, bracket: &Bracket, keys: &[u32]) {
        count_above(keys, bracket.high, &mut self.above);
        for (count, &key) in self.common.iter_mut().zip(&bracket.common) {
            count_equal(keys, key, count);
        }
        if self.kept.len() > self.limit {
            self.torn = true;
            self.kept.clear();
        }
        if !self.torn {
            keep(&mut self.kept, keys, bracket);
        }
    }
}

dispatch!(fn count_above(keys: &[u32], high: u32, count: &mut u64) => count_above_body);
dispatch!(fn keep(kept: &mut Vec<u32>, keys: &[u32], bracket: &Bracket) => keep_body);

#[inline(always)]
fn count_above_body(keys: &[u32], high: u32, count: &mut u64) {
    // In 32 bits as long as they suffice: twice as many at once.
    for part in keys.chunks(1 << 20) {
        let own: u32 = part.iter().map(|&key| u32::from(key > high)).sum();
        *count += u64::from(own);
    }
}

#[inline(always)]
fn keep_body(kept: &mut Vec<u32>, keys: &[u32], bracket: &Bracket) {
    let (low, span) = (bracket.low, bracket.high - bracket.low);
    let (groups, rest) = keys.as_chunks::<GROUP>();
    for group in groups {
        let mut inside = [0u32; GROUP];
        for (inside, key) in inside.iter_mut().zip(group) {
            *inside = u32::from(key.wrapping_sub(low) <= span);
        }
        for &common in &bracket.common {
            for (inside, &key) in inside.iter_mut().zip(group) {
                *inside &= u32::from(key != common);
            }
        }
        // Most groups have none, which a vector sees at once.
        if inside.iter().fold(0, |any, inside| any | inside) != 0 {
            // Each is written where the next belongs, so that nothing has to be guessed.
            let (mut found, mut n) = ([0u32; GROUP], 0);
            for (inside, &key) in inside.iter().zip(group) {
                found[n % GROUP] = key;
                n += *inside as usize;
            }
            kept.extend_from_slice(&found[..n]);
        }
    }
    let inside = |key: &&u32| key.wrapping_sub(low) <= span && !bracket.common.contains(key);
    kept.extend(rest.iter().filter(inside));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::isa::with_each;
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
        // Few distinct keys, the largest of all, and any keys.
        let key = prop_oneof![0u32..5, 100u32..150, Just(u32::MAX), any::<u32>()];
        proptest::collection::vec(key, 1..3000)
    }

    proptest! {
        #[test]
        fn a_bracket_finds_what_sorting_finds_or_nothing(
            keys in keys(), k in 0usize..3000, cut in 0usize..3000, step in 1usize..9, limit in 0usize..3000,
        ) {
            let (k, cut) = (1 + k % keys.len(), cut % keys.len());
            let expected = naive(&keys, k);
            let mut sample: Vec<u32> = keys.iter().copied().step_by(step).collect();
            let guessed = Bracket::new(k as u64, keys.len() as u64, &mut sample);
            let everything = Bracket::everything(k as u64);
            for (bracket, limit, sure) in [
                (&guessed, limit, false),
                (&guessed, 3000, step == 1),
                (&everything, 3000, true),
            ] {
                with_each(|| {
                    let (mut front, mut back) = (bracket.tally(limit), bracket.tally(limit));
                    front.count(bracket, &keys[..cut]);
                    back.count(bracket, &keys[cut..]);
                    let found = bracket.found(&[&front, &back]);
                    assert!(found == Some(expected) || (found.is_none() && !sure));
                    if let Some(found) = found {
                        let equal = |tally| bracket.equal(tally, found.key);
                        assert_eq!(equal(&front) + equal(&back), found.equal);
                        let own = keys[..cut].iter().filter(|&&key| key == found.key).count();
                        assert_eq!(equal(&front), own as u64);
                    }
                });
            }
        }
    }

    #[test]
    fn a_sample_that_misleads_is_noticed() {
        let keys: Vec<u32> = (0..10_000).collect();
        let bracket = Bracket::new(5000, 10_000, &mut [1; 1000]);
        let mut tally = bracket.tally(10_000);
        tally.count(&bracket, &keys);
        assert_eq!(bracket.found(&[&tally]), None);
    }
}
