//! The first look: what the Gram matrices of a kinship pass tell.

use super::answer::{Answer, Part, SMALLEST_SHARE, Verdict, Why};
use super::continued;
use super::equations::{Equations, Grain};
use super::fit::{Signs, System};
use super::rounding::Rounding;
use super::settle::settle;
use crate::kinship::Kinship;

/// Which child, of whom.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The pass that measured all of them.
    pub kinship: &'a Kinship,
    /// The child, by its index there.
    pub child: usize,
    /// Who may be a parent, by index.
    pub candidates: &'a [usize],
    /// Which shares may be found.
    pub signs: Signs,
    /// What rounding the child has left.
    pub rounding: &'a Rounding,
}

/// A residual is explained by rounding up to this multiple of what is expected: parents of a
/// second generation were rounded before, and the expectation is of one rounding.
const ROUNDINGS: f64 = 1.9;
/// The same for quantisation, which comes once, at the end, and whose error is measured.
const QUANTISED: f64 = 1.05;
/// A child that differs from the base by this multiple of its rounding may be the base.
const UNCHANGED: f64 = 1.06;
/// Fits that leave up to this multiple of the least leave as much.
const AS_MUCH: f64 = 1.1;
/// A residual that every merge may leave: sums in `f32`, and weights rounded to few digits.
const FLOOR: f64 = 0.004;

/// What the first look has worked out.
pub(super) struct Found {
    pub equations: Equations,
    /// Residuals up to this are rounding.
    pub most: f64,
    pub answer: Answer,
    /// Whether the answer stands without a second look.
    pub is_final: bool,
}

/// Who the parents are, from the sums of a kinship pass. Where they do not decide, the verdict is
/// [`Verdict::CannotTell`] for the reason [`Why::NotLookedAt`], with the shares of the best fit.
pub fn first_look(question: &Question<'_>) -> Answer {
    found(question).map_or_else(nothing_to_compare, |found| found.answer)
}

pub(super) fn nothing_to_compare() -> Answer {
    Answer {
        parts: Vec::new(),
        residual: 1.0,
        rounding: 0.0,
        verdict: Verdict::CannotTell,
        why: Why::NoCandidate,
        alike: Vec::new(),
        compared: 0,
    }
}

/// `None` if there are no numbers in common.
pub(super) fn found(question: &Question<'_>) -> Option<Found> {
    let Question {
        kinship,
        child,
        candidates,
        signs,
        rounding,
    } = *question;
    let all: Vec<usize> = (0..kinship.tensors.len()).collect();
    let equations = Equations::of(kinship, child, candidates, &all)?;
    let everyone: Vec<usize> = (0..candidates.len()).collect();
    let whole = equations.residual(&everyone, Grain::Whole, signs);
    let rounded = rounded(kinship, child, candidates, rounding);
    let of_change = |left: f64| match equations.whole.square() {
        square if square > 0.0 => (left / square).sqrt(),
        _ => 0.0,
    };
    let expected = of_change(rounded + rounding.quantised());
    let open = Answer {
        residual: whole,
        rounding: expected,
        why: Why::NotLookedAt,
        compared: equations.whole.count(),
        ..nothing_to_compare()
    };
    let most = (ROUNDINGS * of_change(rounded))
        .hypot(QUANTISED * of_change(rounding.quantised()))
        .hypot(FLOOR);
    let mut out = Found {
        equations,
        most,
        answer: open,
        is_final: true,
    };
    out.answer = out.decided(signs);
    out.is_final = out.answer.why != Why::NotLookedAt;
    Some(out)
}

fn rounded(kinship: &Kinship, child: usize, candidates: &[usize], rounding: &Rounding) -> f64 {
    let of = |k: usize| {
        let own = System::of_tensor(&kinship.tensors[k], child, candidates)?;
        Some(rounding.of_tensor(k, &own))
    };
    (0..kinship.tensors.len()).filter_map(of).sum()
}

impl Found {
    fn decided(&self, signs: Signs) -> Answer {
        let open = self.answer.clone();
        let whole = &self.equations.whole;
        let everyone: Vec<usize> = (0..whole.len()).collect();
        if whole.square() <= 0.0 || self.most >= 1.0 || open.rounding * UNCHANGED >= 1.0 {
            return open.judged(Verdict::CannotTell, Why::Unchanged);
        }
        if whole.is_empty() {
            return open.judged(Verdict::CannotTell, Why::NoCandidate);
        }
        if let Some(copied) = self.copied() {
            return copied;
        }
        let grain = if open.residual <= self.most {
            Some(Grain::Whole)
        } else {
            let own = self.equations.residual(&everyone, Grain::Tensors, signs);
            (own <= self.most).then_some(Grain::Tensors)
        };
        match grain {
            Some(grain) => self.explained(grain, signs, self.most),
            // Model stock has a negative share in a tensor where its parents point apart.
            None if self.is_nearly_positive(&everyone) => {
                self.explained(Grain::Tensors, Signs::Any, self.most)
            }
            None if let Some(grain) = self.equations.rounding_of_parents(signs) => {
                let left = self.equations.residual(&everyone, grain, signs);
                self.explained(grain, signs, left * AS_MUCH)
            }
            None => open.with_shares(&whole.fit(signs).shares),
        }
    }

