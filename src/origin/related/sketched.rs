//! Small samples of a model for comparisons with very many others.

use std::collections::BTreeMap;

use super::pieces::{Part, Piece, Pieces};
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
        for piece in matrices(layer) {
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

fn matrices<'p, 'c>(layer: &'p [Piece<'c>]) -> impl Iterator<Item = &'p Piece<'c>> {
    layer.iter().filter(|piece| piece.part != Part::Norm)
}

/// Hidden dimensions, and numbers of the other side, of each matrix of [`Layers`].
const FEW: usize = 24;

/// A few weights of each matrix of all layers: shows kin that differ in their layers, their heads,
/// their units or their vocabulary.
#[derive(Clone, Debug)]
pub struct Layers {
    hidden: usize,
    /// For each layer the matrices by name and length, with numbers of mean square 1.
    layers: Vec<BTreeMap<(String, usize), Vec<f32>>>,
}

impl Layers {
    /// Cost: 24 × 24 numbers of each matrix, some 16 kB a layer. `None` as for
    /// [`super::related`].
    pub fn of(model: &Checkpoint) -> Option<Self> {
        let pieces = Pieces::of(model)?;
        let hidden = choose(pieces.hidden, FEW, "sketch");
        let read = |piece: &Piece<'_>| {
            let own = sample::read(piece, &hidden, FEW)?;
            Some(((piece.key.clone(), piece.others), own.numbers))
        };
        let of_layer = |layer: &Vec<Piece<'_>>| matrices(layer).filter_map(read).collect();
        Some(Self {
            hidden: pieces.hidden,
            layers: pieces.layers.values().map(of_layer).collect(),
        })
    }

    /// The highest mean cosine of a layer of one with a layer of the other; `None` where no
    /// matrix of one is like one of the other in shape. Some 0.05 at most for unrelated models,
    /// and for models whose hidden dimensions, heads or units were put in another order.
    pub fn resemblance(&self, other: &Self) -> Option<f64> {
        if self.hidden != other.hidden {
            return None;
        }
        let pairs = (self.layers.iter()).flat_map(|a| other.layers.iter().map(move |b| (a, b)));
        pairs.filter_map(|(a, b)| cosine(a, b)).reduce(f64::max)
    }
}

/// The mean over the matrices that two layers have in one shape.
fn cosine(
    a: &BTreeMap<(String, usize), Vec<f32>>,
    b: &BTreeMap<(String, usize), Vec<f32>>,
) -> Option<f64> {
    let both = a.iter().filter_map(|(key, a)| Some((a, b.get(key)?)));
    let cosine = |(a, b): (&Vec<f32>, &Vec<f32>)| {
        let sum: f32 = a.iter().zip(b).map(|(x, y)| x * y).sum();
        f64::from(sum) / a.len().max(1) as f64
    };
    let all: Vec<f64> = both.map(cosine).collect();
    (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
}
