//! The tests, each with its own null hypothesis, and the p-value of them all.

use std::sync::Mutex;

use super::kernel::{self, Group, Kernel};
use super::line_up::{Dimensions, LayerPair, common};
use super::matched::{Vectors, matched, p_of_hits};
use super::pieces::{Part, Piece, Pieces};
use super::sample::{self, Sample};
use super::tokens::SharedTokens;
use crate::jobs::{Cancelled, Ticket};
use crate::parallel::{in_order, lock};

/// One of the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Test {
    /// Hidden dimensions matched by the rows of shared tokens.
    Tokens,
    /// Hidden dimensions matched by rows of attention at the same place.
    Attention,
    /// Hidden dimensions matched by units of the MLP at the same place.
    Mlp,
    /// Hidden dimensions matched by norms.
    Norms,
    /// Units of the MLP matched by their weights.
    Units,
    /// Inner products of hidden dimensions, whatever the order of heads and units.
    HiddenProducts,
    /// Inner products of units, however the hidden space is rotated.
    UnitProducts,
}

impl Test {
    /// Its name in tables and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tokens => "hidden dimensions by tokens",
            Self::Attention => "hidden dimensions by attention",
            Self::Mlp => "hidden dimensions by MLP",
            Self::Norms => "hidden dimensions by norms",
            Self::Units => "MLP units",
            Self::HiddenProducts => "inner products of hidden dimensions",
            Self::UnitProducts => "inner products of MLP units",
        }
    }

    /// Its share of the chance of a false alarm. The permutation tests, whose p is not below
    /// 1 in 10 000, have larger ones.
    const fn weight(self) -> f64 {
        match self {
            Self::Tokens | Self::Norms | Self::Units => 0.1,
            Self::Attention | Self::Mlp => 0.15,
            Self::HiddenProducts | Self::UnitProducts => 0.2,
        }
    }
}

/// What one test has found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Evidence {
    pub(super) test: Test,
    /// How likely as much is if the models were trained independently.
    pub(super) p: f64,
    /// Hits and how many things were matched; none for a permutation test.
    pub(super) hits: Option<[usize; 2]>,
}

/// The smallest p over its share of the level, at most 1: the weighted method of Bonferroni,
/// valid however the tests depend on each other; tests that were not made cost nothing.
pub(super) fn combined(all: &[Evidence]) -> f64 {
    let each = all.iter().map(|found| found.p / found.test.weight());
    each.fold(1.0, f64::min)
}

/// Numbers of one layer of A and of its counterpart in B.
pub(super) struct LayerSamples {
    pub(super) pair: LayerPair,
    pub(super) a: Vec<Sample>,
    pub(super) b: Vec<Sample>,
}

/// Rows of heads and units that are read at most.
const MOST_OTHERS: usize = 256;

/// Bytes that [`read`] touches.
pub(super) fn bytes(a: &Pieces<'_>, b: &Pieces<'_>, dims: &Dimensions, pairs: &[LayerPair]) -> u64 {
    let of = |pieces: Option<&Vec<Piece<'_>>>| -> u64 {
        let pieces = pieces.into_iter().flatten();
        pieces
            .map(|piece| sample::bytes(piece, dims.len(), MOST_OTHERS))
            .sum()
    };
    let both = |pair: &LayerPair| of(a.layers.get(&pair.0)) + of(b.layers.get(&pair.1));
    pairs.iter().map(both).sum()
}

