//! All pairs of many sketches: a symmetric product, tile by tile, of which the nearest of each
//! model and the groups of akin ones are kept.
//!
//! Cost: n² / 2 · 4,096 multiply-adds. Memory: two tiles of 4 MB a thread and the nearest; the
//! sketches themselves are 16 KB each.

use super::{Sketch, square};
use crate::jobs::{Cancelled, Ticket};
use crate::kinship::Matrix;
use crate::numeric::product::{Packed, TALL, WIDE, products};
use crate::numeric::sketch::{WIDTH, likeliest_cosine, standard_error};
use crate::parallel::in_order_with;

/// Models of a tile.
const TILE: usize = 256;

/// The kinship of two models, estimated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The cosine.
    pub cosine: f64,
    /// Its standard error; two times this covers it in 95 of 100 cases.
    pub error: f64,
}

/// A model near another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Near {
    /// Its index.
    pub model: usize,
    /// How near.
    pub estimate: Estimate,
}

/// What is kept of all pairs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pairs {
    /// The nearest of each model, the nearest first.
    pub nearest: Vec<Vec<Near>>,
    /// Groups of models that are joined by pairs of a large cosine, each in order, by their first.
    pub groups: Vec<Vec<usize>>,
}

/// The estimate for two sketches; `None` where one of the two has no direction.
pub fn estimate(a: &Sketch, b: &Sketch) -> Option<Estimate> {
    let lengths = (a.square * b.square).sqrt();
    let product: f64 = a
        .sums
        .iter()
        .zip(&b.sums)
        .map(|(a, b)| f64::from(*a) * f64::from(*b))
        .sum();
    (lengths > 0.0).then(|| of(product / lengths, share(a) + share(b)))
}

fn of(product: f64, squares: f64) -> Estimate {
    let cosine = likeliest_cosine(product, squares);
    Estimate {
        cosine,
        error: standard_error(cosine),
    }
}

/// The squared length of the sums as a share of the real one.
fn share(sketch: &Sketch) -> f64 {
    square(&sketch.sums) / sketch.square
}

/// The estimates of all pairs as a matrix; only for some thousand models.
///
/// # Errors
/// If the job was cancelled.
pub fn matrix(sketches: &[Sketch], ticket: &Ticket) -> Result<Matrix, Cancelled> {
    let found = each_pair(
        sketches,
        Vec::new,
        ticket,
        |kept: &mut Vec<_>, i, j, cosine| {
            kept.push((i, j, cosine));
        },
    )?;
    let n = sketches.len();
    let mut values: Vec<Option<f64>> = vec![None; n * n];
    for (i, j, cosine) in found.into_iter().flatten() {
        values[i * n + j] = Some(cosine);
    }
    Ok(Matrix::build(n, |i, j| match i == j {
        true => (sketches[i].square > 0.0).then_some(1.0),
        false => values[i * n + j],
    }))
}

/// The `count` nearest of every model, and the groups of those whose cosine is above `akin`.
///
/// # Errors
/// If the job was cancelled.
pub fn all_pairs(
    sketches: &[Sketch],
    count: usize,
    akin: f64,
    ticket: &Ticket,
) -> Result<Pairs, Cancelled> {
    let n = sketches.len();
    let kept = each_pair(
        sketches,
        || Kept::new(n),
        ticket,
        |kept: &mut Kept, i, j, cosine| {
            kept.note(i, j, cosine, count);
            kept.note(j, i, cosine, count);
            if cosine > akin {
                kept.join(i, j);
            }
        },
    )?;
    let mut all = Kept::new(n);
    for own in kept {
        for (model, nearest) in own.nearest.into_iter().enumerate() {
            for (cosine, other) in nearest {
                all.note(model, other, cosine, count);
            }
        }
        for (model, home) in own.home.into_iter().enumerate() {
            all.join(model, home);
        }
    }
    Ok(all.pairs())
}

/// What one thread has found.
struct Kept {
    /// Cosine and index, the nearest first; equal ones by index.
    nearest: Vec<Vec<(f64, usize)>>,
    /// Another model of the group, of a lower index, or itself.
    home: Vec<usize>,
}

