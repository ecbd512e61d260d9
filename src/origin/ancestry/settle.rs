//! From a fit to parents: the fewest candidates that explain as much, and who could stand in for
//! whom.

use super::equations::{Equations, Grain};
use super::fit::Signs;

/// The parents of a child that is explained.
pub struct Settled {
    /// The candidates that are needed, ascending.
    pub parents: Vec<usize>,
    /// A share for each candidate.
    pub shares: Vec<f64>,
    /// The relative residual of the fit on the parents.
    pub residual: f64,
    /// A parent and a candidate that could be in its place.
    pub alike: Vec<[usize; 2]>,
}

/// A squared residual that grows by less than this share of itself has not grown: rounding is
/// known no better than that.
const SAME: f64 = 0.2;
/// Where rounding is most of the child, a parent is needed that explains this share of the rest.
const NEEDED: f64 = 0.02;
/// Squared residuals below are rounding of the sums.
const NOTHING: f64 = 1e-12;

/// Leaves out candidates one by one as long as the rest explains as much. A residual above `most`
/// does not count as explained.
pub fn settle(equations: &Equations, grain: Grain, signs: Signs, most: f64) -> Settled {
    let residual = |among: &[usize]| equations.residual(among, grain, signs);
    let mut parents = beginning(equations, grain, signs, most);
    let least = residual(&parents).powi(2);
    let allowed = least + (SAME * (least + NOTHING)).min(NEEDED * (1.0 - least).max(0.0)) + NOTHING;
    while let Some((place, without)) = easiest(&parents, &residual) {
        if without.powi(2) > allowed {
            break;
        }
        parents.remove(place);
    }
    let best = residual(&parents);
    Settled {
        shares: equations.whole.fit_of(&parents, signs).shares,
        alike: alike(
            equations.whole.len(),
            &parents,
            &residual,
            allowed.sqrt().min(most),
        ),
        residual: best,
        parents,
    }
}

/// The candidates with any share to speak of, if they suffice, else all.
fn beginning(equations: &Equations, grain: Grain, signs: Signs, most: f64) -> Vec<usize> {
    let fit = equations.whole.fit(signs);
    let n = fit.shares.len();
    let some: Vec<usize> = (0..n).filter(|&i| fit.shares[i].abs() >= 0.005).collect();
    if equations.residual(&some, grain, signs) <= most {
        some
    } else {
        (0..n).collect()
    }
}

/// The parent that is missed least, by its place, and the residual without it.
fn easiest(parents: &[usize], residual: &dyn Fn(&[usize]) -> f64) -> Option<(usize, f64)> {
    let without = |place: usize| {
        let mut others = parents.to_vec();
        others.remove(place);
        (place, residual(&others))
    };
    (0..parents.len())
        .map(without)
        .min_by(|a, b| a.1.total_cmp(&b.1))
}

fn alike(
    candidates: usize,
    parents: &[usize],
    residual: &dyn Fn(&[usize]) -> f64,
    most: f64,
) -> Vec<[usize; 2]> {
    let others = (0..candidates).filter(|i| !parents.contains(i));
    let pairs = others.flat_map(|other| parents.iter().map(move |&parent| [parent, other]));
    pairs
        .filter(|[parent, other]| {
            let swap = |&i: &usize| if i == *parent { *other } else { i };
            residual(&parents.iter().map(swap).collect::<Vec<_>>()) <= most
        })
        .collect()
}
