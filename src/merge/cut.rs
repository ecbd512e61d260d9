//! Thresholds of streamed keys: the k largest, found by counting.
//!
//! One reading of the inputs finds the k-th largest key of every stream at once, between
//! brackets that a sample gave. Where a sample misled, two more find it without one, and a
//! third is made only where several keys are equal to it and not all of them belong. Equal keys
//! are taken in the order of their index; mergekit, whose sort is not stable, takes any.

use std::ops::Range;

mod guess;

use super::blocks::{Blocks, Cuts, Inputs, Width};
use super::error::MergeError;
use crate::jobs::Ticket;
use crate::numeric::select::{Cut, Found, Lower, Upper, count_equal};

/// Writes the keys of one stream for a block: stream, flat range, inputs, keys.
pub type Keys<'k, N> = &'k (dyn Fn(usize, Range<usize>, &[&[N]], &mut [u32]) + Sync);

/// Readings that [`Streams::largest`] makes at most; nearly always it makes one.
pub const READINGS: u64 = 4;

/// Streams of keys made from the inputs of a tensor.
pub struct Streams<'s, 't, N> {
    inputs: &'s Inputs<'t>,
    cuts: Cuts,
    keys: Keys<'s, N>,
    ticket: &'s Ticket,
}

impl<'s, 't, N: Width> Streams<'s, 't, N> {
    /// The streams that `keys` makes.
    pub fn new(inputs: &'s Inputs<'t>, keys: Keys<'s, N>, ticket: &'s Ticket) -> Self {
        Self {
            inputs,
            cuts: Cuts::new(inputs.tensor(), Blocks::Any),
            keys,
            ticket,
        }
    }

    /// For every stream and each of its `ranks` k, the k largest of its keys.
    ///
    /// # Errors
    /// When the ticket is cancelled.
    pub fn largest(&self, ranks: &[Vec<u64>]) -> Result<Vec<Vec<Cut>>, MergeError> {
        let n = self.elements() as u64;
        // Nothing and everything need no counting.
        let counted = |k: u64| if k < n { k } else { 0 };
        let wanted: Vec<Vec<u64>> = ranks
            .iter()
            .map(|ranks| ranks.iter().map(|&k| counted(k)).collect())
            .collect();
        let mut torn = Vec::new();
        let mut out = Vec::new();
        for (stream, known) in self.locate(&wanted)?.into_iter().enumerate() {
            let mut own = Vec::new();
            for (at, known) in known.into_iter().enumerate() {
                own.push(match &known {
                    None if ranks[stream][at] == 0 => Cut::NOTHING,
                    None => Cut::ALL,
                    Some(known) => Cut {
                        threshold: known.found.key,
                        end: u64::MAX,
                    },
                });
                // A key of 0 is nothing to keep: who has it does not matter.
                let known =
                    known.filter(|Known { found, .. }| found.wanted < found.equal && found.key > 0);
                torn.extend(known.map(|known| Torn { stream, at, known }));
            }
            out.push(own);
        }
        self.mend(torn, &mut out)?;
        Ok(out)
    }

    fn elements(&self) -> usize {
        self.inputs.tensor().elements()
    }

    /// For every stream and each of its `ranks`, the k-th largest key, k from 1; `None` for
    /// ranks of 0 and beyond the last. Nearly always one reading, at most three.
    ///
    /// # Errors
    /// When the ticket is cancelled.
    pub fn find(&self, ranks: &[Vec<u64>]) -> Result<Vec<Vec<Option<Found>>>, MergeError> {
        let found = |known: Vec<Option<Known>>| {
            let found = known.into_iter().map(|known| known.map(|k| k.found));
            found.collect()
        };
        Ok(self.locate(ranks)?.into_iter().map(found).collect())
    }

    /// The same, with what is known of the chunks; by counting where the guess missed.
    fn locate(&self, ranks: &[Vec<u64>]) -> Result<Vec<Vec<Option<Known>>>, MergeError> {
        let mut out = self.guess(ranks)?;
        let left = |(known, &k): (&Option<Known>, &u64)| if known.is_some() { 0 } else { k };
        let missed: Vec<Vec<u64>> = out
            .iter()
            .zip(ranks)
            .map(|(known, ranks)| known.iter().zip(ranks).map(left).collect())
            .collect();
        let counted = self.count(&missed)?.into_iter().flatten();
        for (known, found) in out.iter_mut().flatten().zip(counted) {
            if let Some(found) = found {
                *known = Some(Known {
                    found,
                    chunks: None,
                });
            }
        }
        Ok(out)
    }

    /// The same without a guess, in two readings.
    fn count(&self, ranks: &[Vec<u64>]) -> Result<Vec<Vec<Option<Found>>>, MergeError> {
        let counted: Vec<usize> = (0..ranks.len())
            .filter(|&stream| ranks[stream].iter().any(|&k| k > 0))
            .collect();
        let mut out: Vec<Vec<Option<Found>>> =
            ranks.iter().map(|ranks| vec![None; ranks.len()]).collect();
        if counted.is_empty() {
            return Ok(out);
        }
        let upper = self.upper(&counted)?;
        let lower = self.lower(&counted, &upper, ranks)?;
        for (&stream, lower) in counted.iter().zip(lower) {
            for (out, lower) in out[stream].iter_mut().zip(lower) {
                *out = lower.as_ref().and_then(Lower::found);
            }
        }
        Ok(out)
    }

