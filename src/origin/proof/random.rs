//! Methods that drop changes at random: DARE and DELLA.
//!
//! Whatever was drawn, each number of the child is the sum of aᵢδᵢ over some of the parents, or
//! their weighted mean where sums are normalised, with one aᵢ for each parent in a tensor. For every number the subset that comes nearest is looked
//! for, the aᵢ follow by least squares, and so on in turn. How often a parent is in it is its
//! density; aᵢ times the kept share of its magnitude is its weight, because what is kept was
//! enlarged by that share. Draws of another program or seed cannot be repeated; what can be said
//! is which share of the numbers fits *some* draw, beside the share that fits by chance.

use super::case::{BASE, Case};
use super::decimals::Fitted;
use super::elements::{Care, Elements, spike};
use super::recipes::{Candidate, flag, number, recipe};
use super::solve::Normal;
use super::words::percent;
use crate::merge::recipe::{Parameters, Recipe};

/// More parents have too many subsets to be told apart.
const MOST_PARENTS: usize = 5;
/// The share of numbers that must fit some draw.
const LEAST: f64 = 0.96;
/// The share that may do so by chance.
const MOST_BY_CHANCE: f64 = 0.7;
/// Chances to be kept that differ by more between large and small changes are DELLA's,
const SLOPE: f64 = 0.05;
/// and by still more those of a method that keeps by magnitude.
const MOST_SLOPE: f64 = 0.6;
/// Seeds that are tried before it is said that draws cannot be repeated.
const SEEDS: [u64; 3] = [0, 1, 42];

/// Recipes that drop at random: with seeds that are tried, and at last without.
pub(crate) fn candidates(case: &Case, elements: &[Elements]) -> Vec<Candidate> {
    let spikes: Vec<(usize, f64)> = (0..case.people.len() - 1)
        .filter_map(|parent| Some((parent, spike(elements, parent, Care::Loose)?.at)))
        .collect();
    if spikes.is_empty() || spikes.len() > MOST_PARENTS {
        return Vec::new();
    }
    let Some(drawn) = Drawn::of(elements, &spikes) else {
        return Vec::new();
    };
    let parents: Vec<usize> = spikes.iter().map(|(parent, _)| *parent).collect();
    let bare = drawn.recipe(case, &parents);
    let mut out: Vec<Candidate> = SEEDS
        .map(|seed| {
            let mut recipe = bare.clone();
            recipe.own.seed = (seed > 0).then_some(seed);
            Candidate::from(recipe)
        })
        .to_vec();
    let note = format!(
        "which changes were dropped at random cannot be repeated without the seed and the program \
         that drew them; {} of the numbers looked at fit some draw, and {} would by chance",
        percent(drawn.fitting),
        percent(drawn.by_chance)
    );
    out.push(Candidate {
        note: Some(note),
        ..Candidate::from(bare)
    });
    out
}

/// What is kept at one number, as bits of the parents.
#[derive(Clone, Copy)]
struct Choice {
    kept: u32,
    /// How far what it makes is from the child.
    gap: f64,
    /// Whether all subsets make things that rounding does not confuse; that does not depend on the
    /// child, so that what is counted over such numbers is not biased by what was kept.
    is_clear: bool,
}

/// How what is kept is put together.
#[derive(Clone, Debug)]
enum Mix {
    Sum,
    /// The mean with these weights.
    Mean(Vec<f64>),
}

/// What a draw looks like.
struct Drawn {
    votes: bool,
    mix: Mix,
    epsilon: Option<f64>,
    densities: Vec<Fitted>,
    weights: Vec<Fitted>,
    fitting: f64,
    by_chance: f64,
}

impl Drawn {
    fn of(elements: &[Elements], spikes: &[(usize, f64)]) -> Option<Self> {
        let sum = Self::as_mixed(elements, spikes, Mix::Sum);
        if sum.is_some() {
            return sum;
        }
        let n = spikes.len();
        let ways: Vec<Vec<f64>> = match n {
            1 => Vec::new(),
            2 => (1..10)
                .map(|k| vec![f64::from(k) / 10.0, f64::from(10 - k) / 10.0])
                .collect(),
            _ => vec![vec![1.0; n]],
        };
        let means = ways
            .into_iter()
            .filter_map(|w| Self::as_mixed(elements, spikes, Mix::Mean(w)));
        means.max_by(|a, b| a.fitting.total_cmp(&b.fitting))
    }

