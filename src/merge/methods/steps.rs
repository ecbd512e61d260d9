//! mergekit's own order of operations, each of which rounds to the format that is computed in.
//!
//! A merge here rounds once. To tell whether mergekit (0.1.5, torch on a CPU) made a file, its
//! numbers must be made as it makes them: a mean is summed with fused multiplications and then
//! divided; changes in BF16 or F16 are rounded after the difference, the weight, the sum, the
//! division, λ and the addition.

use std::ops::Range;

use crate::checkpoint::Dtype;
use crate::merge::blocks::Kernel;
use crate::merge::error::MergeError;
use crate::merge::method::Values;
use crate::merge::tensor::MergeTensor;
use crate::numeric::Real;

/// The format that the numbers of a tensor are computed in, where it rounds what `f32` has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Steps(Option<Dtype>);

impl Steps {
    /// That of the recipe, else that of the inputs; F32 where they differ.
    pub(super) fn of(tensor: &MergeTensor<'_>) -> Self {
        let mut formats = tensor.inputs.iter().map(|input| input.stored.dtype());
        let first = formats.next();
        let common = first.filter(|first| formats.all(|other| other == *first));
        let format = tensor.rounded_to.or(common);
        Self(format.filter(|format| format.rounding_share().is_some()))
    }

    /// Whether results of operations are rounded at all.
    pub(super) fn are_rounded(self) -> bool {
        self.0.is_some()
    }

    /// Rounds the results of an operation.
    pub(super) fn round<N: Real>(self, numbers: &mut [N]) {
        let Some(format) = self.0 else {
            return;
        };
        let mut narrow = N::narrow(numbers).into_owned();
        format.round(&mut narrow);
        for (number, rounded) in numbers.iter_mut().zip(narrow) {
            *number = N::of(f64::from(rounded));
        }
    }

    /// A number of the recipe in that format.
    pub(super) fn number<N: Real>(self, x: f64) -> N {
        let Some(format) = self.0 else {
            return N::of(x);
        };
        let mut one = [x as f32];
        format.round(&mut one);
        N::of(f64::from(one[0]))
    }
}

/// A mean, or a sum.
pub(super) struct Mean {
    weights: Vec<f64>,
    is_divided: bool,
}

impl Mean {
    /// That of the parameters of `linear`.
    pub(super) fn new(inputs: usize, values: &Values) -> Result<Self, MergeError> {
        Ok(Self {
            weights: values.of_each(0..inputs, "weight")?,
            is_divided: values.flag("normalize")?,
        })
    }
}

impl Kernel for Mean {
    fn block<N: Real>(&self, _range: Range<usize>, inputs: &[&[N]], out: &mut [N]) {
        out.fill(N::ZERO);
        let mut sum = N::ZERO;
        for (&weight, input) in self.weights.iter().zip(inputs) {
            let weight = N::of(weight);
            sum += weight;
            for (out, x) in out.iter_mut().zip(*input) {
                // Fused: the product of two F32 is exact in F64.
                *out = N::of(weight.wide() * x.wide() + out.wide());
            }
        }
        if self.is_divided {
            out.iter_mut().for_each(|out| *out /= sum);
        }
    }
}
