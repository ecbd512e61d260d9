//! One model, or its change from a base, read once.
//!
//! Pieces of sixteen million numbers are worked on by any thread and added in their order, so
//! that the bits do not depend on who did what. Memory: 32 KB a piece, 14 MB for 7 billion
//! numbers, and 60 KB a thread.

use std::ops::Range;
use std::sync::Mutex;

use sha2::{Digest, Sha256};

use super::Sketch;
use crate::checkpoint::{Checkpoint, Factors, Operand, Pairing, RawTensor, Segment, Watch};
use crate::jobs::Ticket;
use crate::kinship::MeasureError;
use crate::kinship::pass::{CHUNK, lined_up};
use crate::numeric::numbers::Numbers;
use crate::numeric::sketch::{Buckets, WIDTH};
use crate::numeric::vector::{add_squares, difference};
use crate::parallel::{in_order, lock};

/// Numbers that are summed by one thread: sixteen chunks.
const PIECE: usize = CHUNK << 4;

/// Numbers that are decoded at a time.
const BLOCK: usize = 1 << 12;

/// Sketches `model`: its change from `base`, or its weights where there is none.
///
/// The weights leave out what has fewer than two dimensions: norms are near 1 in every model,
/// and would make strangers akin. Tensors whose rows are compared token by token are left out,
/// because their order is that of two models alone, and so are those with a NaN or an infinity.
///
/// Advances the ticket by the bytes that are read, which are about those of the model and, where
/// there is one, of the base.
///
/// # Errors
/// As for [`crate::kinship::measure`]; an adapter without its base.
pub fn sketch(
    model: &Checkpoint,
    base: Option<&Checkpoint>,
    ticket: &Ticket,
) -> Result<Sketch, MeasureError> {
    ticket.advance(0)?;
    let Some(base) = base else {
        return of_weights(model, ticket);
    };
    lined_up(base, &[model], |pairing, by_token, watch| {
        let mut left_out = reasons(pairing);
        let is_left_out = |segment: &Segment<'_>| {
            by_token.is_some_and(|own| own.is_by_token(segment.tensor)) || segment.models.is_empty()
        };
        let (out, own): (Vec<_>, Vec<_>) = pairing.segments.iter().partition(|s| is_left_out(s));
        for segment in out.iter().filter(|segment| !segment.models.is_empty()) {
            let reason = "its tokens have other numbers in the base".to_owned();
            left_out.push((segment.tensor.to_owned(), reason));
        }
        let stretches: Vec<Stretch<'_>> = own.into_iter().filter_map(Stretch::change).collect();
        whole(model, Some(base), &stretches, left_out, watch, ticket)
    })
}

fn of_weights(model: &Checkpoint, ticket: &Ticket) -> Result<Sketch, MeasureError> {
    if model.adapter().is_some() {
        let name = model.suggested_name();
        return Err(MeasureError::Failed(format!(
            "{name} is an adapter, which has no weights of its own; name its base"
        )));
    }
    let watch = Watch::new([model])?;
    let mut left_out = Vec::new();
    let mut stretches = Vec::new();
    for tensor in model.tensors().iter().filter(|own| own.shape.len() > 1) {
        match tensor.numbers() {
            Some(numbers) => stretches.push(Stretch {
                tensor: &tensor.name,
                row_len: tensor.elements() / tensor.shape[0].max(1),
                first: 0,
                elements: tensor.elements(),
                own: Own::Weights(numbers),
            }),
            None => {
                let reason = format!("{} is not computed with", tensor.dtype);
                left_out.push((tensor.name.clone(), reason));
            }
        }
    }
    whole(model, None, &stretches, left_out, &watch, ticket)
}

fn reasons(pairing: &Pairing<'_>) -> Vec<(String, String)> {
    let own = pairing.left_out.iter();
    own.map(|left| (left.tensor.clone(), left.reason.clone()))
        .collect()
}

/// Rows of a tensor that go in.
struct Stretch<'a> {
    tensor: &'a str,
    row_len: usize,
    /// Index of the first number in the tensor.
    first: usize,
    elements: usize,
    own: Own<'a>,
}