/// Reads what the tests need.
///
/// # Errors
/// If the job was cancelled.
pub(super) fn read(
    a: &Pieces<'_>,
    b: &Pieces<'_>,
    dims: &Dimensions,
    pairs: &[LayerPair],
    ticket: &Ticket,
) -> Result<Vec<LayerSamples>, Cancelled> {
    let read: Mutex<Vec<Option<LayerSamples>>> = Mutex::new(pairs.iter().map(|_| None).collect());
    in_order(pairs.len(), |k| {
        let pair = pairs[k];
        let side = |pieces: Option<&Vec<Piece<'_>>>, hidden: &[usize]| {
            let mut out = Vec::new();
            for piece in pieces.into_iter().flatten() {
                out.extend(sample::read(piece, hidden, MOST_OTHERS));
                ticket.advance(sample::bytes(piece, dims.len(), MOST_OTHERS))?;
            }
            Ok::<_, Cancelled>(out)
        };
        let samples = LayerSamples {
            pair,
            a: side(a.layers.get(&pair.0), &dims.a)?,
            b: side(b.layers.get(&pair.1), &dims.b)?,
        };
        lock(&read)[k] = Some(samples);
        Ok(())
    })?;
    let read = std::mem::take(&mut *lock(&read));
    Ok(read.into_iter().flatten().collect())
}

/// Hidden dimensions matched by the rows of tokens.
pub(super) fn by_tokens(tokens: &SharedTokens, dims: &Dimensions) -> Evidence {
    let [a, b] = [(0, &dims.a), (1, &dims.b)].map(|(which, hidden)| {
        let blocks = tokens.features(which, hidden);
        let blocks: Vec<&[f32]> = blocks.iter().map(Vec::as_slice).collect();
        Vectors::new(dims.len(), &blocks)
    });
    of_hits(Test::Tokens, matched(&a, &b).hits, dims.len(), 1)
}

fn of_hits(test: Test, hits: usize, of: usize, orders: usize) -> Evidence {
    Evidence {
        test,
        p: p_of_hits(hits, orders),
        hits: Some([hits, of]),
    }
}

/// Hidden dimensions matched by what all layers hold of some parts; `None` if that is nothing.
pub(super) fn by_parts(
    test: Test,
    is_part: fn(Part) -> bool,
    layers: &[LayerSamples],
    hidden: usize,
) -> Option<Evidence> {
    let both = layers.iter().flat_map(|layer| common(&layer.a, &layer.b));
    let both = both.filter(|(a, _)| is_part(a.part));
    let (a, b): (Vec<&[f32]>, Vec<&[f32]>) =
        both.map(|(a, b)| (&a.numbers[..], &b.numbers[..])).unzip();
    if a.is_empty() {
        return None;
    }
    let found = matched(&Vectors::new(hidden, &a), &Vectors::new(hidden, &b));
    Some(of_hits(test, found.hits, hidden, 1))
}

/// Samples of the MLP whose units correspond: those of the commonest number of units.
fn unit_samples(layer: &LayerSamples) -> Vec<(&Sample, &Sample)> {
    let mlp = common(&layer.a, &layer.b).filter(|(a, _)| a.part.is_mlp());
    let mut all: Vec<(&Sample, &Sample)> = mlp.collect();
    let count = |n: usize| all.iter().filter(|(a, _)| a.others == n).count();
    let commonest = all
        .iter()
        .map(|(a, _)| a.others)
        .max_by_key(|&n| (count(n), n));
    all.retain(|(a, _)| Some(a.others) == commonest);
    all
}

/// A block for each sample of A's and of B's MLP, with a row for each unit.
fn unit_blocks(layer: &LayerSamples) -> (usize, [Vec<Vec<f32>>; 2]) {
    let samples = unit_samples(layer);
    let units = samples.first().map_or(0, |(a, _)| a.width);
    let a = samples.iter().map(|(a, _)| a.across()).collect();
    let b = samples.iter().map(|(_, b)| b.across()).collect();
    (units, [a, b])
}

fn slices(blocks: &[Vec<f32>]) -> Vec<&[f32]> {
    blocks.iter().map(Vec::as_slice).collect()
}

