//! The models that may be merged, and what every strategy asks of them.

use std::collections::BTreeSet;

use super::Pairing;
use crate::advice::{self, Advice, Measure, Merge, Record};
use crate::stats::mean;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Member {
    /// What it is selected by, in points: its average over the tasks that count.
    pub score: Option<f64>,
    /// Its score on each task that counts, in points; the same tasks for all.
    pub tasks: Vec<Option<f64>>,
    /// Its generation; founders are 0.
    pub generation: u32,
    /// What it was made from, by position in the population; empty for founders.
    pub parents: Vec<usize>,
    /// The way in which it was merged; 0 is the usual one. Gains of another way are compared with
    /// those of the usual one ([`Advice::ways`]).
    pub way: usize,
}

/// The models that may be merged, founders first, then in the order of creation: where scores are
/// equal, who was there first is the better.
#[derive(Clone, Copy)]
pub struct Population<'p> {
    pub members: &'p [Member],
    /// Pearson correlation of two models' task vectors by their positions, where it is known.
    pub kinship: &'p dyn Fn(usize, usize) -> Option<f64>,
    /// The base's scores on the tasks of the members, in points; empty if it has none.
    pub base: &'p [Option<f64>],
    /// Further measures of two models.
    pub measures: &'p [Measure<'p>],
}

impl<'p> Population<'p> {
    /// The number of the last generation; 0 where there are founders only.
    pub fn last_generation(&self) -> u32 {
        self.members.iter().map(|m| m.generation).max().unwrap_or(0)
    }

    /// Those of the generations before one, which stand first.
    pub fn before(&self, generation: u32) -> Self {
        self.while_in(|own| own < generation)
    }

    /// Those up to and with a generation, which stand first. Asking for those before the next
    /// one would ask for a generation that a number may not have.
    pub fn through(&self, generation: u32) -> Self {
        self.while_in(|own| own <= generation)
    }

    fn while_in(&self, is_in: impl Fn(u32) -> bool) -> Self {
        let first = self.members.iter().take_while(|m| is_in(m.generation));
        Self {
            members: &self.members[..first.count()],
            ..*self
        }
    }

    /// The numbers of the generations that have models, ascending: as many at most as
    /// there are members, whatever numbers a file gives them.
    pub fn generations(&self) -> Vec<u32> {
        let mut out: Vec<u32> = self.members.iter().map(|m| m.generation).collect();
        out.sort_unstable();
        out.dedup();
        out
    }

    /// Positions of those without a score.
    pub fn unscored(&self) -> Vec<usize> {
        let none = |k: &usize| self.members[*k].score.is_none();
        (0..self.members.len()).filter(none).collect()
    }

    /// Positions by score, the best first; who has none is left out, and among equals who was
    /// there first is first.
    pub fn ranked(&self) -> Vec<usize> {
        let score = |k: &usize| self.members[*k].score.filter(|s| s.is_finite());
        let scored = (0..self.members.len()).filter_map(|k| Some((k, score(&k)?)));
        let mut out: Vec<(usize, f64)> = scored.collect();
        out.sort_by(|a, b| b.1.total_cmp(&a.1));
        out.into_iter().map(|(k, _)| k).collect()
    }

    /// The best score, in points.
    pub fn best_score(&self) -> Option<f64> {
        let best = self.ranked().first().copied()?;
        self.members[best].score
    }

    pub fn selection(&self, top: usize) -> Vec<usize> {
        let mut out = self.ranked();
        out.truncate(top);
        out
    }

    /// Whether two were merged with each other, and no third with them.
    pub fn were_merged(&self, a: usize, b: usize) -> bool {
        let is_theirs = |m: &Member| m.parents[..] == [a, b] || m.parents[..] == [b, a];
        self.members.iter().any(is_theirs)
    }

    /// Every pair that can be merged: both have a score and were not merged with each other.
    /// The better one is first in a pair, and pairs of good models come first.
    pub fn unmerged_pairs(&self) -> Vec<[usize; 2]> {
        let merged: BTreeSet<[usize; 2]> = self.members.iter().filter_map(pair_of).collect();
        pairs_among(&self.ranked())
            .filter(|pair| !merged.contains(&ascending(*pair)))
            .collect()
    }

    /// Mean kinship over all pairs of some; `None` if a pair's is not known.
    pub fn mean_kinship(&self, of: &[usize]) -> Option<f64> {
        let values = pairs_among(of).map(|[a, b]| (self.kinship)(a, b));
        mean(&values.collect::<Option<Vec<f64>>>()?)
    }

    /// What the merges so far say of those that may come.
    pub fn advice(&self) -> Advice {
        let model = |member: &Member| advice::Model {
            average: member.score,
            tasks: member.tasks.clone(),
        };
        let merge = |member: &Member| {
            let parents = pair_of(member)?;
            let score = member.score?;
            Some((member.way, Merge { parents, score }))
        };
        let all = self.members.iter().filter_map(merge);
        let (own, others): (Vec<_>, Vec<_>) = all.partition(|(way, _)| *way == 0);
        let has_parents = |k: &usize| !self.members[*k].parents.is_empty();
        let pearson = Measure {
            key: "pearson",
            title: "kinship",
            of: self.kinship,
        };
        advice::advise(&Record {
            models: &self.members.iter().map(model).collect::<Vec<_>>(),
            base: self.base,
            merges: &own.iter().map(|(_, merge)| *merge).collect::<Vec<_>>(),
            others: &others,
            merged: &self.members.iter().filter_map(pair_of).collect(),
            children: &(0..self.members.len()).filter(has_parents).collect(),
            measures: &[&[pearson], self.measures].concat(),
        })
    }

    /// For each member, whether it is still waited for in a generation: it has no score yet,
    /// or it is to be merged and has not been.
    pub(super) fn awaited(&self, generation: u32, pairings: &[Pairing]) -> Vec<bool> {
        let mut out: Vec<bool> = self.members.iter().map(|m| m.score.is_none()).collect();
        let is_missing = |pairing: &&Pairing| self.child_of(pairing, generation).is_none();
        for k in pairings.iter().filter(is_missing).flat_map(|p| p.parents) {
            out[k] = true;
        }
        out
    }

    /// The child of a pairing in a generation, by position.
    pub(in crate::lineage) fn child_of(&self, pairing: &Pairing, generation: u32) -> Option<usize> {
        let parents = ascending(pairing.parents);
        let is_child = |m: &Member| {
            m.generation == generation && m.way == pairing.way && pair_of(m) == Some(parents)
        };
        self.members.iter().position(is_child)
    }
}

/// The two that a member was made from, if there are two.
fn pair_of(member: &Member) -> Option<[usize; 2]> {
    let pair: Result<[usize; 2], _> = member.parents[..].try_into();
    pair.ok().map(ascending)
}

fn ascending([a, b]: [usize; 2]) -> [usize; 2] {
    [a.min(b), a.max(b)]
}

/// Every pair of some, in their order.
pub(super) fn pairs_among(of: &[usize]) -> impl Iterator<Item = [usize; 2]> {
    (0..of.len()).flat_map(move |i| (i + 1..of.len()).map(move |j| [of[i], of[j]]))
}
