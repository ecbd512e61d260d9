//! Candidates whose whole changes, times one number, are in many weights of the child.
//!
//! TIES keeps a change times λ where no other parent's agrees in sign, DARE and its relatives keep
//! it times weight over density where all others are dropped: δ_c/δᵢ then has a spike, which no
//! weighted sum has. It is looked for where |δᵢ|/|w| is largest, as rounding says least there. A
//! candidate may spike because it shares weights with a parent that does, so the strongest is taken
//! first and the weights it explains are left out for the others. DARE rescales each tensor by
//! what was dropped, so the number is made exact for each tensor.

use std::sync::Mutex;

use super::sample::Sample;
use super::stabbing::{Peak, peak, ratio};
use crate::jobs::{Failure, Ticket};
use crate::parallel::{in_order, lock};

/// A candidate that spikes.
#[derive(Clone, Debug)]
pub struct Spike {
    /// The candidate.
    pub candidate: usize,
    /// δ_c/δᵢ there, over all tensors.
    pub at: f64,
    /// The same for each tensor of the sample.
    pub by_tensor: Vec<f64>,
    /// How many weights of those looked at are in it beyond chance.
    pub excess: f64,
}

/// Weights that are looked at for each candidate.
const MOST: usize = 30_000;
/// Recipes of more parents are not tried: 2ⁿ sums would be.
pub const MOST_PARENTS: usize = 6;

/// Looks for spikes in a sample.
pub struct Finder<'a> {
    sample: &'a Sample,
    /// For each candidate the places where it has changed most.
    tops: Vec<Vec<usize>>,
}

impl<'a> Finder<'a> {
    /// For one sample, of which it sorts the changes.
    ///
    /// # Errors
    /// If the user asks to stop.
    pub fn new(sample: &'a Sample, ticket: &Ticket) -> Result<Self, Failure> {
        let most = MOST.min(sample.len() / 20);
        let n = sample.candidates.len();
        let tops: Vec<Mutex<Vec<usize>>> = (0..n).map(|_| Mutex::default()).collect();
        in_order(n, |i| {
            *lock(&tops[i]) = largest(sample, i, most);
            ticket.advance(0).map_err(Failure::from)
        })?;
        let tops = tops.into_iter().map(|own| lock(&own).clone()).collect();
        Ok(Self { sample, tops })
    }

    /// All that spike but those of `left_out`, the strongest first.
    ///
    /// # Errors
    /// If the user asks to stop.
    pub fn spikes(&self, left_out: &[usize], ticket: &Ticket) -> Result<Vec<Spike>, Failure> {
        let (sample, n) = (self.sample, self.tops.len());
        let mut explained = vec![false; sample.len()];
        let mut out: Vec<Spike> = Vec::new();
        while out.len() < MOST_PARENTS {
            let found: Vec<Mutex<Option<Spike>>> = (0..n).map(|_| Mutex::default()).collect();
            let is_taken = |i| out.iter().any(|spike| spike.candidate == i);
            in_order(n, |i| {
                if !is_taken(i) && !left_out.contains(&i) {
                    *lock(&found[i]) = spike(sample, i, &self.tops[i], &explained);
                }
                ticket.advance(0).map_err(Failure::from)
            })?;
            let found = found.into_iter().filter_map(|own| lock(&own).take());
            let Some(mut best) = found.reduce(|a, b| if b.excess > a.excess { b } else { a })
            else {
                break;
            };
            refine(sample, &mut best, &explained);
            mark(sample, &best, &mut explained);
            out.push(best);
        }
        Ok(out)
    }
}

/// The places where a candidate has changed most for the weight that was there.
fn largest(sample: &Sample, candidate: usize, most: usize) -> Vec<usize> {
    let own = &sample.candidates[candidate];
    let changed = (0..own.len()).filter(|&e| own[e] != 0.0 && sample.child[e] != 0.0);
    let mut places: Vec<usize> = changed.collect();
    let size = |e: usize| own[e].abs() / (sample.base[e].abs() + 1e-12);
    if places.len() > most && most > 0 {
        places.select_nth_unstable_by(most - 1, |&a, &b| {
            size(b).total_cmp(&size(a)).then(a.cmp(&b))
        });
        places.truncate(most);
    }
    places
}

