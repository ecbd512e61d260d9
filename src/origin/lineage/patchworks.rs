//! Children that are put together number by number: TIES, DARE, DELLA, breadcrumbs.
//!
//! Such a child keeps the base's number in many places; elsewhere its change is that of one
//! parent, times a constant, or the sum or a mean of those of two. A set of models is judged by
//! the share of the child's coarse changes that it explains so, less something for each model:
//! a sibling that shares a parent explains much too, but the parents explain more, with fewer.

use rayon::prelude::*;

use super::changes::{COARSE, Changes};
use super::sample::Sample;
use super::spikes::{Spike, densest, largest, spike};

/// A parent's spike holds at least this share of its largest changes.
const LEAST_SPIKE: f64 = 0.03;
/// The models with the largest spikes that are tried.
const MOST_TRIED: usize = 8;
/// The most parents.
const MOST_PARENTS: usize = 4;
/// What a further parent must explain.
const PER_PARENT: f64 = 0.03;
/// Coarse changes that are looked at.
const MOST_PLACES: usize = 40_000;
/// How near, in last places, one parent's number and a sum of two rounded ones must be.
const NEAR: f32 = 0.75;
const NEAR_OF_TWO: f32 = 1.0;

/// Parents and what they explain.
#[derive(Clone, Debug, PartialEq)]
pub struct Patchwork {
    /// The child.
    pub child: usize,
    /// Its parents, ascending.
    pub parents: Vec<usize>,
    /// Where each parent's spike stands.
    pub ratios: Vec<f64>,
    /// Share of the child's coarse changes that they explain, 0 to 1.
    pub explained: f64,
}

/// Changes from one base, with the largest of each model.
pub struct Field {
    /// The changes.
    pub changes: Changes,
    largest: Vec<Vec<usize>>,
}

impl Field {
    /// That of a sample seen from `base`.
    pub fn new(sample: &Sample, base: usize) -> Self {
        let changes = Changes::new(sample, base);
        let models = (0..sample.models).into_par_iter();
        Self {
            largest: models.map(|model| largest(&changes, model)).collect(),
            changes,
        }
    }
}

/// The set of `others` that explains most of `child`; `None` if no model has a spike.
pub fn patchwork(field: &Field, child: usize, others: &[usize]) -> Option<Patchwork> {
    let changes = &field.changes;
    let mut tried: Vec<(usize, Spike)> = (others.iter())
        .map(|&other| (other, spike(changes, child, other, &field.largest[other])))
        .filter(|(_, spike)| spike.share > LEAST_SPIKE)
        .collect();
    tried.sort_by(|a, b| b.1.share.total_cmp(&a.1.share).then_with(|| a.0.cmp(&b.0)));
    tried.truncate(MOST_TRIED);
    let places = coarse(changes, child);
    if tried.is_empty() || places.is_empty() {
        return None;
    }
    let explained = Explained::new(changes, child, &tried, &places);
    let (share, chosen) = explained.best_set();
    let mut parents: Vec<(usize, f64)> = chosen
        .iter()
        .map(|&k| (tried[k].0, explained.singles[k].ratio))
        .collect();
    parents.sort_by_key(|(parent, _)| *parent);
    let (parents, ratios) = parents.into_iter().unzip();
    Some(Patchwork {
        child,
        parents,
        ratios,
        explained: share,
    })
}

/// Places where the child has clearly changed, at most [`MOST_PLACES`] at even distances.
fn coarse(changes: &Changes, child: usize) -> Vec<usize> {
    let row = &changes.rows[child];
    let is_coarse = |&k: &usize| row[k].abs() >= COARSE * changes.place_of(child, k);
    let places: Vec<usize> = (0..row.len()).filter(is_coarse).collect();
    let step = places.len().div_ceil(MOST_PLACES).max(1);
    places.into_iter().step_by(step).collect()
}

/// One model: its changes times the ratio, and where they are the child's.
struct Single {
    ratio: f64,
    changes: Vec<f32>,
    hits: Vec<bool>,
}

/// What each model and each pair explains, at each coarse place.
struct Explained {
    count: usize,
    singles: Vec<Single>,
    pairs: Vec<Pair>,
}

/// Two models together.
struct Pair {
    /// Their places in `singles`, the lower first.
    of: (usize, usize),
    hits: Vec<bool>,
    /// Share of the places that two models that have nothing to do with the child would explain.
    by_chance: f64,
}

/// The child at its coarse places.
struct Child {
    changes: Vec<f32>,
    place: Vec<f32>,
}

impl Explained {
    fn new(changes: &Changes, child: usize, tried: &[(usize, Spike)], places: &[usize]) -> Self {
        let at =
            |model: usize| -> Vec<f32> { places.iter().map(|&k| changes.rows[model][k]).collect() };
        let own = Child {
            changes: at(child),
            place: places.iter().map(|&k| changes.place_of(child, k)).collect(),
        };
        let singles: Vec<Single> = (tried.iter())
            .map(|(model, spike)| own.single(&at(*model), spike.ratio))
            .collect();
        let mut pairs = Vec::new();
        for a in 0..singles.len() {
            for b in a + 1..singles.len() {
                let (hits, by_chance) = own.pair(&singles[a], &singles[b]);
                pairs.push(Pair {
                    of: (a, b),
                    hits,
                    by_chance,
                });
            }
        }
        Self {
            count: places.len(),
            singles,
            pairs,
        }
    }

