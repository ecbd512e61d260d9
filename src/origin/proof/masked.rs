//! Methods that keep changes by their magnitude: TIES and Breadcrumbs.
//!
//! Parents show themselves by a spike: where one parent alone is kept, the child's change is
//! its change times one number. Densities are then searched for the best agreement, number by
//! number, on a sample; weights follow by least squares for given densities. Which changes a
//! density keeps depends on ranks within whole tensors, so numbers whose rank is that of others
//! as well are left out here and compared when the recipe is tried.

use super::case::{BASE, Case};
use super::decimals::{Fitted, short_ratios};
pub(crate) use super::elements::Elements;
use super::elements::{Care, Spike, spike};
use super::recipes::{Candidate, flag, number, recipe};
use super::solve::Normal;
use crate::merge::recipe::Parameters;

/// What changes are kept, and how they are put together.
#[derive(Clone, Debug)]
struct Way {
    /// Whether the majority sign wins.
    votes: bool,
    /// Whether the sum is divided by the weights that went in.
    normalized: bool,
    /// The share of the largest changes that is dropped.
    gamma: f64,
    /// The share of each parent's changes that is kept.
    densities: Vec<f64>,
    /// The weights, λ in them if they are not divided by.
    weights: Vec<f64>,
    /// λ, where the weights are divided by.
    lambda: f64,
}

/// A way and how well it agrees.
#[derive(Clone, Debug)]
struct Found {
    way: Way,
    agreement: f64,
}

/// Agreement from which no other way is looked for.
const SURE: f64 = 0.99;
/// Agreement below which a way is not worth trying.
const LEAST: f64 = 0.4;

/// Recipes that keep changes by magnitude, the best first.
pub(crate) fn candidates(case: &Case, elements: &[Elements]) -> Vec<Candidate> {
    let mut spikes: Vec<(usize, Spike)> = (0..case.people.len() - 1)
        .filter_map(|parent| Some((parent, spike(elements, parent, Care::Strict)?)))
        .collect();
    let mut out = of_parents(case, elements, &spikes);
    // A model that is near a parent can look like one: without the faintest.
    if spikes.len() > 1 && out.first().is_none_or(|best| best.agreement < 0.97) {
        let faint = spikes
            .iter()
            .enumerate()
            .min_by(|a, b| a.1.1.share.total_cmp(&b.1.1.share));
        if let Some(faint) = faint.map(|(at, _)| at) {
            spikes.remove(faint);
            out.extend(of_parents(case, elements, &spikes));
        }
    }
    out.sort_by(|a, b| b.agreement.total_cmp(&a.agreement));
    out.into_iter()
        .take(MOST)
        .map(|rated| rated.candidate)
        .collect()
}

/// The most recipes that are tried.
const MOST: usize = 4;

/// A recipe and the share of numbers that agree with it.
struct Rated {
    candidate: Candidate,
    agreement: f64,
}

fn of_parents(case: &Case, elements: &[Elements], spikes: &[(usize, Spike)]) -> Vec<Rated> {
    if spikes.is_empty() {
        return Vec::new();
    }
    let parents: Vec<usize> = spikes.iter().map(|(parent, _)| *parent).collect();
    let mut found: Vec<Found> = Vec::new();
    for (votes, normalized, gamma) in [
        (true, true, 0.0),
        (true, false, 0.0),
        (false, false, 0.01),
        (true, false, 0.01),
    ] {
        if parents.len() == 1 && !normalized && gamma == 0.0 {
            continue;
        }
        let fit = Fit {
            elements,
            parents: &parents,
            spikes: spikes.iter().map(|(_, spike)| spike.at).collect(),
        };
        let own = fit.search(votes, normalized, gamma);
        let is_it = own.agreement >= SURE;
        found.push(own);
        if is_it {
            break;
        }
    }
    found.sort_by(|a, b| b.agreement.total_cmp(&a.agreement));
    let good = found.iter().filter(|found| found.agreement >= LEAST);
    good.map(|found| Rated {
        candidate: written(case, elements, &parents, &found.way),
        agreement: found.agreement,
    })
    .collect()
}

