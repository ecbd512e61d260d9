//! The pass: all models, all tensors, each stored byte read once.
//!
//! Tensors are cut into chunks of a million numbers, which workers take in order, so that
//! the disk sees long runs. A chunk is gone through in blocks that stay in the cache. Sums
//! are added block by block, chunk by chunk and tensor by tensor in an order that does not
//! depend on who computed them.
//!
//! Memory: per worker a panel of (models + 1) × BLOCK numbers, and the Gram matrices.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use super::{Kinship, TensorGram};
use crate::checkpoint::{
    ByToken, Checkpoint, CheckpointError, Factors, LeftOut, Operand, Pairing, Segment, Watch,
    by_token, pair_tokens,
};
use crate::jobs::{Cancelled, Failure, Ticket};
use crate::numeric::panel::BLOCK;
use crate::numeric::{Gram, Panel};
use crate::parallel::{in_order, lock, threads};

/// How task vectors are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// As they are.
    #[default]
    Full,
    /// Each model's δ divided by its own largest magnitude, times 127, rounded: the reference
    /// tool's low-precision variant. Distances then have no unit. Reads everything twice.
    EightBit,
}

/// Why nothing was measured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MeasureError {
    /// The user asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// The sentence for the user: a file did not stay what it was.
    #[error("{0}")]
    Failed(String),
}

impl From<CheckpointError> for MeasureError {
    fn from(error: CheckpointError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<MeasureError> for Failure {
    fn from(error: MeasureError) -> Self {
        match error {
            MeasureError::Cancelled(_) => Self::Cancelled,
            MeasureError::Failed(sentence) => Self::Failed(sentence),
        }
    }
}

/// Numbers of a tensor that one worker goes through at a time.
pub(super) const CHUNK: usize = 1 << 20;
/// Blocks between two looks at the ticket: at most a few milliseconds.
const BLOCKS_PER_REPORT: usize = 64;

/// Measures the kinship of `models` on their base.
///
/// `known` is an earlier result for the same base and the first of these models: only pairs
/// with a further model are computed, and what it says is kept to the bit. `on_tensor` is
/// called for each segment as it is done, in any order, with the index it will have.
///
/// # Errors
/// [`MeasureError::Cancelled`] within a few milliseconds of the ticket being cancelled; a sentence
/// if a file was cut short or changed since it was opened. What `on_tensor` has heard until then
/// is not to be kept.
pub fn measure(
    base: &Checkpoint,
    models: &[&Checkpoint],
    precision: Precision,
    known: Option<&Kinship>,
    ticket: &Ticket,
    on_tensor: &(dyn Fn(usize, &TensorGram) + Sync),
) -> Result<Kinship, MeasureError> {
    ticket.advance(0)?;
    lined_up(base, models, |pairing, by_token, watch| {
        let bytes: u64 = pairing.segments.iter().map(Segment::size_bytes).sum();
        let largest = match precision {
            Precision::Full => {
                ticket.expect(bytes);
                None
            }
            Precision::EightBit => {
                ticket.expect(2 * bytes);
                Some(largest_changes(pairing, watch, ticket)?)
            }
        };
        let pass = Pass {
            known: known_grams(known, pairing, by_token, precision),
            pairing,
            watch,
            largest,
        };
        let tensors = pass.run(ticket, on_tensor)?;
        watch.check()?;
        let mut left_out = pairing.left_out.clone();
        left_out.extend(not_finite(&tensors));
        Ok(Kinship {
            models: models.len(),
            tensors,
            left_out,
            tied_embeddings: base.tied_embeddings(),
            precision,
        })
    })
}

/// Lines up `models` with their base, segment by segment, and watches their files meanwhile.
pub(super) fn lined_up<R>(
    base: &Checkpoint,
    models: &[&Checkpoint],
    work: impl FnOnce(&Pairing<'_>, Option<&ByToken>, &Watch<&Checkpoint>) -> Result<R, MeasureError>,
) -> Result<R, MeasureError> {
    let watch = Watch::new(std::iter::once(base).chain(models.iter().copied()))?;
    let seen: Vec<_> = models.iter().map(|model| model.seen_as(base)).collect();
    let models: Vec<&Checkpoint> = seen.iter().map(AsRef::as_ref).collect();
    for adapter in models.iter().filter_map(|model| model.adapter()) {
        adapter.check_changes(base, base.tensors())?;
    }
    let by_token = by_token(base, &models);
    let pairing = pair_tokens(base, &models, by_token.as_ref());
    work(&pairing, by_token.as_ref(), &watch)
}

/// What `known` has of each segment.
fn known_grams<'k>(
    known: Option<&'k Kinship>,
    pairing: &Pairing<'_>,
    by_token: Option<&ByToken>,
    precision: Precision,
) -> Vec<Option<&'k Gram>> {
    // An 8-bit value depends on its own model alone, so it could be kept too; but there is no
    // one to wait for it.
    let Some(known) =
        known.filter(|k| (k.precision, precision) == (Precision::Full, Precision::Full))
    else {
        return vec![None; pairing.segments.len()];
    };
    let key = |tensor: &'k TensorGram| ((tensor.tensor.as_str(), tensor.rows.start), tensor);
    let old: BTreeMap<_, _> = known.tensors.iter().map(key).collect();
    let known_of = |segment: &Segment<'_>| {
        let old = *old.get(&(segment.tensor, segment.rows.start))?;
        if by_token.is_some_and(|own| own.is_by_token(segment.tensor)) {
            // The order of the rows is another one for other models.
            return None;
        }
        fits(old, segment, known.models).then_some(&old.gram)
    };
    pairing.segments.iter().map(known_of).collect()
}

