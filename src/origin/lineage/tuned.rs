//! Whose fine-tune a model is that is no merge.
//!
//! What training adds is nearly orthogonal to what training before it has added. For a parent p of
//! f on base b that is (f − p)·(p − b) ≈ 0; for two children of a parent that is not p the same
//! product is about −½|f − p|². So the parent is the nearest model for which
//! q = (f − p)·(p − b) / |f − p|² is not clearly below zero; the base itself has q = 0.
//!
//! A merge of f with a model that is not here may have q ≈ 0 too. In its single matrices the two
//! steps then go one way or back, as the one parent has changed more there or the other; those of
//! training on are nearly orthogonal in all of them.

use super::ancestors::Ancestors;
use super::root::cosine;
use super::sums::Sums;

/// q of a parent is above this.
const LEAST_Q: f64 = -0.25;
/// A parent other than the base leaves less than this share of |f − b|².
const NEARER: f64 = 0.7;
/// The two steps are less aligned than this in the single matrices (found: up to 0.12 for fine-tunes
/// of fine-tunes, from 0.16 on for merges).
const MOST_ALIGNED: f64 = 0.14;
/// A sibling whose change holds this much of the whole of another one's change, which is between it
/// and the base: a merge with something that is not here.
const BETWEEN: f64 = 0.95;

/// Two children of one parent that are more alike than this share another one that is not here.
const SHARED: f64 = 0.5;

/// A model and the one that it was trained from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tuned {
    /// The fine-tune.
    pub child: usize,
    /// Its parent.
    pub parent: usize,
    /// |f − p|² / |f − b|², 1 for the base.
    pub left: f64,
    /// q of the two.
    pub q: f64,
}

/// What was found of the fine-tunes of a family.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tunes {
    /// Those whose parent is here.
    pub found: Vec<Tuned>,
    /// Models that share a parent that is not here.
    pub orphans: Vec<usize>,
    /// Merges with a model that is not here.
    pub between: Vec<usize>,
    /// Models that seem to come of one of those two kinds.
    pub doubtful: Vec<usize>,
}

/// What is known of a family before its fine-tunes are.
pub struct Known<'a> {
    /// Products of all models.
    pub sums: &'a Sums,
    /// The base.
    pub base: usize,
    /// Merges and their parents.
    pub merges: &'a [(usize, Vec<usize>)],
    /// Models of which nothing is known: not taken for parents.
    pub unexplained: &'a [usize],
}

/// The parents of `children`, none of which is a merge.
pub fn tunes(known: &Known<'_>, children: &[usize], ancestors: &Ancestors) -> Tunes {
    let first = found(known, children, ancestors);
    if first.between.is_empty() {
        return first;
    }
    let gone = |model: &usize| first.between.contains(model);
    let children: Vec<usize> = children
        .iter()
        .copied()
        .filter(|model| !gone(model))
        .collect();
    let unexplained = [known.unexplained, first.between.as_slice()].concat();
    let known = Known {
        unexplained: &unexplained,
        ..*known
    };
    let second = found(&known, &children, ancestors);
    Tunes {
        between: [first.between, second.between].concat(),
        ..second
    }
}

fn found(known: &Known<'_>, children: &[usize], ancestors: &Ancestors) -> Tunes {
    let (sums, base) = (known.sums, known.base);
    let mut ancestors = ancestors.clone();
    let mut found: Vec<Tuned> = Vec::new();
    // From the base outwards, so that a parent has its own parent before its children come.
    let mut children = children.to_vec();
    children.sort_by(|&a, &b| {
        let distance = |model| sums.distance2(model, base);
        distance(a).total_cmp(&distance(b)).then_with(|| a.cmp(&b))
    });
    for child in children {
        let tuned = known.tuned(child, &ancestors);
        ancestors.add(child, tuned.parent);
        found.push(tuned);
    }
    let siblings = |one: &Tuned| -> Vec<usize> {
        let alike = |own: &&Tuned| {
            own.parent == one.parent
                && own.child != one.child
                && cosine(sums, one.child, own.child, one.parent) > SHARED
        };
        found.iter().filter(alike).map(|own| own.child).collect()
    };
    let is_between = |one: &&Tuned| {
        let whole = sums.distance2(one.child, one.parent);
        let mut siblings = siblings(one).into_iter();
        siblings.any(|own| sums.product(one.child, own, one.parent) > BETWEEN * whole)
    };
    let between: Vec<usize> = found
        .iter()
        .filter(is_between)
        .map(|one| one.child)
        .collect();
    let is_orphan = |one: &&Tuned| {
        let others = siblings(one);
        !between.contains(&one.child) && others.iter().any(|own| !between.contains(own))
    };
    let orphans: Vec<usize> = found
        .iter()
        .filter(is_orphan)
        .map(|one| one.child)
        .collect();
    found.retain(|one| !orphans.contains(&one.child) && !between.contains(&one.child));
    // Whether such a model is a fine-tune or a merge is not known, so neither is who comes of it.
    let (doubtful, found): (Vec<Tuned>, Vec<Tuned>) = (found.into_iter())
        .partition(|one| orphans.contains(&one.parent) || between.contains(&one.parent));
    Tunes {
        found,
        orphans,
        doubtful: doubtful.into_iter().map(|one| one.child).collect(),
        between,
    }
}

impl Known<'_> {
    fn tuned(&self, child: usize, ancestors: &Ancestors) -> Tuned {
        let may_be = |&p: &usize| {
            p != self.base && !self.unexplained.contains(&p) && ancestors.may_be(child, p)
        };
        let others = (0..self.sums.models()).filter(may_be);
        let admitted = others
            .map(|p| self.as_parent(child, p))
            .filter(|own| self.admits(own));
        let nearest = admitted.min_by(|a, b| a.left.total_cmp(&b.left));
        nearest.unwrap_or(Tuned {
            child,
            parent: self.base,
            left: 1.0,
            q: 0.0,
        })
    }

    fn as_parent(&self, child: usize, parent: usize) -> Tuned {
        let distance2 = self.sums.distance2(child, parent);
        let whole = self.sums.distance2(child, self.base);
        // (f − p)·(p − b) = −(f − p)·(b − p)
        let product = -self.sums.product(child, self.base, parent);
        Tuned {
            child,
            parent,
            left: distance2 / whole.max(f64::MIN_POSITIVE),
            q: product / distance2.max(f64::MIN_POSITIVE),
        }
    }

    /// Whether a model can be the parent; a merge that is farther than what it was merged from is
    /// near for the sake of that.
    fn admits(&self, own: &Tuned) -> bool {
        let distance2 = self.sums.distance2(own.child, own.parent);
        let merged = self.merges.iter().find(|(merge, _)| *merge == own.parent);
        let mut parts = merged.iter().flat_map(|(_, parents)| parents);
        own.left < NEARER
            && own.q > LEAST_Q
            && self.sums.alignment(self.base, own.parent, own.child) < MOST_ALIGNED
            && parts
                .all(|&part| part == self.base || self.sums.distance2(own.child, part) > distance2)
    }
}