impl Kept {
    fn new(n: usize) -> Self {
        Self {
            nearest: vec![Vec::new(); n],
            home: (0..n).collect(),
        }
    }

    fn note(&mut self, model: usize, other: usize, cosine: f64, count: usize) {
        let own = &mut self.nearest[model];
        let is_nearer = |&(own, at): &(f64, usize)| own > cosine || (own == cosine && at < other);
        let full = own.len() >= count;
        if full && own.last().is_none_or(is_nearer) {
            return;
        }
        let at = own.partition_point(is_nearer);
        own.insert(at, (cosine, other));
        own.truncate(count);
    }

    fn root(&mut self, mut model: usize) -> usize {
        while self.home[model] != model {
            self.home[model] = self.home[self.home[model]];
            model = self.home[model];
        }
        model
    }

    /// The lower root becomes that of both, so that the groups do not depend on the order.
    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.home[a.max(b)] = a.min(b);
    }

    fn pairs(mut self) -> Pairs {
        let n = self.home.len();
        let mut groups: Vec<Vec<usize>> = vec![Vec::new(); n];
        for model in 0..n {
            let root = self.root(model);
            groups[root].push(model);
        }
        groups.retain(|group| !group.is_empty());
        let near = |(cosine, model): (f64, usize)| Near {
            model,
            estimate: Estimate {
                cosine,
                error: standard_error(cosine),
            },
        };
        let nearest = self.nearest.into_iter();
        let nearest = nearest.map(|own| own.into_iter().map(near).collect());
        Pairs {
            nearest: nearest.collect(),
            groups,
        }
    }
}

/// The work space of a thread.
struct Space<S> {
    own: S,
    left: Packed<TALL>,
    right: Packed<WIDE>,
    row: Vec<f32>,
    out: Vec<f32>,
}

/// Hands the cosine of every pair i < j with a direction to `visit`, with something of its own for
/// each thread.
fn each_pair<S: Send>(
    sketches: &[Sketch],
    state: impl Fn() -> S + Sync,
    ticket: &Ticket,
    visit: impl Fn(&mut S, usize, usize, f64) + Sync,
) -> Result<Vec<S>, Cancelled> {
    let n = sketches.len();
    let tiles = n.div_ceil(TILE);
    let shares: Vec<f64> = sketches.iter().map(share).collect();
    let pairs: Vec<(usize, usize)> = (0..tiles)
        .flat_map(|a| (a..tiles).map(move |b| (a, b)))
        .collect();
    let models = |tile: usize| tile * TILE..((tile + 1) * TILE).min(n);
    let space = || Space {
        own: state(),
        left: Packed::new(WIDTH),
        right: Packed::new(WIDTH),
        row: Vec::new(),
        out: Vec::new(),
    };
    let spaces = in_order_with(pairs.len(), space, |space, k| {
        ticket.advance(0)?;
        let (first, second) = (models(pairs[k].0), models(pairs[k].1));
        pack(&mut space.left, &sketches[first.clone()], &mut space.row);
        pack(&mut space.right, &sketches[second.clone()], &mut space.row);
        products(&space.left, &space.right, &mut space.out);
        for (row, i) in space.out.chunks(space.right.rows()).zip(first) {
            for (product, j) in row.iter().zip(second.clone()).filter(|(_, j)| *j > i) {
                // NaN where one of the two has no length.
                let squares = shares[i] + shares[j];
                if squares.is_finite() {
                    let cosine = likeliest_cosine(f64::from(*product), squares);
                    visit(&mut space.own, i, j, cosine);
                }
            }
        }
        Ok::<(), Cancelled>(())
    })?;
    Ok(spaces.into_iter().map(|space| space.own).collect())
}

/// Sets rows to the sums divided by the real lengths.
fn pack<const N: usize>(to: &mut Packed<N>, sketches: &[Sketch], row: &mut Vec<f32>) {
    to.reset(sketches.len());
    for (k, own) in sketches.iter().enumerate() {
        let length = own.square.sqrt();
        row.clear();
        if length > 0.0 {
            row.extend(own.sums.iter().map(|x| (f64::from(*x) / length) as f32));
            to.set(k, row);
        }
    }
}
