//! Changes that are kept by a chance which rises with their rank in their row: DELLA.
//!
//! The rank of a change decides only where its random number lies between two chances that are
//! close to each other, so most of a row needs no more than a histogram: the ranks that a bucket
//! of magnitudes spans give the two chances, and only what falls between them is sorted. What is
//! kept is what sorting all of the row would keep.

use crate::numeric::Real;
use crate::numeric::random::{Chance, Stream};
use crate::numeric::rank::{Room as SortRoom, ascending};

/// Rows up to this length are sorted.
const SHORT: usize = 256;
/// Bits of a key that its bucket leaves out; 5 bits of its 23 fractional ones are left, so that
/// a factor of two in magnitude is 32 buckets.
const DROPPED: u32 = 18;
/// Buckets: 13 bits of a key, and one for zeros.
const BUCKETS: usize = (1 << (31 - DROPPED)) + 1;

/// The chances of a row's changes.
pub(super) struct Ranked {
    pub(super) stream: Stream,
    pub(super) density: f64,
    pub(super) epsilon: f64,
}

/// Room that is used again from row to row.
#[derive(Default)]
pub(super) struct Room {
    sort: SortRoom,
    keys: Vec<u32>,
    /// For each bucket how many there are; afterwards the rank of its first.
    counts: Vec<u32>,
    /// For each bucket the chances of its first and of its last.
    chances: Vec<[Chance; 2]>,
    /// Indices whose rank has to be known, ascending.
    unsure: Vec<usize>,
    /// Keys and indices of all in a bucket that one of those is in.
    members: Vec<(u32, std::cmp::Reverse<usize>)>,
}

impl Ranked {
    /// Replaces the changes of one row, which starts at flat index `start`, by what is kept.
    pub(super) fn row<N: Real>(&self, start: u64, factor: N, row: &mut [N], room: &mut Room) {
        if row.len() <= SHORT {
            return self.sorted(start, factor, row, &mut room.sort);
        }
        self.count(row, room);
        room.unsure.clear();
        for (k, (x, &key)) in row.iter_mut().zip(&room.keys).enumerate() {
            let [least, most] = room.chances[bucket(key)];
            let number = start + k as u64;
            let kept = self.stream.happens(number, least);
            if !kept && self.stream.happens(number, most) {
                room.unsure.push(k);
                continue;
            }
            // A branch would be guessed wrong half of the time.
            *x = (factor * *x).only_if(kept);
        }
        self.decide(start, factor, row, room);
    }

    /// The same by sorting all of it.
    fn sorted<N: Real>(&self, start: u64, factor: N, row: &mut [N], room: &mut SortRoom) {
        let len = row.len();
        let keys = row.iter().map(|x| x.key());
        for (rank, k) in ascending(keys, room).enumerate() {
            let kept = self
                .stream
                .happens(start + k as u64, self.chance(rank, len));
            row[k] = (factor * row[k]).only_if(kept);
        }
    }

    /// The chance of a rank in a row of this length.
    fn chance(&self, rank: usize, len: usize) -> Chance {
        let share = match len {
            0 | 1 => 0.5,
            _ => rank as f64 / (len - 1) as f64,
        };
        Chance::new(self.density - self.epsilon + 2.0 * self.epsilon * share)
    }

    /// Counts what is in each bucket, and finds the chances of its first and last.
    fn count<N: Real>(&self, row: &[N], room: &mut Room) {
        room.keys.clear();
        room.keys.extend(row.iter().map(|x| x.key()));
        room.counts.clear();
        room.counts.resize(BUCKETS, 0);
        room.chances.resize(BUCKETS, [Chance::new(0.0); 2]);
        for &key in &room.keys {
            room.counts[bucket(key)] += 1;
        }
        let mut first = 0usize;
        for (k, count) in room.counts.iter_mut().enumerate() {
            let here = *count as usize;
            *count = first as u32;
            if here > 0 && k > 0 {
                let last = first + here - 1;
                room.chances[k] = [self.chance(first, row.len()), self.chance(last, row.len())];
            }
            first += here;
        }
        // Whether a change of 0 is kept makes no difference.
        room.chances[0] = [Chance::new(0.0); 2];
    }

    /// Sorts the buckets of those whose rank has to be known.
    fn decide<N: Real>(&self, start: u64, factor: N, row: &mut [N], room: &mut Room) {
        let Room {
            keys,
            counts,
            unsure,
            members,
            ..
        } = room;
        if unsure.is_empty() {
            return;
        }
        let mut buckets: Vec<usize> = unsure.iter().map(|&k| bucket(keys[k])).collect();
        buckets.sort_unstable();
        buckets.dedup();
        members.clear();
        let among = (keys.iter().enumerate())
            .filter(|(_, key)| buckets.binary_search(&bucket(**key)).is_ok());
        members.extend(among.map(|(k, &key)| (key, std::cmp::Reverse(k))));
        members.sort_unstable();
        for of_bucket in members.chunk_by(|a, b| bucket(a.0) == bucket(b.0)) {
            let first = counts[bucket(of_bucket[0].0)] as usize;
            for (place, &(_, std::cmp::Reverse(k))) in of_bucket.iter().enumerate() {
                if unsure.binary_search(&k).is_ok() {
                    let chance = self.chance(first + place, row.len());
                    let kept = self.stream.happens(start + k as u64, chance);
                    row[k] = (factor * row[k]).only_if(kept);
                }
            }
        }
    }
}

/// Equal keys are in one bucket, and a larger key is in no lower one.
#[inline(always)]
fn bucket(key: u32) -> usize {
    (key >> DROPPED) as usize + usize::from(key > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Rows of few and of many different numbers, with zeros and what is not finite.
    fn rows() -> impl Strategy<Value = Vec<f32>> {
        let number = prop_oneof![
            4 => -1.0f32..1.0,
            1 => Just(0.0f32),
            1 => prop::sample::select(vec![0.25f32, -0.25, 0.5, f32::MIN_POSITIVE, 1e-30, 3e38]),
        ];
        proptest::collection::vec(number, 0..1500)
    }

    proptest! {
        #[test]
        fn a_histogram_keeps_what_sorting_keeps(
            row in rows(), start in 0u64..1 << 40, density in 0.2f64..0.8, epsilon in 0.0f64..0.2,
        ) {
            let stream = Stream::new(7, "a", 1);
            let ranked = Ranked { stream, density, epsilon };
            let mut expected = row.clone();
            ranked.sorted(start, 1.5f32, &mut expected, &mut SortRoom::default());
            let mut found = row;
            ranked.row(start, 1.5f32, &mut found, &mut Room::default());
            prop_assert_eq!(found, expected);
        }
    }
}
