//! NuSLERP of whole tensors in mergekit's order of operations, see [`super::super::steps`]. In
//! half-precision even the angle is rounded, so that models next to each other are taken for
//! parallel.

use std::ops::Range;

use super::super::steps::Steps;
use super::pair::Pair;
use crate::jobs::Ticket;
use crate::merge::blocks::{Blocks, Cuts, Inputs, Kernel, Width};
use crate::merge::error::MergeError;
use crate::numeric::Real;

/// What the two are multiplied by, and what their sum is divided by.
#[derive(Clone, Copy, Debug)]
struct Shares {
    of: [f64; 2],
    divisor: Option<f64>,
}

/// The kernel.
pub(super) struct Stepwise {
    pair: Pair,
    steps: Steps,
    shares: Shares,
}

impl Stepwise {
    /// Reads the inputs twice: for their lengths, and for their angle.
    pub(super) fn new<N: Width>(
        pair: Pair,
        steps: Steps,
        inputs: &Inputs<'_>,
        ticket: &Ticket,
    ) -> Result<Self, MergeError> {
        let squares = sums::<N>((pair, steps), inputs, ticket, |[x0, x1]| {
            [x0.wide() * x0.wide(), x1.wide() * x1.wide()]
        })?;
        let lengths = squares.map(|square| steps.number::<N>(square.sqrt().max(1e-7)));
        let [product, _] = sums::<N>((pair, steps), inputs, ticket, |[x0, x1]| {
            let unit = |x: N, length: N| steps.number::<N>((x / length).wide());
            let product = unit(x0, lengths[0]) * unit(x1, lengths[1]);
            [steps.number::<N>(product.wide()).wide(), 0.0]
        })?;
        let shares = shares::<N>(steps, product, pair.t);
        Ok(Self {
            pair,
            steps,
            shares,
        })
    }
}

/// Sums of something of each pair of numbers.
fn sums<N: Width>(
    (pair, steps): (Pair, Steps),
    inputs: &Inputs<'_>,
    ticket: &Ticket,
    of: impl Fn([N; 2]) -> [f64; 2] + Sync,
) -> Result<[f64; 2], MergeError> {
    let cuts = Cuts::new(inputs.tensor(), Blocks::Any);
    let add = |(): &mut (), sums: &mut [f64; 2], _: Range<usize>, inputs: &[&[N]]| {
        let [mut x0, mut x1] = pair.changes(inputs);
        steps.round(&mut x0);
        steps.round(&mut x1);
        for (x0, x1) in x0.iter().zip(&x1) {
            let own = of([*x0, *x1]);
            *sums = [sums[0] + own[0], sums[1] + own[1]];
        }
    };
    let parts = inputs.by_chunk(cuts, ticket, (|| (), || [0.0; 2]), add)?;
    Ok(parts
        .iter()
        .fold([0.0; 2], |sum, own| [sum[0] + own[0], sum[1] + own[1]]))
}

fn shares<N: Real>(steps: Steps, product: f64, t: f64) -> Shares {
    let rounded = |x: f64| steps.number::<N>(N::of(x).wide()).wide();
    let cosine = rounded(product).clamp(-1.0, 1.0);
    if rounded(1.0 - rounded(cosine * cosine)) <= 1e-16 {
        return Shares {
            of: [1.0 - t, t],
            divisor: None,
        };
    }
    let angle = rounded(cosine.acos());
    let of = [1.0 - t, t].map(|part| rounded(rounded(N::of(part).wide() * angle).sin()));
    Shares {
        of,
        divisor: Some(rounded(angle.sin())),
    }
}

impl Kernel for Stepwise {
    fn block<N: Real>(&self, _range: Range<usize>, inputs: &[&[N]], out: &mut [N]) {
        let [mut mixed, mut other] = self.pair.changes(inputs);
        for (x, share) in [&mut mixed, &mut other].into_iter().zip(self.shares.of) {
            self.steps.round(x);
            let share = N::of(share);
            x.iter_mut().for_each(|x| *x *= share);
            self.steps.round(x);
        }
        for (mixed, other) in mixed.iter_mut().zip(&other) {
            *mixed += *other;
        }
        self.steps.round(&mut mixed);
        if let Some(divisor) = self.shares.divisor {
            let divisor = N::of(divisor);
            mixed.iter_mut().for_each(|x| *x /= divisor);
            self.steps.round(&mut mixed);
        }
        for (k, (out, mixed)) in out.iter_mut().zip(&mixed).enumerate() {
            *out = match self.pair.base {
                Some(base) => inputs[base][k] + *mixed,
                None => *mixed,
            };
        }
    }
}
