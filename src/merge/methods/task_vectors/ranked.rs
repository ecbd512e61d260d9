//! Changes that are kept by a chance which rises with their rank in their row: DELLA.
//!
//! The rank of a change decides only where its random number lies between two chances that are
//! close to each other, so most of a row needs no more than a histogram: the ranks that a bucket
//! of magnitudes spans give the two chances, and only what falls between them is sorted. What is
//! kept is what sorting all of the row would keep.

use std::cmp::Reverse;

use crate::numeric::Real;
use crate::numeric::random::{Chance, Stream};
use crate::numeric::rank::{Room as SortRoom, ascending};

/// Rows up to this length are sorted.
const SHORT: usize = 256;
/// Bits of a key that its bucket leaves out: 8 of the 23 fractional ones are left, so that a
/// factor of two in magnitude is 256 buckets.
const DROPPED: u32 = 15;
/// Buckets below that of the largest key, 16 factors of two; what is smaller is in the lowest.
const SPAN: u32 = 16 << 8;
/// With the one of the largest, and the one of zeros.
const BUCKETS: usize = SPAN as usize + 2;
/// Up to so many of a bucket are ranked by counting; for more it is sorted.
const FEW: usize = 16;

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
    /// The bucket of the largest key, less [`SPAN`].
    lowest: u32,
    /// For each bucket the rank of its first, and one more at the end.
    first: Vec<u32>,
    /// The chances of these ranks.
    chances: Vec<Chance>,
    /// Buckets and indices of those whose rank has to be known.
    unsure: Vec<(usize, usize)>,
    /// Keys and indices, bucket by bucket.
    members: Vec<(u32, Reverse<u32>)>,
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
            let bucket = bucket(key, room.lowest);
            let number = start + k as u64;
            // Without a branch on either, which would be guessed wrong half of the time. Whether
            // a change of 0 is kept makes no difference.
            let kept = self.stream.happens(number, room.chances[bucket]);
            let can_be = self.stream.happens(number, room.chances[bucket + 1]);
            let is_unsure = can_be & !kept & (key > 0);
            *x = (factor * *x).only_if(kept | is_unsure);
            if is_unsure {
                room.unsure.push((bucket, k));
            }
        }
        self.decide(start, row, room);
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

    /// Counts what is in each bucket, and finds the chance of its first.
    fn count<N: Real>(&self, row: &[N], room: &mut Room) {
        room.keys.clear();
        room.keys.extend(row.iter().map(|x| x.key()));
        let largest = room.keys.iter().copied().max().unwrap_or(0);
        room.lowest = (largest >> DROPPED).saturating_sub(SPAN);
        room.first.clear();
        room.first.resize(BUCKETS + 1, 0);
        for &key in &room.keys {
            // One further: what comes before a bucket is what is in those below it.
            room.first[bucket(key, room.lowest) + 1] += 1;
        }
        room.chances.resize(BUCKETS + 1, Chance::new(0.0));
        let (mut rank, mut chance) = (0, self.chance(0, row.len()));
        for (first, of_first) in room.first.iter_mut().zip(&mut room.chances) {
            if *first > 0 {
                rank += *first;
                chance = self.chance(rank as usize, row.len());
            }
            (*first, *of_first) = (rank, chance);
        }
    }

    /// Finds the rank of those who need one, which are kept so far.
    fn decide<N: Real>(&self, start: u64, row: &mut [N], room: &mut Room) {
        if room.unsure.is_empty() {
            return;
        }
        room.unsure.sort_unstable();
        let Room {
            keys,
            lowest,
            first,
            unsure,
            members,
            ..
        } = room;
        members.resize(keys.len(), (0, Reverse(0)));
        for (k, &key) in keys.iter().enumerate() {
            // Moves on with each of its bucket; at the end it is where the next one begins.
            let place = &mut first[bucket(key, *lowest)];
            members[*place as usize] = (key, Reverse(k as u32));
            *place += 1;
        }
        for of_bucket in unsure.chunk_by(|a, b| a.0 == b.0) {
            let own = of_bucket[0].0;
            let from = own.checked_sub(1).map_or(0, |below| first[below] as usize);
            let members = &mut members[from..first[own] as usize];
            let is_sorted = of_bucket.len() > FEW;
            if is_sorted {
                members.sort_unstable();
            }
            for &(_, k) in of_bucket {
                let entry = (keys[k], Reverse(k as u32));
                let below = match is_sorted {
                    true => members.partition_point(|other| *other < entry),
                    false => members.iter().filter(|other| **other < entry).count(),
                };
                let chance = self.chance(from + below, row.len());
                row[k] = row[k].only_if(self.stream.happens(start + k as u64, chance));
            }
        }
    }
}

/// Equal keys are in one bucket, and a larger key is in no lower one; zeros have one of their own.
#[inline(always)]
fn bucket(key: u32, lowest: u32) -> usize {
    (key >> DROPPED).saturating_sub(lowest) as usize + usize::from(key > 0)
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
