//! Which changes of a model are kept.
//!
//! A density of 1 keeps all. Below that, of n changes:
//! - magnitude: the int(density·n) largest, at least one unless the density is 0; mergekit 0.1.4
//!   refused to keep none;
//! - outliers: all but the int(gamma·n) largest and as many of the smallest as leave
//!   int(density·n). By the rules of 0.1.4 **nothing is kept where int(gamma·n) is 0**: an
//!   oversight that small tensors (norms of fewer than 1/gamma numbers) met;
//! - random: each with probability density;
//! - della: each with a probability that rises with its rank in its row, from density − epsilon
//!   for the smallest to density + epsilon for the largest. A row of one number, which mergekit
//!   cannot handle, has the density itself.
//!
//! Equal magnitudes are ranked by index, the first as the largest. Chances come from seed,
//! tensor name, model and index, so mergekit's draws are not repeated, only their statistics.

use std::ops::Range;

use super::kept::{Bits, Kept};
use super::ranked::{Ranked, Room};
use crate::jobs::Ticket;
use crate::merge::blocks::{Blocks, Cuts, Inputs, Width};
use crate::merge::cut::{READINGS, Streams};
use crate::merge::error::MergeError;
use crate::merge::method::Values;
use crate::merge::version::Version;
use crate::numeric::Real;
use crate::numeric::random::{Chance, Stream};
use crate::numeric::select::Cut;
use crate::numeric::vector::{self, Draw};

/// Which changes of a model are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sparsifier {
    /// The largest.
    Magnitude,
    /// All but the smallest and the very largest.
    Outliers,
    /// Any, by chance.
    Random,
    /// Any, by chance, large ones more often.
    Della,
}

/// What is kept of one model's changes.
#[derive(Clone, Debug)]
pub(super) enum Mask {
    All,
    Nothing,
    /// Those in the first cut and not in the second.
    Band(Cut, Cut),
    Random {
        stream: Stream,
        density: f64,
    },
    Ranked {
        stream: Stream,
        density: f64,
        epsilon: f64,
    },
    /// Those that were found to be kept.
    Kept(Kept),
}

impl Mask {
    /// Writes `factor·δ` of what is kept, and 0 for the rest, for numbers from flat index
    /// `start` on; ranked ones must be whole rows.
    pub(super) fn changes<N: Real>(
        &self,
        start: usize,
        row_len: usize,
        (x, base): (&[N], &[N]),
        factor: N,
        out: &mut [N],
    ) {
        match *self {
            Self::Kept(ref kept) => kept.changes(start, (x, base), factor, out),
            Self::All => vector::banded_difference(out, factor, x, base, 0, u32::MAX),
            Self::Nothing => out.fill(N::ZERO),
            Self::Band(lower, upper) => {
                for (part, least, beyond) in pieces(lower, upper, start..start + out.len()) {
                    let (x, base) = (&x[part.clone()], &base[part.clone()]);
                    vector::banded_difference(&mut out[part], factor, x, base, least, beyond);
                }
            }
            Self::Random { stream, density } => {
                let draw = Draw {
                    stream,
                    start: start as u64,
                    chance: Chance::new(density),
                };
                vector::random_difference(out, factor, x, base, draw);
            }
            Self::Ranked {
                stream,
                density,
                epsilon,
            } => {
                vector::difference(out, x, base);
                let ranked = Ranked {
                    stream,
                    density,
                    epsilon,
                };
                let mut room = Room::default();
                for (row, out) in out.chunks_mut(row_len.max(1)).enumerate() {
                    ranked.row((start + row * row_len) as u64, factor, out, &mut room);
                }
            }
        }
    }
}

/// A range in pieces within which the bounds on the keys are the same: the piece counted from
/// the start of the range, the least key, and the first key beyond.
fn pieces(lower: Cut, upper: Cut, range: Range<usize>) -> Vec<(Range<usize>, u32, u32)> {
    let inside = |end: u64| {
        usize::try_from(end)
            .unwrap_or(usize::MAX)
            .clamp(range.start, range.end)
    };
    let mut ends = [inside(lower.end), inside(upper.end), range.end];
    ends.sort_unstable();
    let mut out = Vec::new();
    let mut from = range.start;
    for end in ends.into_iter().filter(|&end| end > range.start) {
        if end > from {
            let index = from as u64;
            let part = from - range.start..end - range.start;
            out.push((part, lower.least(index), upper.least(index)));
        }
        from = end;
    }
    out
}

