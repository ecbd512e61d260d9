//! Select, calculate, erase.
//!
//! Select: the int(select_topk·m) numbers whose variance over the models is largest, of the m
//! with any variance; the rest of every δᵢ is dropped. Calculate: model i weighs mean(δᵢ²) of
//! what is left, over all numbers of the tensor, as a share of the sum over the models; **all
//! weigh the same if that sum is below 1e-6, which a change of 0.001 a number already is**.
//! Erase: at each number the signs vote by Σ δᵢ, 0 counting as +, and who differs is left out.
//! The child is b + Σ wᵢδᵢ / max(Σ wᵢ, 1e-6) over those that agree.
//!
//! Variances are computed in f64 and compared in f32; equal ones are taken by index.

use std::ops::Range;

use crate::jobs::Ticket;
use crate::merge::blocks::{AnyKernel, Blocks, Cuts, Inputs, Kernel, Width, by_width};
use crate::merge::cut::{READINGS, Streams};
use crate::merge::error::MergeError;
use crate::merge::method::{
    BaseRule, Description, Method, Parameter, ParameterScope, Prediction, Values,
};
use crate::merge::tensor::MergeTensor;
use crate::numeric::Real;
use crate::numeric::select::{Cut, magnitude};
use crate::numeric::vector;

pub(super) struct Sce;

static DESCRIPTION: Description = Description {
    name: "sce",
    title: "SCE",
    help: "Selects where the models differ most, weighs them by their energy and drops minority signs",
    paper: Some((
        "FuseChat: Knowledge Fusion of Chat Models",
        "https://arxiv.org/abs/2408.07990",
    )),
    base: BaseRule::Required,
    base_is_model: false,
    models: (0, usize::MAX),
    fewest_of_old: None,
    parameters: &[
        Parameter::number(
            "select_topk",
            "Share of the numbers that are kept: those that vary most between the models",
            ParameterScope::Global,
            [0.0, 1.0],
            (0.0, 1.0),
            Some(1.0),
        ),
        Parameter::flag(
            "int8_mask",
            "Changes no number; kept for recipes that have it",
            false,
        ),
    ],
    prediction: Prediction::Estimate,
    prediction_error: 0.2,
};

impl Method for Sce {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn readings(&self, values: &Values) -> u64 {
        let selects = values.global("select_topk").is_ok_and(|share| share < 1.0);
        if selects { 3 + READINGS } else { 2 }
    }

    fn prepare<'t>(
        &self,
        tensor: &'t MergeTensor<'t>,
        values: &Values,
        ticket: &Ticket,
    ) -> Result<Box<dyn AnyKernel + 't>, MergeError> {
        let (base, models) = (tensor.needed_base()?, tensor.models());
        let mut selection = Selection {
            models,
            base,
            cut: Cut::ALL,
        };
        let inputs = Inputs::new(tensor);
        let share = values.global("select_topk")?;
        if share < 1.0 {
            by_width!(tensor, selection.select(share, &inputs, ticket))?;
        }
        let weights = by_width!(tensor, selection.weights(&inputs, ticket))?;
        Ok(Box::new(Merge { weights, selection }))
    }
}

/// Below this a sum is too small to divide by.
const SMALL: f64 = 1e-6;

/// The numbers that vary most between the models.
struct Selection {
    models: Vec<usize>,
    base: usize,
    cut: Cut,
}

/// Work space of a block.
#[derive(Default)]
struct Room<N> {
    mean: Vec<f64>,
    square: Vec<f64>,
    keys: Vec<u32>,
    changes: Vec<N>,
}

impl Selection {
    /// The keys of the population variances of δ over the models.
    fn keys<N: Real>(&self, inputs: &[&[N]], n: usize, room: &mut Room<N>) {
        let Room {
            mean, square, keys, ..
        } = room;
        mean.clear();
        mean.resize(n, 0.0);
        square.clear();
        square.resize(n, 0.0);
        let count = self.models.len() as f64;
        for &i in &self.models {
            vector::add_change(mean, inputs[i], inputs[self.base]);
        }
        mean.iter_mut().for_each(|x| *x /= count);
        for &i in &self.models {
            vector::add_deviation(square, inputs[i], inputs[self.base], mean);
        }
        keys.clear();
        keys.extend(square.iter().map(|x| magnitude((x / count) as f32)));
    }

