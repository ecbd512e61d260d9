//! Whether a child is made of whole changes of its parents, kept or left out weight by weight.
//!
//! Two families of recipes: the sum of what is kept, Σ λᵢδᵢ (DARE, DELLA, breadcrumbs, TIES
//! without normalisation), and the weighted mean of what is kept, λ Σ wᵢδᵢ / Σ wᵢ (TIES, normalised
//! DELLA), where all spike at one λ and the weights follow from places where two were kept:
//! (δ_c/λ − δ_b)/(δ_a − δ_b) = w_a/(w_a + w_b). All 2ⁿ − 1 choices are tried at each place.

use super::fit::{Signs, System};
use super::sample::Sample;
use super::spikes::Spike;
use super::stabbing::{peak, ratio};

/// How well the parents that spike explain the child.
#[derive(Clone, Debug)]
pub struct Subsets {
    /// The part of the child's changed weights that one of the choices gives.
    pub explained: f64,
    /// The same beyond what so many choices give of any numbers.
    pub beyond_chance: f64,
    /// A share for each spike.
    pub shares: Vec<f64>,
    /// The part of Σ|δ| that was kept of each, where the child tells.
    pub kept: Vec<f64>,
    /// Whether what was kept are the large changes.
    pub is_by_size: bool,
    /// Whether it is a mean of changes that were left out neither by size nor at random: what is
    /// dropped at random makes the rest larger.
    pub is_odd: bool,
}

/// Places that are looked at.
const MOST_PLACES: usize = 200_000;
/// Spikes within this of each other, as a share, are at one λ.
const ONE_PLACE: f64 = 0.025;

/// Above this chance that a kept change is larger than one left out, size decided. At random it is
/// 0.5, and up to 0.6 for DELLA, which favours large ones; where four parents share most places
/// TIES comes down to 0.66.
const BY_SIZE: f64 = 0.63;
/// Where the chance that a kept change is the larger one is this near to 0.5, size said nothing, as
/// in DARE; DELLA has 0.55 and more, and then the mean is not the sum of the shares.
const SIZE_IS_NOTHING: f64 = 0.025;
/// By how much, as a part, the mean may be off the shares that the kept changes tell.
const NEAR_SHARES: f64 = 0.15;
/// Places of one sign by which shares of dropped changes are told.
const FEWEST_OF_ONE_SIGN: u64 = 5000;
/// How many errors a number is beside the child's by which chance is measured: out of reach of the
/// right choice, which comes as near as one and a half.
const BESIDE: f64 = 4.0;
/// A sum that explains this much needs no weights.
const SURELY: f64 = 0.95;

/// What one choice gives for the changes of the parents at a place.
struct Model {
    /// The number of each parent, for each tensor.
    factors: Vec<Vec<f64>>,
    /// Weights of the mean; `None` for a sum.
    weights: Option<Vec<f64>>,
}

/// A place of the sample.
#[derive(Clone, Copy)]
struct Place {
    at: usize,
    tensor: usize,
}

/// Tries both families with the parents that spike, of which there must be one.
pub fn subsets(sample: &Sample, spikes: &[Spike]) -> Subsets {
    let places = places(sample);
    let (fitted, model, explained) = best(sample, spikes, &places);
    let chance = fitted.chance();
    let kept = fitted.kept(sample, spikes, &places, &model);
    let size = kept.iter().map(|own| own.by_size).sum::<f64>() / kept.len() as f64;
    let is_by_size = size > BY_SIZE;
    let weight = |k: usize| model.weights.as_ref().map_or(1.0, |weights| weights[k]);
    // Dropped at random, what is kept stands for all.
    let part = |k: usize| if is_by_size { 1.0 } else { kept[k].mass };
    let mut shares: Vec<f64> = (0..spikes.len())
        .map(|k| spikes[k].at * weight(k) * part(k))
        .collect();
    if model.weights.is_none() && (size - 0.5).abs() < SIZE_IS_NOTHING {
        let near = |(a, b): (&f64, &f64)| (a - b).abs() <= NEAR_SHARES * a + 0.01;
        let found = mean_shares(sample, spikes);
        let found = found.filter(|found| shares.iter().zip(found).all(near));
        shares = found.unwrap_or(shares);
    }
    let is_whole = spikes
        .iter()
        .all(|spike| (spike.at - 1.0).abs() < ONE_PLACE);
    Subsets {
        explained,
        beyond_chance: (explained - chance) / (1.0 - chance).max(f64::MIN_POSITIVE),
        shares,
        kept: kept.iter().map(|own| own.mass).collect(),
        is_odd: model.weights.is_some() && is_whole && !is_by_size,
        is_by_size,
    }
}

