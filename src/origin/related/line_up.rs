//! Which hidden dimensions and which layers of two models are compared with each other.

use super::matched::{Vectors, in_place, matched};
use super::pieces::{LayerId, Part, Piece, Pieces};
use super::sample::{self, Sample, choose};
use super::tokens::SharedTokens;
use crate::jobs::{Cancelled, Ticket};
use crate::parallel::{in_order, lock};
use std::sync::Mutex;

/// Hidden dimensions of A, and as many of B, that are taken for each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dimensions {
    pub(super) a: Vec<usize>,
    pub(super) b: Vec<usize>,
}

/// Hidden dimensions that are compared at most, and those that layers are lined up by.
const MOST_DIMENSIONS: usize = 256;
const MOST_FOR_LAYERS: usize = 128;

impl Dimensions {
    fn same(chosen: Vec<usize>) -> Self {
        Self {
            a: chosen.clone(),
            b: chosen,
        }
    }

    /// Those at the same place.
    pub(super) fn in_place(hidden: usize) -> Self {
        Self::same(choose(hidden, MOST_DIMENSIONS, "hidden"))
    }

    /// Two sets that have none in common: the first to line up layers by, the second to compare
    /// by. What the first was used for then does not prejudice the test of the second.
    pub(super) fn apart(hidden: usize) -> [Self; 2] {
        let first = choose(hidden, MOST_FOR_LAYERS.min(hidden / 3), "layers");
        let rest: Vec<usize> = (0..hidden)
            .filter(|k| first.binary_search(k).is_err())
            .collect();
        let second = choose(rest.len(), MOST_DIMENSIONS, "hidden");
        let second = second.into_iter().map(|k| rest[k]).collect();
        [Self::same(first), Self::same(second)]
    }

    /// Those whose weights for the shared tokens are most alike, each the other's best; and the
    /// median cosine of the best.
    pub(super) fn by_tokens(tokens: &SharedTokens, hidden: [usize; 2]) -> (Self, f64) {
        let all = hidden.map(|n| choose(n, MOST_TO_MATCH, "matched"));
        let vectors = |k: usize| {
            let blocks = tokens.features(k, &all[k]);
            let blocks: Vec<&[f32]> = blocks.iter().map(Vec::as_slice).collect();
            Vectors::new(all[k].len(), &blocks)
        };
        let (a, b) = (vectors(0), vectors(1));
        let (of_b, of_a) = (matched(&a, &b).best, matched(&b, &a).best);
        let is_mutual = |&(at, i, _): &(usize, usize, f32)| of_a[i].is_some_and(|f| f.0 == at);
        let found = of_b.iter().enumerate();
        let found = found.filter_map(|(at, best)| best.map(|(i, cosine)| (at, i, cosine)));
        let mut cosines: Vec<f32> = found.clone().map(|(.., cosine)| cosine).collect();
        cosines.sort_by(f32::total_cmp);
        let median = cosines.get(cosines.len() / 2).copied().unwrap_or(0.0);
        let mutual: Vec<(usize, usize, f32)> = found.filter(is_mutual).collect();
        let kept = choose(mutual.len(), MOST_DIMENSIONS, "hidden");
        let out = Self {
            a: kept.iter().map(|&k| all[0][mutual[k].1]).collect(),
            b: kept.iter().map(|&k| all[1][mutual[k].0]).collect(),
        };
        (out, f64::from(median))
    }

    pub(super) fn len(&self) -> usize {
        self.a.len()
    }
}

/// Hidden dimensions among which counterparts are looked for.
const MOST_TO_MATCH: usize = 4096;

/// A layer of A and one of B.
pub(super) type LayerPair = (LayerId, LayerId);

/// Layers that are compared at most.
const MOST_LAYERS: usize = 8;

/// At most so many of them, evenly spread.
pub(super) fn spread<T: Copy>(all: &[T]) -> Vec<T> {
    let n = all.len().min(MOST_LAYERS);
    (0..n)
        .map(|k| all[(2 * k + 1) * all.len() / (2 * n)])
        .collect()
}

/// The layers of the same number, where both models have the same ones.
pub(super) fn same_layers(a: &Pieces<'_>, b: &Pieces<'_>) -> Option<Vec<LayerPair>> {
    let equal = a.layers.keys().eq(b.layers.keys());
    equal.then(|| a.layers.keys().map(|&id| (id, id)).collect())
}

/// Rows of heads and units that layers are lined up by.
const FOR_LAYERS: usize = 64;

/// For each layer of the model with fewer layers the one of the other that is most like it, by
/// the mean cosine of the weights of `dimensions`, with that cosine. Cost: a small sample of
/// every layer of both.
///
/// # Errors
/// If the job was cancelled.
pub(super) fn line_up(
    a: &Pieces<'_>,
    b: &Pieces<'_>,
    dimensions: &Dimensions,
    ticket: &Ticket,
) -> Result<Vec<(LayerPair, f64)>, Cancelled> {
    let of_a = small_samples(a, &dimensions.a, ticket)?;
    let of_b = small_samples(b, &dimensions.b, ticket)?;
    let (fewer, more, is_swapped) = match of_a.len() <= of_b.len() {
        true => (&of_a, &of_b, false),
        false => (&of_b, &of_a, true),
    };
    let best = |(own, samples): &(LayerId, Vec<Sample>)| {
        let alike = |(other, others): &(LayerId, Vec<Sample>)| {
            (*other, alike(samples, others, dimensions.len()))
        };
        let same_stack = more.iter().filter(|(other, _)| other.0 == own.0);
        let best = same_stack.map(alike).max_by(|x, y| x.1.total_cmp(&y.1))?;
        let pair = if is_swapped {
            (best.0, *own)
        } else {
            (*own, best.0)
        };
        Some((pair, best.1))
    };
    Ok(fewer.iter().filter_map(best).collect())
}

fn small_samples(
    of: &Pieces<'_>,
    hidden: &[usize],
    ticket: &Ticket,
) -> Result<Vec<(LayerId, Vec<Sample>)>, Cancelled> {
    let layers: Vec<(&LayerId, &Vec<Piece<'_>>)> = of.layers.iter().collect();
    let read: Mutex<Vec<Vec<Sample>>> = Mutex::new(vec![Vec::new(); layers.len()]);
    in_order(layers.len(), |k| {
        let matrices = layers[k].1.iter().filter(|piece| piece.part != Part::Norm);
        let own = matrices.filter_map(|piece| sample::read(piece, hidden, FOR_LAYERS));
        let own: Vec<Sample> = own.collect();
        lock(&read)[k] = own;
        ticket.advance(0)
    })?;
    let read = std::mem::take(&mut *lock(&read));
    Ok(layers.iter().map(|(id, _)| **id).zip(read).collect())
}

fn alike(a: &[Sample], b: &[Sample], hidden: usize) -> f64 {
    let (blocks_a, blocks_b): (Vec<&[f32]>, Vec<&[f32]>) = common(a, b)
        .map(|(a, b)| (&a.numbers[..], &b.numbers[..]))
        .unzip();
    in_place(
        &Vectors::new(hidden, &blocks_a),
        &Vectors::new(hidden, &blocks_b),
    )
}

/// Samples of what has the same name in its layer and the same length in both.
pub(super) fn common<'s>(
    a: &'s [Sample],
    b: &'s [Sample],
) -> impl Iterator<Item = (&'s Sample, &'s Sample)> {
    a.iter().filter_map(|own| {
        let is_same = |other: &&Sample| {
            (&other.key, other.part, other.others) == (&own.key, own.part, own.others)
        };
        Some((own, b.iter().find(is_same)?))
    })
}