    /// The changes of all models, one after the other, 0 where they are not selected.
    fn changes<N: Real>(&self, range: Range<usize>, inputs: &[&[N]], room: &mut Room<N>) {
        let n = range.len();
        if self.cut != Cut::ALL {
            self.keys(inputs, n, room);
        }
        room.changes.resize(n * self.models.len(), N::ZERO);
        // Keys at the threshold are selected up to some index.
        let end = usize::try_from(self.cut.end).unwrap_or(usize::MAX);
        let torn = end.clamp(range.start, range.end) - range.start;
        for (d, &i) in room.changes.chunks_mut(n.max(1)).zip(&self.models) {
            vector::difference(d, inputs[i], inputs[self.base]);
            if self.cut != Cut::ALL {
                let (d, rest) = d.split_at_mut(torn);
                let (keys, rest_keys) = room.keys.split_at(torn);
                vector::mask(d, keys, self.cut.threshold);
                vector::mask(rest, rest_keys, self.cut.threshold.saturating_add(1));
            }
        }
    }

    /// Finds the cut for a share of all that vary.
    fn select<N: Width>(
        &mut self,
        share: f64,
        inputs: &Inputs<'_>,
        ticket: &Ticket,
    ) -> Result<(), MergeError> {
        let cuts = Cuts::new(inputs.tensor(), Blocks::Any);
        let new = || (0u64, Room::<N>::default());
        let varying = inputs.by_worker(cuts, ticket, new, |(count, room), range, inputs| {
            self.keys(inputs, range.len(), room);
            *count += room.keys.iter().filter(|&&key| key > 0).count() as u64;
        })?;
        let varying: u64 = varying.iter().map(|(count, _)| count).sum();
        let k = (share.max(0.0) * varying as f64) as u64;
        let keys = |_: usize, range: Range<usize>, inputs: &[&[N]], keys: &mut [u32]| {
            let mut room = Room::default();
            self.keys(inputs, range.len(), &mut room);
            keys.copy_from_slice(&room.keys);
        };
        let cut = Streams::new(inputs, &keys, ticket).largest(&[vec![k]])?;
        self.cut = cut[0][0];
        Ok(())
    }

    fn weights<N: Width>(
        &self,
        inputs: &Inputs<'_>,
        ticket: &Ticket,
    ) -> Result<Vec<f64>, MergeError> {
        let n = inputs.tensor().elements() as f64;
        let cuts = Cuts::new(inputs.tensor(), Blocks::Any);
        let new = (Room::<N>::default, || vec![0.0f64; self.models.len()]);
        let chunks = inputs.by_chunk(
            cuts,
            ticket,
            new,
            |room, sums: &mut Vec<f64>, range: Range<usize>, inputs: &[&[N]]| {
                let n = range.len().max(1);
                self.changes(range, inputs, room);
                for (sum, d) in sums.iter_mut().zip(room.changes.chunks(n)) {
                    vector::add_squares(sum, d);
                }
            },
        )?;
        let energy = |slot: usize| chunks.iter().map(|sums| sums[slot]).sum::<f64>() / n;
        let energies: Vec<f64> = (0..self.models.len()).map(energy).collect();
        let sum: f64 = energies.iter().sum();
        let equal = 1.0 / self.models.len() as f64;
        let weight = |energy| if sum < SMALL { equal } else { energy / sum };
        Ok(energies.into_iter().map(weight).collect())
    }
}

struct Merge {
    weights: Vec<f64>,
    selection: Selection,
}

impl Kernel for Merge {
    fn block<N: Real>(&self, range: Range<usize>, inputs: &[&[N]], out: &mut [N]) {
        let n = range.len().max(1);
        let mut room = Room::default();
        self.selection.changes(range, inputs, &mut room);
        let mut vote = vec![N::ZERO; out.len()];
        for d in room.changes.chunks(n) {
            vector::add(&mut vote, d);
        }
        let (mut mixed, mut weights) = (vec![N::ZERO; out.len()], vec![N::ZERO; out.len()]);
        for (d, &weight) in room.changes.chunks_mut(n).zip(&self.weights) {
            let weight = N::of(weight);
            d.iter_mut().for_each(|d| *d *= weight);
            vector::add_agreeing(&mut mixed, &mut weights, &vote, d, weight);
        }
        let base = inputs[self.selection.base];
        for (((out, base), mixed), weights) in out.iter_mut().zip(base).zip(mixed).zip(weights) {
            *out = *base + mixed / weights.max(N::of(SMALL));
        }
    }
}