/// The shares of parents whose changes were dropped at random and made larger for it: the mean of
/// the child is then the sum of the parents' shares. Where the parents have one sign, an election
/// by sign leaves out none, so this holds there with one as without. `None` at too few places.
fn mean_shares(sample: &Sample, spikes: &[Spike]) -> Option<Vec<f64>> {
    let of_one_sign = |at: usize, changes: &mut [f64]| {
        look_up(sample, spikes, at, changes);
        let is_one = changes.iter().all(|x| *x > 0.0) || changes.iter().all(|x| *x < 0.0);
        is_one.then(|| f64::from(sample.child[at]))
    };
    let system = System::of_places(spikes.len(), sample.len(), of_one_sign);
    let is_enough = system.count() >= FEWEST_OF_ONE_SIGN;
    is_enough.then(|| system.fit(Signs::NonNegative).shares)
}

/// The family that explains more, and how much that is.
fn best(sample: &Sample, spikes: &[Spike], places: &[Place]) -> (Fitted, Model, f64) {
    let factors: Vec<Vec<f64>> = spikes.iter().map(|s| s.by_tensor.clone()).collect();
    let sum = Model {
        factors: factors.clone(),
        weights: None,
    };
    let of_sum = Fitted::new(sample, spikes, places, &sum);
    let explained = of_sum.explained();
    if spikes.len() < 2 || !is_one_place(spikes) {
        return (of_sum, sum, explained);
    }
    let Some(weights) = weights(sample, spikes, places) else {
        // Where most is one parent's alone, a sum explains as much as the mean that it was.
        let explained = if explained < SURELY { 0.0 } else { explained };
        return (of_sum, sum, explained);
    };
    let mean = Model {
        factors,
        weights: Some(weights),
    };
    let of_mean = Fitted::new(sample, spikes, places, &mean);
    match of_mean.explained() {
        more if more > explained => (of_mean, mean, more),
        _ => (of_sum, sum, explained),
    }
}

fn places(sample: &Sample) -> Vec<Place> {
    let step = sample.len().div_ceil(MOST_PLACES).max(1);
    let all = sample.tensors.iter().enumerate();
    let of = |(tensor, range): (usize, &std::ops::Range<usize>)| {
        range.clone().map(move |at| Place { at, tensor })
    };
    all.flat_map(of).step_by(step).collect()
}

fn is_one_place(spikes: &[Spike]) -> bool {
    let at = || spikes.iter().map(|spike| spike.at);
    let (low, high) = (at().fold(f64::INFINITY, f64::min), at().fold(0.0, f64::max));
    high <= low * (1.0 + ONE_PLACE)
}

/// Relative weights of the mean, of sum 1; `None` if the places do not tell them all.
fn weights(sample: &Sample, spikes: &[Spike], places: &[Place]) -> Option<Vec<f64>> {
    let mut all = vec![1.0];
    for other in &spikes[1..] {
        // The first that it was kept with at places enough.
        let beside = |k: usize| Some((k, share_of_two(sample, [&spikes[k], other], places)?));
        let (k, share) = (0..all.len()).find_map(beside)?;
        all.push(all[k] * (1.0 - share) / share);
    }
    let total: f64 = all.iter().sum();
    Some(all.iter().map(|w| w / total).collect())
}

