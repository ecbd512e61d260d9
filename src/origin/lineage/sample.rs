//! The same numbers of every model of a family, in memory: what a proposal is worked out from.
//!
//! Short runs at even distances of every matrix that all models have in one shape. A share of a
//! parent is told from some hundred thousand numbers as well as from a billion, so the cost does
//! not grow with the models: at most [`MOST_NUMBERS`] numbers, 256 MB, whatever the family.
//! Vectors (norms and biases) are left out: they are nearly alike in models that have nothing to
//! do with each other.

use std::ops::Range;

use crate::checkpoint::{Checkpoint, Dtype, Watch};
use crate::jobs::Ticket;
use crate::kinship::MeasureError;
use crate::parallel::in_order;

/// Numbers held for all models of a family together.
const MOST_NUMBERS: usize = 1 << 26;
/// Numbers of one model, at most and, where its matrices have as many, at least.
const MOST_OF_A_MODEL: usize = 1 << 20;
const LEAST_OF_A_MODEL: usize = 1 << 16;
/// Numbers in one run: some cache lines, so that a disk is not asked for single numbers.
const RUN: usize = 512;

/// A matrix's sampled numbers.
#[derive(Clone, Debug)]
pub struct Sampled {
    /// One row a model, all of one length.
    pub rows: Vec<Vec<f32>>,
    /// The format that each model stores it in.
    pub dtypes: Vec<Dtype>,
}

impl Sampled {
    /// How many numbers of each model there are.
    pub fn len(&self) -> usize {
        self.rows.first().map_or(0, Vec::len)
    }

    /// The mean square of what rounding a model to its format leaves, times [`Self::len`]: at
    /// least the error of `f32` arithmetic.
    pub fn rounding(&self, model: usize) -> f64 {
        let square: f64 = squares(&self.rows[model]);
        let share = self.dtypes[model].written().rounding_share();
        square * share.unwrap_or(0.0).max(1e-12)
    }
}

/// Σx², added in `f64`.
fn squares(numbers: &[f32]) -> f64 {
    numbers.iter().map(|&x| f64::from(x) * f64::from(x)).sum()
}

/// A family's sampled matrices.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// How many models there are.
    pub models: usize,
    /// Matrices that all of them have, in the order of the first one's names.
    pub tensors: Vec<Sampled>,
}

impl Sample {
    /// Reads the sample of `models`.
    ///
    /// # Errors
    /// If a file was cut short or changed, or if the job was cancelled.
    pub fn read(models: &[&Checkpoint], ticket: &Ticket) -> Result<Self, MeasureError> {
        let watch = Watch::new(models.iter().copied())?;
        let names = common(models);
        let sizes: Vec<usize> = names.iter().map(|name| size(models, name)).collect();
        let most = (MOST_NUMBERS / models.len().max(1)).clamp(LEAST_OF_A_MODEL, MOST_OF_A_MODEL);
        let takes = shares(&sizes, most);
        let cells: Vec<_> = names.iter().map(|_| std::sync::Mutex::new(None)).collect();
        in_order(names.len(), |k| {
            let runs = runs(sizes[k], takes[k]);
            let read = sampled(models, names[k], &runs);
            watch.glance()?;
            ticket.advance(0)?;
            *crate::parallel::lock(&cells[k]) = read;
            Ok::<(), MeasureError>(())
        })?;
        watch.check()?;
        let tensors = cells
            .into_iter()
            .filter_map(|cell| crate::parallel::lock(&cell).take());
        Ok(Self {
            models: models.len(),
            tensors: tensors.collect(),
        })
    }

    /// The same for some of the models, in that order.
    #[must_use]
    pub fn select(&self, models: &[usize]) -> Self {
        let of = |tensor: &Sampled| Sampled {
            rows: models.iter().map(|&m| tensor.rows[m].clone()).collect(),
            dtypes: models.iter().map(|&m| tensor.dtypes[m]).collect(),
        };
        Self {
            models: models.len(),
            tensors: self.tensors.iter().map(of).collect(),
        }
    }

    /// Whether two models have the same numbers.
    pub fn are_equal(&self, a: usize, b: usize) -> bool {
        self.tensors
            .iter()
            .all(|tensor| tensor.rows[a] == tensor.rows[b])
    }

