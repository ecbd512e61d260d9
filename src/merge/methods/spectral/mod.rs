//! Methods that look at the change of a matrix as a whole: its singular values, or the space of
//! inputs that it acts on.
//!
//! Every projection of attention and feed-forward network is worked on by itself; a stack of
//! experts is as many matrices. Vectors, embeddings and the language-model head, of which the
//! papers say nothing or the same, take the mean of the weighted changes. So does a matrix with
//! a NaN or an infinite number, in whose decomposition it would be everywhere.
//!
//! Each file states its formula with dᵢ = wᵢ(xᵢ − b), rows · columns, and makes d; the child is
//! b + λd. Changes are held in `f32`, products are summed in `f64`, and no result depends on the
//! number of threads. Memory: the changes of all models of one matrix, the change of the child
//! for the whole tensor, and a few squares of the shorter side (WUDI: of the inputs) in `f64`.

mod isotropic;
mod matrix;
mod polar;
mod products;
mod read;
mod singular;
#[cfg(test)]
mod tests;
mod wudi;

use std::ops::Range;

use faer::Mat;

use self::matrix::Matrix;
use crate::checkpoint::{self, Kind};
use crate::jobs::Ticket;
use crate::merge::blocks::{AnyKernel, Inputs, Kernel, Width, by_width};
use crate::merge::error::MergeError;
use crate::merge::method::{BaseRule, Description, Method, Parameter, Prediction, Values};
use crate::merge::tensor::MergeTensor;
use crate::numeric::{Real, vector};

/// A method of the family.
pub(super) struct Spectral {
    description: &'static Description,
    /// Makes the change of the child from the finite changes of the models, all of one shape.
    combine: fn(&[Matrix], &Ticket) -> Result<Matrix, MergeError>,
}

/// The isotropic merge in the common space.
pub(super) static ISO_C: Spectral = Spectral {
    description: &description(
        "iso_c",
        "Iso-C",
        "Adds up the changes and gives all their directions the same length; evidence is from vision models, language models in the wild showed no reliable gain; mergekit lacks it",
        (
            "No Task Left Behind: Isotropic Model Merging with Common and Task-Specific Subspaces",
            "https://arxiv.org/abs/2502.04959",
        ),
        Prediction::Estimate,
    ),
    combine: isotropic::combine,
};

/// Task singular vectors, made orthogonal.
pub(super) static TSV_M: Spectral = Spectral {
    description: &description(
        "tsv_m",
        "TSV-Merge",
        "Keeps the strongest directions of each model's change and turns those apart that interfere; evidence is from vision models, language models in the wild showed no reliable gain; mergekit lacks it",
        (
            "Task Singular Vectors: Reducing Task Interference in Model Merging",
            "https://arxiv.org/abs/2412.00081",
        ),
        Prediction::Estimate,
    ),
    combine: singular::combine,
};

/// Without interference on the inputs of each model.
pub(super) static WUDI: Spectral = Spectral {
    description: &description(
        "wudi",
        "WUDI",
        "Finds the change that does to the inputs of each model what its own change does, solved exactly; mergekit lacks it",
        (
            "Whoever Started the Interference Should End It: Guiding Data-Free Model Merging via Task Vectors",
            "https://arxiv.org/abs/2503.08099",
        ),
        // What inputs it weighs is not in the sums that a prediction has.
        Prediction::None,
    ),
    combine: wudi::combine,
};

const PARAMETERS: &[Parameter] = &[Parameter::CHANGE_WEIGHT, Parameter::LAMBDA];

const fn description(
    name: &'static str,
    title: &'static str,
    help: &'static str,
    paper: (&'static str, &'static str),
    prediction: Prediction,
) -> Description {
    Description {
        name,
        title,
        help,
        paper: Some(paper),
        base: BaseRule::Required,
        base_is_model: false,
        models: (1, usize::MAX),
        fewest_of_old: None,
        parameters: PARAMETERS,
        prediction,
        prediction_error: 0.3,
    }
}

impl Method for Spectral {
    fn description(&self) -> &'static Description {
        self.description
    }

    fn readings(&self, _values: &Values) -> u64 {
        2
    }

    fn is_spectral(&self) -> bool {
        true
    }

    fn prepare<'t>(
        &self,
        tensor: &'t MergeTensor<'t>,
        values: &Values,
        ticket: &Ticket,
    ) -> Result<Box<dyn AnyKernel + 't>, MergeError> {
        let base = tensor.needed_base()?;
        let mut weights = vec![0.0; tensor.inputs.len()];
        for model in tensor.models() {
            weights[model] = values.of_input(model, "weight")?;
        }
        let inputs = Inputs::new(tensor);
        let change = by_width!(tensor, self.change(&inputs, base, &weights, ticket))?;
        Ok(Box::new(Added {
            base,
            change,
            lambda: values.global("lambda")?,
        }))
    }
}

impl Spectral {
    /// The change of the child, for the whole tensor.
    fn change<N: Width>(
        &self,
        inputs: &Inputs<'_>,
        base: usize,
        weights: &[f64],
        ticket: &Ticket,
    ) -> Result<Vec<f32>, MergeError> {
        let tensor = inputs.tensor();
        let mut out = Vec::with_capacity(tensor.elements());
        let matrix = whole_matrix(tensor);
        let [rows, columns] = matrix.unwrap_or([1, tensor.elements()]);
        let each = (rows * columns).max(1);
        for start in (0..tensor.elements()).step_by(each) {
            let range = start..(start + each).min(tensor.elements());
            let changes = read::changes::<N>(inputs, base, weights, &range, ticket)?;
            let changes: Vec<Matrix> = changes
                .into_iter()
                .map(|numbers| Matrix::new([rows, columns], numbers))
                .collect();
            let is_whole = matrix.is_some() && changes.iter().all(Matrix::is_finite);
            let change = match is_whole && !changes.is_empty() {
                true => (self.combine)(&changes, ticket)?.numbers,
                false => mean(&changes, range.len()),
            };
            out.extend_from_slice(&change);
        }
        Ok(out)
    }
}

/// Rows and columns of the matrices that a tensor consists of; `None` if it is not one to be
/// looked at as a whole.
fn whole_matrix(tensor: &MergeTensor<'_>) -> Option<[usize; 2]> {
    let [.., rows, columns] = *tensor.shape else {
        return None;
    };
    let is_apart = matches!(
        checkpoint::place(tensor.name).kind,
        Kind::Embedding | Kind::Head | Kind::Norm
    );
    (rows > 1 && columns > 1 && !is_apart).then_some([rows, columns])
}

fn mean(changes: &[Matrix], n: usize) -> Vec<f32> {
    let mut out = vec![0.0f32; n];
    let share = 1.0 / changes.len().max(1) as f32;
    for change in changes {
        vector::add_scaled(&mut out, share, &change.numbers);
    }
    out
}

/// A singular value counts as zero below this share of the largest.
const SMALL: f64 = 1e-6;

/// A square of `f64`.
type Square = Mat<f64>;

/// The kernel: b + λd.
struct Added {
    base: usize,
    change: Vec<f32>,
    lambda: f64,
}

impl Kernel for Added {
    fn block<N: Real>(&self, range: Range<usize>, inputs: &[&[N]], out: &mut [N]) {
        let change = &self.change[range];
        for ((out, base), change) in out.iter_mut().zip(inputs[self.base]).zip(change) {
            *out = *base + N::of(self.lambda * f64::from(*change));
        }
    }
}