fn spike(sample: &Sample, candidate: usize, top: &[usize], explained: &[bool]) -> Option<Spike> {
    let places: Vec<usize> = top.iter().copied().filter(|&e| !explained[e]).collect();
    let own = &sample.candidates[candidate];
    let with = |slack: f64| {
        let interval = |&e: &usize| {
            let x = f64::from(sample.child[e]);
            ratio(
                x,
                f64::from(sample.half_step[e]) + slack * x.abs(),
                f64::from(own[e]),
            )
        };
        let peak = peak(places.iter().map(interval))?;
        stands_out(&peak, top.len()).then_some(peak)
    };
    // The wide one is for numbers that differ from tensor to tensor.
    let found = [with(sample.slack()), with(WIDE)].into_iter().flatten();
    let significance = |peak: &Peak| (peak.count - peak.around) / (peak.around + 1.0).sqrt();
    let best = found.reduce(|a, b| {
        if significance(&b) > significance(&a) {
            b
        } else {
            a
        }
    })?;
    Some(Spike {
        candidate,
        at: best.at,
        by_tensor: vec![best.at; sample.tensors.len()],
        excess: best.count - best.around,
    })
}

/// How far the numbers of the tensors of one recipe may be from their mean.
const WIDE: f64 = 0.012;

fn stands_out(peak: &Peak, looked_at: usize) -> bool {
    let excess = peak.count - peak.around;
    let chance = 6.0 * (peak.around + 1.0).sqrt();
    excess > chance.max(0.006 * looked_at as f64) && peak.count > 1.4 * peak.around
}

/// Makes the number of each tensor exact that has weights enough to tell.
fn refine(sample: &Sample, spike: &mut Spike, explained: &[bool]) {
    let own = &sample.candidates[spike.candidate];
    for (k, range) in sample.tensors.iter().enumerate() {
        let tells = |&e: &usize| {
            let size = f64::from(own[e].abs()) * spike.at;
            size > 6.0 * sample.tolerance(e) && sample.child[e] != 0.0 && !explained[e]
        };
        let near = |[low, high]: &[f64; 2]| *high > spike.at * 0.93 && *low < spike.at * 1.07;
        let intervals = range.clone().filter(tells).map(|e| {
            ratio(
                f64::from(sample.child[e]),
                sample.tolerance(e),
                f64::from(own[e]),
            )
        });
        let found = peak(intervals.filter(near));
        let is_clear = |peak: &Peak| peak.count > 1.5 * peak.around + 10.0;
        if let Some(peak) = found.filter(is_clear) {
            spike.by_tensor[k] = peak.at;
        }
    }
}

/// Notes the weights that a spike explains.
fn mark(sample: &Sample, spike: &Spike, explained: &mut [bool]) {
    let own = &sample.candidates[spike.candidate];
    for (k, range) in sample.tensors.iter().enumerate() {
        for e in range.clone() {
            let wanted = f64::from(own[e]) * spike.by_tensor[k];
            let (found, error) = (f64::from(sample.child[e]), sample.tolerance(e));
            let is_own = (found - wanted).abs() <= error && wanted.abs() > 2.0 * error;
            explained[e] |= is_own && found != 0.0;
        }
    }
}

impl Spike {
    /// What the candidate's change gives at a place of a tensor.
    pub fn scaled(&self, sample: &Sample, at: usize, tensor: usize) -> f64 {
        f64::from(sample.candidates[self.candidate][at]) * self.by_tensor[tensor]
    }
}

impl Sample {
    /// How far, as a share of itself, a change may be off where a program computes in 16 bits.
    fn slack(&self) -> f64 {
        if self.is_short { 0.002 } else { 1e-6 }
    }

    /// How far a change of the child may be off at a place.
    pub(super) fn tolerance(&self, e: usize) -> f64 {
        f64::from(self.half_step[e]) + self.slack() * f64::from(self.child[e].abs())
    }
}
