//! What the parts of a running plan say so far: each pair over the tensors that are done.
//!
//! Sums of a pair are kept over all tensors together, so memory does not grow with their number:
//! 40 bytes a pair of models twice, 80 MB for a thousand. The order of adding is that of arrival;
//! the joined result is worked out anew, see [`super::join`].

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{Plan, Task, part};
use crate::kinship::{Matrix, Metric, PairSums};
use crate::numeric::Gram;

/// Above this number of models only the progress is shown.
pub const MOST_MODELS: usize = 2048;

/// How much of a pair is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Known {
    #[default]
    Nothing,
    /// Over some of its tensors.
    Partly,
    /// Over all.
    Wholly,
}

/// The sums of all pairs so far.
#[derive(Debug)]
pub struct SoFar {
    models: usize,
    /// Tasks that were taken in.
    taken: BTreeSet<String>,
    /// Tasks of each pair of blocks: taken, and all.
    tasks: BTreeMap<(usize, usize), (usize, usize)>,
    block: usize,
    /// For models i and j at `i * models + j`: what both have, as sums of the first.
    own: Vec<Own>,
    /// The same, of both; only i < j.
    both: Vec<Both>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Own {
    sum: f64,
    square: f64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Both {
    count: f64,
    product: f64,
    squared_distance: f64,
}

impl SoFar {
    /// Nothing yet; `None` where there are too many models.
    pub fn new(plan: &Plan, tasks: &[Task]) -> Option<Self> {
        let models = plan.models.len();
        if models > MOST_MODELS {
            return None;
        }
        let mut counts: BTreeMap<(usize, usize), (usize, usize)> = BTreeMap::new();
        for task in tasks {
            counts.entry(task.blocks).or_default().1 += 1;
        }
        Some(Self {
            models,
            taken: BTreeSet::new(),
            tasks: counts,
            block: plan.block.max(1),
            own: vec![Own::default(); models * models],
            both: vec![Both::default(); models * models],
        })
    }

    /// Takes in at most `most` parts that have come since; whether there were any.
    ///
    /// # Errors
    /// A part that is not whole or is of other files.
    pub fn take(
        &mut self,
        out: &Path,
        (plan, tasks): (&Plan, &[Task]),
        most: usize,
    ) -> Result<bool, String> {
        let mut taken = 0;
        for task in tasks {
            if taken == most {
                break;
            }
            if self.taken.contains(&task.id) || !part::place(out, task).exists() {
                continue;
            }
            let Some(part) = part::read(out, plan, task)? else {
                continue;
            };
            let grams = part.0.iter();
            let segments = task.segments.clone().flat_map(|k| {
                let chunks = task.chunks.as_ref().map_or(1, ExactSizeIterator::len);
                std::iter::repeat_n(k, chunks)
            });
            segments
                .zip(grams)
                .for_each(|(k, gram)| self.add(plan, task, k, gram));
            self.taken.insert(task.id.clone());
            self.tasks.entry(task.blocks).or_default().0 += 1;
            taken += 1;
        }
        Ok(taken > 0)
    }

    fn add(&mut self, plan: &Plan, task: &Task, segment: usize, gram: &Gram) {
        let Some(facts) = plan.segments.get(segment) else {
            return;
        };
        let (models, known) = task.models(plan);
        let has = |m: &usize| {
            facts
                .models
                .binary_search_by_key(m, |(own, _)| *own)
                .is_ok()
        };
        let present: Vec<usize> = models.iter().copied().filter(has).collect();
        let first = models[..known].iter().filter(|m| has(m)).count();
        let n = self.models;
        if known == 0 {
            for (slot, &i) in present.iter().enumerate() {
                for &(j, _) in &facts.models {
                    let own = &mut self.own[i * n + j];
                    own.sum += gram.sums[slot + 1];
                    own.square += gram.dot(slot + 1, slot + 1);
                }
            }
        }
        for (b, &j) in present.iter().enumerate().skip(first) {
            let others = if known == 0 { b } else { first };
            for (a, &i) in present.iter().enumerate().take(others) {
                let both = &mut self.both[i.min(j) * n + i.max(j)];
                both.count += gram.count as f64;
                both.product += gram.dot(a + 1, b + 1);
                both.squared_distance += gram.squared_distance(a, b);
            }
        }
    }

    /// How much of a pair is known. Across two blocks the sums of each stand in other parts, so a
    /// pair has no value there before all of them are in.
    pub fn known(&self, i: usize, j: usize) -> Known {
        let (a, b) = (i.min(j) / self.block, i.max(j) / self.block);
        let count = |blocks| self.tasks.get(&blocks).copied().unwrap_or_default();
        let counts = [count((a, a)), count((b, b)), count((a, b))];
        if counts.iter().all(|(taken, all)| taken == all) {
            return Known::Wholly;
        }
        match a == b && counts[0].0 > 0 {
            true => Known::Partly,
            false => Known::Nothing,
        }
    }

    /// The value of every pair that has one.
    pub fn matrix(&self, metric: Metric) -> Matrix {
        let n = self.models;
        Matrix::build(n, |i, j| {
            if i == j || self.known(i, j) == Known::Nothing {
                return None;
            }
            let (own, other, both) = (
                self.own[i * n + j],
                self.own[j * n + i],
                self.both[i * n + j],
            );
            let value = metric.of(&PairSums {
                count: both.count,
                sum_a: own.sum,
                sum_b: other.sum,
                square_a: own.square,
                square_b: other.square,
                product: both.product,
                squared_distance: both.squared_distance,
            });
            value.filter(|v| v.is_finite())
        })
    }
}
