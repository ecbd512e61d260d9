//! SLERP with a weight for each of two models, of task vectors if there is a base.
//!
//! t = w₁/(w₀+w₁), or 0.5 if the weights sum to 0. With θ the angle between the two, norms below
//! 1e-7 counting as 1e-7: (sin((1−t)θ)·x₀ + sin(tθ)·x₁)/sin θ; where |sin θ| < 1e-8 the straight
//! line. A whole tensor is one vector, or each of its rows (the last dimension), or, with
//! nuslerp_row_wise, each line along the first dimension; mergekit's documentation has these two
//! the other way round. One model alone is copied.

mod pair;
mod steps;

use std::ops::Range;

use super::steps::Steps;
use crate::jobs::Ticket;
use crate::merge::blocks::{AnyKernel, Blocks, Cuts, Inputs, Kernel, Width, by_width};
use crate::merge::combine::{Coefficients, InputGram, from_gram};
use crate::merge::error::MergeError;
use crate::merge::method::{BaseRule, Description, Method, Parameter, Prediction, Values};
use crate::merge::tensor::MergeTensor;
use crate::numeric::Real;
use crate::numeric::vector;
use pair::{Pair, pair};
use steps::Stepwise;

pub(super) struct NuSlerp;

static DESCRIPTION: Description = Description {
    name: "nuslerp",
    title: "NuSLERP",
    help: "SLERP with a weight for each model, of task vectors if there is a base, of rows or columns if wanted",
    paper: None,
    base: BaseRule::Optional,
    base_is_model: false,
    models: (2, 2),
    fewest_of_old: Some(1),
    parameters: &[
        Parameter::weight("How much of the model there is in the child"),
        Parameter::flag("nuslerp_flatten", "Take a whole tensor as one vector", true),
        Parameter::flag(
            "nuslerp_row_wise",
            "If not flattened, take the vectors along the first dimension instead of the last",
            false,
        ),
    ],
    prediction: Prediction::Exact,
    prediction_error: 0.2,
};

impl Method for NuSlerp {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn readings(&self, values: &Values) -> u64 {
        if axis(values).is_ok_and(|axis| axis == Axis::Rows) {
            1
        } else {
            2
        }
    }

    fn coefficients(
        &self,
        gram: &InputGram<'_>,
        values: &Values,
    ) -> Result<Option<Coefficients>, MergeError> {
        match axis(values)? {
            Axis::Whole => whole(gram, values).map(Some),
            Axis::Rows | Axis::Columns => Ok(None),
        }
    }

    fn prepare<'t>(
        &self,
        tensor: &'t MergeTensor<'t>,
        values: &Values,
        ticket: &Ticket,
    ) -> Result<Box<dyn AnyKernel + 't>, MergeError> {
        let inputs = Inputs::new(tensor);
        let axis = axis(values)?;
        let pair = pair(&tensor.models(), tensor.base, values)?;
        match (axis, pair) {
            (Axis::Rows, Ok(pair)) => Ok(Box::new(Rows {
                pair,
                row_len: tensor.row_len(),
            })),
            (Axis::Columns, Ok(pair)) => {
                let columns = by_width!(tensor, columns(pair, &inputs, ticket))?;
                Ok(Box::new(columns))
            }
            _ => from_gram(&inputs, ticket, |gram| whole(gram, values)),
        }
    }

    fn prepare_in_steps<'t>(
        &self,
        tensor: &'t MergeTensor<'t>,
        values: &Values,
        ticket: &Ticket,
    ) -> Result<Option<Box<dyn AnyKernel + 't>>, MergeError> {
        let steps = Steps::of(tensor);
        let pair = pair(&tensor.models(), tensor.base, values)?;
        let (Axis::Whole, Ok(pair), true) = (axis(values)?, pair, steps.are_rounded()) else {
            return Ok(None);
        };
        let inputs = Inputs::new(tensor);
        let kernel = match tensor.is_wide() {
            true => Stepwise::new::<f64>(pair, steps, &inputs, ticket)?,
            false => Stepwise::new::<f32>(pair, steps, &inputs, ticket)?,
        };
        Ok(Some(Box::new(kernel)))
    }
}

/// What is one vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Axis {
    Whole,
    Rows,
    Columns,
}

fn axis(values: &Values) -> Result<Axis, MergeError> {
    Ok(
        match (
            values.flag("nuslerp_flatten")?,
            values.flag("nuslerp_row_wise")?,
        ) {
            (true, _) => Axis::Whole,
            (false, false) => Axis::Rows,
            (false, true) => Axis::Columns,
        },
    )
}