/// The numbers of the parents that take part.
struct Fit<'e> {
    elements: &'e [Elements],
    parents: &'e [usize],
    spikes: Vec<f64>,
}

/// What a way makes of one number.
enum Made {
    /// Which of the parents are in it, as bits.
    From(u32),
    /// Ties with others at a threshold.
    Unclear,
}

impl Fit<'_> {
    fn change(&self, own: &Elements, k: usize, i: usize) -> f64 {
        own.changes[self.parents[i]][k]
    }

    /// Which parents a number is made from.
    fn made(&self, way: &Way, own: &Elements, k: usize) -> Made {
        let mut kept = 0u32;
        let mut sum = 0.0;
        for i in 0..self.parents.len() {
            let [larger, as_large] = own.ranks[self.parents[i]][k].map(f64::from);
            let (from, to) = (way.gamma, (way.gamma + way.densities[i]).min(1.0));
            let to = if way.densities[i] >= 1.0 { 1.0 } else { to };
            let inside = |rank: f64| rank > from - 1e-9 && rank <= to + 1e-6;
            let is_clear = inside(larger + 1e-7) == inside(as_large);
            if !is_clear {
                return Made::Unclear;
            }
            if inside(as_large) && as_large > from {
                kept |= 1 << i;
                sum += way.weights[i] * self.change(own, k, i);
            }
        }
        if way.votes {
            for i in 0..self.parents.len() {
                let weighted = way.weights[i] * self.change(own, k, i);
                // A sum of 0 counts as +.
                if (weighted < 0.0) != (sum < 0.0) || weighted == 0.0 {
                    kept &= !(1 << i);
                }
            }
        }
        Made::From(kept)
    }

    /// The child's change at a number.
    fn value(&self, way: &Way, own: &Elements, k: usize, kept: u32) -> f64 {
        let inside = (0..self.parents.len()).filter(|i| kept >> i & 1 == 1);
        let (mut sum, mut weights) = (0.0, 0.0);
        for i in inside {
            sum += way.weights[i] * self.change(own, k, i);
            weights += way.weights[i];
        }
        match way.normalized {
            true if weights != 0.0 => way.lambda * sum / weights,
            true => 0.0,
            false => sum,
        }
    }

    /// Calls `take` with every number whose making is clear.
    fn each(&self, way: &Way, mut take: impl FnMut(&Elements, usize, u32)) {
        for own in self.elements {
            for k in 0..own.len() {
                if let Made::From(kept) = self.made(way, own, k) {
                    take(own, k, kept);
                }
            }
        }
    }

    /// The share of moved numbers that come out as the child has them, one rounding allowed.
    fn agreement(&self, way: &Way) -> f64 {
        let (mut good, mut all) = (0u32, 0u32);
        self.each(way, |own, k, kept| {
            let (value, child) = (self.value(way, own, k, kept), own.child[k]);
            let room = 0.55 * own.places[k] + 0.01 * child.abs();
            if child == 0.0 && value.abs() <= room {
                return;
            }
            all += 1;
            good += u32::from((value - child).abs() <= room);
        });
        f64::from(good) / f64::from(all.max(1))
    }

    /// The weights for given densities, a few rounds of least squares.
    fn weighed(&self, mut way: Way) -> Way {
        for _ in 0..3 {
            way = match way.normalized {
                true => self.ratios(way),
                false => self.sums(way),
            };
        }
        way
    }

    fn is_near(&self, way: &Way, own: &Elements, k: usize, kept: u32) -> bool {
        let (value, child) = (self.value(way, own, k, kept), own.child[k]);
        (value - child).abs() <= 2.0 * own.places[k] + 0.25 * child.abs()
    }

    /// δ = Σ aᵢδᵢ over what is kept.
    fn sums(&self, way: Way) -> Way {
        let n = self.parents.len();
        let mut normal = empty(n);
        self.each(&way, |own, k, kept| {
            if kept == 0 || !self.is_near(&way, own, k, kept) {
                return;
            }
            let x = |i: usize| {
                if kept >> i & 1 == 1 {
                    self.change(own, k, i)
                } else {
                    0.0
                }
            };
            let w = 1.0 / (own.places[k] * own.places[k] + 1e-6 * own.child[k].powi(2));
            add(&mut normal, w, own.child[k], &x);
        });
        let solved = normal.solve();
        let known = solved.values.iter().zip(&solved.inverse).zip(&way.weights);
        let weights = known
            .map(|((&value, d), &old)| if d.is_finite() { value } else { old })
            .collect();
        Way { weights, ..way }
    }

    /// λ from numbers of one parent alone; then Σ wᵢ(δ − λδᵢ) = 0 over those of several, with the
    /// first weight 1.
    fn ratios(&self, mut way: Way) -> Way {
        let (mut top, mut bottom) = (0.0, 0.0);
        self.each(&way, |own, k, kept| {
            if kept.count_ones() != 1 || !self.is_near(&way, own, k, kept) {
                return;
            }
            let x = self.change(own, k, kept.trailing_zeros() as usize);
            let w = 1.0 / (own.places[k] * own.places[k] + 1e-6 * own.child[k].powi(2));
            top += w * x * own.child[k];
            bottom += w * x * x;
        });
        if bottom > 0.0 {
            way.lambda = top / bottom;
        }
        let n = self.parents.len();
        if n < 2 {
            return way;
        }
        let mut normal = empty(n - 1);
        self.each(&way, |own, k, kept| {
            if kept.count_ones() < 2 || !self.is_near(&way, own, k, kept) {
                return;
            }
            let gap = |i: usize| match kept >> i & 1 {
                1 => own.child[k] - way.lambda * self.change(own, k, i),
                _ => 0.0,
            };
            let w = 1.0 / (own.places[k] * own.places[k] + 1e-6 * own.child[k].powi(2));
            add(&mut normal, w, -gap(0), &|i| gap(i + 1));
        });
        let solved = normal.solve();
        for (i, (&value, d)) in solved.values.iter().zip(&solved.inverse).enumerate() {
            if d.is_finite() && value > 0.01 && value < 100.0 {
                way.weights[i + 1] = value;
            }
        }
        way.weights[0] = 1.0;
        way
    }

    fn start(&self, votes: bool, normalized: bool, gamma: f64, density: f64) -> Way {
        let n = self.parents.len();
        let mean = self.spikes.iter().sum::<f64>() / n as f64;
        Way {
            votes,
            normalized,
            gamma,
            densities: vec![density; n],
            weights: if normalized {
                vec![1.0; n]
            } else {
                self.spikes.clone()
            },
            lambda: if normalized { mean } else { 1.0 },
        }
    }

    fn judged(&self, way: Way) -> Found {
        let way = self.weighed(way);
        let agreement = self.agreement(&way);
        Found { way, agreement }
    }

    /// One density for all first, then each by itself in ever smaller steps.
    fn search(&self, votes: bool, normalized: bool, gamma: f64) -> Found {
        let scan = (1..=20).map(|k| {
            let density = f64::from(k) / 20.0;
            self.judged(self.start(votes, normalized, gamma, density.min(1.0 - gamma)))
        });
        let scanned = scan.max_by(|a, b| a.agreement.total_cmp(&b.agreement));
        let mut best =
            scanned.unwrap_or_else(|| self.judged(self.start(votes, normalized, gamma, 1.0)));
        for step in [0.3, 0.15, 0.05, 0.02, 0.01, 0.005] {
            for _ in 0..3 {
                let before = best.agreement;
                for i in 0..self.parents.len() {
                    best = self.moved(best, i, step);
                }
                if best.agreement <= before {
                    break;
                }
            }
        }
        for i in 0..self.parents.len() {
            best = self.rounded(best, i);
        }
        if gamma > 0.0 {
            for other in [0.005, 0.02, 0.05, 0.1] {
                let mut way = best.way.clone();
                way.gamma = other;
                let found = self.judged(way);
                if found.agreement > best.agreement {
                    best = found;
                }
            }
        }
        best
    }

    /// The density of one parent moved by a step, if that is better.
    fn moved(&self, best: Found, i: usize, step: f64) -> Found {
        [step, -step].into_iter().fold(best, |best, by| {
            let mut way = best.way.clone();
            way.densities[i] = (way.densities[i] + by).clamp(0.005, 1.0 - way.gamma);
            let found = self.judged(way);
            if found.agreement > best.agreement {
                found
            } else {
                best
            }
        })
    }

    /// The density of one parent with fewer places, if that is as good.
    fn rounded(&self, best: Found, i: usize) -> Found {
        for unit in [10.0, 20.0, 100.0] {
            let mut way = best.way.clone();
            way.densities[i] =
                ((way.densities[i] * unit).round() / unit).clamp(0.005, 1.0 - way.gamma);
            let found = self.judged(way);
            if found.agreement >= best.agreement - 0.003 {
                return found;
            }
        }
        best
    }
}

