//! Weights of a child, its base and its candidates at the same places, drawn evenly.
//!
//! Blocks of a few thousand numbers that follow each other, so that the disk sees runs; of every
//! tensor as many as its size asks for, from the first on at equal distances, where the first is
//! drawn from the tensor's name. Memory: at most [`MOST_NUMBERS`] numbers in all, whatever the
//! models' size.

use std::ops::Range;
use std::sync::Mutex;

use crate::checkpoint::{
    Checkpoint, Dtype, Operand, RawTensor, Segment, Watch, by_token, pair_tokens,
};
use crate::jobs::{Failure, Ticket};
use crate::numeric::random::Stream;
use crate::parallel::{in_order, lock};

/// The sample.
#[derive(Debug, Default)]
pub struct Sample {
    /// The base's weights.
    pub base: Vec<f32>,
    /// δ of the child.
    pub child: Vec<f32>,
    /// δ of each candidate.
    pub candidates: Vec<Vec<f32>>,
    /// How far rounding may have moved each weight of the child.
    pub half_step: Vec<f32>,
    /// Which of these are of one tensor.
    pub tensors: Vec<Range<usize>>,
    /// Whether the child has been rounded to 16 bits or fewer.
    pub is_short: bool,
    /// Whether its numbers have fewer digits than any format that models are merged in, as
    /// quantised ones do; then how far each may be off is known roughly only.
    pub is_coarse: bool,
}

/// Places that are looked at.
const MOST_PLACES: usize = 1 << 20;
/// Numbers that are kept, of all models together.
const MOST_NUMBERS: usize = 1 << 24;
/// Numbers that are read together.
const BLOCK: usize = 4096;

/// One block of a segment.
struct Block {
    segment: usize,
    range: Range<usize>,
}

/// Draws a sample.
///
/// # Errors
/// If a file cannot be read as it was opened, or the user asks to stop.
pub fn draw(
    base: &Checkpoint,
    child: &Checkpoint,
    candidates: &[&Checkpoint],
    ticket: &Ticket,
) -> Result<Sample, Failure> {
    let models: Vec<&Checkpoint> = std::iter::once(child)
        .chain(candidates.iter().copied())
        .collect();
    let failed = |error: crate::checkpoint::CheckpointError| Failure::Failed(error.to_string());
    let watch = Watch::new(std::iter::once(base).chain(models.iter().copied())).map_err(failed)?;
    let seen: Vec<_> = models.iter().map(|model| model.seen_as(base)).collect();
    let models: Vec<&Checkpoint> = seen.iter().map(AsRef::as_ref).collect();
    let lined_up = by_token(base, &models);
    let pairing = pair_tokens(base, &models, lined_up.as_ref());
    let segments: Vec<&Segment<'_>> = (pairing.segments.iter())
        .filter(|segment| segment.models.len() == models.len())
        .collect();
    let blocks = blocks(
        &segments,
        MOST_PLACES.min(MOST_NUMBERS / (models.len() + 1)),
    );
    ticket.expect(bytes(&segments, &blocks));
    let read: Vec<Mutex<Sample>> = blocks.iter().map(|_| Mutex::default()).collect();
    in_order(blocks.len(), |k| {
        let block = &blocks[k];
        let segment = segments[block.segment];
        *lock(&read[k]) = read_block(segment, block.range.clone());
        watch.glance().map_err(failed)?;
        ticket.advance(size(segment, block)).map_err(Failure::from)
    })?;
    watch.check().map_err(failed)?;
    let mut out = Sample {
        candidates: vec![Vec::new(); candidates.len()],
        ..Sample::default()
    };
    let mut before = None;
    for (block, own) in blocks.iter().zip(read) {
        let own = own
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let begins_tensor = before.replace(block.segment) != Some(block.segment);
        out.append(own, begins_tensor);
    }
    Ok(out)
}

fn size(segment: &Segment<'_>, block: &Block) -> u64 {
    segment.size_bytes() / segment.elements().max(1) as u64 * block.range.len() as u64
}

