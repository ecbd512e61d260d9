//! Which models of a folder come from one random start.
//!
//! Two models that were trained apart have matrices that are orthogonal but for chance: over n
//! numbers the cosine is about 1/√n. Fine-tunes and merges of one base have a cosine near 1, and
//! pruned or long trained ones still far above chance. Matrices of other names or shapes are not
//! compared, so a model of another architecture is in a family of its own.

use std::collections::BTreeMap;

use super::sample::{probe, squares};
use crate::checkpoint::Checkpoint;
use crate::jobs::Ticket;
use crate::kinship::MeasureError;

/// Models whose matrices have a cosine above this have a common origin.
const RELATED: f64 = 0.15;
/// Fewer numbers than this say nothing either way.
const LEAST_COMPARED: usize = 2048;

/// A model's numbers by tensor and shape.
type Probe = BTreeMap<(String, Vec<usize>), Vec<f32>>;

/// The models by family, each in ascending order; the family of the first model comes first.
///
/// # Errors
/// If a file was cut short or changed, or if the job was cancelled.
pub fn families(models: &[&Checkpoint], ticket: &Ticket) -> Result<Vec<Vec<usize>>, MeasureError> {
    let mut probes: Vec<Probe> = Vec::with_capacity(models.len());
    for model in models {
        ticket.advance(1)?;
        let numbers = probe(model)?.into_iter();
        probes.push(
            numbers
                .map(|(name, shape, row)| ((name, shape), row))
                .collect(),
        );
    }
    let mut family: Vec<usize> = (0..models.len()).collect();
    for a in 0..models.len() {
        for b in 0..a {
            if family[a] != family[b] && cosine(&probes[a], &probes[b]).is_some_and(|c| c > RELATED)
            {
                let (from, to) = (family[a].max(family[b]), family[a].min(family[b]));
                family
                    .iter_mut()
                    .filter(|f| **f == from)
                    .for_each(|f| *f = to);
            }
        }
    }
    let mut out: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (model, &family) in family.iter().enumerate() {
        out.entry(family).or_default().push(model);
    }
    Ok(out.into_values().collect())
}

/// The cosine over what both have; `None` if that is too little.
fn cosine(a: &Probe, b: &Probe) -> Option<f64> {
    let (mut product, mut square_a, mut square_b, mut count) = (0.0, 0.0, 0.0, 0);
    for (key, own) in a {
        let Some(other) = b.get(key) else { continue };
        let products = own.iter().zip(other);
        product += products
            .map(|(&x, &y)| f64::from(x) * f64::from(y))
            .sum::<f64>();
        square_a += squares(own);
        square_b += squares(other);
        count += own.len();
    }
    (count >= LEAST_COMPARED && square_a > 0.0 && square_b > 0.0)
        .then(|| product / (square_a * square_b).sqrt())
}
