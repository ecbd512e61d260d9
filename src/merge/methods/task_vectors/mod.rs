//! Methods that add changed task vectors to the base.
//!
//! 1. δᵢ = xᵢ − b, of which a [`Sparsifier`] keeps a part, which `rescale` enlarges until the
//!    sum of magnitudes is that of the whole tensor again.
//! 2. dᵢ = wᵢδᵢ.
//! 3. With a vote: s = sign of Σ dᵢ, a sum of 0 counting as +, and only the dᵢ of that sign go
//!    on. The weights are in the sum, so a negative weight turns its vote round.
//! 4. The sum of what is left, divided by the weights that went in if normalised, times λ, is
//!    added to the base.
//!
//! As mergekit does it, which differs from the papers: `rescale` is by the L1 norm of the
//! tensor, not by 1/density; without a vote the divisor counts the weights of dropped entries
//! too.

use crate::jobs::Ticket;
use crate::merge::blocks::{AnyKernel, Inputs, by_width};
use crate::merge::combine::{Coefficients, InputGram};
use crate::merge::error::MergeError;
use crate::merge::method::{Description, Method, Values};
use crate::merge::tensor::MergeTensor;

mod kept;
pub(super) mod presets;
mod ranked;

mod kernel;
mod mask;
mod steps;

use super::steps::Steps;
use kernel::{Merge, Model, NO_WEIGHT};
use mask::{Mask, MaskBuilder, Sparsifier};
use steps::Stepwise;

/// One preset of the family.
pub(super) struct TaskVectors {
    description: &'static Description,
    sparsifier: Option<Sparsifier>,
    consensus: bool,
}

impl TaskVectors {
    /// The way to drop changes, if any model has a density that asks for it.
    fn dropping(&self, values: &Values) -> Option<Sparsifier> {
        let sparse = |own: &std::collections::BTreeMap<&str, f64>| {
            own.get("density").is_some_and(|&d| d < 1.0)
        };
        self.sparsifier
            .filter(|_| values.per_input.iter().any(sparse))
    }

    fn linear(
        &self,
        inputs: usize,
        base: usize,
        values: &Values,
    ) -> Result<Coefficients, MergeError> {
        let models = (0..inputs).filter(|&i| i != base);
        let mut c = vec![0.0; inputs];
        for i in models {
            c[i] = values.of_input(i, "weight")?;
        }
        let factor = values.global("lambda")? / divisor(c.iter().sum(), values)?;
        c.iter_mut().for_each(|c| *c *= factor);
        Ok(Coefficients::Changes(c))
    }
}

/// What the sum of all changes is divided by.
fn divisor(weights: f64, values: &Values) -> Result<f64, MergeError> {
    let divides = values.flag("normalize")? && weights.abs() >= NO_WEIGHT;
    Ok(if divides { weights } else { 1.0 })
}

impl Method for TaskVectors {
    fn description(&self) -> &'static Description {
        self.description
    }

    fn readings(&self, values: &Values) -> u64 {
        let Some(dropping) = self.dropping(values) else {
            return 1;
        };
        1 + dropping.readings() + u64::from(values.flag("rescale").unwrap_or(false))
    }

    fn check(
        &self,
        elements: usize,
        base: Option<usize>,
        values: &Values,
    ) -> Result<(), MergeError> {
        let models = (0..values.per_input.len()).filter(|&i| Some(i) != base);
        match self.dropping(values) {
            Some(sparsifier) => models
                .into_iter()
                .try_for_each(|m| sparsifier.check(elements, m, values)),
            None => Ok(()),
        }
    }

    fn coefficients(
        &self,
        gram: &InputGram<'_>,
        values: &Values,
    ) -> Result<Option<Coefficients>, MergeError> {
        match gram.base() {
            Some(base) if !self.consensus && self.dropping(values).is_none() => {
                self.linear(gram.inputs(), base, values).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn prepare<'t>(
        &self,
        tensor: &'t MergeTensor<'t>,
        values: &Values,
        ticket: &Ticket,
    ) -> Result<Box<dyn AnyKernel + 't>, MergeError> {
        if !self.consensus && self.dropping(values).is_none() {
            let base = tensor.needed_base()?;
            let linear = self.linear(tensor.inputs.len(), base, values)?;
            return Ok(linear.kernel(tensor.base));
        }
        Ok(Box::new(self.merge(tensor, values, ticket)?))
    }

    fn prepare_in_steps<'t>(
        &self,
        tensor: &'t MergeTensor<'t>,
        values: &Values,
        ticket: &Ticket,
    ) -> Result<Option<Box<dyn AnyKernel + 't>>, MergeError> {
        // What is drawn is drawn otherwise, and what is rescaled is summed otherwise.
        let is_known = match self.dropping(values) {
            None => true,
            Some(Sparsifier::Magnitude | Sparsifier::Outliers) => !values.flag("rescale")?,
            Some(Sparsifier::Random | Sparsifier::Della) => false,
        };
        if !is_known {
            return Ok(None);
        }
        let merge = self.merge(tensor, values, ticket)?;
        let steps = Steps::of(tensor);
        Ok(Some(Box::new(Stepwise { merge, steps })))
    }
}

impl TaskVectors {
    /// The merge of a tensor, with what is kept of each model.
    fn merge(
        &self,
        tensor: &MergeTensor<'_>,
        values: &Values,
        ticket: &Ticket,
    ) -> Result<Merge, MergeError> {
        let base = tensor.needed_base()?;
        let dropping = self.dropping(values);
        let mut models = Vec::new();
        let mut weights = 0.0;
        for input in tensor.models() {
            let weight = values.of_input(input, "weight")?;
            weights += weight;
            models.push(Model {
                input,
                weight,
                factor: weight,
                mask: Mask::All,
            });
        }
        if let Some(sparsifier) = dropping {
            let inputs = Inputs::new(tensor);
            let builder = MaskBuilder {
                inputs: &inputs,
                base,
                ticket,
            };
            let own = tensor.models();
            let masks = by_width!(tensor, builder.masks(sparsifier, &own, values))?;
            let masks = match values.flag("rescale")? {
                true => by_width!(tensor, builder.rescaled(&own, &masks))?,
                false => masks.into_iter().map(|mask| (mask, 1.0)).collect(),
            };
            for (model, (mask, scale)) in models.iter_mut().zip(masks) {
                model.mask = mask;
                model.factor = model.weight * scale;
            }
        }
        Ok(Merge {
            base,
            whole_rows: dropping == Some(Sparsifier::Della),
            row_len: tensor.row_len(),
            models,
            consensus: self.consensus,
            normalize: values.flag("normalize")?,
            divisor: divisor(weights, values)?,
            lambda: values.global("lambda")?,
        })
    }
}
