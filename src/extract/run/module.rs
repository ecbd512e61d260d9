//! One module: its factors, or what there is to say of it.

use super::super::change::Change;
use super::super::model::{Numbers, Own};
use super::super::names::in_adapter;
use super::super::plan::{ModulePlan, Plan, Shape, TensorPlan, Work};
use super::super::report::{Fate, ModuleReport};
use super::super::svd::{Factors, Goal, Matrix, SvdError, Truncated, energy, residual, truncated};
use super::super::write::{Entry, Parts, Place};
use super::meter::Meter;
use super::{Stopped, unread};
use crate::checkpoint::{Checkpoint, Dtype, Watch};
use crate::jobs::Failure;
use crate::numeric::random::Stream;

/// Where the numbers of a tensor of the adapter come from.
pub(super) enum Source {
    /// They were made.
    Part(Place),
    /// They are the fine-tune's.
    Weights(TensorPlan),
}

/// What a module has come to.
pub(super) struct Made {
    pub(super) entries: Vec<Entry<Source>>,
    pub(super) report: ModuleReport,
}

pub(super) struct Maker<'a> {
    pub(super) plan: &'a Plan,
    pub(super) parts: &'a Parts,
    pub(super) watch: &'a Watch<&'a Checkpoint>,
    pub(super) seed: u64,
    /// Numbers of a matrix that is held in memory at most.
    pub(super) held: usize,
}