    /// Whether shares of any sign in each tensor explain the child, and none is negative on the
    /// whole.
    fn is_nearly_positive(&self, everyone: &[usize]) -> bool {
        let shares = self.equations.whole.fit(Signs::Any).shares;
        let free = || (self.equations).residual(everyone, Grain::Tensors, Signs::Any);
        shares.iter().all(|share| *share >= -SMALLEST_SHARE) && free() <= self.most
    }

    /// If the child is a candidate to the last bit.
    fn copied(&self) -> Option<Answer> {
        let whole = &self.equations.whole;
        let same: Vec<usize> = (0..whole.len())
            .filter(|&i| whole.apart(i) == 0.0)
            .collect();
        let &first = same.first()?;
        let answer = Answer {
            residual: 0.0,
            alike: same[1..].iter().map(|&other| [first, other]).collect(),
            ..self.answer.clone()
        };
        let answer = answer.with_parts([Part {
            candidate: first,
            share: 1.0,
        }]);
        Some(match same.len() {
            1 => answer.judged(Verdict::Linear, Why::Copy),
            _ => answer.judged(Verdict::CannotTell, Why::Alike),
        })
    }

    fn explained(&self, grain: Grain, signs: Signs, most: f64) -> Answer {
        let settled = settle(&self.equations, grain, signs, most);
        let needed = |pair: &&[usize; 2]| settled.shares[pair[0]].abs() >= SMALLEST_SHARE;
        let answer = Answer {
            residual: settled.residual,
            alike: settled.alike.iter().filter(needed).copied().collect(),
            ..self.answer.clone()
        };
        let answer = answer.with_shares(&settled.shares);
        if settled.parents.is_empty() {
            return answer.judged(Verdict::CannotTell, Why::Unchanged);
        }
        if !answer.alike.is_empty() {
            return answer.judged(Verdict::CannotTell, Why::Alike);
        }
        let why = match grain {
            Grain::Whole => Why::Rounding,
            Grain::Tensors => Why::SharesChange,
        };
        answer.judged(Verdict::Linear, why)
    }

    /// What the fit says of a child that no recipe explains: a fine-tune, or parents that are
    /// missing.
    pub(super) fn unexplained(&self, signs: Signs) -> Answer {
        let open = self.answer.clone();
        let whole = &self.equations.whole;
        let everyone: Vec<usize> = (0..whole.len()).collect();
        let free = self
            .equations
            .residual(&everyone, Grain::Tensors, Signs::Any);
        if signs == Signs::NonNegative && free <= self.most {
            return open.judged(Verdict::CannotTell, Why::Negative);
        }
        let descendants = continued::descendants(whole);
        let parts = open.parts.clone();
        let parts = parts
            .into_iter()
            .filter(|part| !descendants.contains(&part.candidate));
        let spread = self.equations.spread();
        let parts: Vec<Part> = parts
            .filter(|part| is_even(spread[part.candidate]))
            .collect();
        let is_own = |part: &&Part| !self.is_shadow(part, &parts);
        let out = open.with_parts(parts.iter().filter(is_own).copied());
        match descendants.is_empty() {
            true => out.judged(Verdict::ParentMissing, Why::Unexplained),
            false => out.judged(Verdict::CannotTell, Why::Descendant),
        }
    }

    /// The candidate that the child continues, if the others explain nothing of what is new.
    pub(super) fn continued(&self) -> Option<Answer> {
        let whole = &self.equations.whole;
        let parent = continued::parent(whole)?;
        let everyone: Vec<usize> = (0..whole.len()).collect();
        let best = self
            .equations
            .residual(&everyone, Grain::Tensors, Signs::NonNegative);
        let answer = Answer {
            residual: parent.residual,
            ..self.answer.clone()
        };
        let answer = answer.with_parts([Part {
            candidate: parent.candidate,
            share: 1.0,
        }]);
        (best >= 0.85 * parent.residual).then(|| answer.judged(Verdict::FineTune, Why::Continues))
    }

    /// Whether the child lies as a fine-tune of a candidate does, whatever others explain.
    pub(super) fn may_be_trained_further(&self) -> bool {
        continued::parent(&self.equations.whole).is_some()
    }

    /// Whether a part is a small share of a near relative of a larger one.
    fn is_shadow(&self, part: &Part, parts: &[Part]) -> bool {
        let whole = &self.equations.whole;
        parts.iter().any(|other| {
            let cosine = whole.cosine(part.candidate, other.candidate);
            other.share.abs() > 3.0 * part.share.abs() && cosine.is_some_and(|c| c > 0.6)
        })
    }
}

/// Whether a share, by its mean and deviation, is about the same in all tensors, as that of a
/// parent is; one that stands in for a missing parent goes up and down with their likeness.
pub(super) fn is_even([mean, deviation]: [f64; 2]) -> bool {
    deviation < 0.2 * mean.abs()
}
