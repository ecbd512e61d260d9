//! What a study knows: models with scores, merges that were made, measures of pairs.

use std::collections::BTreeSet;

use crate::stats::mean;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    /// Its average over the tasks that count, in points.
    pub average: Option<f64>,
    /// Its score on each of them, in points; the same tasks for all.
    pub tasks: Vec<Option<f64>>,
}

/// A merge of two models by the way of merging that advice is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Merge {
    pub parents: [usize; 2],
    /// Its average, in points.
    pub score: f64,
}

/// A measure of two models, such as their kinship.
#[derive(Clone, Copy)]
pub struct Measure<'r> {
    /// What files call it.
    pub key: &'r str,
    /// Its name within a sentence.
    pub title: &'r str,
    /// Its value for two models by position, where it is known.
    pub of: &'r dyn Fn(usize, usize) -> Option<f64>,
}

#[derive(Clone, Copy)]
pub struct Record<'r> {
    /// In the order of creation.
    pub models: &'r [Model],
    /// The base's scores on the tasks of the models, in points; empty if it has none.
    pub base: &'r [Option<f64>],
    pub merges: &'r [Merge],
    /// Merges by other ways, each with its number, from 1.
    pub others: &'r [(usize, Merge)],
    /// Pairs that have a child already, by whatever way.
    pub merged: &'r BTreeSet<[usize; 2]>,
    /// Positions of models that are children of others of them.
    pub children: &'r BTreeSet<usize>,
    /// The first is the default one.
    pub measures: &'r [Measure<'r>],
}

impl Record<'_> {
    pub fn average(&self, k: usize) -> Option<f64> {
        self.models.get(k)?.average.filter(|a| a.is_finite())
    }

    /// The mean score of two models, in points; NaN if one has none.
    pub fn mean_score(&self, [a, b]: [usize; 2]) -> f64 {
        let average = |k| self.average(k).unwrap_or(f64::NAN);
        f64::midpoint(average(a), average(b))
    }

    pub fn best(&self) -> Option<f64> {
        let all = (0..self.models.len()).filter_map(|k| self.average(k));
        all.max_by(f64::total_cmp)
    }

    /// What a merge gained over its parents' mean, in points.
    pub(super) fn gain(&self, merge: &Merge) -> f64 {
        merge.score - self.mean_score(merge.parents)
    }

    /// Merges whose gain is known.
    pub(super) fn usable_merges(&self) -> Vec<Merge> {
        let is_known = |merge: &&Merge| self.gain(merge).is_finite();
        self.merges.iter().filter(is_known).copied().collect()
    }

    /// Pairs of models with scores that have no child, the better one first, and pairs of good
    /// models first.
    pub(super) fn unmerged_pairs(&self) -> Vec<[usize; 2]> {
        let scored = (0..self.models.len()).filter_map(|k| Some((k, self.average(k)?)));
        let mut order: Vec<(usize, f64)> = scored.collect();
        order.sort_by(|a, b| b.1.total_cmp(&a.1));
        let mut out = Vec::new();
        for (at, &(a, _)) in order.iter().enumerate() {
            for &(b, _) in &order[at + 1..] {
                if !self.merged.contains(&[a.min(b), a.max(b)]) {
                    out.push([a, b]);
                }
            }
        }
        out
    }

    /// A guess at gains before there are any, in points: half the standard deviation of the
    /// founders' scores.
    pub(super) fn guess(&self) -> f64 {
        let founders = (0..self.models.len()).filter(|k| !self.children.contains(k));
        let scores: Vec<f64> = founders.filter_map(|k| self.average(k)).collect();
        let centre = mean(&scores).unwrap_or(0.0);
        let squares: f64 = scores.iter().map(|s| (s - centre).powi(2)).sum();
        0.5 * (squares / (scores.len() as f64 - 1.0).max(1.0)).sqrt()
    }

    /// Scores of both on the tasks that both have, with the base's where it has them.
    pub(super) fn common(&self, [a, b]: [usize; 2]) -> Vec<Common> {
        let (Some(one), Some(other)) = (self.models.get(a), self.models.get(b)) else {
            return Vec::new();
        };
        let finite = |value: Option<f64>| value.filter(|v| v.is_finite());
        let tasks = one.tasks.iter().zip(&other.tasks).enumerate();
        let common = tasks.filter_map(|(task, (&one, &other))| {
            Some(Common {
                one: finite(one)?,
                other: finite(other)?,
                base: finite(self.base.get(task).copied().flatten()),
            })
        });
        common.collect()
    }
}

/// Scores on one task, in points.
#[derive(Clone, Copy)]
pub(super) struct Common {
    pub one: f64,
    pub other: f64,
    pub base: Option<f64>,
}
