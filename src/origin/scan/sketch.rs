//! A few thousand weights of a model, to tell its family by without reading it.

use crate::checkpoint::{Checkpoint, Kind};
use crate::origin::related::sketched;

/// Weights of a model at places that are the same for all models of its shape.
#[derive(Clone, Debug)]
pub(super) struct Sketch {
    /// Names and lengths of what was read; sketches compare where these are equal.
    pub(super) shape: String,
    /// Of length 1.
    pub(super) numbers: Vec<f32>,
    /// What they were divided by.
    length: f64,
}

impl Sketch {
    /// Cost: about 40 000 numbers, 160 kB, read from two layers, or from the first matrices where no
    /// layers with a known hidden size are found. `None` for adapters.
    pub(super) fn of(model: &Checkpoint) -> Option<Self> {
        let (shape, mut numbers) = sketched(model).or_else(|| plain(model))?;
        let square: f64 = numbers.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
        let length = square.sqrt();
        if length > 0.0 {
            numbers
                .iter_mut()
                .for_each(|x| *x = (f64::from(*x) / length) as f32);
        }
        Some(Self {
            shape,
            numbers,
            length,
        })
    }

    /// Cosine of two of one shape; about 0 for unrelated models.
    pub(super) fn cosine(&self, other: &Self) -> f64 {
        let pairs = self.numbers.iter().zip(&other.numbers);
        pairs.map(|(x, y)| f64::from(x * y)).sum()
    }

    /// Squared distance of the weights themselves.
    pub(super) fn squared_distance(&self, other: &Self) -> f64 {
        let differences = self.numbers.iter().zip(&other.numbers).map(|(x, y)| {
            let difference = f64::from(*x) * self.length - f64::from(*y) * other.length;
            difference * difference
        });
        differences.sum()
    }
}

/// Numbers of each matrix, and of all together.
const OF_ONE: usize = 1024;
const OF_ALL: usize = 40_000;

/// The first numbers of each matrix but those of tokens, in the order of their names.
fn plain(model: &Checkpoint) -> Option<(String, Vec<f32>)> {
    if model.adapter().is_some() {
        return None;
    }
    let (mut shape, mut numbers) = (String::new(), Vec::new());
    for tensor in model.tensors() {
        let is_of_tokens = matches!(tensor.place.kind, Kind::Embedding | Kind::Head);
        if is_of_tokens || tensor.shape.len() < 2 || numbers.len() >= OF_ALL {
            continue;
        }
        if let Some(own) = tensor.numbers() {
            let mut first = vec![0.0; tensor.elements().min(OF_ONE)];
            own.part(0..first.len()).decode(&mut first);
            shape.push_str(&format!("\n{} {:?}", tensor.name, tensor.shape));
            // Every number keeps its place, so that two models compare the same ones.
            numbers.extend(first.iter().map(|x| if x.is_finite() { *x } else { 0.0 }));
        }
    }
    (!numbers.is_empty()).then_some((shape, numbers))
}
