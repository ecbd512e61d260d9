//! The edges of one family.
//!
//! In this order, since each step needs what the one before has settled: children that are sums of
//! others, which need no base; the base, among those that are left; sums that have the base in
//! them; children put together number by number; and whose fine-tune every other model is.

use super::ancestors::Ancestors;
use super::mixtures::{Family, Mixture};
use super::patchworks::{Field, Patchwork, patchwork};
use super::root::{Root, ranked, root};
use super::sample::Sample;
use super::sums::Sums;
use super::tuned::{Known, Tunes, tunes};
use crate::jobs::Ticket;
use crate::kinship::MeasureError;

/// A model that keeps more than this share of another's numbers beyond chance may be put together
/// from it.
const KEPT: f64 = 0.015;
/// How many times the usual share is far more.
const FAR_MORE: f64 = 4.0;
/// Share of its changes that a patchwork's parents explain: where a parent is missing, relatives of
/// it that are here explain up to about three quarters.
const EXPLAINED: f64 = 0.8;
/// A ratio this near to 1 is that of a parent of TIES, or of a fine-tune.
const ONE: f64 = 0.05;
/// Ratios as near as this are one, and those of a recipe are one or clearly apart: a model that is
/// 0.97 of a parent stands at 1.03 where the others stand at 1.
const SAME: f64 = 0.012;
const APART: f64 = 0.06;
/// Models that are tried as the base: of sums first, then of patchworks.
const TRIED_IN_SUMS: usize = 3;
const TRIED_IN_PATCHWORKS: usize = 6;

/// What was found of one family; models by their place in the sample.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inferred {
    /// The base, if it is here and can be told.
    pub root: Option<Root>,
    /// Sums of others.
    pub mixtures: Vec<Mixture>,
    /// Put together number by number.
    pub patchworks: Vec<Patchwork>,
    /// Fine-tunes.
    pub tunes: Tunes,
    /// Models of which nothing can be said.
    pub unexplained: Vec<usize>,
}

/// Works out the edges of a family of at least two models, no two of them equal.
///
/// # Errors
/// If the job was cancelled.
pub fn infer(sample: &Sample, ticket: &Ticket) -> Result<Inferred, MeasureError> {
    let sums = Sums::of(sample);
    let family = Family {
        sample,
        sums: &sums,
        ticket,
    };
    let mut ancestors = Ancestors::new(sample.models);
    let everyone: Vec<usize> = (0..sample.models).collect();
    let mut out = Inferred {
        mixtures: family.mixtures(&everyone, &[], &mut ancestors)?,
        ..Inferred::default()
    };
    let mut open = without(&everyone, out.mixtures.iter().map(|m| m.child));
    for (_, supposed) in ranked(&sums, &open).into_iter().take(TRIED_IN_SUMS) {
        let found = family.mixtures(&open, &[supposed], &mut ancestors)?;
        open = without(&open, found.iter().map(|m| m.child));
        out.mixtures.extend(found);
    }
    let dense = without(
        &open,
        put_together(sample, &sums, &open, &ancestors, ticket)?,
    );
    out.root = root(&sums, sample, &dense);
    let Some(Root { model: base, .. }) = out.root else {
        out.unexplained = open;
        return Ok(out);
    };
    let found = family.mixtures(&open, &[base], &mut ancestors)?;
    open = without(&open, found.iter().map(|m| m.child).chain([base]));
    out.mixtures.extend(found);
    open.iter().for_each(|&model| {
        if ancestors.may_be(model, base) {
            ancestors.add(model, base);
        }
    });
    let field = Field::new(sample, base);
    out.patchworks = patchworks(&field, &open, &mut ancestors, ticket)?;
    open = without(&open, out.patchworks.iter().map(|own| own.child));
    let patchy = patchy(&field, &open);
    let unclear = |model: &usize| !dense.contains(model) || patchy.contains(model);
    out.unexplained = open.iter().copied().filter(unclear).collect();
    open = without(&open, out.unexplained.iter().copied());
    let of_sum = |m: &Mixture| (m.child, m.matched.fitted.parents.clone());
    let of_patches = out.patchworks.iter().map(|p| (p.child, p.parents.clone()));
    let merges: Vec<_> = out.mixtures.iter().map(of_sum).chain(of_patches).collect();
    let known = Known {
        sums: &sums,
        base,
        merges: &merges,
        unexplained: &out.unexplained,
    };
    out.tunes = tunes(&known, &open, &ancestors);
    out.unexplained.extend(&out.tunes.between);
    out.unexplained.extend(&out.tunes.doubtful);
    out.unexplained.sort_unstable();
    Ok(out)
}