/// Units of the MLP matched within their layers. `orders` is the number of pairs of layers that
/// these were chosen from.
pub(super) fn by_units(layers: &[LayerSamples], orders: usize) -> Option<Evidence> {
    let of = |layer: &LayerSamples| {
        let (units, [a, b]) = unit_blocks(layer);
        let found = matched(
            &Vectors::new(units, &slices(&a)),
            &Vectors::new(units, &slices(&b)),
        );
        [found.hits, units]
    };
    let all = layers.iter().map(of).filter(|[_, units]| *units > 1);
    let [hits, units] = all.fold([0, 0], |sum, own| [sum[0] + own[0], sum[1] + own[1]]);
    (units > 0).then(|| of_hits(Test::Units, hits, units, orders.max(layers.len())))
}

/// Hidden dimensions whose inner products are permuted: more would cost time, not power.
const MOST_PERMUTED: usize = 128;

/// Kernels over hidden dimensions, of one part of a layer of A and of B.
fn hidden_kernels(layer: &LayerSamples, part: Part, hidden: usize) -> Option<(Kernel, Kernel)> {
    let n = hidden.min(MOST_PERMUTED);
    let of = |samples: &[Sample]| {
        let own = samples.iter().filter(|sample| sample.part == part);
        let blocks: Vec<&[f32]> = own
            .map(|sample| &sample.numbers[..n * sample.width])
            .collect();
        Kernel::new(n, &blocks)
    };
    Some((of(&layer.a)?, of(&layer.b)?))
}

/// The permutation test of inner products of hidden dimensions; `None` without any.
///
/// # Errors
/// If the job was cancelled.
pub(super) fn by_hidden_products(
    layers: &[LayerSamples],
    hidden: usize,
    ticket: &Ticket,
) -> Result<Option<Evidence>, Cancelled> {
    let of_layer = |layer| {
        let parts = Part::MATRICES.into_iter();
        parts.filter_map(move |part| hidden_kernels(layer, part, hidden))
    };
    // All layers share the hidden dimensions.
    let group: Group = layers.iter().flat_map(of_layer).collect();
    let p = kernel::permutation_p(&[group], ticket)?;
    Ok(p.map(|p| of_products(Test::HiddenProducts, p)))
}

fn of_products(test: Test, p: f64) -> Evidence {
    Evidence {
        test,
        p,
        hits: None,
    }
}

/// The permutation test of inner products of MLP units, which each layer has an order of its own
/// of; `None` without any.
///
/// # Errors
/// If the job was cancelled.
pub(super) fn by_unit_products(
    layers: &[LayerSamples],
    ticket: &Ticket,
) -> Result<Option<Evidence>, Cancelled> {
    let groups: Vec<Group> = layers
        .iter()
        .map(|l| unit_kernels(l).into_iter().collect())
        .collect();
    let p = kernel::permutation_p(&groups, ticket)?;
    Ok(p.map(|p| of_products(Test::UnitProducts, p)))
}

fn unit_kernels(layer: &LayerSamples) -> Option<(Kernel, Kernel)> {
    let (units, [a, b]) = unit_blocks(layer);
    Some((
        Kernel::new(units, &slices(&a))?,
        Kernel::new(units, &slices(&b))?,
    ))
}

/// Unbiased CKA of what attention reads, over hidden dimensions, for each layer.
pub(super) fn attention_cka(layers: &[LayerSamples], hidden: usize) -> Vec<(LayerPair, f64)> {
    let of = |layer: &LayerSamples| {
        let (a, b) = hidden_kernels(layer, Part::AttentionIn, hidden)?;
        Some((layer.pair, a.cka(&b)))
    };
    layers.iter().filter_map(of).collect()
}

/// Unbiased CKA of MLP weights, over units, for each layer.
pub(super) fn unit_cka(layers: &[LayerSamples]) -> Vec<(LayerPair, f64)> {
    let of = |layer: &LayerSamples| {
        let (a, b) = unit_kernels(layer)?;
        Some((layer.pair, a.cka(&b)))
    };
    layers.iter().filter_map(of).collect()
}
