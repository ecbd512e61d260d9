//! Children that are sums of their parents: linear merges, SLERP, task arithmetic, model stock.

use std::sync::Mutex;

use super::ancestors::Ancestors;
use super::rounded::{Matched, matched};
use super::sample::Sample;
use super::search::sets;
use super::sums::Sums;
use crate::jobs::Ticket;
use crate::kinship::MeasureError;
use crate::parallel::{in_order, lock};

/// A sum must give this share of the child's numbers exactly.
const ENOUGH: f64 = 0.94;
/// A set that leaves more than this multiple of rounding gives too few equal numbers.
const HOPELESS: f64 = 8.0;
/// A larger set must give this many more of the numbers.
const WORTH_A_PARENT: f64 = 0.004;

/// Without a parent this multiple of what was left must be left.
const NEEDED: f64 = 1.15;

/// A child and the sum that makes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixture {
    /// The child.
    pub child: usize,
    /// Its parents and their weights.
    pub matched: Matched,
}

/// What the search works on.
pub struct Family<'a> {
    /// The numbers.
    pub sample: &'a Sample,
    /// Their products.
    pub sums: &'a Sums,
    /// How to be told to stop.
    pub ticket: &'a Ticket,
}

impl Family<'_> {
    /// Finds the children among `open` that are sums of others, the surest first, so that no
    /// parent is taken for the child of its child; `needed` is in every sum. Notes their parents
    /// in `ancestors`.
    ///
    /// # Errors
    /// If the job was cancelled.
    pub fn mixtures(
        &self,
        open: &[usize],
        needed: &[usize],
        ancestors: &mut Ancestors,
    ) -> Result<Vec<Mixture>, MeasureError> {
        let mut open: Vec<usize> = open.to_vec();
        open.retain(|child| !needed.contains(child));
        let mut found = self.candidates(&open, needed, ancestors)?;
        let mut out = Vec::new();
        while let Some(at) = surest(&found) {
            let mixture = found.remove(at);
            let parents = &mixture.matched.fitted.parents;
            if parents.iter().any(|&p| !ancestors.may_be(mixture.child, p)) {
                // Some of them have been found to descend from it: without those.
                found.extend(self.candidates(&[mixture.child], needed, ancestors)?);
                continue;
            }
            parents
                .iter()
                .for_each(|&p| ancestors.add(mixture.child, p));
            out.push(mixture);
        }
        Ok(out)
    }

    fn candidates(
        &self,
        children: &[usize],
        needed: &[usize],
        ancestors: &Ancestors,
    ) -> Result<Vec<Mixture>, MeasureError> {
        let cells: Vec<Mutex<Option<Mixture>>> =
            children.iter().map(|_| Mutex::new(None)).collect();
        in_order(children.len(), |k| {
            self.ticket.advance(0)?;
            *lock(&cells[k]) = self.candidate(children[k], needed, ancestors);
            Ok::<(), MeasureError>(())
        })?;
        Ok(cells
            .into_iter()
            .filter_map(|cell| lock(&cell).take())
            .collect())
    }

    /// The best sum for one child.
    fn candidate(&self, child: usize, needed: &[usize], ancestors: &Ancestors) -> Option<Mixture> {
        if needed.iter().any(|&own| !ancestors.may_be(child, own)) {
            return None;
        }
        let may_be = |&p: &usize| ancestors.may_be(child, p) && !needed.contains(&p);
        let others: Vec<usize> = (0..self.sums.models()).filter(may_be).collect();
        let mut best: Option<Matched> = None;
        for (left, set) in sets(self.sums, child, &others, needed) {
            if left > HOPELESS || !self.needs_each(child, &set) {
                continue;
            }
            let found = matched(self.sample, child, self.sums.fit(child, &set));
            let least = best
                .as_ref()
                .map_or(ENOUGH, |own| own.equal + WORTH_A_PARENT);
            if found.equal >= least {
                best = Some(found);
            }
        }
        best.map(|matched| Mixture { child, matched })
    }
}

impl Family<'_> {
    /// Whether without any one of `parents` clearly more of the child is left: a light fine-tune
    /// is nearly its parent and nothing else.
    fn needs_each(&self, child: usize, parents: &[usize]) -> bool {
        let with_all = self.sums.excess(child, parents, 1);
        (0..parents.len()).all(|k| {
            let mut rest = parents.to_vec();
            rest.remove(k);
            self.sums.excess(child, &rest, 1) > NEEDED * with_all
        })
    }
}

/// The one whose sum gives most numbers, less something for weights below zero: where rounding
/// does not tell the child, it is the one between the others.
fn surest(found: &[Mixture]) -> Option<usize> {
    let score = |mixture: &Mixture| {
        let weights = mixture.matched.fitted.weights.first();
        let negative: f64 = weights.into_iter().flatten().map(|w| (-w).max(0.0)).sum();
        mixture.matched.equal - (0.05 * negative).min(0.3)
    };
    let places = 0..found.len();
    places.max_by(|&a, &b| {
        let by_score = score(&found[a]).total_cmp(&score(&found[b]));
        by_score.then_with(|| found[b].child.cmp(&found[a].child))
    })
}