    /// What was drawn, if sums or means of draws explain the numbers.
    fn as_mixed(elements: &[Elements], spikes: &[(usize, f64)], mix: Mix) -> Option<Self> {
        let mut tally = Tally::new(spikes.len());
        let mut by_chance = Share::default();
        for own in elements {
            let tensor = Tensor {
                own,
                parents: spikes,
                mix: &mix,
            };
            let factors = tensor.best_factors();
            tally.add(&tensor, &factors);
            for k in 0..own.len() {
                // Another number's change: it fits by chance alone.
                let other = own.child[(k + own.len() / 2 + 7) % own.len()];
                by_chance.add(tensor.fits(k, other, &factors));
            }
        }
        let (fitting, by_chance) = (tally.fitting.of(), by_chance.of());
        let densities: Vec<Fitted> = tally.kept.iter().map(Share::fitted).collect();
        let is_drawn = densities.iter().any(|d| d.value > 0.02 && d.value < 0.97);
        let slope = tally.slope();
        if fitting < LEAST || by_chance > MOST_BY_CHANCE || !is_drawn || slope.value > MOST_SLOPE {
            return None;
        }
        Some(Self {
            votes: tally.votes(),
            mix,
            epsilon: (slope.value > SLOPE).then(|| slope.shortest().0),
            weights: tally.weights(),
            densities,
            fitting,
            by_chance,
        })
    }

    fn recipe(&self, case: &Case, parents: &[usize]) -> Recipe {
        let is_mean = matches!(self.mix, Mix::Mean(_));
        let method = match (self.votes || is_mean, self.epsilon) {
            (false, None) => "dare_linear",
            (true, None) => "dare_ties",
            (false, Some(_)) => "della_linear",
            (true, Some(_)) => "della",
        };
        let weights: Vec<f64> = match &self.mix {
            Mix::Sum => self
                .weights
                .iter()
                .map(|weight| weight.shortest().0)
                .collect(),
            Mix::Mean(weights) => weights.clone(),
        };
        let inputs = (parents.iter().zip(&self.densities).zip(weights))
            .map(|((&parent, density), weight)| {
                let density = density.shortest().0.clamp(0.0, 1.0);
                (
                    parent + 1,
                    vec![number("density", density), number("weight", weight)],
                )
            })
            .collect();
        let mut parameters: Parameters = Vec::new();
        parameters.extend(self.epsilon.map(|own| number("epsilon", own)));
        // DELLA alone divides by the weights unless it is told not to.
        if is_mean != (method == "della") {
            parameters.push(flag("normalize", is_mean));
        }
        if is_mean {
            let n = self.weights.len().max(1) as f64;
            let lambda = Fitted {
                value: self.weights.iter().map(|w| w.value).sum::<f64>() / n,
                error: self.weights.iter().map(|w| w.error).fold(0.0, f64::max),
            };
            let lambda = lambda.shortest().0;
            parameters.extend((lambda != 1.0).then(|| number("lambda", lambda)));
        }
        recipe(case, method, Some(BASE), inputs, parameters)
    }
}

/// One tensor's numbers, with the parents that take part.
struct Tensor<'e> {
    own: &'e Elements,
    parents: &'e [(usize, f64)],
    mix: &'e Mix,
}