/// Whether `old` is about the same numbers, of exactly those models of the segment that come
/// before model `models`.
fn fits(old: &TensorGram, segment: &Segment<'_>, models: usize) -> bool {
    let indices = segment.models.iter().map(|(index, _)| *index);
    old.rows == segment.rows
        && old.gram.count == segment.elements() as u64
        && indices
            .take_while(|&index| index < models)
            .eq(old.models.iter().copied())
}

struct Pass<'a> {
    pairing: &'a Pairing<'a>,
    watch: &'a Watch<&'a Checkpoint>,
    known: Vec<Option<&'a Gram>>,
    /// The largest |δ| of each model, for the 8-bit variant.
    largest: Option<Vec<f64>>,
}

impl Pass<'_> {
    fn run(
        &self,
        ticket: &Ticket,
        on_tensor: &(dyn Fn(usize, &TensorGram) + Sync),
    ) -> Result<Vec<TensorGram>, MeasureError> {
        let segments = &self.pairing.segments;
        let chunks = chunks(segments);
        let unfinished: Vec<Mutex<Vec<Option<Gram>>>> = segments
            .iter()
            .map(|s| Mutex::new(vec![None; s.elements().div_ceil(CHUNK)]))
            .collect();
        let finished: Vec<Mutex<Option<TensorGram>>> =
            segments.iter().map(|_| Mutex::new(None)).collect();
        in_order(chunks.len(), |k| {
            let (index, range) = &chunks[k];
            if let Some((next, range)) = chunks.get(k + threads()) {
                let models = self.pairing.segments[*next].models.len();
                if self.known[*next].map_or(0, Gram::models) < models {
                    fetch_soon(&self.pairing.segments[*next], 0..models, range);
                }
            }
            let gram = self.chunk(*index, range.clone(), ticket)?;
            self.watch.glance()?;
            let done = put(&unfinished[*index], range.start / CHUNK, gram);
            if let Some(parts) = done {
                let tensor = self.finish(*index, &parts);
                on_tensor(*index, &tensor);
                *lock(&finished[*index]) = Some(tensor);
            }
            Ok::<(), MeasureError>(())
        })?;
        // Every chunk was run, so every segment is there.
        Ok(finished
            .into_iter()
            .filter_map(|cell| lock(&cell).take())
            .collect())
    }

    fn chunk(&self, index: usize, range: Range<usize>, ticket: &Ticket) -> Result<Gram, Cancelled> {
        let segment = &self.pairing.segments[index];
        let known = self.known[index].map_or(0, Gram::models);
        let mut gram = Gram::zero(segment.models.len());
        if known > 0 && known == segment.models.len() {
            gram.count = range.len() as u64;
            let share = segment.size_bytes() / segment.elements() as u64;
            ticket.advance(share * gram.count)?;
            return Ok(gram);
        }
        let all: Vec<usize> = (0..segment.models.len()).collect();
        each_block(segment, &all, range, ticket, |panel| {
            if let Some(largest) = &self.largest {
                for (slot, (model, _)) in segment.models.iter().enumerate() {
                    panel.quantise(slot, largest[*model]);
                }
            }
            panel.add_to(&mut gram, known);
        })?;
        Ok(gram)
    }

    /// Adds up the chunks of a segment, in order.
    fn finish(&self, index: usize, parts: &[Gram]) -> TensorGram {
        let segment = &self.pairing.segments[index];
        let mut gram = Gram::zero(segment.models.len());
        for part in parts {
            gram.add(part);
        }
        if let Some(known) = self.known[index] {
            gram.take_known(known);
        }
        TensorGram {
            tensor: segment.tensor.to_owned(),
            place: segment.place,
            rows: segment.rows.clone(),
            models: segment.models.iter().map(|(model, _)| *model).collect(),
            gram,
        }
    }
}

/// The largest |δ| of every model over all that is compared.
fn largest_changes(
    pairing: &Pairing<'_>,
    watch: &Watch<&Checkpoint>,
    ticket: &Ticket,
) -> Result<Vec<f64>, MeasureError> {
    let chunks = chunks(&pairing.segments);
    let largest = Mutex::new(vec![0.0f64; pairing.models]);
    in_order(chunks.len(), |k| {
        let (index, range) = &chunks[k];
        let segment = &pairing.segments[*index];
        let mut own = vec![0.0f64; segment.models.len()];
        let all: Vec<usize> = (0..segment.models.len()).collect();
        each_block(segment, &all, range.clone(), ticket, |panel| {
            for (slot, own) in own.iter_mut().enumerate() {
                *own = own.max(panel.largest(slot));
            }
        })?;
        watch.glance()?;
        let mut largest = lock(&largest);
        for ((model, _), own) in segment.models.iter().zip(own) {
            largest[*model] = largest[*model].max(own);
        }
        Ok::<(), MeasureError>(())
    })?;
    Ok(largest
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner))
}

