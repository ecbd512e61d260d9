//! Methods that keep changes by their magnitude: TIES and Breadcrumbs.
//!
//! Parents show themselves by a spike: where one parent alone is kept, the child's change is
//! its change times one number. From there weights and densities are found in turn, each given
//! the other, until neither changes (see [`weights`] and [`densities`]), number by number on a
//! sample. Which changes a density keeps depends on ranks within whole tensors, so numbers whose
//! rank is that of others as well are left out here and compared when the recipe is tried.

mod densities;
mod way;
mod weights;
mod written;

use super::case::Case;
pub(crate) use super::elements::Elements;
use super::elements::{Care, Spike, spike};
use super::recipes::Candidate;
use way::{Fit, Found, Ties, Way};

/// Agreement from which no other way is looked for.
const SURE: f64 = 0.995;
/// Agreement below which other sets of parents are looked at.
const GOOD: f64 = 0.97;
/// Agreement below which a way is not worth trying.
const LEAST: f64 = 0.4;
/// The most recipes that are tried.
const MOST: usize = 12;
/// The most parents that are taken together where some of them have no spike.
const MOST_PARENTS: usize = 5;

/// Whether the majority sign wins, whether sums are divided by their weights, and the share of
/// the largest changes that is dropped.
type Kind = (bool, bool, f64);

const KINDS: [Kind; 4] = [
    (true, true, 0.0),
    (true, false, 0.0),
    (false, false, 0.01),
    (true, false, 0.01),
];

/// Recipes that keep changes by magnitude, the best first.
pub(crate) fn candidates(case: &Case, elements: &[Elements]) -> Vec<Candidate> {
    let of = |parent| Some((parent, spike(elements, parent, Care::Strict)?));
    let mut spikes: Vec<(usize, Spike)> = (0..case.people.len() - 1).filter_map(of).collect();
    let all = with_all(case, &spikes);
    let mut out = of_parents(case, elements, &spikes);
    let best = |out: &[Rated]| out.iter().map(|own| own.agreement).fold(0.0, f64::max);
    // Where most parents agree about the sign, one of several is seldom kept alone.
    if best(&out) < GOOD && all.len() > spikes.len() && all.len() <= MOST_PARENTS {
        out.extend(of_parents(case, elements, &all));
    }
    // A model that is near a parent can look like one: without the faintest.
    if spikes.len() > 1 && best(&out) < GOOD {
        let shares = spikes.iter().map(|(_, spike)| spike.share).enumerate();
        if let Some((faintest, _)) = shares.min_by(|a, b| a.1.total_cmp(&b.1)) {
            spikes.remove(faintest);
            out.extend(of_parents(case, elements, &spikes));
        }
    }
    out.sort_by(|a, b| b.agreement.total_cmp(&a.agreement));
    let recipes = out.into_iter().flat_map(|rated| rated.candidates);
    recipes.take(MOST).collect()
}

/// Recipes of one way, the likeliest first, and the share of numbers that agree with it.
struct Rated {
    candidates: Vec<Candidate>,
    agreement: f64,
}

/// All parents, those without a spike with one like the others'; none if no parent has one.
fn with_all(case: &Case, spikes: &[(usize, Spike)]) -> Vec<(usize, Spike)> {
    if spikes.is_empty() {
        return Vec::new();
    }
    let mean = spikes.iter().map(|(_, spike)| spike.at).sum::<f64>() / spikes.len() as f64;
    let faint = Spike {
        at: mean,
        share: 0.0,
    };
    let of = |parent: usize| {
        let own = spikes.iter().find(|(other, _)| *other == parent);
        (parent, own.map_or(faint, |(_, spike)| *spike))
    };
    (0..case.people.len() - 1).map(of).collect()
}

fn of_parents(case: &Case, elements: &[Elements], spikes: &[(usize, Spike)]) -> Vec<Rated> {
    if spikes.is_empty() {
        return Vec::new();
    }
    let parents: Vec<usize> = spikes.iter().map(|(parent, _)| *parent).collect();
    let fit = |ties| Fit {
        elements,
        parents: &parents,
        spikes: spikes.iter().map(|(_, spike)| spike.at).collect(),
        ties,
    };
    let mut found: Vec<(Ties, Found)> = Vec::new();
    for kind @ (_, normalized, gamma) in KINDS {
        if parents.len() == 1 && !normalized && gamma == 0.0 {
            continue;
        }
        found.push((Ties::First, search(&fit(Ties::First), kind)));
        if found.iter().any(|(_, own)| own.agreement >= SURE) {
            break;
        }
    }
    found.sort_by(|a, b| b.1.agreement.total_cmp(&a.1.agreement));
    // Another program may have kept others of equal changes.
    let best = found.first().filter(|(_, own)| own.agreement < SURE);
    if let Some(way) = best.map(|(_, own)| own.way.clone()) {
        let kind = (way.votes, way.normalized, way.gamma);
        found.insert(0, (Ties::Some, search(&fit(Ties::Some), kind)));
    }
    let good = found.iter().filter(|(_, own)| own.agreement >= LEAST);
    good.map(|(ties, own)| Rated {
        candidates: written::candidates(case, &fit(*ties), &own.way),
        agreement: own.agreement,
    })
    .collect()
}

/// One density for all first, then each by itself, in turn with the weights.
fn search(fit: &Fit<'_>, (votes, normalized, gamma): Kind) -> Found {
    let start = |density: f64| fit.judged(fit.start(votes, normalized, gamma, density));
    let scanned = (1..=20).map(|k| start((f64::from(k) / 20.0).min(1.0 - gamma)));
    let scanned = scanned.max_by(|a, b| a.agreement.total_cmp(&b.agreement));
    let mut best = settled(fit, scanned.unwrap_or_else(|| start(1.0)));
    if gamma > 0.0 {
        for other in [0.005, 0.02, 0.05, 0.1] {
            let mut way = best.way.clone();
            way.gamma = other;
            let found = settled(fit, fit.judged(way));
            if found.agreement > best.agreement {
                best = found;
            }
        }
    }
    best
}

/// How often densities and weights are found in turn.
const ROUNDS: usize = 6;

fn settled(fit: &Fit<'_>, start: Found) -> Found {
    let mut best = start;
    for _ in 0..ROUNDS {
        let before: Way = best.way.clone();
        let with_densities = fit.judged(fit.dense(best.way.clone()));
        if with_densities.agreement < best.agreement {
            break;
        }
        best = with_densities;
        if best.way == before {
            break;
        }
    }
    best
}
