//! Recipes of a way, as somebody may have written them.

use super::super::case::{BASE, Case};
use super::super::decimals::{Fitted, ratios};
use super::super::recipes::{Candidate, flag, number, recipe};
use super::way::{Fit, Way};
use crate::merge::recipe::Parameters;

/// The most sets of weights that are proposed for one way.
const MOST_SETS: usize = 8;
/// What errors of weights are taken for at most.
const DOUBT: f64 = 5.0;
/// The most places that λ is written with.
const MOST_PLACES: u32 = 2;

/// Recipes that differ in how their weights are written, the likeliest first.
pub(super) fn candidates(case: &Case, fit: &Fit<'_>, way: &Way) -> Vec<Candidate> {
    let (lambda, weights) = fit.sharpened(way);
    let mut sets = match way.normalized {
        true => means(lambda, &weights),
        false => sums(&weights),
    };
    sets.retain(|(_, set)| set.iter().all(|weight| weight.is_finite()));
    // Of as many places the order stays, the likeliest first.
    sets.sort_by_key(|(lambda, set)| {
        let of_lambda = if *lambda == 1.0 {
            0
        } else {
            2 + places(*lambda)
        };
        // Few people write weights above 1.
        let of_size = if set.iter().any(|weight| weight.abs() > 1.0) {
            2
        } else {
            0
        };
        of_lambda + of_size + set.iter().map(|&weight| places(weight)).sum::<u32>()
    });
    let sets = sets.into_iter().take(MOST_SETS);
    sets.map(|(lambda, weights)| written(case, fit.parents, way, (lambda, &weights[..])))
        .collect()
}

/// λ and the weights of a mean, of which only the ratios count.
fn means(lambda: Fitted, weights: &[Fitted]) -> Vec<(f64, Vec<f64>)> {
    let lambda = lambda.shortest().0;
    if let [_] = weights {
        return vec![(lambda, vec![1.0])];
    }
    let sum: f64 = weights.iter().map(|w| w.value).sum();
    let errors: f64 = weights.iter().map(|w| w.error).sum();
    let shares = |doubt: f64| -> Vec<Fitted> {
        let share = |w: &Fitted| Fitted {
            value: w.value / sum,
            // That of the sum is in each share.
            error: doubt * (w.error + errors * (w.value / sum).abs()) / sum.abs(),
        };
        weights.iter().map(share).collect()
    };
    // Each error is for the others held; together they may be off by more.
    let mut sets = ratios(&shares(1.0));
    for set in ratios(&shares(DOUBT)) {
        if !sets.contains(&set) {
            sets.push(set);
        }
    }
    sets.into_iter().map(|set| (lambda, set)).collect()
}

/// Places behind the point.
fn places(value: f64) -> u32 {
    Fitted { value, error: 0.0 }.shortest().1
}

/// λ and the weights of a sum: without λ, then with those that make the weights short.
fn sums(weights: &[Fitted]) -> Vec<(f64, Vec<f64>)> {
    let mut out = vec![(1.0, weights.iter().map(|w| w.shortest().0).collect())];
    for set in ratios(weights) {
        let pairs = || set.iter().zip(weights).filter(|(own, _)| **own != 0.0);
        let top: f64 = pairs().map(|(own, weight)| own * weight.value).sum();
        let bottom: f64 = pairs().map(|(own, _)| own * own).sum();
        let errors = pairs().map(|(own, weight)| weight.error / own.abs());
        let lambda = Fitted {
            value: top / bottom,
            error: errors.fold(f64::INFINITY, f64::min),
        };
        let (lambda, places) = lambda.shortest();
        if places <= MOST_PLACES && lambda != 1.0 {
            out.push((lambda, set));
        }
    }
    out
}

fn written(
    case: &Case,
    parents: &[usize],
    way: &Way,
    (lambda, weights): (f64, &[f64]),
) -> Candidate {
    let method = match (way.votes, way.gamma > 0.0) {
        (true, false) => "ties",
        (true, true) => "breadcrumbs_ties",
        (false, _) => "breadcrumbs",
    };
    let inputs = (parents.iter().zip(weights).zip(&way.densities))
        // What weighs nothing had no part in it.
        .filter(|((_, weight), _)| **weight != 0.0)
        .map(|((&parent, &weight), &density)| {
            let own = vec![number("density", density), number("weight", weight)];
            (parent + 1, own)
        })
        .collect();
    let mut parameters: Parameters = Vec::new();
    if method == "ties" && !way.normalized {
        parameters.push(flag("normalize", false));
    }
    if way.gamma > 0.0 {
        parameters.push(number("gamma", way.gamma));
    }
    if lambda != 1.0 {
        parameters.push(number("lambda", lambda));
    }
    recipe(case, method, Some(BASE), inputs, parameters).into()
}