/// Every segment in chunks, in order.
fn chunks(segments: &[Segment<'_>]) -> Vec<(usize, Range<usize>)> {
    let of_segment = |(index, segment): (usize, &Segment<'_>)| {
        let elements = segment.elements();
        (0..elements)
            .step_by(CHUNK)
            .map(move |start| (index, start..(start + CHUNK).min(elements)))
    };
    segments.iter().enumerate().flat_map(of_segment).collect()
}

/// Decodes elements `range` of a segment block by block, for its models at `slots`, and hands
/// each panel to `work`.
pub(super) fn each_block(
    segment: &Segment<'_>,
    slots: &[usize],
    range: Range<usize>,
    ticket: &Ticket,
    work: impl FnMut(&mut Panel),
) -> Result<(), Cancelled> {
    let operands: Vec<&Operand<'_>> = slots.iter().map(|&slot| &segment.models[slot].1).collect();
    fetch_soon(segment, slots.iter().copied(), &range);
    ticket.during(|| blocks(segment, &operands, range, ticket, work))
}

/// Has the numbers of a chunk fetched where they have to come over a network.
fn fetch_soon(segment: &Segment<'_>, slots: impl Iterator<Item = usize>, range: &Range<usize>) {
    let weights = slots.filter_map(|slot| segment.models[slot].1.weights());
    for numbers in std::iter::once(segment.base).chain(weights) {
        numbers.part(range.clone()).fetch_soon();
    }
}

fn blocks(
    segment: &Segment<'_>,
    operands: &[&Operand<'_>],
    range: Range<usize>,
    ticket: &Ticket,
    mut work: impl FnMut(&mut Panel),
) -> Result<(), Cancelled> {
    let mut panel = Panel::new(operands.len());
    let factors: Vec<Option<Factors>> = operands.iter().map(|own| decode(own)).collect();
    let mut delta = [0.0f32; BLOCK];
    let mut bytes = 0;
    for (count, start) in range.clone().step_by(BLOCK).enumerate() {
        let block = start..(start + BLOCK).min(range.end);
        let base = segment.base.part(block.clone());
        panel.set_base(&base);
        bytes += base.size_bytes();
        for (slot, &operand) in operands.iter().enumerate() {
            match (operand, &factors[slot]) {
                (Operand::LowRank { first, .. }, Some(factors)) => {
                    let delta = &mut delta[..block.len()];
                    factors.delta(first + block.start, delta);
                    panel.set_delta(slot, &&*delta);
                }
                _ => match operand.weights() {
                    Some(numbers) => {
                        let own = numbers.part(block.clone());
                        panel.set_weights(slot, &own);
                        bytes += own.size_bytes();
                    }
                    None => panel.set_unchanged(slot),
                },
            }
        }
        work(&mut panel);
        if (count + 1) % BLOCKS_PER_REPORT == 0 {
            ticket.advance(bytes)?;
            bytes = 0;
        }
    }
    ticket.advance(bytes)
}

/// Factors are decoded for each chunk and not kept: all of them together can be large.
fn decode(operand: &Operand<'_>) -> Option<Factors> {
    match operand {
        Operand::LowRank { factors, .. } => Some(factors.decode()),
        Operand::Weights(_) | Operand::Rebuilt { .. } | Operand::Unchanged => None,
    }
}

/// Puts a part in its place; gives back all parts when it was the last one missing.
fn put(parts: &Mutex<Vec<Option<Gram>>>, at: usize, part: Gram) -> Option<Vec<Gram>> {
    let mut parts = lock(parts);
    parts[at] = Some(part);
    if parts.iter().any(Option::is_none) {
        return None;
    }
    std::mem::take(&mut *parts).into_iter().collect()
}

/// What the pass itself found not to be finite.
pub(super) fn not_finite(tensors: &[TensorGram]) -> Vec<LeftOut> {
    let mut out = Vec::new();
    for tensor in tensors {
        let mut note = |row: usize, model: Option<usize>| {
            let count = tensor.gram.non_finite[row];
            if count > 0 {
                let reason = match count {
                    1 => "1 number is NaN or infinite".to_owned(),
                    _ => format!("{count} numbers are NaN or infinite"),
                };
                out.push(LeftOut {
                    tensor: tensor.tensor.clone(),
                    model,
                    reason,
                });
            }
            count > 0
        };
        // If the base is broken every difference is, and one line is enough.
        if !note(0, None) {
            for (slot, &model) in tensor.models.iter().enumerate() {
                note(slot + 1, Some(model));
            }
        }
    }
    out
}
