//! The changes of all models in a part of a tensor.

use std::ops::Range;
use std::sync::Mutex;

use crate::jobs::Ticket;
use crate::merge::blocks::{BLOCK, Inputs, Width};
use crate::merge::error::MergeError;
use crate::parallel::{in_order, lock};

/// Numbers that a thread reads at once.
const PIECE: usize = 1 << 18;

/// wᵢ(xᵢ − b) of every input but the base, in the order of the inputs, for a flat range.
pub(super) fn changes<N: Width>(
    inputs: &Inputs<'_>,
    base: usize,
    weights: &[f64],
    range: &Range<usize>,
    ticket: &Ticket,
) -> Result<Vec<Vec<f32>>, MergeError> {
    let models = inputs.tensor().models();
    let mut out = vec![vec![0.0f32; range.len()]; models.len()];
    let mut pieces: Vec<Vec<&mut [f32]>> = Vec::new();
    pieces.resize_with(range.len().div_ceil(PIECE), Vec::new);
    for numbers in &mut out {
        for (piece, own) in pieces.iter_mut().zip(numbers.chunks_mut(PIECE)) {
            piece.push(own);
        }
    }
    let pieces: Vec<_> = pieces.into_iter().map(Mutex::new).collect();
    in_order(pieces.len(), |k| {
        let mut piece = lock(&pieces[k]);
        let first = range.start + k * PIECE;
        let end = (first + PIECE).min(range.end);
        let blocks = (first..end)
            .step_by(BLOCK)
            .map(|start| start..(start + BLOCK).min(end));
        inputs.some(blocks, |block, numbers: &[&[N]]| {
            let own = block.start - first..block.end - first;
            for (out, &model) in piece.iter_mut().zip(&models) {
                let (x, b) = (numbers[model], numbers[base]);
                for ((out, x), b) in out[own.clone()].iter_mut().zip(x).zip(b) {
                    *out = (weights[model] * (*x - *b).wide()) as f32;
                }
            }
        });
        inputs.report(first..end, ticket)
    })?;
    Ok(out)
}