    /// How many numbers of two models are equal.
    pub fn equal_numbers(&self, a: usize, b: usize) -> usize {
        let of = |tensor: &Sampled| {
            let pairs = tensor.rows[a].iter().zip(&tensor.rows[b]);
            pairs.filter(|(x, y)| x == y).count()
        };
        self.tensors.iter().map(of).sum()
    }

    /// Numbers of each model.
    pub fn len(&self) -> usize {
        self.tensors.iter().map(Sampled::len).sum()
    }

    /// Whether the models have no matrix in common.
    pub fn is_empty(&self) -> bool {
        self.tensors.is_empty()
    }
}

/// Names of the matrices that all have in one shape and in a format that can be decoded.
fn common<'c>(models: &[&'c Checkpoint]) -> Vec<&'c str> {
    let Some((first, rest)) = models.split_first() else {
        return Vec::new();
    };
    let is_common = |tensor: &&crate::checkpoint::Tensor| {
        let others = rest.iter().map(|model| model.tensor(&tensor.name));
        let mut others = others.map(|own| own.is_some_and(|own| own.shape == tensor.shape));
        is_matrix(tensor) && others.all(|same| same)
    };
    let tensors = first.tensors().iter().filter(is_common);
    let readable = |name: &&str| {
        let mut all = models.iter();
        all.all(|model| model.tensor(name).is_some_and(|t| t.numbers().is_some()))
    };
    tensors.map(|t| t.name.as_str()).filter(readable).collect()
}

/// Whether a tensor says something about where its model comes from.
pub fn is_matrix(tensor: &crate::checkpoint::Tensor) -> bool {
    tensor.shape.len() > 1 && tensor.elements() >= RUN
}

fn size(models: &[&Checkpoint], name: &str) -> usize {
    let tensor = models.first().and_then(|model| model.tensor(name));
    tensor.map_or(0, crate::checkpoint::Tensor::elements)
}

/// How many numbers of each matrix are taken, `most` in all: of the small ones all, of the others
/// as many as of each other.
fn shares(sizes: &[usize], most: usize) -> Vec<usize> {
    let mut ascending = sizes.to_vec();
    ascending.sort_unstable();
    let (mut left, mut level) = (most, 0);
    for (k, &size) in ascending.iter().enumerate() {
        level = left / (ascending.len() - k);
        if size > level {
            break;
        }
        left -= size;
        level = size;
    }
    sizes.iter().map(|&size| size.min(level.max(RUN))).collect()
}

/// Runs at even distances, `take` numbers of `size` in all, or a little fewer.
fn runs(size: usize, take: usize) -> Vec<Range<usize>> {
    if take >= size {
        return std::iter::once(0..size).collect();
    }
    let count = (take / RUN).max(1);
    let start = |k: usize| (size - RUN) / count * k;
    (0..count).map(|k| start(k)..start(k) + RUN).collect()
}

/// The runs of one matrix; `None` where a number is not finite in one of the models, which says
/// nothing about any of them.
fn sampled(models: &[&Checkpoint], name: &str, runs: &[Range<usize>]) -> Option<Sampled> {
    let mut out = Sampled {
        rows: Vec::with_capacity(models.len()),
        dtypes: Vec::with_capacity(models.len()),
    };
    for model in models {
        let tensor = model.tensor(name)?;
        let numbers = tensor.numbers()?;
        let mut row = vec![0.0f32; runs.iter().map(Range::len).sum()];
        let mut rest = row.as_mut_slice();
        for run in runs {
            let (now, later) = rest.split_at_mut(run.len());
            numbers.part(run.clone()).decode(now);
            rest = later;
        }
        if row.iter().any(|x| !x.is_finite()) {
            return None;
        }
        out.rows.push(row);
        out.dtypes.push(tensor.dtype);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_matrices_are_taken_whole_and_large_ones_evenly() {
        assert_eq!(shares(&[1000, 5000, 9000], 9000), [1000, 4000, 4000]);
        assert_eq!(shares(&[1000, 5000], 90_000), [1000, 5000]);
        assert_eq!(shares(&[], 10), [0usize; 0]);
    }

    #[test]
    fn runs_are_even_and_do_not_overlap() {
        assert_eq!(runs(700, 900), vec![0..700]);
        let found = runs(100_000, 4096);
        assert_eq!(found.len(), 8);
        assert!(found.windows(2).all(|two| two[0].end <= two[1].start));
        assert!(found.last().unwrap().end <= 100_000);
    }
}