fn bytes(segments: &[&Segment<'_>], blocks: &[Block]) -> u64 {
    blocks
        .iter()
        .map(|block| size(segments[block.segment], block))
        .sum()
}

/// Blocks of all segments with at most about `most` numbers.
fn blocks(segments: &[&Segment<'_>], most: usize) -> Vec<Block> {
    let total: usize = segments.iter().map(|segment| segment.elements()).sum();
    let mut out = Vec::new();
    for (k, segment) in segments.iter().enumerate() {
        let elements = segment.elements();
        let whole = elements.div_ceil(BLOCK);
        let wanted = if total <= most {
            whole
        } else {
            let share = most as f64 / total as f64;
            ((whole as f64 * share).ceil() as usize).clamp(1, whole)
        };
        let step = whole as f64 / wanted.max(1) as f64;
        let begin = Stream::new(0, segment.tensor, segment.rows.start as u64).even(0) * step;
        for j in 0..wanted {
            let start = ((begin + j as f64 * step) as usize).min(whole - 1) * BLOCK;
            let range = start..(start + BLOCK).min(elements);
            out.push(Block { segment: k, range });
        }
    }
    out
}

/// The numbers of one block; places where one of them is not finite are left out.
fn read_block(segment: &Segment<'_>, range: Range<usize>) -> Sample {
    let mut base = vec![0.0; range.len()];
    segment.base.part(range.clone()).decode(&mut base);
    let of = |(_, operand): &(usize, Operand<'_>)| change(operand, &base, range.clone());
    let mut changes: Vec<Vec<f32>> = segment.models.iter().map(of).collect();
    let is_finite =
        |&i: &usize| base[i].is_finite() && changes.iter().all(|own| own[i].is_finite());
    let kept: Vec<usize> = (0..base.len()).filter(is_finite).collect();
    let pick = |own: &[f32]| kept.iter().map(|&i| own[i]).collect::<Vec<f32>>();
    let child = segment.models.first().and_then(|(_, own)| own.weights());
    let (is_short, digits) = digits(child.as_ref().map(RawTensor::dtype));
    let candidates = changes.split_off(1.min(changes.len()));
    let (base, child) = (
        pick(&base),
        changes.first().map_or(Vec::new(), |own| pick(own)),
    );
    let step = |(w, d): (&f32, &f32)| half_step(*w, *w + *d, digits, is_short);
    Sample {
        half_step: base.iter().zip(&child).map(step).collect(),
        candidates: candidates.iter().map(|own| pick(own)).collect(),
        tensors: Vec::new(),
        base,
        child,
        is_short,
        is_coarse: digits < FEWEST_DIGITS,
    }
}

/// Those of BF16.
const FEWEST_DIGITS: i32 = 7;

fn change(operand: &Operand<'_>, base: &[f32], range: Range<usize>) -> Vec<f32> {
    let mut out = vec![0.0; base.len()];
    if let Operand::LowRank { factors, first } = operand {
        factors.decode().delta(first + range.start, &mut out);
    } else if let Some(weights) = operand.weights() {
        weights.part(range).decode(&mut out);
        out.iter_mut()
            .zip(base)
            .for_each(|(own, base)| *own -= base);
    }
    out
}

/// Whether a format has 16 bits or fewer, and how many binary digits its numbers have after the
/// first.
fn digits(dtype: Option<Dtype>) -> (bool, i32) {
    let digits = dtype.map_or(23, Dtype::digits);
    (digits < 23, digits)
}

/// Half of the distance of neighbours around `weight`, with a margin; for a long format what a
/// few sums in `f32` leave.
fn half_step(base: f32, weight: f32, digits: i32, is_short: bool) -> f32 {
    let size = if is_short {
        weight.abs()
    } else {
        weight.abs().max(base.abs())
    };
    let power = f32::from_bits(size.to_bits() & 0x7f80_0000);
    let steps = if is_short { 0.55 } else { 4.0 };
    steps * power * 2.0f32.powi(-digits)
}

impl Sample {
    /// How many places there are.
    pub fn len(&self) -> usize {
        self.base.len()
    }

    fn append(&mut self, block: Self, begins_tensor: bool) {
        let (from, to) = (self.len(), self.len() + block.len());
        match self.tensors.last_mut() {
            Some(last) if !begins_tensor => last.end = to,
            _ => self.tensors.push(from..to),
        }
        self.base.extend(block.base);
        self.child.extend(block.child);
        self.half_step.extend(block.half_step);
        for (all, own) in self.candidates.iter_mut().zip(block.candidates) {
            all.extend(own);
        }
        self.is_short |= block.is_short;
        self.is_coarse |= block.is_coarse;
    }
}