/// Models that keep far more numbers of the base than is usual in the family: merges whose parents
/// are not here.
fn patchy(field: &Field, models: &[usize]) -> Vec<usize> {
    let mut kept: Vec<f64> = models
        .iter()
        .map(|&model| field.changes.kept(model))
        .collect();
    kept.sort_by(f64::total_cmp);
    let usual = kept.get(kept.len() / 2).copied().unwrap_or(0.0).max(0.0);
    let is_patchy = |&&model: &&usize| field.changes.kept(model) > KEPT + FAR_MORE * usual;
    models.iter().filter(is_patchy).copied().collect()
}

fn without(all: &[usize], gone: impl IntoIterator<Item = usize>) -> Vec<usize> {
    let gone: Vec<usize> = gone.into_iter().collect();
    all.iter()
        .copied()
        .filter(|model| !gone.contains(model))
        .collect()
}

/// Models of `open` that are patchworks of others, seen from one of those that may be the base.
fn put_together(
    sample: &Sample,
    sums: &Sums,
    open: &[usize],
    ancestors: &Ancestors,
    ticket: &Ticket,
) -> Result<Vec<usize>, MeasureError> {
    let mut out: Vec<usize> = Vec::new();
    if open.len() < 4 {
        return Ok(out);
    }
    for (_, supposed) in ranked(sums, open).into_iter().take(TRIED_IN_PATCHWORKS) {
        let field = Field::new(sample, supposed);
        for &child in open.iter().filter(|&&child| child != supposed) {
            ticket.advance(0)?;
            if out.contains(&child) || field.changes.kept(child) < KEPT {
                continue;
            }
            let others = others(&field, child, ancestors);
            let found = patchwork(&field, child, &others);
            let is_clear = |p: &Patchwork| p.explained > EXPLAINED && p.parents.len() > 1;
            if found.is_some_and(|found| is_clear(&found)) {
                out.push(child);
            }
        }
    }
    Ok(out)
}

/// The models that may be parents of a patchwork beside its base.
fn others(field: &Field, child: usize, ancestors: &Ancestors) -> Vec<usize> {
    let all = 0..field.changes.rows.len();
    all.filter(|&p| p != field.changes.base && ancestors.may_be(child, p))
        .collect()
}

/// The patchworks among `open`, the best explained first; notes their parents in `ancestors`.
fn patchworks(
    field: &Field,
    open: &[usize],
    ancestors: &mut Ancestors,
    ticket: &Ticket,
) -> Result<Vec<Patchwork>, MeasureError> {
    let keeps = |&child: &usize| field.changes.kept(child) >= KEPT;
    let mut left: Vec<usize> = open.iter().copied().filter(keeps).collect();
    let mut found: Vec<Patchwork> = Vec::new();
    let mut out = Vec::new();
    loop {
        for child in std::mem::take(&mut left) {
            ticket.advance(0)?;
            let others = others(field, child, ancestors);
            found.extend(patchwork(field, child, &others).filter(is_merge));
        }
        let best = (0..found.len()).max_by(|&a, &b| {
            let by_share = found[a].explained.total_cmp(&found[b].explained);
            by_share.then_with(|| found[b].child.cmp(&found[a].child))
        });
        let Some(best) = best.map(|at| found.remove(at)) else {
            return Ok(out);
        };
        if best
            .parents
            .iter()
            .all(|&p| ancestors.may_be(best.child, p))
        {
            best.parents
                .iter()
                .for_each(|&p| ancestors.add(best.child, p));
            out.push(best);
        } else {
            left.push(best.child);
        }
    }
}

/// Whether what was found is a merge: what takes all from one parent, unscaled, is its fine-tune,
/// or its parent.
fn is_merge(found: &Patchwork) -> bool {
    let is_scaled = |ratio: &f64| (ratio - 1.0).abs() > ONE;
    let is_one = found.parents.len() == 1 && !found.ratios.iter().any(is_scaled);
    found.explained > EXPLAINED && !is_one && !has_a_stand_in(&found.ratios)
}

/// Whether a near copy stands in for a parent that is not here.
fn has_a_stand_in(ratios: &[f64]) -> bool {
    let pairs = || {
        ratios
            .iter()
            .flat_map(|a| ratios.iter().map(move |b| a / b))
    };
    pairs().any(|ratio| ratio > 1.0 + SAME && ratio < 1.0 + APART)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_copy_stands_beside_the_ratio_of_the_others() {
        assert!(has_a_stand_in(&[1.0, 1.0, 1.03]));
        assert!(!has_a_stand_in(&[1.0, 1.0]) && !has_a_stand_in(&[1.0, 0.83]));
        assert!(!has_a_stand_in(&[0.641, 0.645]) && !has_a_stand_in(&[]));
    }
}
