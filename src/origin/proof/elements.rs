//! Single numbers of a sample of tensors, for methods that choose among them: each with its rank
//! by magnitude within its tensor.

use super::case::{BASE, Case, Lined, last_place};
use super::sums::numbers;
use crate::checkpoint::Kind;
use crate::jobs::Ticket;
use crate::merge::MergeError;
use crate::merge::run::Opened;

/// Numbers of the tensors that are read as a whole, together, beside the first.
const MOST_READ: usize = 2 << 20;
/// Numbers of a tensor that is read as a whole at all.
const MOST_OF_ONE: usize = 32 << 20;
/// Numbers that are kept.
const MOST_KEPT: usize = 16_000;
/// Tensors that are read.
const MOST_TENSORS: usize = 12;

/// A sample of the numbers of one tensor.
pub(crate) struct Elements {
    /// Changes of the parents, number by number.
    pub changes: Vec<Vec<f64>>,
    /// Changes of the child.
    pub child: Vec<f64>,
    /// Last places of the child's numbers: what rounding may have changed.
    pub places: Vec<f64>,
    /// For each parent and number the shares of the tensor's numbers that are larger in
    /// magnitude, and that are at least as large.
    pub ranks: Vec<Vec<[f32; 2]>>,
    /// For each parent and number its place by magnitude, as a share of the tensor's numbers; of
    /// equal ones the first is before the others, as the methods rank them here.
    pub places_by_size: Vec<Vec<f32>>,
}

impl Elements {
    /// Reads a few matrices of different depths, small ones first.
    ///
    /// # Errors
    /// When the ticket is cancelled, or a tensor cannot be read.
    pub(crate) fn read(
        case: &Case,
        opened: &Opened,
        lined: &[Lined],
        ticket: &Ticket,
    ) -> Result<Vec<Self>, MergeError> {
        let chosen = chosen(lined);
        let bytes = |own: &Lined| {
            let inputs = own.inputs.iter();
            inputs
                .map(|input| input.dtype.stored_bytes(own.elements()))
                .sum::<u64>()
        };
        ticket.expect(chosen.iter().map(|own| bytes(own)).sum());
        let each = MOST_KEPT / chosen.len().max(1);
        let mut out = Vec::new();
        for own in chosen {
            out.push(Self::of(case, opened, own, each)?);
            ticket.advance(bytes(own))?;
        }
        Ok(out)
    }

    fn of(case: &Case, opened: &Opened, own: &Lined, most: usize) -> Result<Self, MergeError> {
        let people = case.people.len();
        let n = own.elements();
        let mut all: Vec<Vec<f32>> = vec![Vec::with_capacity(n); people + 1];
        let whole = (0..n)
            .step_by(1 << 14)
            .map(|start| start..(start + (1 << 14)).min(n));
        numbers(opened, own, &whole.collect::<Vec<_>>(), |inputs| {
            for (to, from) in all.iter_mut().zip(inputs) {
                to.extend_from_slice(from);
            }
        })?;
        let stride = n.div_ceil(most.max(1)).max(1);
        let kept = || (0..n).step_by(stride);
        let change = |k: usize, person: usize| f64::from(all[person][k]) - f64::from(all[BASE][k]);
        let (mut ranks, mut places_by_size) = (Vec::new(), Vec::new());
        for parent in case.parents() {
            // As the methods rank: changes in f32.
            let size = |k: usize| (all[parent][k] - all[BASE][k]).abs();
            let mut sorted: Vec<f32> = (0..n).map(size).collect();
            sorted.sort_unstable_by(|a, b| b.total_cmp(a));
            let rank = |k: usize| {
                let size = size(k);
                let larger = sorted.partition_point(|&other| other > size);
                let as_large = sorted.partition_point(|&other| other >= size);
                [larger, as_large].map(|count| (count as f64 / n as f64) as f32)
            };
            ranks.push(kept().map(rank).collect());
            let mut by_size: Vec<usize> = (0..n).collect();
            by_size.sort_by(|&i, &j| size(j).total_cmp(&size(i)));
            let mut places = vec![0.0f32; n];
            for (place, &k) in by_size.iter().enumerate() {
                places[k] = ((place + 1) as f64 / n as f64) as f32;
            }
            places_by_size.push(kept().map(|k| places[k]).collect());
        }
        let place = |k: usize| last_place(own.dtype, f64::from(all[people][k]));
        Ok(Self {
            changes: (case.parents())
                .map(|parent| kept().map(|k| change(k, parent)).collect())
                .collect(),
            child: kept().map(|k| change(k, people)).collect(),
            places: kept().map(place).collect(),
            ranks,
            places_by_size,
        })
    }