impl Tensor<'_> {
    fn change(&self, i: usize, k: usize) -> f64 {
        self.own.changes[self.parents[i].0][k]
    }

    /// What a subset makes of a number; `None` for one of unlike signs where there is a mean of
    /// those that agree.
    fn made(&self, k: usize, kept: u32, factors: &[f64]) -> Option<f64> {
        let inside = || (0..factors.len()).filter(move |i| kept >> i & 1 == 1);
        let part = |i: usize| factors[i] * self.change(i, k);
        match self.mix {
            Mix::Sum => Some(inside().map(part).sum()),
            Mix::Mean(weights) => {
                let (up, down) = (
                    inside().any(|i| part(i) > 0.0),
                    inside().any(|i| part(i) < 0.0),
                );
                let sum: f64 = inside().map(|i| weights[i]).sum();
                let mean = inside().map(|i| weights[i] * part(i)).sum::<f64>() / sum.max(1e-9);
                (!(up && down)).then_some(mean)
            }
        }
    }

    /// The subset of parents that comes nearest to `child` at a number.
    fn choice(&self, k: usize, child: f64, factors: &[f64]) -> Choice {
        let mut made: Vec<(f64, u32)> = (0..1u32 << factors.len())
            .filter_map(|kept| Some((self.made(k, kept, factors)?, kept)))
            .collect();
        made.sort_by(|a, b| a.0.total_cmp(&b.0));
        let largest = made
            .iter()
            .map(|(value, _)| value.abs())
            .fold(0.0, f64::max);
        let least = made
            .windows(2)
            .map(|pair| pair[1].0 - pair[0].0)
            .fold(f64::INFINITY, f64::min);
        let nearest = made
            .iter()
            .min_by(|a, b| (a.0 - child).abs().total_cmp(&(b.0 - child).abs()));
        let (value, kept) = nearest.copied().unwrap_or((0.0, 0));
        Choice {
            kept,
            gap: (value - child).abs(),
            is_clear: least > 2.0 * self.own.places[k] + 0.04 * largest,
        }
    }

    fn room(&self, k: usize, child: f64) -> f64 {
        0.6 * self.own.places[k] + 0.02 * child.abs()
    }

    fn fits(&self, k: usize, child: f64, factors: &[f64]) -> bool {
        self.choice(k, child, factors).gap <= self.room(k, child)
    }

    /// The aᵢ that fit most numbers, from the spikes or from somewhat to their sides.
    fn best_factors(&self) -> Vec<f64> {
        let start: Vec<f64> = self.parents.iter().map(|(_, at)| *at).collect();
        let share = |factors: &[f64]| {
            let mut share = Share::default();
            (0..self.own.len()).for_each(|k| share.add(self.fits(k, self.own.child[k], factors)));
            share.of()
        };
        let mut best = self.factors(start.clone());
        let mut most = share(&best);
        for i in 0..start.len() {
            for by in [0.93, 1.07] {
                if most >= 0.98 {
                    return best;
                }
                let mut other = start.clone();
                other[i] *= by;
                let found = self.factors(other);
                let own = share(&found);
                if own > most {
                    (best, most) = (found, own);
                }
            }
        }
        best
    }

    /// The aᵢ, from a start near them.
    fn factors(&self, mut factors: Vec<f64>) -> Vec<f64> {
        let n = factors.len();
        for round in 0..4 {
            let mut normal = Normal {
                dots: vec![vec![0.0; n]; n],
                product: vec![0.0; n],
                square: 0.0,
            };
            for k in 0..self.own.len() {
                let child = self.own.child[k];
                let choice = self.choice(k, child, &factors);
                let slack = if round == 0 { 0.1 } else { 0.03 };
                let near = choice.gap <= self.own.places[k] + slack * child.abs();
                if choice.kept == 0 || !near || !choice.is_clear {
                    continue;
                }
                let is_in = |i: usize| choice.kept >> i & 1 == 1;
                let part = |i: usize| match self.mix {
                    Mix::Sum => 1.0,
                    Mix::Mean(weights) => {
                        let sum: f64 = (0..n).filter(|&j| is_in(j)).map(|j| weights[j]).sum();
                        weights[i] / sum.max(1e-9)
                    }
                };
                let x = |i: usize| {
                    if is_in(i) {
                        part(i) * self.change(i, k)
                    } else {
                        0.0
                    }
                };
                let w = self.own.places[k].powi(-2);
                for i in 0..n {
                    normal.product[i] += w * x(i) * child;
                    for j in 0..n {
                        normal.dots[i][j] += w * x(i) * x(j);
                    }
                }
            }
            let solved = normal.solve();
            for (factor, (value, d)) in factors
                .iter_mut()
                .zip(solved.values.iter().zip(&solved.inverse))
            {
                // Where nothing is known the start stays.
                if d.is_finite() && (value - *factor).abs() < 0.5 * factor.abs() {
                    *factor = *value;
                }
            }
        }
        factors
    }
}

