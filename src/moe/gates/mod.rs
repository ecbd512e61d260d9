//! The router's rows: for each layer and each expert a direction, whose product with a token's
//! state says how much of the token is the expert's.
//!
//! From prompts: the vector of the positive ones minus that of the negative ones, of length 1. By
//! embeddings, the vector of some prompts is the sum of the rows of all their tokens, of length
//! 1; by hidden states, the mean over the prompts of what enters the layer.

mod prompts;

use super::plan::MoeChild;
use super::recipe::GateMode;
use crate::jobs::Ticket;
use crate::merge::run::RunError;
use crate::numeric::random::Stream;

pub use self::prompts::Prompts;

/// Lengths below this are those of no direction.
const NOTHING: f64 = 1e-8;

/// How close to 1 the cosine of two rows is that send the same tokens to both experts.
const ALIKE: f64 = 0.9999;

/// Rows of every layer.
pub(super) struct Gates {
    hidden: usize,
    experts: usize,
    /// [layers, experts, hidden], as far as they do not follow from a seed.
    rows: Option<Vec<f32>>,
    random: Random,
}

#[derive(Clone, Copy)]
struct Random {
    seed: u64,
    /// Half the width of uniform numbers; `None` for normal ones.
    bound: Option<f64>,
}

impl Gates {
    /// Makes the rows of a mixture.
    pub(super) fn make(child: &MoeChild, seed: u64, ticket: &Ticket) -> Result<Self, RunError> {
        let mode = child.recipe.gate_mode;
        let rows = match mode.reads_prompts() {
            true => Some(Prompts::read(child)?.rows(child, ticket)?),
            false => None,
        };
        // PyTorch's bound for the weights of a fresh linear layer: one over the root of its width.
        let bound = 1.0 / (child.hidden as f64).sqrt();
        Ok(Self {
            hidden: child.hidden,
            experts: child.gated(),
            rows,
            random: Random {
                seed,
                bound: (mode == GateMode::UniformRandom).then_some(bound),
            },
        })
    }

    /// The rows of some experts in a layer; random ones go by the name of the tensor.
    pub(super) fn of(&self, name: &str, layer: usize, experts: std::ops::Range<usize>) -> Vec<f32> {
        let first = (layer * self.experts + experts.start) * self.hidden;
        let numbers = experts.len() * self.hidden;
        match &self.rows {
            Some(rows) => rows
                .get(first..first + numbers)
                .unwrap_or_default()
                .to_vec(),
            None => {
                let stream = Stream::new(self.random.seed, name, 0);
                let draw = |k| match self.random.bound {
                    Some(bound) => (2.0 * stream.even(k) - 1.0) * bound,
                    None => stream.normal(k),
                };
                (0..numbers as u64).map(|k| draw(k) as f32).collect()
            }
        }
    }

    /// What the user should know of the rows: layers in which the router cannot tell experts
    /// apart, or never chooses one.
    pub(super) fn warnings(&self) -> Vec<String> {
        let Some(rows) = &self.rows else {
            return Vec::new();
        };
        let layers: Vec<&[f32]> = rows.chunks(self.hidden * self.experts).collect();
        let zero = |layer: &&&[f32]| layer.chunks(self.hidden).any(|row| dot(row, row) == 0.0);
        let alike = |layer: &&&[f32]| {
            let rows: Vec<&[f32]> = layer.chunks(self.hidden).collect();
            let has_twin = |k: usize| rows[..k].iter().any(|own| dot(own, rows[k]) > ALIKE);
            (0..rows.len()).any(has_twin)
        };
        let mut out = Vec::new();
        let all = layers.len();
        match layers.iter().filter(zero).count() {
            0 => {}
            n => out.push(format!(
                "in {n} of {all} layers an expert's positive and negative prompts cancel out, and \
                 its row of the router is zero"
            )),
        }
        match layers.iter().filter(alike).count() {
            0 => {}
            n => out.push(format!(
                "in {n} of {all} layers two experts have the same row of the router, which cannot \
                 tell them apart; give them other prompts"
            )),
        }
        out
    }
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    let products = a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b));
    products.sum()
}

/// The same direction with length 1; what is nearly nothing stays small, as in mergekit.
fn normalise(vector: &mut [f64]) {
    let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
    let length = length.max(NOTHING);
    vector.iter_mut().for_each(|x| *x /= length);
}
