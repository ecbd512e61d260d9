//! Which of the candidates that spike are needed to explain the child, and who could stand in for
//! them.
//!
//! A near copy of a parent spikes where the two agree, and can then take a part of the parent's
//! weights for its own. It is left out where the others explain as much without it; where it
//! explains as much in the parent's place, the two cannot be told apart.

use super::fit::System;
use super::sample::Sample;
use super::spikes::Spike;
use super::subsets::{Subsets, subsets};
use crate::jobs::{Cancelled, Ticket};

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
/// Candidates with a smaller cosine are not mistaken for each other.
const NEAR: f64 = 0.9;

/// Leaves out what is not needed. `None` if nothing spikes.
///
/// # Errors
/// If the user asks to stop.
pub fn settle(
    sample: &Sample,
    system: &System,
    mut spikes: Vec<Spike>,
    ticket: &Ticket,
) -> Result<Option<Choices>, Cancelled> {
    if spikes.is_empty() {
        return Ok(None);
    }
    let mut best = subsets(sample, &spikes);
    let is_near = |a: usize, b: usize| system.cosine(a, b).is_some_and(|cosine| cosine > NEAR);
    for place in (0..spikes.len()).rev() {
        let own = spikes[place].candidate;
        let mut others = spikes.clone();
        others.remove(place);
        if !others.iter().any(|other| is_near(own, other.candidate)) {
            continue;
        }
        ticket.advance(0)?;
        let without = subsets(sample, &others);
        if without.explained >= best.explained - BETTER {
            (spikes, best) = (others, without);
        }
    }
    let mut alike = Vec::new();
    for (place, spike) in spikes.iter().enumerate() {
        let own = spike.candidate;
        let is_other = |i: &usize| !spikes.iter().any(|spike| spike.candidate == *i);
        for other in (0..system.len())
            .filter(is_other)
            .filter(|&i| is_near(own, i))
        {
            ticket.advance(0)?;
            let mut swapped = spikes.clone();
            swapped[place].candidate = other;
            if subsets(sample, &swapped).explained >= best.explained - BETTER {
                alike.push([own, other]);
            }
        }
    }
    Ok(Some(Choices {
        spikes,
        subsets: best,
        alike,
    }))
}
