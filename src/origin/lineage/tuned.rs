//! Whose fine-tune a model is that is no merge.
//!
//! What training adds is nearly orthogonal to what training before it has added. For a parent p of
//! f on base b that is (f − p)·(p − b) ≈ 0; for two children of a parent that is not p the same
//! product is about −½|f − p|². So the parent is the nearest model for which
//! q = (f − p)·(p − b) / |f − p|² is not clearly below zero; the base itself has q = 0.

use super::ancestors::Ancestors;
use super::root::cosine;
use super::sums::Sums;

/// q of a parent is above this.
const LEAST_Q: f64 = -0.25;
/// A parent other than the base leaves less than this share of |f − b|².
const NEARER: f64 = 0.8;
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
}

/// The parents of `children`, none of which is a merge; notes them in `ancestors`.
pub fn tunes(sums: &Sums, base: usize, children: &[usize], ancestors: &mut Ancestors) -> Tunes {
    let mut found: Vec<Tuned> = Vec::new();
    // From the base outwards, so that a parent has its own parent before its children come.
    let mut children = children.to_vec();
    children.sort_by(|&a, &b| {
        let distance = |model| sums.distance2(model, base);
        distance(a).total_cmp(&distance(b)).then_with(|| a.cmp(&b))
    });
    for child in children {
        let tuned = tuned(sums, base, child, ancestors);
        ancestors.add(child, tuned.parent);
        found.push(tuned);
    }
    let is_orphan = |one: &Tuned| {
        let siblings = found.iter().filter(|own| own.parent == one.parent && own.child != one.child);
        let mut siblings = siblings.map(|own| own.child);
        siblings.any(|sibling| cosine(sums, one.child, sibling, one.parent) > SHARED)
    };
    let orphans: Vec<usize> = found.iter().filter(|one| is_orphan(one)).map(|o| o.child).collect();
    found.retain(|one| !orphans.contains(&one.child));
    Tunes { found, orphans }
}

fn tuned(sums: &Sums, base: usize, child: usize, ancestors: &Ancestors) -> Tuned {
    let whole = sums.distance2(child, base).max(f64::MIN_POSITIVE);
    let as_parent = |parent: usize| {
        let distance2 = sums.distance2(child, parent);
        // (f − p)·(p − b) = −(f − p)·(b − p)
        let product = -sums.product(child, base, parent);
        Tuned {
            child,
            parent,
            left: distance2 / whole,
            q: product / distance2.max(f64::MIN_POSITIVE),
        }
    };
    let others = (0..sums.models()).filter(|&p| p != base && ancestors.may_be(child, p));
    let admitted = others.map(as_parent).filter(|own| own.left < NEARER && own.q > LEAST_Q);
    let nearest = admitted.min_by(|a, b| a.left.total_cmp(&b.left));
    nearest.unwrap_or(Tuned {
        child,
        parent: base,
        left: 1.0,
        q: 0.0,
    })
}