/// |x₀|², |x₁|² and x₀·x₁.
type Dots = [f64; 3];

/// How much of the first and of the second.
fn shares([square_0, square_1, product]: Dots, t: f64) -> (f64, f64) {
    let length = |square: f64| square.max(0.0).sqrt().max(1e-7);
    let cosine = product / (length(square_0) * length(square_1));
    let angle = cosine.clamp(-1.0, 1.0).acos();
    if angle.sin().abs() < 1e-8 {
        return (1.0 - t, t);
    }
    (
        ((1.0 - t) * angle).sin() / angle.sin(),
        (t * angle).sin() / angle.sin(),
    )
}

fn whole(gram: &InputGram<'_>, values: &Values) -> Result<Coefficients, MergeError> {
    let mut c = vec![0.0; gram.inputs()];
    match pair(&gram.models(), gram.base(), values)? {
        Err(only) => c[only] = 1.0,
        Ok(Pair {
            first, second, t, ..
        }) => {
            let dot = |i, j| gram.change_dot(i, j);
            let dots = [dot(first, first), dot(second, second), dot(first, second)];
            (c[first], c[second]) = shares(dots, t);
        }
    }
    Ok(match gram.base() {
        Some(_) => Coefficients::Changes(c),
        None => Coefficients::Weights(c),
    })
}

/// Each row for itself.
struct Rows {
    pair: Pair,
    row_len: usize,
}

impl Kernel for Rows {
    fn needs_whole_rows(&self) -> bool {
        true
    }

    fn block<N: Real>(&self, _range: Range<usize>, inputs: &[&[N]], out: &mut [N]) {
        let [x0, x1] = self.pair.changes(inputs);
        for start in (0..out.len()).step_by(self.row_len.max(1)) {
            let row = start..(start + self.row_len).min(out.len());
            let mut dots = [0.0; 3];
            let (own_0, own_1) = (&x0[row.clone()], &x1[row.clone()]);
            vector::add_dot(&mut dots[0], own_0, own_0);
            vector::add_dot(&mut dots[1], own_1, own_1);
            vector::add_dot(&mut dots[2], own_0, own_1);
            let shares = shares(dots, self.pair.t);
            for k in row {
                out[k] = self.pair.put(shares, k, [x0[k], x1[k]], inputs);
            }
        }
    }
}

/// Each line along the first dimension for itself.
struct Columns {
    pair: Pair,
    shares: Vec<(f64, f64)>,
}

/// Sums of all columns that are kept at a time: more would take memory, fewer would take time.
const PARTS: usize = 8;

fn columns<N: Width>(
    pair: Pair,
    inputs: &Inputs<'_>,
    ticket: &Ticket,
) -> Result<Columns, MergeError> {
    let tensor = inputs.tensor();
    let first = tensor.shape.first().copied().unwrap_or(1);
    let columns = tensor.elements() / first.max(1);
    let cuts = Cuts::new(tensor, Blocks::Any).at_most(PARTS);
    let new = (|| (), || vec![[0.0; 3]; columns]);
    let add = |(): &mut (), sums: &mut Vec<Dots>, range: Range<usize>, inputs: &[&[N]]| {
        let [x0, x1] = pair.changes(inputs);
        for (k, (x0, x1)) in x0.iter().zip(&x1).enumerate() {
            let (x0, x1) = (x0.wide(), x1.wide());
            let sums = &mut sums[(range.start + k) % columns];
            *sums = [sums[0] + x0 * x0, sums[1] + x1 * x1, sums[2] + x0 * x1];
        }
    };
    let parts = inputs.by_chunk(cuts, ticket, new, add)?;
    let of_column = |column: usize| {
        let mut dots = [0.0; 3];
        for part in &parts {
            dots.iter_mut().zip(part[column]).for_each(|(d, p)| *d += p);
        }
        shares(dots, pair.t)
    };
    Ok(Columns {
        pair,
        shares: (0..columns).map(of_column).collect(),
    })
}

impl Kernel for Columns {
    fn block<N: Real>(&self, range: Range<usize>, inputs: &[&[N]], out: &mut [N]) {
        let [x0, x1] = self.pair.changes(inputs);
        for (k, out) in out.iter_mut().enumerate() {
            let shares = self.shares[(range.start + k) % self.shares.len()];
            *out = self.pair.put(shares, k, [x0[k], x1[k]], inputs);
        }
    }
}
