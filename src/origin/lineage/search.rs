//! Which few models a child is a sum of.
//!
//! All pairs are tried; the best of them are widened by one model after the other (a beam search)
//! and improved by exchanging one member, for as long as this explains clearly more. Where a model
//! is known to be in the sum, as the base of task arithmetic or model stock may be, it is put in
//! first. Cost: n² fits for a child among n models, then some hundreds.

use std::collections::BTreeSet;

use super::sums::{MOST_PARENTS, Sums};

/// Sets that are widened.
const WIDTH: usize = 16;
/// A set whose remainder is this multiple of rounding needs no further member.
const EXACT: f64 = 1.05;
/// A further member must lower the remainder to this share.
const CLEARLY: f64 = 0.9;

/// A set of models and what it leaves of the child, in multiples of the child's rounding.
pub type Candidate = (f64, Vec<usize>);

/// The best set of each size, smallest first. `others` are models that may be in it, `needed`
/// those that are.
pub fn sets(sums: &Sums, child: usize, others: &[usize], needed: &[usize]) -> Vec<Candidate> {
    let search = Search {
        sums,
        child,
        others,
        step: sums.step(),
    };
    let mut beam = search.pairs(needed);
    let mut out: Vec<Candidate> = beam.first().cloned().into_iter().collect();
    while let Some((left, set)) = out.last() {
        if *left < EXACT || set.len() >= MOST_PARENTS || set.len() >= others.len() + needed.len() {
            break;
        }
        beam = search.widened(&beam);
        let Some(best) = beam.first().cloned() else {
            break;
        };
        let best = search.exchanged(best, needed);
        if best.0 > left * CLEARLY {
            break;
        }
        if !beam.contains(&best) {
            beam.insert(0, best.clone());
        }
        out.push(best);
    }
    out
}

struct Search<'a> {
    sums: &'a Sums,
    child: usize,
    others: &'a [usize],
    step: usize,
}

impl Search<'_> {
    fn candidate(&self, set: Vec<usize>) -> Candidate {
        (self.sums.excess(self.child, &set, self.step), set)
    }

    fn pairs(&self, needed: &[usize]) -> Vec<Candidate> {
        let mut sets = BTreeSet::new();
        for (k, &a) in self.others.iter().enumerate() {
            for &b in &self.others[k + 1..] {
                sets.insert(sorted(needed, &[a, b]));
            }
        }
        if let ([only], [_, ..]) = (self.others, needed) {
            sets.insert(sorted(needed, &[*only]));
        }
        self.best(sets)
    }

    fn widened(&self, beam: &[Candidate]) -> Vec<Candidate> {
        let mut sets = BTreeSet::new();
        for (_, set) in beam.iter().take(WIDTH) {
            let further = self.others.iter().filter(|other| !set.contains(other));
            sets.extend(further.map(|&other| sorted(set, &[other])));
        }
        self.best(sets)
    }

    fn best(&self, sets: BTreeSet<Vec<usize>>) -> Vec<Candidate> {
        let mut out: Vec<Candidate> = sets.into_iter().map(|set| self.candidate(set)).collect();
        out.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
        out.truncate(2 * WIDTH);
        out
    }

    /// The set with members exchanged for as long as one exchange improves it.
    fn exchanged(&self, mut best: Candidate, needed: &[usize]) -> Candidate {
        while let Some(better) = self.exchange(&best, needed) {
            best = better;
        }
        best
    }

    fn exchange(&self, best: &Candidate, needed: &[usize]) -> Option<Candidate> {
        let (left, set) = best;
        for gone in set.iter().filter(|member| !needed.contains(member)) {
            let rest: Vec<usize> = set.iter().copied().filter(|own| own != gone).collect();
            for new in self.others.iter().filter(|other| !set.contains(other)) {
                let found = self.candidate(sorted(&rest, &[*new]));
                if found.0 < left * 0.999 {
                    return Some(found);
                }
            }
        }
        None
    }
}

fn sorted(a: &[usize], b: &[usize]) -> Vec<usize> {
    let mut out = [a, b].concat();
    out.sort_unstable();
    out
}