impl Sparsifier {
    /// Readings of the inputs before the merge, without rescaling.
    pub(super) fn readings(self) -> u64 {
        match self {
            Self::Magnitude | Self::Outliers => READINGS,
            Self::Random | Self::Della => 0,
        }
    }

    /// Whether the density of a model can be had of this many numbers.
    pub(super) fn check(
        self,
        elements: usize,
        model: usize,
        values: &Values,
    ) -> Result<(), MergeError> {
        let density = values.of_input(model, "density")?;
        match self {
            Self::Magnitude => magnitude_rank(elements, model, values).map(drop),
            Self::Della if density > 0.0 && density < 1.0 => spread(model, values).map(drop),
            Self::Della | Self::Outliers | Self::Random => Ok(()),
        }
    }
}

/// Finds what is kept, before the first number is made.
pub(super) struct MaskBuilder<'k, 't> {
    pub(super) inputs: &'k Inputs<'t>,
    pub(super) base: usize,
    pub(super) ticket: &'k Ticket,
}

impl MaskBuilder<'_, '_> {
    /// What is kept of each model.
    pub(super) fn masks<N: Width>(
        &self,
        sparsifier: Sparsifier,
        models: &[usize],
        values: &Values,
    ) -> Result<Vec<Mask>, MergeError> {
        match sparsifier {
            Sparsifier::Magnitude | Sparsifier::Outliers => {
                self.bands::<N>(sparsifier, models, values)
            }
            Sparsifier::Random | Sparsifier::Della => models
                .iter()
                .map(|&m| self.chance(sparsifier, m, values))
                .collect(),
        }
    }

    fn chance(
        &self,
        sparsifier: Sparsifier,
        model: usize,
        values: &Values,
    ) -> Result<Mask, MergeError> {
        let density = values.of_input(model, "density")?;
        let tensor = self.inputs.tensor();
        let stream = Stream::new(tensor.seed, tensor.name, model as u64);
        if density >= 1.0 {
            return Ok(Mask::All);
        }
        if density <= 0.0 {
            return Ok(Mask::Nothing);
        }
        if sparsifier == Sparsifier::Random {
            return Ok(Mask::Random { stream, density });
        }
        let epsilon = spread(model, values)?;
        Ok(Mask::Ranked {
            stream,
            density,
            epsilon,
        })
    }

    fn bands<N: Width>(
        &self,
        sparsifier: Sparsifier,
        models: &[usize],
        values: &Values,
    ) -> Result<Vec<Mask>, MergeError> {
        let n = self.inputs.tensor().elements();
        let ranks = models
            .iter()
            .map(|&model| match sparsifier {
                Sparsifier::Outliers => outlier_ranks(n, model, values),
                _ => magnitude_rank(n, model, values).map(|k| [k, 0]),
            })
            .collect::<Result<Vec<[u64; 2]>, _>>()?;
        let wanted: Vec<Vec<u64>> = ranks.iter().map(|r| r.to_vec()).collect();
        let keys = |stream: usize, _: Range<usize>, inputs: &[&[N]], keys: &mut [u32]| {
            vector::change_keys(keys, inputs[models[stream]], inputs[self.base]);
        };
        let cuts = Streams::new(self.inputs, &keys, self.ticket).largest(&wanted)?;
        Ok(cuts.iter().map(|c| Mask::Band(c[0], c[1])).collect())
    }