/// How many of how many.
#[derive(Clone, Copy, Debug, Default)]
struct Share {
    good: u64,
    all: u64,
}

impl Share {
    fn add(&mut self, good: bool) {
        self.good += u64::from(good);
        self.all += 1;
    }

    fn of(&self) -> f64 {
        self.good as f64 / self.all.max(1) as f64
    }

    fn fitted(&self) -> Fitted {
        let value = self.of();
        let variance = (value * (1.0 - value)).max(1e-4) / self.all.max(1) as f64;
        Fitted {
            value,
            error: variance.sqrt(),
        }
    }
}

/// What was counted over all tensors.
struct Tally {
    fitting: Share,
    kept: Vec<Share>,
    /// The kept shares of the smaller and of the larger half.
    halves: [Share; 2],
    /// Two parents of unlike sign: how often both are in the sum.
    both: Share,
    /// For each parent and tensor a weight.
    weights: Vec<Vec<f64>>,
}

impl Tally {
    fn new(parents: usize) -> Self {
        Self {
            fitting: Share::default(),
            kept: vec![Share::default(); parents],
            halves: [Share::default(); 2],
            both: Share::default(),
            weights: vec![Vec::new(); parents],
        }
    }

    fn add(&mut self, tensor: &Tensor<'_>, factors: &[f64]) {
        let n = factors.len();
        let mut sizes = vec![[0.0f64; 2]; n];
        for k in 0..tensor.own.len() {
            let choice = tensor.choice(k, tensor.own.child[k], factors);
            let fits = choice.gap <= tensor.room(k, tensor.own.child[k]);
            self.fitting.add(fits);
            if !fits || !choice.is_clear {
                continue;
            }
            let is_in = |i: usize| choice.kept >> i & 1 == 1;
            let signed = |i: usize| factors[i] * tensor.change(i, k);
            for (i, [all, kept]) in sizes.iter_mut().enumerate() {
                let others = (0..n).filter(|&j| j != i);
                for j in others.clone() {
                    if signed(i) * signed(j) < 0.0 {
                        self.both.add(is_in(i) && is_in(j));
                    }
                }
                // With a vote a parent of the other sign may push this one out.
                if others.clone().any(|j| signed(i) * signed(j) < 0.0) || signed(i) == 0.0 {
                    continue;
                }
                self.kept[i].add(is_in(i));
                let size = tensor.change(i, k).abs();
                *all += size;
                *kept += if is_in(i) { size } else { 0.0 };
                let is_large = tensor.own.ranks[tensor.parents[i].0][k][0] < 0.5;
                self.halves[usize::from(is_large)].add(is_in(i));
            }
        }
        for (i, [all, kept]) in sizes.into_iter().enumerate() {
            if all > 0.0 {
                self.weights[i].push(factors[i] * kept / all);
            }
        }
    }

    /// Two of unlike sign are never both in the sum where the majority sign wins.
    fn votes(&self) -> bool {
        let n = self.kept.len().max(1) as f64;
        let mean = self.kept.iter().map(Share::of).sum::<f64>() / n;
        self.both.all > 20 && self.both.of() < 0.3 * mean * mean
    }

    fn slope(&self) -> Fitted {
        let [small, large] = self.halves.map(|half| half.fitted());
        Fitted {
            value: large.value - small.value,
            error: small.error.hypot(large.error) + 0.01,
        }
    }

    fn weights(&self) -> Vec<Fitted> {
        let of = |own: &Vec<f64>| {
            let n = own.len().max(1) as f64;
            let mean = own.iter().sum::<f64>() / n;
            let square = own.iter().map(|w| (w - mean).powi(2)).sum::<f64>();
            let error = (square / (n - 1.0).max(1.0) / n).sqrt() + 1e-3 * mean.abs();
            Fitted { value: mean, error }
        };
        self.weights.iter().map(of).collect()
    }
}
