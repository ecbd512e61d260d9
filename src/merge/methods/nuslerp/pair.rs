//! The two models of NuSLERP.

use crate::merge::error::MergeError;
use crate::merge::method::Values;
use crate::numeric::{Real, vector};

/// The two models and how far to go from the first to the second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub first: usize,
    pub second: usize,
    pub t: f64,
    pub base: Option<usize>,
}

/// The pair, or the one model there is.
pub(super) fn pair(
    models: &[usize],
    base: Option<usize>,
    values: &Values,
) -> Result<Result<Pair, usize>, MergeError> {
    match *models {
        [only] => Ok(Err(only)),
        [first, second] => {
            let (w0, w1) = (
                values.of_input(first, "weight")?,
                values.of_input(second, "weight")?,
            );
            let sum = w0 + w1;
            let t = if sum.abs() < 1e-6 { 0.5 } else { w1 / sum };
            Ok(Ok(Pair {
                first,
                second,
                t,
                base,
            }))
        }
        _ => Err(MergeError::Refused(format!(
            "nuslerp takes two models, not {}",
            models.len()
        ))),
    }
}

impl Pair {
    /// x₀ and x₁ of a block, less the base.
    pub(super) fn changes<N: Real>(&self, inputs: &[&[N]]) -> [Vec<N>; 2] {
        [self.first, self.second].map(|i| {
            let mut out = inputs[i].to_vec();
            if let Some(base) = self.base {
                vector::difference(&mut out, inputs[i], inputs[base]);
            }
            out
        })
    }

    /// c₀x₀ + c₁x₁, plus the base.
    pub(super) fn put<N: Real>(
        &self,
        (c0, c1): (f64, f64),
        at: usize,
        [x0, x1]: [N; 2],
        inputs: &[&[N]],
    ) -> N {
        let mixed = N::of(c0) * x0 + N::of(c1) * x1;
        self.base.map_or(mixed, |base| inputs[base][at] + mixed)
    }
}
