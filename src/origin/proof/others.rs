//! Methods with at most one number to find, which is tried: those that choose by rules of their
//! own, and those that treat each row by itself.

use super::case::{BASE, Case};
use super::linear::Linear;
use super::recipes::{Candidate, flag, number, recipe};
use crate::merge::recipe::Parameters;

/// The same method row by row, near the numbers of whole tensors.
pub(crate) fn by_row(linear: &Linear<'_>) -> Vec<Candidate> {
    linear.by_row().into_iter().map(Candidate::from).collect()
}

/// Their recipes for the people that the child needs.
pub(crate) fn candidates(case: &Case, linear: &Linear<'_>) -> Vec<Candidate> {
    let plain = |people: &[usize]| -> Vec<(usize, Parameters)> {
        people.iter().map(|&own| (own, Vec::new())).collect()
    };
    let mut out = Vec::new();
    for person in case.parents() {
        out.push(recipe(
            case,
            "arcee_fusion",
            Some(BASE),
            plain(&[BASE, person]),
            Vec::new(),
        ));
        let others = case.parents().filter(|&other| other != person);
        out.extend(others.map(|other| {
            recipe(
                case,
                "arcee_fusion",
                Some(other),
                plain(&[other, person]),
                Vec::new(),
            )
        }));
        out.extend([0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1].map(|t| {
            let t = vec![number("t", t)];
            recipe(case, "nearswap", Some(BASE), plain(&[person]), t)
        }));
    }
    if linear.used.len() >= 2 {
        let used = plain(&linear.used);
        out.push(recipe(
            case,
            "model_stock",
            Some(BASE),
            used.clone(),
            vec![flag("filter_wise", true)],
        ));
        out.extend((1..=10).map(|tenth| {
            let share = vec![number("select_topk", f64::from(tenth) / 10.0)];
            recipe(case, "sce", Some(BASE), used.clone(), share)
        }));
    }
    out.into_iter().map(Candidate::from).collect()
}
