//! Parents that are nearly always kept together with another one.
//!
//! A parent of TIES whose change has nearly everywhere the sign of a relative's, which is a parent
//! too, is hardly ever alone, so it does not spike. Where just the two were kept the child is their
//! mean, λ(w_a·δ_a + w_b·δ_b)/(w_a + w_b), and (δ_c − λδ_a)/(λδ_b − λδ_a) is the same number at all
//! these places.

use super::sample::Sample;
use super::spikes::Spike;
use super::stabbing::{peak, ratio};

/// Places that are looked at for each pair.
const MOST_PLACES: usize = 100_000;
/// A peak this many deviations above what lies around it is no chance.
const CLEARLY: f64 = 8.0;

/// The candidate that is most clearly in means with one of those that spike, beside `left_out`.
pub fn paired(sample: &Sample, spikes: &[Spike], left_out: &[usize]) -> Option<Spike> {
    let is_other =
        |i: &usize| !left_out.contains(i) && !spikes.iter().any(|spike| spike.candidate == *i);
    let others: Vec<usize> = (0..sample.candidates.len()).filter(is_other).collect();
    let places = places(sample, spikes);
    let pairs = spikes
        .iter()
        .flat_map(|spike| others.iter().map(move |&other| (spike, other)));
    let found = pairs.filter_map(|(spike, other)| in_means(sample, spike, other, &places));
    found.reduce(|a, b| if b.excess > a.excess { b } else { a })
}

/// Places and their tensors where the child is no single change of those that spike.
fn places(sample: &Sample, spikes: &[Spike]) -> Vec<(usize, usize)> {
    let step = sample.len().div_ceil(MOST_PLACES).max(1);
    let tensors = sample.tensors.iter().enumerate();
    let all = tensors.flat_map(|(tensor, range)| range.clone().map(move |at| (at, tensor)));
    let is_open = |&(at, tensor): &(usize, usize)| {
        let (x, error) = (f64::from(sample.child[at]), sample.tolerance(at));
        let is_of = |spike: &Spike| (x - spike.scaled(sample, at, tensor)).abs() <= 2.0 * error;
        x.abs() > 6.0 * error && !spikes.iter().any(is_of)
    };
    all.step_by(step).filter(is_open).collect()
}

fn in_means(
    sample: &Sample,
    spike: &Spike,
    other: usize,
    places: &[(usize, usize)],
) -> Option<Spike> {
    let interval = |&(at, tensor): &(usize, usize)| {
        let (x, error) = (f64::from(sample.child[at]), sample.tolerance(at));
        let (a, b) = (
            spike.scaled(sample, at, tensor),
            f64::from(sample.candidates[other][at]) * spike.by_tensor[tensor],
        );
        let tells = a * b > 0.0 && (a - b).abs() > 6.0 * error;
        let interval = ratio(x - a, error, b - a);
        (tells && interval[0] > 0.03 && interval[1] < 0.97).then_some(interval)
    };
    let found = peak(places.iter().filter_map(interval))?;
    let excess = found.count - found.around;
    let is_clear =
        excess > CLEARLY * (found.around + 1.0).sqrt() && found.count > 1.5 * found.around;
    is_clear.then(|| Spike {
        candidate: other,
        excess,
        ..spike.clone()
    })
}