fn empty(n: usize) -> Normal {
    Normal {
        dots: vec![vec![0.0; n]; n],
        product: vec![0.0; n],
        square: 0.0,
    }
}

fn add(normal: &mut Normal, weight: f64, y: f64, x: &dyn Fn(usize) -> f64) {
    let n = normal.product.len();
    for i in 0..n {
        normal.product[i] += weight * x(i) * y;
        for j in 0..n {
            normal.dots[i][j] += weight * x(i) * x(j);
        }
    }
    normal.square += weight * y * y;
}

/// The recipe of a way.
fn written(case: &Case, elements: &[Elements], parents: &[usize], way: &Way) -> Candidate {
    let method = match (way.votes, way.gamma > 0.0) {
        (true, false) => "ties",
        (true, true) => "breadcrumbs_ties",
        (false, _) => "breadcrumbs",
    };
    let numbers: usize = elements.iter().map(Elements::len).sum();
    // Least squares over this many numbers, each known to some per cent.
    let error = |value: f64| 0.02 * value.abs() / (numbers.max(1) as f64).sqrt() + 2e-4;
    let fitted = |value: f64| Fitted {
        value,
        error: error(value),
    };
    let weights: Vec<f64> = match way.normalized {
        true => {
            let sum: f64 = way.weights.iter().sum();
            let shares: Vec<Fitted> = way
                .weights
                .iter()
                .map(|w| Fitted {
                    value: w / sum,
                    error: 3.0 * error(w / sum),
                })
                .collect();
            short_ratios(&shares)
        }
        false => way
            .weights
            .iter()
            .map(|&w| fitted(w).shortest().0)
            .collect(),
    };
    let inputs = (parents.iter().zip(&weights).zip(&way.densities))
        .map(|((&parent, &weight), &density)| {
            let short = Fitted {
                value: density,
                error: 1e-4,
            }
            .shortest()
            .0;
            (
                parent + 1,
                vec![number("density", short), number("weight", weight)],
            )
        })
        .collect();
    let mut parameters: Parameters = Vec::new();
    if method == "ties" && !way.normalized {
        parameters.push(flag("normalize", false));
    }
    if way.gamma > 0.0 {
        parameters.push(number("gamma", way.gamma));
    }
    let lambda = fitted(way.lambda).shortest().0;
    if way.normalized && lambda != 1.0 {
        parameters.push(number("lambda", lambda));
    }
    recipe(case, method, Some(BASE), inputs, parameters).into()
}