enum Own<'a> {
    Weights(RawTensor<'a>),
    Change(RawTensor<'a>, &'a Operand<'a>),
}

impl<'a> Stretch<'a> {
    fn change(segment: &'a Segment<'a>) -> Option<Self> {
        let (_, operand) = segment.models.first()?;
        Some(Self {
            tensor: segment.tensor,
            row_len: segment.row_len,
            first: segment.rows.start * segment.row_len,
            elements: segment.elements(),
            own: Own::Change(segment.base, operand),
        })
    }

    fn size_bytes(&self) -> u64 {
        match &self.own {
            Own::Weights(numbers) => numbers.size_bytes(),
            Own::Change(base, operand) => {
                base.size_bytes() + operand.weights().map_or(0, |own| own.size_bytes())
            }
        }
    }

    fn pieces(&self) -> impl Iterator<Item = Range<usize>> {
        let all = self.elements;
        (0..all)
            .step_by(PIECE)
            .map(move |at| at..(at + PIECE).min(all))
    }
}

/// What a piece adds.
struct Piece {
    sums: Vec<f64>,
    square: f64,
}

fn whole(
    model: &Checkpoint,
    base: Option<&Checkpoint>,
    stretches: &[Stretch<'_>],
    mut left_out: Vec<(String, String)>,
    watch: &Watch<&Checkpoint>,
    ticket: &Ticket,
) -> Result<Sketch, MeasureError> {
    let of = |(k, own): (usize, &Stretch<'_>)| own.pieces().map(move |range| (k, range)).collect();
    let pieces: Vec<(usize, Range<usize>)> = (stretches.iter().enumerate())
        .flat_map(|own| -> Vec<_> { of(own) })
        .collect();
    let done: Vec<Mutex<Option<Piece>>> = pieces.iter().map(|_| Mutex::new(None)).collect();
    in_order(pieces.len(), |k| {
        let (at, range) = &pieces[k];
        let piece = stretches[*at].sum(range.clone(), ticket)?;
        watch.glance()?;
        *lock(&done[k]) = Some(piece);
        Ok::<(), MeasureError>(())
    })?;
    watch.check()?;
    let mut found = done.into_iter().filter_map(|cell| lock(&cell).take());
    let mut total = Piece::zero();
    let (mut numbers, mut shape) = (0, Sha256::new());
    for stretch in stretches {
        let mut own = Piece::zero();
        found
            .by_ref()
            .take(stretch.pieces().count())
            .for_each(|piece| own.add(&piece));
        if own.square.is_finite() {
            total.add(&own);
            numbers += stretch.elements as u64;
            let (first, rows) = (stretch.first, stretch.elements);
            shape.update(format!(
                "{} {} {first} {rows}\n",
                stretch.tensor, stretch.row_len
            ));
        } else {
            let reason = "some of its numbers are NaN or infinite".to_owned();
            left_out.push((stretch.tensor.to_owned(), reason));
        }
    }
    let shape = shape.finalize();
    Ok(Sketch {
        model: model.key().to_owned(),
        base: base.map(|base| base.key().to_owned()),
        shape: shape.iter().take(8).map(|b| format!("{b:02x}")).collect(),
        numbers,
        square: total.square,
        sums: total.sums.iter().map(|x| *x as f32).collect(),
        left_out,
    })
}

impl Piece {
    fn zero() -> Self {
        Self {
            sums: vec![0.0; WIDTH],
            square: 0.0,
        }
    }

    fn add(&mut self, other: &Self) {
        self.square += other.square;
        for (sum, x) in self.sums.iter_mut().zip(&other.sums) {
            *sum += x;
        }
    }
}

impl Stretch<'_> {
    fn sum(&self, range: Range<usize>, ticket: &Ticket) -> Result<Piece, MeasureError> {
        let mut out = Piece::zero();
        let mut reader = Reader::new(&self.own);
        let name = format!("{} {}", self.tensor, self.row_len);
        for start in range.clone().step_by(CHUNK) {
            let chunk = start..(start + CHUNK).min(range.end);
            let mut buckets = Buckets::new(&name);
            for at in chunk.clone().step_by(BLOCK) {
                let block = at..(at + BLOCK).min(chunk.end);
                if let Some(numbers) = reader.read(block) {
                    add_squares(&mut out.square, numbers);
                    buckets.add(self.first + at, numbers);
                }
            }
            buckets.add_to(&mut out.sums);
            ticket.advance(self.size_bytes() / self.elements as u64 * chunk.len() as u64)?;
        }
        Ok(out)
    }
}

/// Decodes what goes in, a block at a time.
struct Reader<'a> {
    own: &'a Own<'a>,
    factors: Option<Factors>,
    /// Whether `f32` would round one of the two.
    is_wide: bool,
    numbers: [Vec<f32>; 3],
    wide: [Vec<f64>; 2],
}

impl<'a> Reader<'a> {
    fn new(own: &'a Own<'a>) -> Self {
        let (factors, is_wide) = match own {
            Own::Weights(_) => (None, false),
            Own::Change(base, operand) => {
                let factors = match operand {
                    Operand::LowRank { factors, .. } => Some(factors.decode()),
                    _ => None,
                };
                let own = operand.weights();
                (
                    factors,
                    base.is_wide() || own.is_some_and(|own| own.is_wide()),
                )
            }
        };
        Self {
            own,
            factors,
            is_wide,
            numbers: std::array::from_fn(|_| vec![0.0; BLOCK]),
            wide: std::array::from_fn(|_| vec![0.0; if is_wide { BLOCK } else { 0 }]),
        }
    }

    /// The numbers of a block; `None` where the model is as its base.
    fn read(&mut self, block: Range<usize>) -> Option<&[f32]> {
        let [out, theta, beta] = &mut self.numbers;
        let out = &mut out[..block.len()];
        match (self.own, &self.factors) {
            (Own::Weights(numbers), _) => numbers.part(block).decode(out),
            (Own::Change(_, Operand::LowRank { first, .. }), Some(factors)) => {
                factors.delta(first + block.start, out);
            }
            (Own::Change(base, operand), _) => {
                let (own, base) = (operand.weights()?.part(block.clone()), base.part(block));
                if self.is_wide {
                    let [theta, beta] = &mut self.wide;
                    own.decode_f64(&mut theta[..out.len()]);
                    base.decode_f64(&mut beta[..out.len()]);
                    for (out, (theta, beta)) in out.iter_mut().zip(theta.iter().zip(&*beta)) {
                        *out = (theta - beta) as f32;
                    }
                } else {
                    own.decode(&mut theta[..out.len()]);
                    base.decode(&mut beta[..out.len()]);
                    difference(out, theta, beta);
                }
            }
        }
        Some(out)
    }
}
