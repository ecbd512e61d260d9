//! Which of the candidates that spike are needed to explain the child, and who could stand in for
//! them.
//!
//! A near copy of a parent spikes where the two agree, and can then take a part of the parent's
//! weights for its own. It is left out where the others explain as much without it; where it
//! explains as much in the parent's place, the two cannot be told apart.

use super::fit::System;
use super::paired::paired;
use super::sample::Sample;
use super::spikes::{Finder, MOST_PARENTS, Spike};
use super::subsets::{Subsets, subsets};
use crate::jobs::{Failure, Ticket};

/// The parents that spike, with what their changes explain.
pub struct Choices {
    /// Those that are needed, the strongest first.
    pub spikes: Vec<Spike>,
    /// What they explain.
    pub subsets: Subsets,
    /// A parent and a candidate that could be in its place.
    pub alike: Vec<[usize; 2]>,
}

impl Choices {
    /// Whether nearly all of each parent's change was kept.
    pub fn is_whole(&self) -> bool {
        self.subsets.kept.iter().all(|kept| *kept > 0.9)
    }
}

/// A part of the changed weights by which one explanation must be better than another.
const BETTER: f64 = 0.02;
/// Parents that explain this much are all.
const ENOUGH: f64 = 0.95;
/// Candidates with a smaller cosine are not mistaken for each other.
const NEAR: f64 = 0.9;

/// Finds what spikes and leaves out what is not needed. `None` if nothing spikes.
///
/// # Errors
/// If the user asks to stop.
pub fn settle(
    sample: &Sample,
    system: &System,
    ticket: &Ticket,
) -> Result<Option<Choices>, Failure> {
    let finder = Finder::new(sample, ticket)?;
    let is_near = |a: usize, b: usize| system.cosine(a, b).is_some_and(|cosine| cosine > NEAR);
    let mut left_out: Vec<usize> = Vec::new();
    let Some(mut best) = Tried::without(&left_out, sample, &finder, ticket)? else {
        return Ok(None);
    };
    // Without a near copy that took weights of its parent, the parent's number is another one, so
    // all is looked for anew.
    while let Some((candidate, without)) =
        best.without_a_copy(&left_out, &is_near, sample, &finder, ticket)?
    {
        left_out.push(candidate);
        best = without;
    }
    let Tried {
        spikes,
        subsets: own,
    } = best;
    let mut alike = Vec::new();
    for (place, spike) in spikes.iter().enumerate() {
        let is_other = |i: &usize| !spikes.iter().any(|spike| spike.candidate == *i);
        let others = (0..system.len()).filter(is_other);
        for other in others.filter(|&i| is_near(spike.candidate, i)) {
            ticket.advance(0)?;
            let mut swapped = spikes.clone();
            swapped[place].candidate = other;
            if subsets(sample, &swapped).explained >= own.explained - BETTER {
                alike.push([spike.candidate, other]);
            }
        }
    }
    Ok(Some(Choices {
        spikes,
        subsets: own,
        alike,
    }))
}

/// Spikes, and what they explain.
struct Tried {
    spikes: Vec<Spike>,
    subsets: Subsets,
}

impl Tried {
    /// What spikes if some candidates are not looked at; `None` if nothing does.
    fn without(
        left_out: &[usize],
        sample: &Sample,
        finder: &Finder<'_>,
        ticket: &Ticket,
    ) -> Result<Option<Self>, Failure> {
        let mut spikes = finder.spikes(left_out, ticket)?;
        if spikes.is_empty() {
            return Ok(None);
        }
        let mut own = subsets(sample, &spikes);
        // A parent that is nearly always kept together with another one does not spike.
        while own.explained < ENOUGH && spikes.len() < MOST_PARENTS {
            ticket.advance(0)?;
            let Some(paired) = paired(sample, &spikes, left_out) else {
                break;
            };
            spikes.push(paired);
            let with_it = subsets(sample, &spikes);
            if with_it.explained < own.explained + BETTER {
                spikes.pop();
                break;
            }
            own = with_it;
        }
        Ok(Some(Self {
            spikes,
            subsets: own,
        }))
    }

    /// One of two near candidates that is not needed beside the other, and what spikes without it.
    fn without_a_copy(
        &self,
        left_out: &[usize],
        is_near: &dyn Fn(usize, usize) -> bool,
        sample: &Sample,
        finder: &Finder<'_>,
        ticket: &Ticket,
    ) -> Result<Option<(usize, Self)>, Failure> {
        let mut best: Option<(usize, Self)> = None;
        for spike in self.spikes.iter().rev() {
            let own = spike.candidate;
            let mut others = self.spikes.iter().map(|other| other.candidate);
            if !others.any(|other| other != own && is_near(own, other)) {
                continue;
            }
            let left_out = [left_out, &[own]].concat();
            let Some(tried) = Self::without(&left_out, sample, finder, ticket)? else {
                continue;
            };
            let explained = tried.subsets.explained;
            let is_better = |(_, other): &(usize, Self)| explained > other.subsets.explained;
            if explained >= self.subsets.explained - BETTER && best.as_ref().is_none_or(is_better) {
                best = Some((own, tried));
            }
        }
        Ok(best)
    }
}