    /// How many numbers were kept.
    pub(crate) fn len(&self) -> usize {
        self.child.len()
    }
}

/// Matrices of several depths; whatever there is where no matrix is.
fn chosen(lined: &[Lined]) -> Vec<&Lined> {
    let is_matrix = |own: &&Lined| own.shape.len() > 1 && own.place.kind != Kind::Embedding;
    let mut tensors: Vec<&Lined> = lined.iter().filter(is_matrix).collect();
    if tensors.is_empty() {
        tensors = lined.iter().collect();
    }
    tensors.retain(|own| own.elements() <= MOST_OF_ONE);
    let last = tensors
        .iter()
        .filter_map(|own| own.place.layer)
        .max()
        .unwrap_or(0);
    let mut out: Vec<&Lined> = Vec::new();
    let mut read = 0;
    for depth in [0, last / 2, last, last / 4, 3 * last / 4] {
        let mut here: Vec<&Lined> = (tensors.iter().copied())
            .filter(|own| own.place.layer.is_none_or(|layer| layer == depth))
            .filter(|own| !out.iter().any(|known| known.name == own.name))
            .collect();
        here.sort_by_key(|own| own.elements());
        for own in here.into_iter().take(3) {
            if out.len() < MOST_TENSORS && (out.is_empty() || read + own.elements() <= MOST_READ) {
                read += own.elements();
                out.push(own);
            }
        }
    }
    out
}

/// A value that the ratio of the child's change and a parent's has unusually often.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spike {
    /// The ratio.
    pub at: f64,
    /// The share of large changes that have it.
    pub share: f64,
}

/// How much a value must stand out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Care {
    /// Where the ratio is the same in all tensors.
    Strict,
    /// Where it differs a little from tensor to tensor.
    Loose,
}

/// Width of a bin of ratios.
const BIN: f64 = 0.01;
/// Ratios from −`REACH` to `REACH` are counted.
const REACH: f64 = 8.0;

/// Where the ratio δ/δᵢ piles up over the numbers that a parent has changed most; a model that
/// has nothing to do with the child has no such place.
pub(crate) fn spike(elements: &[Elements], parent: usize, care: Care) -> Option<Spike> {
    // Ratios of changes of few last places are coarse.
    for least in [40.0, 20.0, 10.0, 5.0] {
        let ratios = ratios(elements, parent, least);
        if ratios.len() >= 400 || least == 5.0 {
            return densest(&ratios, care);
        }
    }
    None
}

fn ratios(elements: &[Elements], parent: usize, least: f64) -> Vec<f64> {
    let mut out = Vec::new();
    for own in elements {
        for k in 0..own.len() {
            let change = own.changes[parent][k];
            let is_large = change.abs() >= least * own.places[k] && own.ranks[parent][k][0] < 0.4;
            if is_large && change != 0.0 {
                out.push(own.child[k] / change);
            }
        }
    }
    out
}

fn densest(ratios: &[f64], care: Care) -> Option<Spike> {
    if ratios.len() < 50 {
        return None;
    }
    let bins = (2.0 * REACH / BIN) as usize;
    let mut counts = vec![0u32; bins];
    for ratio in ratios.iter().filter(|r| r.abs() < REACH && r.abs() > 0.02) {
        let bin = ((ratio + REACH) / BIN) as usize;
        if let Some(count) = counts.get_mut(bin) {
            *count += 1;
        }
    }
    let near = |bin: usize, reach: usize| -> u32 {
        counts[bin.saturating_sub(reach)..(bin + reach + 1).min(bins)]
            .iter()
            .sum()
    };
    let best = (0..bins).max_by_key(|&bin| (near(bin, 1), std::cmp::Reverse(bin)))?;
    let (inside, around) = (f64::from(near(best, 1)), f64::from(near(best, 12)));
    // Three bins of twenty-five: more than twice their part, and not by chance.
    let expected = (around - inside) * 3.0 / 22.0;
    let share = inside / ratios.len() as f64;
    let least = match care {
        Care::Strict => 2.0 * expected + 4.0 * expected.sqrt() + 8.0,
        Care::Loose => 1.5 * expected + 3.0 * expected.sqrt(),
    };
    if share < 0.015 || inside < least {
        return None;
    }
    let middle = (best as f64 + 0.5) * BIN - REACH;
    let inside: Vec<f64> = (ratios.iter().copied())
        .filter(|r| (r - middle).abs() <= 1.5 * BIN)
        .collect();
    let mean = inside.iter().sum::<f64>() / inside.len().max(1) as f64;
    Some(Spike { at: mean, share })
}