impl Maker<'_> {
    pub(super) fn module(&self, module: &ModulePlan, meter: &Meter<'_>) -> Result<Made, Stopped> {
        if let Work::Factors {
            most,
            shape,
            dtype,
            rounded_to,
        } = module.work
        {
            return self.factors(module, (most, shape, dtype, rounded_to), meter);
        }
        let fate = Fate::planned(&module.work).ok_or_else(|| unread(&module.weight))?;
        let change = self.norm(&module.weight, meter)?;
        let mut entries = Vec::new();
        if matches!(module.work, Work::Whole(_)) {
            let parts = [
                ("weight", Some(&module.weight)),
                ("bias", module.bias.as_ref()),
            ];
            for (part, tensor) in parts {
                entries.extend(tensor.map(|tensor| Entry {
                    name: in_adapter(&module.name, part),
                    dtype: tensor.dtype,
                    shape: tensor.shape.clone(),
                    from: Source::Weights(tensor.clone()),
                }));
            }
        }
        Ok(Made {
            entries,
            report: ModuleReport::new(module, change, fate),
        })
    }

    /// ‖Δ‖ of a tensor that gets no factors, if the two have as many rows.
    fn norm(&self, tensor: &TensorPlan, meter: &Meter<'_>) -> Result<Option<f64>, Stopped> {
        let own = match self.plan.pair.own(&tensor.own) {
            Ok(own) => own,
            // A part that the fine-tune lacks.
            Err(_) => return Ok(None),
        };
        let base = tensor.base.as_deref();
        let base = base.and_then(|name| self.plan.pair.base.tensor(name));
        let is_alike = base.is_some_and(|base| base.shape == tensor.shape);
        if !is_alike {
            return Ok(None);
        }
        let rows = tensor.shape.first().copied().unwrap_or(1);
        let columns = tensor.shape.iter().skip(1).product();
        let change = Change {
            numbers: Numbers::new(&own, base).ok_or_else(|| unread(tensor))?,
            shape: [rows, columns],
            rounded_to: None,
        };
        let found = energy(&change, &|share| self.tick(meter, share));
        let energy = found.map_err(|error| self.sentence(error, tensor))?;
        Ok(Some(energy.sqrt()).filter(|norm| norm.is_finite()))
    }

    fn factors(
        &self,
        module: &ModulePlan,
        (most, layout, dtype, rounded_to): (usize, Shape, Dtype, Option<Dtype>),
        meter: &Meter<'_>,
    ) -> Result<Made, Stopped> {
        let tensor = &module.weight;
        let own = self.plan.pair.own(&tensor.own)?;
        let change = self.change(&own, tensor, rounded_to)?;
        let tick = |share| self.tick(meter, share);
        let held = (tensor.elements() <= self.held).then(|| change.held());
        let matrix: &dyn Matrix = match &held {
            Some(held) => held,
            None => &change,
        };
        let goal = Goal {
            most,
            energy: self.plan.wish.energy,
            epsilon: self.plan.wish.epsilon,
        };
        let random = Stream::new(self.seed, &module.name, 0);
        let error = |error| self.sentence(error, tensor);
        let found = truncated(matrix, goal, random, &tick).map_err(error)?;
        let scale = match self.plan.wish.rslora {
            true => 1.0 / (found.values.len().max(1) as f64).sqrt(),
            false => 1.0,
        };
        let is_across = layout != Shape::Linear;
        let distribute = self.plan.wish.distribute;
        let mut factors = Factors::new(&found, is_across, distribute, scale);
        factors.round(|numbers| dtype.round(numbers));
        let left = residual(matrix, &factors, 1.0 / scale, &tick).map_err(error)?;
        let norm = found.energy.sqrt();
        let fate = Fate::Factors {
            rank: found.values.len(),
            energy: share(found.kept_energy(), found.energy),
            residual: if norm > 0.0 { left / norm } else { 0.0 },
            layout,
            values: found.values.clone(),
        };
        let mut entries = self.entries(module, &found, &factors, (layout, dtype))?;
        if let Some(bias) = module.bias.as_ref().filter(|_| !entries.is_empty()) {
            entries.push(self.bias(module, bias, dtype, scale)?);
        }
        Ok(Made {
            entries,
            report: ModuleReport::new(module, Some(norm), fate),
        })
    }

    fn change<'o>(
        &'o self,
        own: &'o Own<'o>,
        tensor: &TensorPlan,
        rounded_to: Option<Dtype>,
    ) -> Result<Change<'o>, Stopped> {
        let [rows, columns] = tensor.shape[..] else {
            return Err(unread(tensor).into());
        };
        let base = tensor.base.as_deref();
        let base = base.and_then(|name| self.plan.pair.base.tensor(name));
        Ok(Change {
            numbers: Numbers::new(own, base).ok_or_else(|| unread(tensor))?,
            shape: [rows, columns],
            rounded_to,
        })
    }

    /// The two factors, unless there is no rank.
    fn entries(
        &self,
        module: &ModulePlan,
        found: &Truncated,
        factors: &Factors,
        (layout, dtype): (Shape, Dtype),
    ) -> Result<Vec<Entry<Source>>, Stopped> {
        let rank = found.values.len();
        if rank == 0 {
            return Ok(Vec::new());
        }
        let [a, b] = match layout {
            Shape::Linear | Shape::Conv1D => ["lora_A.weight", "lora_B.weight"],
            Shape::Embedding => ["lora_embedding_A", "lora_embedding_B"],
        };
        let ((a_numbers, inputs), (b_numbers, outputs)) = (factors.a(), factors.b());
        let entry = |part: &str, shape: Vec<usize>, numbers: &[f32]| -> Result<_, Stopped> {
            Ok(Entry {
                name: in_adapter(&module.name, part),
                dtype,
                shape,
                from: Source::Part(self.parts.put(dtype, numbers)?),
            })
        };
        Ok(vec![
            entry(a, vec![rank, inputs], &a_numbers)?,
            entry(b, vec![outputs, rank], &b_numbers)?,
        ])
    }

    /// The change of a bias, which PEFT scales as the product.
    fn bias(
        &self,
        module: &ModulePlan,
        tensor: &TensorPlan,
        dtype: Dtype,
        scale: f64,
    ) -> Result<Entry<Source>, Stopped> {
        let own = self.plan.pair.own(&tensor.own)?;
        let base = tensor.base.as_deref();
        let base = base.and_then(|name| self.plan.pair.base.tensor(name));
        let numbers = Numbers::new(&own, base).ok_or_else(|| unread(tensor))?;
        let (mut room, mut out) = (vec![0.0; tensor.elements()], vec![0.0; tensor.elements()]);
        numbers.change(0..tensor.elements(), &mut room, &mut out);
        out.iter_mut().for_each(|x| *x *= scale as f32);
        Ok(Entry {
            name: in_adapter(&module.name, "lora_B.bias"),
            dtype,
            shape: tensor.shape.clone(),
            from: Source::Part(self.parts.put(dtype, &out)?),
        })
    }

    /// After a band: stops where it was asked to, and where a file was cut short.
    fn tick(&self, meter: &Meter<'_>, share: f64) -> Result<(), Failure> {
        self.watch
            .glance()
            .map_err(|error| Failure::Failed(error.to_string()))?;
        Ok(meter.pass(share)?)
    }

    fn sentence(&self, error: SvdError, tensor: &TensorPlan) -> Stopped {
        let name = &tensor.own;
        match error {
            SvdError::Stopped(failure) => failure.into(),
            SvdError::NotFinite => format!(
                "tensor `{name}`: its change from the base has NaN or infinite numbers, expected \
                 finite ones; leave the module out with --exclude-regex: {}",
                self.plan.pair.model.path().display()
            )
            .into(),
            SvdError::NoConvergence => format!(
                "tensor `{name}`: its singular values did not come to rest; leave the module out \
                 with --exclude-regex: {}",
                self.plan.pair.model.path().display()
            )
            .into(),
        }
    }
}

/// A part as a share of the whole; all of it where the whole is nothing.
fn share(part: f64, whole: f64) -> f64 {
    match whole > 0.0 {
        true => (part / whole).min(1.0),
        false => 1.0,
    }
}