    /// Keys of some streams by their upper halves.
    fn upper(&self, streams: &[usize]) -> Result<Vec<Upper>, MergeError> {
        let new = || {
            (
                streams.iter().map(|_| Upper::default()).collect(),
                Vec::new(),
            )
        };
        let workers = self.inputs.by_worker(
            self.cuts,
            self.ticket,
            new,
            |(counts, room): &mut (Vec<Upper>, Vec<u32>), range, inputs| {
                room.resize(range.len(), 0);
                for (count, &stream) in counts.iter_mut().zip(streams) {
                    (self.keys)(stream, range.clone(), inputs, room);
                    count.count(room);
                }
            },
        )?;
        let mut all: Vec<Upper> = streams.iter().map(|_| Upper::default()).collect();
        for (own, _) in &workers {
            all.iter_mut().zip(own).for_each(|(all, own)| all.add(own));
        }
        Ok(all)
    }

    /// Keys of the halves that the ranks lie in, by their lower halves.
    fn lower(
        &self,
        streams: &[usize],
        upper: &[Upper],
        ranks: &[Vec<u64>],
    ) -> Result<Vec<Vec<Option<Lower>>>, MergeError> {
        let find = |(&stream, upper): (&usize, &Upper)| {
            let find = |&k: &u64| (k > 0).then(|| upper.find(k)).flatten();
            ranks[stream].iter().map(find).collect()
        };
        let mut all: Vec<Vec<Option<Lower>>> = streams.iter().zip(upper).map(find).collect();
        let workers = self.inputs.by_worker(
            self.cuts,
            self.ticket,
            || (all.clone(), Vec::new()),
            |(counts, room), range, inputs| {
                room.resize(range.len(), 0);
                for (counts, &stream) in counts.iter_mut().zip(streams) {
                    (self.keys)(stream, range.clone(), inputs, room);
                    counts.iter_mut().flatten().for_each(|c| c.count(room));
                }
            },
        )?;
        for (own, _) in &workers {
            let pairs = all.iter_mut().flatten().zip(own.iter().flatten());
            for (all, own) in pairs {
                if let (Some(all), Some(own)) = (all, own) {
                    all.add(own);
                }
            }
        }
        Ok(all)
    }

    /// Finds the index at which each torn cut ends.
    fn mend(&self, mut torn: Vec<Torn>, out: &mut [Vec<Cut>]) -> Result<(), MergeError> {
        self.count_torn(&mut torn)?;
        for torn in &torn {
            let mut wanted = torn.known.found.wanted;
            for (k, &equal) in torn.known.chunks.iter().flatten().enumerate() {
                if equal >= wanted {
                    out[torn.stream][torn.at].end = self.index_of(torn, wanted, k) + 1;
                    break;
                }
                wanted -= equal;
            }
        }
        Ok(())
    }

    /// Counts by chunk the keys equal to each threshold that no guess has counted.
    fn count_torn(&self, torn: &mut [Torn]) -> Result<(), MergeError> {
        let mut torn: Vec<&mut Torn> = torn
            .iter_mut()
            .filter(|torn| torn.known.chunks.is_none())
            .collect();
        if torn.is_empty() {
            return Ok(());
        }
        let wanted: Vec<(usize, u32)> = torn
            .iter()
            .map(|torn| (torn.stream, torn.known.found.key))
            .collect();
        let new = (Vec::new, || vec![0u64; wanted.len()]);
        let count =
            |room: &mut Vec<u32>, counts: &mut Vec<u64>, range: Range<usize>, inputs: &[&[N]]| {
                room.resize(range.len(), 0);
                let mut written = None;
                for (count, &(stream, key)) in counts.iter_mut().zip(&wanted) {
                    if written != Some(stream) {
                        (self.keys)(stream, range.clone(), inputs, room);
                        written = Some(stream);
                    }
                    count_equal(room, key, count);
                }
            };
        let chunks = self.inputs.by_chunk(self.cuts, self.ticket, new, count)?;
        for (slot, torn) in torn.iter_mut().enumerate() {
            torn.known.chunks = Some(chunks.iter().map(|counts| counts[slot]).collect());
        }
        Ok(())
    }

    /// The index of the `wanted`-th key of chunk `k` that is equal to the threshold.
    fn index_of(&self, torn: &Torn, wanted: u64, k: usize) -> u64 {
        let (mut left, mut index) = (wanted, 0);
        let mut room = Vec::new();
        self.inputs.one_chunk(self.cuts, k, |range, inputs| {
            room.resize(range.len(), 0);
            (self.keys)(torn.stream, range.clone(), inputs, &mut room);
            for (at, &key) in room.iter().enumerate() {
                if key == torn.known.found.key {
                    if left == 1 {
                        index = range.start + at;
                    }
                    left = left.saturating_sub(1);
                }
            }
        });
        index as u64
    }
}

/// What is known of a rank.
struct Known {
    found: Found,
    /// How many keys of each chunk are equal to that of the rank, if they were counted.
    chunks: Option<Vec<u64>>,
}

/// A cut that goes through equal keys.
struct Torn {
    stream: usize,
    at: usize,
    known: Known,
}
