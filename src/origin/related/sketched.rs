//! A small sample of a model that is the same for all models of its shape.

use super::pieces::{Part, Pieces};
use super::sample::{self, choose};
use crate::checkpoint::Checkpoint;

/// Hidden dimensions, and numbers of the other side, of each matrix.
const HIDDEN: usize = 64;
const OTHERS: usize = 48;

/// Weights of two layers, a third and two thirds down, and what tells that they are those of the
/// same places: names, lengths, numbers of layers. `None` as for [`super::related`].
pub fn sketched(model: &Checkpoint) -> Option<(String, Vec<f32>)> {
    let pieces = Pieces::of(model)?;
    let n = pieces.layers.len();
    let hidden = choose(pieces.hidden, HIDDEN, "sketch");
    let mut shape = format!("{n} layers, {} wide", pieces.hidden);
    let mut numbers = Vec::new();
    let mut chosen = vec![n / 3, 2 * n / 3];
    chosen.dedup();
    for layer in chosen
        .into_iter()
        .filter_map(|k| pieces.layers.values().nth(k))
    {
        for piece in layer.iter().filter(|piece| piece.part != Part::Norm) {
            let Some(own) = sample::read(piece, &hidden, OTHERS) else {
                continue;
            };
            shape.push_str(&format!("\n{} {}", piece.key, piece.others));
            numbers.extend(
                own.numbers
                    .iter()
                    .map(|&x| (f64::from(x) * own.size) as f32),
            );
        }
    }
    Some((shape, numbers))
}