    /// The set with the greatest share explained less the price of its members.
    fn best_set(&self) -> (f64, Vec<usize>) {
        let n = self.singles.len();
        let mut best = (f64::NEG_INFINITY, 0.0, Vec::new());
        for bits in 1u32..1 << n {
            if bits.count_ones() as usize > MOST_PARENTS {
                continue;
            }
            let set: Vec<usize> = (0..n).filter(|k| bits & (1 << k) != 0).collect();
            let share = self.share(&set);
            let by_chance: f64 = self.pairs_of(&set).map(|pair| pair.by_chance).sum();
            let worth = share - PER_PARENT * set.len() as f64 - by_chance;
            if worth > best.0 {
                best = (worth, share, set);
            }
        }
        (best.1, best.2)
    }

    fn pairs_of<'a>(&'a self, set: &'a [usize]) -> impl Iterator<Item = &'a Pair> {
        let within = |pair: &&Pair| set.contains(&pair.of.0) && set.contains(&pair.of.1);
        self.pairs.iter().filter(within)
    }

    fn share(&self, set: &[usize]) -> f64 {
        let pairs = self.pairs_of(set).map(|pair| &pair.hits);
        let singles = set.iter().map(|&k| &self.singles[k].hits);
        let mut hit = vec![false; self.count];
        for hits in singles.chain(pairs) {
            hit.iter_mut().zip(hits).for_each(|(to, &is)| *to |= is);
        }
        hit.iter().filter(|&&is| is).count() as f64 / self.count.max(1) as f64
    }
}

impl Child {
    /// A model at the ratio near its spike that explains most.
    fn single(&self, model: &[f32], ratio: f64) -> Single {
        let near = |unit: f64| (ratio * unit).round() / unit;
        let inverse = 1.0 / ((100.0 / ratio).round() / 100.0);
        let mut best: Option<(usize, Single)> = None;
        for ratio in [ratio, near(100.0), near(20.0), near(1.0), inverse] {
            if !ratio.is_finite() || ratio <= 0.0 {
                continue;
            }
            let changes: Vec<f32> = model.iter().map(|x| x * ratio as f32).collect();
            let hits: Vec<bool> = self.near(&changes, NEAR);
            let count = hits.iter().filter(|&&is| is).count();
            if best.as_ref().is_none_or(|(most, _)| count > *most) {
                let single = Single {
                    ratio,
                    changes,
                    hits,
                };
                best = Some((count, single));
            }
        }
        best.map_or_else(
            || Single {
                ratio,
                changes: model.to_vec(),
                hits: vec![false; model.len()],
            },
            |(_, single)| single,
        )
    }

    fn near(&self, wanted: &[f32], places: f32) -> Vec<bool> {
        let own = self.changes.iter().zip(&self.place).zip(wanted);
        own.map(|((change, place), wanted)| (change - wanted).abs() <= places * place)
            .collect()
    }

    /// Where the child is the sum of two changes, as DARE has it, or their mean with weights that
    /// are the same everywhere, as TIES has it where the signs are equal; and the share of places
    /// where chance does the same, told from sums and means that no method makes.
    fn pair(&self, a: &Single, b: &Single) -> (Vec<bool>, f64) {
        let (mut hits, mut chance) = (self.combined(a, b, &|x, y| x + y), 0.0);
        let count = |hits: &[bool]| {
            let free = hits.iter().zip(a.hits.iter().zip(&b.hits));
            free.filter(|&(&is, (&a, &b))| is && !a && !b).count() as f64
        };
        chance += count(&self.combined(a, b, &|x, y| 0.9 * (x - y)));
        if let Some(weight) = self.weight(a, b) {
            let mean = |weight: f32| {
                move |x: f32, y: f32| match x.signum() == y.signum() {
                    true => y + weight * (x - y),
                    false => f32::INFINITY,
                }
            };
            let of_means = self.combined(a, b, &mean(weight));
            hits.iter_mut().zip(of_means).for_each(|(to, is)| *to |= is);
            let beside = if weight > 0.5 {
                weight - 0.1
            } else {
                weight + 0.1
            };
            chance += count(&self.combined(a, b, &mean(beside)));
        }
        (hits, chance / self.changes.len().max(1) as f64)
    }

    fn combined(&self, a: &Single, b: &Single, of: &dyn Fn(f32, f32) -> f32) -> Vec<bool> {
        let both = a.changes.iter().zip(&b.changes);
        let wanted: Vec<f32> = both.map(|(&x, &y)| of(x, y)).collect();
        self.near(&wanted, NEAR_OF_TWO)
    }

    /// The weight of `a` in the means: the most frequent one, where neither of the two alone is
    /// the child's.
    fn weight(&self, a: &Single, b: &Single) -> Option<f32> {
        let mut weights: Vec<f64> = (0..self.changes.len())
            .filter(|&k| !a.hits[k] && !b.hits[k])
            .filter_map(|k| {
                let (x, y) = (a.changes[k], b.changes[k]);
                let is_wide = (x - y).abs() > 8.0 * self.place[k];
                is_wide.then(|| f64::from((self.changes[k] - y) / (x - y)))
            })
            .filter(|weight| (0.05..0.95).contains(weight))
            .collect();
        if weights.len() < 50 {
            return None;
        }
        weights.sort_by(f64::total_cmp);
        let (start, end) = densest(&weights, 0.02);
        Some(weights[start + (end - start) / 2] as f32)
    }
}
