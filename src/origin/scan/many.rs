//! Very many models sorted by sketches of their samples: a product of all with all in place of a
//! comparison of each with each family. Cost: n² / 2 · 4,096 multiply-adds, a few seconds for
//! 10,000 models.

use super::AKIN;
use super::sketch::Sketch;
use crate::jobs::{Cancelled, Ticket};
use crate::kinship::sketch::{self, all_pairs};

/// From this number of models on.
pub(super) const MANY: usize = 500;

/// Models that are joined by pairs of like weights, of one shape each, by their first.
///
/// The standard error of a cosine is 1/64: strangers are more than ten of them below
/// [`AKIN`], and fine-tunes as far above it.
pub(super) fn grouped(
    sketches: &[Option<Sketch>],
    ticket: &Ticket,
) -> Result<Vec<Vec<usize>>, Cancelled> {
    let small = |own: &Option<Sketch>| match own {
        // Of another shape, another vector: the two have nothing in common.
        Some(own) => sketch::Sketch::of_numbers(&own.shape, &own.numbers),
        None => sketch::Sketch::of_numbers("", &[]),
    };
    let small: Vec<sketch::Sketch> = sketches.iter().map(small).collect();
    Ok(all_pairs(&small, 0, AKIN, ticket)?.groups)
}
