//! The second look, and the verdict from both.

use super::answer::{Answer, Part, Verdict, Why};
use super::choices::{self, Choices};
use super::first::{Found, Question, found, is_even, nothing_to_compare};
use super::sample::{Sample, draw};
use super::spikes::Spike;
use super::subsets::{Subsets, beyond};
use crate::checkpoint::Checkpoint;
use crate::jobs::{Failure, Ticket};

/// Above this part of the changed weights the parents that spike explain the child. Children of 16
/// bits of which all parents are there have 0.98 and more; SCE of two parents has up to 0.85.
const EXPLAINED: f64 = 0.93;
/// The same for a quantised child; Q8_0 has from 0.88 on.
const EXPLAINED_OF_COARSE: f64 = 0.8;
/// The same less what chance explains, as a part of the rest.
const BEYOND_CHANCE: f64 = 0.6;
/// A candidate with this share in the fit may be a parent that does not spike.
const SOME_SHARE: f64 = 0.05;
/// Above this part of weights beyond all that they could give, another parent is missing.
const BEYOND: f64 = 0.1;

/// Who the parents are, with a look at a sample of the weights where the sums do not decide. The
/// models are those of the question, in its order.
///
/// # Errors
/// If a file cannot be read as it was opened, or the user asks to stop.
pub fn second_look(
    question: &Question<'_>,
    base: &Checkpoint,
    child: &Checkpoint,
    candidates: &[&Checkpoint],
    ticket: &Ticket,
) -> Result<Answer, Failure> {
    let Some(found) = found(question) else {
        return Ok(nothing_to_compare());
    };
    if found.is_final {
        return Ok(found.answer);
    }
    let sample = draw(base, child, candidates, ticket)?;
    let whole = choices::settle(&sample, &found.equations.whole, ticket)?;
    Ok(judge(question, &found, &sample, whole.as_ref()))
}

fn judge(
    question: &Question<'_>,
    found: &Found,
    sample: &Sample,
    whole: Option<&Choices>,
) -> Answer {
    let open = found.answer.clone();
    let spikes = whole.map_or(&[][..], |own| own.spikes.as_slice());
    let least = match sample.is_coarse {
        true => EXPLAINED_OF_COARSE,
        false => EXPLAINED,
    };
    let is_told = |own: &&Choices| {
        let Subsets {
            explained,
            beyond_chance,
            is_odd,
            ..
        } = own.subsets;
        explained >= least && beyond_chance >= BEYOND_CHANCE && !is_odd
    };
    let explained = whole.filter(is_told);
    if let Some(Choices { subsets, alike, .. }) = explained {
        let parts = spikes
            .iter()
            .zip(&subsets.shares)
            .map(|(spike, &share)| Part {
                candidate: spike.candidate,
                share,
            });
        let verdict = if subsets.is_by_size {
            Verdict::Trimmed
        } else {
            Verdict::Dropped
        };
        let out = Answer {
            alike: alike.clone(),
            ..open.with_parts(parts)
        };
        return match alike.is_empty() {
            true => out.judged(verdict, Why::Subsets(subsets.explained)),
            false => out.judged(Verdict::CannotTell, Why::Alike),
        };
    }
    let may_continue = match spikes {
        [] => true,
        // Weights that further training did not move; it leaves out none of the parent's.
        [only] => (only.at - 1.0).abs() < 0.02 && whole.is_some_and(Choices::is_whole),
        _ => false,
    };
    let plain = found.unexplained(question.signs);
    if plain.why == Why::Negative {
        return plain;
    }
    if let Some(continued) = found.continued().filter(|_| may_continue) {
        return continued;
    }
    if plain.verdict == Verdict::ParentMissing && may_continue && found.may_be_trained_further() {
        return plain.judged(Verdict::CannotTell, Why::TrainedOrMerged);
    }
    if spikes.is_empty() {
        return plain;
    }
    let shares = found.equations.whole.fit(question.signs).shares;
    let spiking: Vec<usize> = spikes.iter().map(|spike| spike.candidate).collect();
    let largest = spiking.iter().map(|&i| shares[i]).fold(0.0, f64::max);
    let parts = spiking.iter().map(|&candidate| Part {
        candidate,
        share: shares[candidate],
    });
    let out = open.with_parts(parts);
    let spread = found.equations.spread();
    let disagrees = |i: usize| shares[i] >= 0.4 * largest && is_even(spread[i]);
    let mut others = (0..shares.len()).filter(|i| !spiking.contains(i));
    if beyond(sample, &with_a_share(spikes, &shares)) < BEYOND {
        out.judged(Verdict::CannotTell, Why::Pattern)
    } else if others.any(disagrees) {
        out.judged(Verdict::CannotTell, Why::Disagree)
    } else {
        out.judged(Verdict::ParentMissing, Why::Unexplained)
    }
}

/// Those that spike, and every other candidate with a share in the fit as if it did.
fn with_a_share(spikes: &[Spike], shares: &[f64]) -> Vec<Spike> {
    let mut out = spikes.to_vec();
    let Some(most) = spikes.iter().max_by(|a, b| a.at.total_cmp(&b.at)) else {
        return out;
    };
    let is_other = |i: &usize| !spikes.iter().any(|spike| spike.candidate == *i);
    let others = (0..shares.len())
        .filter(|&i| shares[i] >= SOME_SHARE)
        .filter(is_other);
    out.extend(others.map(|candidate| Spike {
        candidate,
        ..most.clone()
    }));
    out
}