    /// The masks, each with what the kept changes are multiplied by to have the L1 norm of all.
    /// What takes long to decide is written down in the place of its mask.
    pub(super) fn rescaled<N: Width>(
        &self,
        models: &[usize],
        masks: &[Mask],
    ) -> Result<Vec<(Mask, f64)>, MergeError> {
        let tensor = self.inputs.tensor();
        let is_ranked = |mask: &Mask| matches!(mask, Mask::Ranked { .. });
        let ranked = masks.iter().filter(|mask| is_ranked(mask)).count();
        let blocks = if ranked > 0 {
            Blocks::WholeRows
        } else {
            Blocks::Any
        };
        let keeps = |mask: &Mask| is_ranked(mask) && tensor.elements() <= MOST_BITS / ranked;
        let cuts = Cuts::new(tensor, blocks);
        let new = (Vec::new, || {
            Vec::from_iter(masks.iter().map(|_| Sums::default()))
        });
        let add =
            |room: &mut Vec<N>, sums: &mut Vec<Sums>, range: Range<usize>, inputs: &[&[N]]| {
                room.resize(range.len(), N::ZERO);
                for ((sums, mask), &model) in sums.iter_mut().zip(masks).zip(models) {
                    let pair = (inputs[model], inputs[self.base]);
                    vector::difference(room, pair.0, pair.1);
                    vector::add_magnitudes(&mut sums.all, room);
                    mask.changes(range.start, tensor.row_len(), pair, N::ONE, room);
                    vector::add_magnitudes(&mut sums.kept, room);
                    if keeps(mask) {
                        sums.bits.push(room);
                    }
                }
            };
        let mut chunks = self.inputs.by_chunk(cuts, self.ticket, new, add)?;
        let found = masks.iter().enumerate().map(|(slot, mask)| {
            let sum = |of: fn(&Sums) -> f64| chunks.iter().map(|sums| of(&sums[slot])).sum::<f64>();
            let scale = match (sum(|sums| sums.all), sum(|sums| sums.kept)) {
                (all, kept) if all < SMALL || kept < SMALL => 1.0,
                (all, kept) => all / kept,
            };
            if !keeps(mask) {
                return (mask.clone(), scale);
            }
            let bits = chunks
                .iter_mut()
                .map(|sums| std::mem::take(&mut sums[slot].bits));
            let chunk = if cuts.chunks() > 0 {
                cuts.chunk(0).len()
            } else {
                0
            };
            (Mask::Kept(Kept::new(chunk, bits)), scale)
        });
        Ok(found.collect())
    }
}

/// What is found of one model's changes.
#[derive(Default)]
struct Sums {
    /// Sums of magnitudes.
    all: f64,
    kept: f64,
    /// Which are kept, where that is written down.
    bits: Bits,
}

/// Bits of all models of a tensor beyond which nothing is written down: 256 MB.
const MOST_BITS: usize = 1 << 31;

/// L1 norm below which nothing is rescaled.
const SMALL: f64 = 1e-7;

/// The epsilon of a model, which must leave every chance between 0 and 1.
fn spread(model: usize, values: &Values) -> Result<f64, MergeError> {
    let density = values.of_input(model, "density")?;
    let epsilon = values.of_input(model, "epsilon")?;
    if density + epsilon >= 1.0 || density - epsilon <= 0.0 {
        return Err(MergeError::Refused(format!(
            "density {density} and epsilon {epsilon} leave no room: density - epsilon must be above 0 and density + epsilon below 1"
        )));
    }
    Ok(epsilon)
}

/// int(density·n)
fn share(density: f64, n: usize) -> u64 {
    (density * n as f64) as u64
}

fn magnitude_rank(n: usize, model: usize, values: &Values) -> Result<u64, MergeError> {
    let density = values.of_input(model, "density")?;
    if density >= 1.0 {
        return Ok(n as u64);
    }
    match share(density, n) {
        0 if n > 0 && values.version == Version::V0_1_4 => Err(MergeError::Refused(format!(
            "density {density} keeps none of the {n} numbers of this tensor; give it a higher density, by a filter if need be"
        ))),
        0 if density > 0.0 => Ok(1.min(n as u64)),
        k => Ok(k),
    }
}

/// How many are among the largest down to the smallest kept one, and how many of these are
/// dropped as outliers.
fn outlier_ranks(n: usize, model: usize, values: &Values) -> Result<[u64; 2], MergeError> {
    let density = values.of_input(model, "density")?;
    let all = n as u64;
    if density >= 1.0 {
        return Ok([all, 0]);
    }
    let (kept, top) = (
        share(density, n),
        share(values.of_input(model, "gamma")?, n),
    );
    let top = top.min(all - kept);
    // The oversight: without outliers nothing was kept at all.
    let is_overlooked = top == 0 && values.version == Version::V0_1_4;
    Ok(if is_overlooked {
        [0, 0]
    } else {
        [kept + top, top]
    })
}
