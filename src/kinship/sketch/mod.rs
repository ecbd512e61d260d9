//! Sketches of models: 16 KB each, from which the kinship of any two is estimated.
//!
//! A sketch is made of one model alone in one pass, on any machine, and compared with any other
//! later: ten thousand models are read once each, and their fifty million pairs cost a product
//! of small matrices. Where the base is known it is a sketch of the task vector, and estimates
//! the cosine over the whole model; else of the weights, which tells families apart, and whose
//! differences, sketches being linear, are those of task vectors for whichever base is found.
//!
//! How well: see [`crate::numeric::sketch`]. The standard error of a cosine of 0 is 1/64, and
//! falls to 0 towards ±1.

mod all_pairs;
mod pass;
mod record;

pub use all_pairs::{Estimate, Near, Pairs, all_pairs, estimate, matrix};
pub use pass::sketch;
pub use record::{read, write};

use crate::numeric::sketch::{Buckets, WIDTH};

/// A model, or its change from a base, as [`crate::numeric::sketch::WIDTH`] numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Sketch {
    /// What the model's files were, see [`crate::checkpoint::Checkpoint::key`].
    pub model: String,
    /// The same of the base; `None` for a sketch of the weights.
    pub base: Option<String>,
    /// Which tensors and rows went in, as a hash: where two differ, what only one has counts as
    /// unchanged, or as zero, in the other.
    pub shape: String,
    /// How many numbers went in.
    pub numbers: u64,
    /// The sum of their squares.
    pub square: f64,
    /// The sums.
    pub sums: Vec<f32>,
    /// Tensors that did not go in, and why.
    pub left_out: Vec<(String, String)>,
}

impl Sketch {
    /// That of some numbers, which are compared with others of the same name.
    pub fn of_numbers(name: &str, numbers: &[f32]) -> Self {
        let (mut buckets, mut sums) = (Buckets::new(name), vec![0.0; WIDTH]);
        buckets.add(0, numbers);
        buckets.add_to(&mut sums);
        Self {
            model: String::new(),
            base: None,
            shape: name.to_owned(),
            numbers: numbers.len() as u64,
            square: square(numbers),
            sums: sums.iter().map(|x| *x as f32).collect(),
            left_out: Vec::new(),
        }
    }

    /// The difference of two sketches of weights: that of the task vector of `self` on `base`.
    /// Its length is that of the sums, for the real one is not known.
    pub fn minus(&self, base: &Self) -> Self {
        let pairs = self.sums.iter().zip(&base.sums);
        let sums: Vec<f32> = pairs.map(|(a, b)| a - b).collect();
        Self {
            base: Some(base.model.clone()),
            square: square(&sums),
            sums,
            ..self.clone()
        }
    }
}

/// The sum of squares.
fn square(numbers: &[f32]) -> f64 {
    numbers.iter().map(|x| f64::from(*x) * f64::from(*x)).sum()
}
