//! The pass in pieces, for many processes: each goes over some chunks of some segments, for some
//! of the models, and what they found is put together to what one process would have found.
//!
//! To the last bit: a chunk is always the same million numbers, a sum within it does not depend
//! on which other models are there, and the chunks of a segment are added in their order.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::pass::{CHUNK, each_block, lined_up, not_finite};
use super::{Kinship, MeasureError, Precision, TensorGram};
use crate::checkpoint::{Checkpoint, LeftOut, Pairing, Segment, Watch, names};
use crate::jobs::Ticket;
use crate::numeric::Gram;

/// A base and its models, lined up.
pub struct Pieces<'a> {
    pairing: &'a Pairing<'a>,
    watch: &'a Watch<&'a Checkpoint>,
}

/// What is known of a segment before any of its numbers is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentFacts {
    /// Name of the tensor in the base.
    pub tensor: String,
    /// Which of its rows, see [`TensorGram::rows`].
    pub rows: Range<usize>,
    /// Numbers in it.
    pub elements: usize,
    /// Bytes of the base's numbers.
    pub base_bytes: u64,
    /// The models that have these rows, by index, each with the bytes of its numbers.
    pub models: Vec<(usize, u64)>,
}

impl SegmentFacts {
    /// How many chunks it has.
    pub const fn chunks(&self) -> usize {
        self.elements.div_ceil(CHUNK)
    }

    /// Bytes of the base and of all models.
    pub fn bytes(&self) -> u64 {
        self.base_bytes + self.models.iter().map(|(_, bytes)| bytes).sum::<u64>()
    }
}

/// Lines up `models` with their base and hands the pieces of the pass over them to `work`.
///
/// # Errors
/// As for [`super::measure`], and those of `work`.
pub fn in_pieces<R>(
    base: &Checkpoint,
    models: &[&Checkpoint],
    work: impl FnOnce(&Pieces<'_>) -> Result<R, MeasureError>,
) -> Result<R, MeasureError> {
    lined_up(base, models, |pairing, _, watch| {
        let found = work(&Pieces { pairing, watch })?;
        watch.check()?;
        Ok(found)
    })
}

impl Pieces<'_> {
    /// Every segment, in order.
    pub fn segments(&self) -> Vec<SegmentFacts> {
        let facts = |segment: &Segment<'_>| SegmentFacts {
            tensor: segment.tensor.to_owned(),
            rows: segment.rows.clone(),
            elements: segment.elements(),
            base_bytes: segment.base.size_bytes(),
            models: (segment.models.iter())
                .map(|(index, own)| (*index, own.weights().map_or(0, |w| w.size_bytes())))
                .collect(),
        };
        self.pairing.segments.iter().map(facts).collect()
    }

    /// What cannot be compared.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.pairing.left_out
    }

    /// The sums of one chunk of a segment over `models`, by index, in that order; those that
    /// lack the segment are passed over. Pairs among the first `known` of them are left out.
    ///
    /// # Errors
    /// Cancellation, and a file that was cut short.
    pub fn chunk(
        &self,
        (segment, chunk): (usize, usize),
        models: &[usize],
        known: usize,
        ticket: &Ticket,
    ) -> Result<Gram, MeasureError> {
        let Some(segment) = self.pairing.segments.get(segment) else {
            return Ok(Gram::zero(0));
        };
        let slot = |model: &usize| {
            (segment.models)
                .binary_search_by_key(model, |(index, _)| *index)
                .ok()
        };
        let slots: Vec<usize> = models.iter().filter_map(slot).collect();
        let known = models[..known].iter().filter_map(slot).count();
        let start = chunk.saturating_mul(CHUNK).min(segment.elements());
        let range = start..(start + CHUNK).min(segment.elements());
        let mut gram = Gram::zero(slots.len());
        each_block(segment, &slots, range, ticket, |panel| {
            panel.add_to(&mut gram, known);
        })?;
        self.watch.glance()?;
        Ok(gram)
    }
}

/// Puts the sums of all segments together; `grams` are in the order of `segments`.
pub fn put_together(
    models: usize,
    segments: &[SegmentFacts],
    grams: Vec<Gram>,
    left_out: &[LeftOut],
    tied_embeddings: bool,
) -> Kinship {
    let tensor = |(facts, gram): (&SegmentFacts, Gram)| TensorGram {
        tensor: facts.tensor.clone(),
        place: names::place(&facts.tensor),
        rows: facts.rows.clone(),
        models: facts.models.iter().map(|(index, _)| *index).collect(),
        gram,
    };
    let tensors: Vec<TensorGram> = segments.iter().zip(grams).map(tensor).collect();
    let mut left_out = left_out.to_vec();
    left_out.extend(not_finite(&tensors));
    Kinship {
        models,
        tensors,
        left_out,
        tied_embeddings,
        precision: Precision::Full,
    }
}
