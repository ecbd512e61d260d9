//! Families among many models, by their sketches alone: which belong together, which of them the
//! others started from, and how related the members are. What is found here is an estimate; the
//! exact kinship is then measured within families only.
//!
//! Cost: n² / 2 · 4,096 multiply-adds, some seconds for 10,000 models. Memory: 16 KB a model, and
//! the nearest few of each.

use super::scan::centre::centre;
use crate::jobs::{Cancelled, Ticket};
use crate::kinship::sketch::{Near, Sketch, all_pairs};

/// Cosine above which two models are of one family. Weights of strangers, and task vectors of
/// unrelated fine-tunes, have less than a tenth; among ten thousand models the largest of fifty
/// million errors is about 0.09.
pub const AKIN: f64 = 0.2;

/// Models that belong together.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// By index, in order.
    pub members: Vec<usize>,
    /// The member that the others started from, where it is clear; only by sketches of weights.
    pub base: Option<usize>,
}

/// What the sketches say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Population {
    /// The largest first.
    pub families: Vec<Family>,
    /// The nearest of each model, the nearest first.
    pub nearest: Vec<Vec<Near>>,
}

/// Sorts models into families and finds the `count` nearest of each.
///
/// # Errors
/// If the job was cancelled.
pub fn population(
    sketches: &[Sketch],
    count: usize,
    akin: f64,
    ticket: &Ticket,
) -> Result<Population, Cancelled> {
    let found = all_pairs(sketches, count, akin, ticket)?;
    let family = |members: Vec<usize>| Family {
        base: base(&members, sketches),
        members,
    };
    let mut families: Vec<Family> = found.groups.into_iter().map(family).collect();
    families.sort_by_key(|own| (std::cmp::Reverse(own.members.len()), own.members[0]));
    Ok(Population {
        families,
        nearest: found.nearest,
    })
}

/// The member whose weights the others started from. A change has no such member: what it started
/// from is its base.
fn base(members: &[usize], sketches: &[Sketch]) -> Option<usize> {
    let of = |at: usize| &sketches[members[at]];
    let is_of_weights = members.iter().all(|&k| sketches[k].base.is_none());
    let is_one_shape = members.iter().all(|&k| sketches[k].shape == of(0).shape);
    if !is_of_weights || !is_one_shape {
        return None;
    }
    centre(members.len(), |a, b| squared_distance(of(a), of(b))).map(|at| members[at])
}

fn squared_distance(a: &Sketch, b: &Sketch) -> f64 {
    let pairs = a.sums.iter().zip(&b.sums);
    let squares = pairs.map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2));
    squares.sum()
}

/// The sketches of the changes of a family's members from its base, which the base itself has
/// not; members of another shape than the base have none that could be told.
pub fn changes(family: &Family, sketches: &[Sketch]) -> (Vec<usize>, Vec<Sketch>) {
    let Some(base) = family.base else {
        return (Vec::new(), Vec::new());
    };
    let own = family.members.iter().copied();
    let own = own.filter(|&k| k != base && sketches[k].shape == sketches[base].shape);
    let members: Vec<usize> = own.collect();
    let of_base = &sketches[base];
    let changes = members.iter().map(|&k| sketches[k].minus(of_base));
    let changes = changes.collect();
    (members, changes)
}
