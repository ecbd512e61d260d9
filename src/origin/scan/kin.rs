//! Groups of models that belong together though their shapes differ.
//!
//! One member of each group is looked at. A few weights of every layer show those that have lost
//! layers or gained tokens; what these do not show is compared as [`super::super::related`] does
//! it, the likeliest pairs first, at most [`MOST_COMPARED`] of them.

use std::sync::Mutex;

use super::super::related::{Layers, Verdict, related};
use crate::checkpoint::{Checkpoint, Kind};
use crate::jobs::{Cancelled, Failure, Ticket};
use crate::parallel::{in_order, lock};

/// Comparisons of groups with each other.
pub const MOST_COMPARED: usize = 120;

/// Layers that resemble each other by more belong to one family, and by less than
/// [`PERHAPS`] to two, unless they were put in another order.
const AKIN: f64 = 0.2;
const PERHAPS: f64 = 0.08;

/// Two groups, by their numbers.
type Pair = (usize, usize);

/// Joins groups whose first members are related; how many pairs were not compared.
pub(super) fn join(
    models: &[&Checkpoint],
    groups: &mut Vec<Vec<usize>>,
    ticket: &Ticket,
) -> Result<usize, Cancelled> {
    let first = |group: &Vec<usize>| models[group[0]];
    let firsts: Vec<&Checkpoint> = groups.iter().map(first).collect();
    let layers = layers(&firsts, ticket)?;
    let mut homes = Homes((0..firsts.len()).collect());
    let mut left: Vec<(Pair, f64)> = Vec::new();
    for (b, of_b) in layers.iter().enumerate() {
        ticket.advance(0)?;
        for (a, of_a) in layers[..b].iter().enumerate() {
            let (Some(of_a), Some(of_b)) = (of_a, of_b) else {
                continue;
            };
            match of_a.resemblance(of_b) {
                Some(cosine) if cosine > AKIN => homes.join((a, b)),
                seen => left.push(((a, b), likely([firsts[a], firsts[b]], seen))),
            }
        }
    }
    // One member of each family before others of the same families.
    let is_home = |k: usize| homes.0[k] == k;
    let (mut left, others): (Vec<_>, Vec<_>) =
        (left.into_iter()).partition(|((a, b), _)| is_home(*a) && is_home(*b));
    left.sort_by(|a, b| b.1.total_cmp(&a.1));
    let (mut compared, mut left_out) = (0, 0);
    for ((a, b), _) in left.into_iter().chain(others) {
        if homes.0[a] == homes.0[b] {
            continue;
        }
        if compared >= MOST_COMPARED {
            left_out += usize::from(homes.0[a] == a && homes.0[b] == b);
            continue;
        }
        compared += 1;
        if are_related(firsts[a], firsts[b], ticket)? {
            homes.join((a, b));
        }
    }
    *groups = homes.gathered(std::mem::take(groups));
    Ok(left_out)
}

/// Where each group has gone.
struct Homes(Vec<usize>);

impl Homes {
    fn join(&mut self, (a, b): Pair) {
        let (from, to) = (self.0[a].max(self.0[b]), self.0[a].min(self.0[b]));
        let moved = self.0.iter_mut().filter(|own| **own == from);
        moved.for_each(|own| *own = to);
    }

    fn gathered(self, groups: Vec<Vec<usize>>) -> Vec<Vec<usize>> {
        let mut joined: Vec<Vec<usize>> = vec![Vec::new(); groups.len()];
        for (group, to) in groups.into_iter().zip(self.0) {
            joined[to].extend(group);
        }
        joined.retain(|group| !group.is_empty());
        joined.iter_mut().for_each(|group| group.sort_unstable());
        joined
    }
}

fn layers(models: &[&Checkpoint], ticket: &Ticket) -> Result<Vec<Option<Layers>>, Cancelled> {
    let out = Mutex::new(vec![None; models.len()]);
    ticket.expect(models.len() as u64);
    in_order(models.len(), |k| {
        let own = Layers::of(models[k]);
        lock(&out)[k] = own;
        ticket.advance(1)
    })?;
    Ok(std::mem::take(&mut *lock(&out)))
}

/// How likely two models are kin, to compare the likeliest first: those that resemble each other
/// a little, then those that cannot be compared layer by layer, then strangers at first sight;
/// among equals those with a vocabulary of one size.
fn likely(pair: [&Checkpoint; 2], resemblance: Option<f64>) -> f64 {
    let [a, b] = pair.map(tokens);
    let of_tokens = if a.is_some() && a == b { 0.5 } else { 0.0 };
    match resemblance {
        Some(cosine) if cosine > PERHAPS => 2.0 + cosine,
        None => 1.0 + of_tokens,
        Some(_) => of_tokens,
    }
}

/// Rows of the embedding.
fn tokens(model: &Checkpoint) -> Option<usize> {
    let own = model.tensors().iter();
    let embedding = own.filter(|own| own.place.kind == Kind::Embedding);
    let largest = embedding.max_by_key(|own| own.elements())?;
    largest.shape.first().copied()
}

fn are_related(a: &Checkpoint, b: &Checkpoint, ticket: &Ticket) -> Result<bool, Cancelled> {
    // Its bytes are not what is counted here.
    let quiet = Ticket::default();
    ticket.advance(0)?;
    match related(a, b, &quiet) {
        Ok(found) => Ok(found.verdict == Verdict::Related),
        Err(Failure::Cancelled) => Err(Cancelled),
        // A file that changes while it is read is of no family.
        Err(Failure::Failed(_)) => Ok(false),
    }
}
