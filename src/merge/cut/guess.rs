//! Thresholds in one reading: a sample says where they lie, and counting proves it.

use std::ops::Range;

use rayon::prelude::*;

use super::{Known, Streams};
use crate::merge::blocks::Width;
use crate::merge::error::MergeError;
use crate::numeric::bracket::{Bracket, Tally};
use crate::numeric::random::Stream;

/// Keys of a tensor or a chunk that may all be kept.
const FEW: usize = 1 << 16;
/// Keys of a run of the sample.
const RUN: usize = 32;
/// One key in this many is in the sample,
const SPARSE: usize = 128;
/// but at most this many.
const SAMPLE: usize = 1 << 17;

impl<N: Width> Streams<'_, '_, N> {
    /// What one reading tells of the ranks; `None` for 0 and where the sample misled. Keeps
    /// about one key in fifty, at most one in sixteen.
    pub(super) fn guess(&self, ranks: &[Vec<u64>]) -> Result<Vec<Vec<Option<Known>>>, MergeError> {
        let mut out: Vec<Vec<Option<Known>>> = ranks
            .iter()
            .map(|ranks| ranks.iter().map(|_| None).collect())
            .collect();
        let brackets = self.brackets(ranks);
        if brackets.is_empty() {
            return Ok(out);
        }
        let limit = if self.elements() <= FEW {
            FEW
        } else {
            self.cuts.chunk(0).len() / 16
        };
        let new = || -> Vec<Tally> {
            let tally = |(_, _, bracket): &(_, _, Bracket)| bracket.tally(limit);
            brackets.iter().map(tally).collect()
        };
        let count = |room: &mut Vec<u32>,
                     tallies: &mut Vec<Tally>,
                     range: Range<usize>,
                     inputs: &[&[N]]| {
            room.resize(range.len(), 0);
            let mut written = None;
            for ((stream, _, bracket), tally) in brackets.iter().zip(tallies) {
                if written != Some(*stream) {
                    (self.keys)(*stream, range.clone(), inputs, room);
                    written = Some(*stream);
                }
                tally.count(bracket, room);
            }
        };
        let chunks = self
            .inputs
            .by_chunk(self.cuts, self.ticket, (Vec::new, new), count)?;
        let known = |(slot, (_, _, bracket)): (usize, &(usize, usize, Bracket))| {
            let tallies: Vec<&Tally> = chunks.iter().map(|tallies| &tallies[slot]).collect();
            let found = bracket.found(&tallies)?;
            let equal = |tally: &&Tally| bracket.equal(tally, found.key);
            Some(Known {
                found,
                chunks: Some(tallies.iter().map(equal).collect()),
            })
        };
        let all: Vec<Option<Known>> = brackets.par_iter().enumerate().map(known).collect();
        for ((stream, at, _), known) in brackets.iter().zip(all) {
            out[*stream][*at] = known;
        }
        Ok(out)
    }

    /// Where each rank above 0 is expected: stream, place among its ranks, bracket.
    fn brackets(&self, ranks: &[Vec<u64>]) -> Vec<(usize, usize, Bracket)> {
        let n = self.elements();
        let counted: Vec<usize> = (0..ranks.len())
            .filter(|&stream| ranks[stream].iter().any(|&k| k > 0))
            .collect();
        let mut samples = if n > FEW && !counted.is_empty() {
            self.sample(&counted)
        } else {
            vec![Vec::new(); counted.len()]
        };
        let own = |(&stream, sample): (&usize, &mut Vec<u32>)| {
            let wanted = ranks[stream].iter().enumerate().filter(|(_, k)| **k > 0);
            let brackets = wanted.map(|(at, &k)| {
                let bracket = if n > FEW {
                    Bracket::new(k, n as u64, sample)
                } else {
                    Bracket::everything(k)
                };
                (stream, at, bracket)
            });
            brackets.collect::<Vec<_>>()
        };
        let pairs = counted.par_iter().zip(&mut samples);
        pairs.flat_map_iter(own).collect()
    }

    /// Keys of some streams from places all over the tensor, the same in every run.
    fn sample(&self, streams: &[usize]) -> Vec<Vec<u32>> {
        let n = self.elements();
        let runs = (n / SPARSE).min(SAMPLE) / RUN;
        let stride = n / runs.max(1);
        // By chance within its stride, or every run would lie in the same columns.
        let chance = Stream::new(0, "sample", 0);
        let start = |run: usize| run * stride + chance.at(run as u64) as usize % (stride - RUN + 1);
        let ranges = (0..runs).map(|run| start(run)..start(run) + RUN);
        let mut out = vec![Vec::with_capacity(runs * RUN); streams.len()];
        let mut room = vec![0; RUN];
        self.inputs.some(ranges, |range, inputs| {
            for (out, &stream) in out.iter_mut().zip(streams) {
                (self.keys)(stream, range.clone(), inputs, &mut room);
                out.extend_from_slice(&room);
            }
        });
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::Ticket;
    use crate::merge::blocks::Inputs;
    use crate::merge::tensor::{Input, MergeTensor};

    /// The cut of a sampled tensor of several chunks is that of sorting by key and index.
    #[test]
    fn a_guess_cuts_where_sorting_does() {
        let n = 600_000;
        let chance = Stream::new(7, "keys", 0);
        for distinct in [3, 1000, u64::MAX] {
            let number = |k: usize| f32::from_bits((chance.at(k as u64) % distinct) as u32 >> 2);
            let numbers: Vec<f32> = (0..n).map(number).collect();
            let tensor = MergeTensor {
                name: "t",
                shape: &[n],
                inputs: vec![Input::of_numbers(&numbers)],
                base: None,
                rounded_to: None,
                seed: 0,
            };
            let (inputs, ticket) = (Inputs::new(&tensor), Ticket::default());
            let keys = |_: usize, _: Range<usize>, x: &[&[f32]], keys: &mut [u32]| {
                keys.iter_mut()
                    .zip(x[0])
                    .for_each(|(key, x)| *key = x.to_bits() + 1);
            };
            let mut order: Vec<usize> = (0..n).collect();
            order.sort_by_key(|&k| (std::cmp::Reverse(number(k).to_bits()), k));
            let ranks = [1, 5_000, n as u64 / 2, n as u64 - 1];
            let streams = Streams::new(&inputs, &keys, &ticket);
            let cuts = streams.largest(&[ranks.to_vec()]).unwrap();
            for (&k, cut) in ranks.iter().zip(&cuts[0]) {
                for (at, &index) in order.iter().enumerate() {
                    let kept = cut.has(number(index).to_bits() + 1, index as u64);
                    assert_eq!(kept, (at as u64) < k, "{distinct} {k} {index}");
                }
            }
            let read = ticket.progress().done;
            assert_eq!(read, 4 * n as u64, "one reading");
        }
    }
}