/// w_a/(w_a + w_b), from places where both were kept.
fn share_of_two(sample: &Sample, [a, b]: [&Spike; 2], places: &[Place]) -> Option<f64> {
    let intervals = places.iter().filter_map(|place| {
        let (x, error) = (
            f64::from(sample.child[place.at]),
            sample.tolerance(place.at),
        );
        let of = |spike: &Spike| {
            f64::from(sample.candidates[spike.candidate][place.at]) * spike.by_tensor[place.tensor]
        };
        let (a, b) = (of(a), of(b));
        let tells = a * b > 0.0 && x.abs() > 6.0 * error && (a - b).abs() > 6.0 * error;
        let is_one = (x - a).abs() <= 3.0 * error || (x - b).abs() <= 3.0 * error;
        let interval = ratio(x - b, error, a - b);
        let is_inside = interval[1] > 0.03 && interval[0] < 0.97;
        (tells && !is_one && is_inside).then_some(interval)
    });
    let peak = peak(intervals)?;
    let is_clear = peak.count > 1.5 * peak.around + 10.0;
    (is_clear && peak.at < 1.0).then_some(peak.at)
}

impl Model {
    fn parents(&self) -> usize {
        self.factors.len()
    }

    /// What a choice of parents gives.
    fn of(&self, choice: usize, changes: &[f64], tensor: usize) -> f64 {
        let chosen = || (0..self.parents()).filter(move |i| choice >> i & 1 == 1);
        let scaled = |i: usize| self.factors[i][tensor] * changes[i];
        match &self.weights {
            None => chosen().map(scaled).sum(),
            Some(weights) => {
                let sum: f64 = chosen().map(|i| weights[i] * scaled(i)).sum();
                sum / chosen().map(|i| weights[i]).sum::<f64>()
            }
        }
    }
}

/// The choice at each place that comes nearest, if it comes near enough.
struct Fitted {
    /// `Some(0)` where nothing was kept.
    choices: Vec<Option<usize>>,
    /// Whether the child has changed there by more than rounding.
    changed: Vec<bool>,
    /// Whether a choice comes as near to a number beside the child's.
    chance: Vec<bool>,
}

impl Fitted {
    fn new(sample: &Sample, spikes: &[Spike], places: &[Place], model: &Model) -> Self {
        let mut changes = vec![0.0; spikes.len()];
        let mut out = Self {
            choices: Vec::with_capacity(places.len()),
            changed: Vec::with_capacity(places.len()),
            chance: Vec::with_capacity(places.len()),
        };
        for place in places {
            let (x, error) = (
                f64::from(sample.child[place.at]),
                sample.tolerance(place.at),
            );
            look_up(sample, spikes, place.at, &mut changes);
            // What is right is too far from here to count.
            let beside = x + BESIDE * error * if place.at % 2 == 0 { 1.0 } else { -1.0 };
            let mut by_chance = f64::INFINITY;
            let mut gap = |choice: usize| {
                let given = model.of(choice, &changes, place.tensor);
                by_chance = by_chance.min((given - beside).abs());
                (given - x).abs()
            };
            let choices = 1..1usize << model.parents();
            let best = choices
                .map(|c| (c, gap(c)))
                .min_by(|a, b| a.1.total_cmp(&b.1));
            out.chance.push(by_chance <= 1.5 * error);
            let near = best.filter(|(_, gap)| *gap <= 1.5 * error).map(|(c, _)| c);
            out.choices
                .push(if x.abs() <= error { Some(0) } else { near });
            out.changed.push(x.abs() > 6.0 * error);
        }
        out
    }

    fn explained(&self) -> f64 {
        self.of_changed(&|k| self.choices[k].is_some())
    }

    /// What would be explained of a child that has nothing to do with the parents.
    fn chance(&self) -> f64 {
        self.of_changed(&|k| self.chance[k])
    }

    fn of_changed(&self, is_hit: &dyn Fn(usize) -> bool) -> f64 {
        let changed = || (0..self.choices.len()).filter(|&k| self.changed[k]);
        let hits = changed().filter(|&k| is_hit(k)).count();
        hits as f64 / changed().count().max(1) as f64
    }

    /// What was kept of each parent, at places where all have the same sign, so that an election
    /// by sign has left out none.
    fn kept(
        &self,
        sample: &Sample,
        spikes: &[Spike],
        places: &[Place],
        model: &Model,
    ) -> Vec<Kept> {
        let mut changes = vec![0.0; spikes.len()];
        let mut seen: Vec<Vec<(f64, bool)>> = vec![Vec::new(); spikes.len()];
        for (k, place) in places.iter().enumerate() {
            let Some(choice) = self.choices[k] else {
                continue;
            };
            look_up(sample, spikes, place.at, &mut changes);
            let error = sample.tolerance(place.at);
            let scaled = |i: usize| model.factors[i][place.tensor] * changes[i];
            let tells = (0..changes.len()).all(|i| scaled(i).abs() > 4.0 * error);
            let one_sign = changes.iter().all(|x| *x > 0.0) || changes.iter().all(|x| *x < 0.0);
            if tells && one_sign {
                for (i, own) in seen.iter_mut().enumerate() {
                    own.push((changes[i].abs(), choice >> i & 1 == 1));
                }
            }
        }
        seen.into_iter().map(Kept::new).collect()
    }
}

/// What was kept of a parent.
struct Kept {
    /// The part of Σ|δ|.
    mass: f64,
    /// The chance that a change that was kept is larger than one that was not: 0.5 at random.
    by_size: f64,
}

impl Kept {
    fn new(mut seen: Vec<(f64, bool)>) -> Self {
        let sum = |kept: bool| {
            seen.iter()
                .filter(|s| s.1 == kept)
                .map(|s| s.0)
                .sum::<f64>()
        };
        let (kept, left) = (sum(true), sum(false));
        seen.sort_by(|a, b| a.0.total_cmp(&b.0));
        let count = seen.iter().filter(|s| s.1).count();
        let others = seen.len() - count;
        // Mann and Whitney's U from the ranks.
        let ranks = seen
            .iter()
            .enumerate()
            .filter(|(_, s)| s.1)
            .map(|(rank, _)| rank);
        let below = ranks.sum::<usize>() as f64 - (count * count.saturating_sub(1) / 2) as f64;
        let is_known = count >= 20 && others >= 20;
        Self {
            mass: if kept > 0.0 {
                kept / (kept + left)
            } else {
                1.0
            },
            by_size: if is_known {
                below / (count * others) as f64
            } else {
                0.5
            },
        }
    }
}

/// The part of the changed places where the child lies outside what any choice of these could give:
/// another parent's.
pub fn beyond(sample: &Sample, spikes: &[Spike]) -> f64 {
    let (mut outside, mut all) = (0usize, 0usize);
    for place in places(sample) {
        let (x, error) = (
            f64::from(sample.child[place.at]),
            sample.tolerance(place.at),
        );
        if x.abs() <= 6.0 * error {
            continue;
        }
        let (mut low, mut high) = (0.0, 0.0);
        for spike in spikes {
            let change = spike.scaled(sample, place.at, place.tensor);
            low += change.min(0.0);
            high += change.max(0.0);
        }
        all += 1;
        outside += usize::from(x < low - error || x > high + error);
    }
    outside as f64 / all.max(1) as f64
}

fn look_up(sample: &Sample, spikes: &[Spike], at: usize, changes: &mut [f64]) {
    for (change, spike) in changes.iter_mut().zip(spikes) {
        *change = f64::from(sample.candidates[spike.candidate][at]);
    }
}
