//! From a case to its proof: recipes proposed, tried on a sample, and the best one claimed if it
//! holds.

use std::collections::BTreeSet;

use super::case::Case;
use super::claim::{Extent, holds};
use super::linear::Linear;
use super::recipes::Candidate;
use super::report::Proof;
use super::sample::{GLANCE, QUICK, USUAL, sample};
use super::sums::look;
use super::trial::{Score, Trial};
use super::{masked, others, polish, random, stacked};
use crate::checkpoint::Dtype;
use crate::jobs::Ticket;
use crate::merge::MergeError;
use crate::merge::recipe::{Recipe, to_yaml};
use crate::merge::run::{Order, RunError};

/// The share of moved numbers from which a recipe makes all of them, but for a few that lie
/// between two roundings.
const EXACT: f64 = 0.9995;

/// A recipe that makes fewer of the moved numbers nearly, and leaves more of the change, is not
/// mended by other digits.
const FAR: f64 = 0.3;

/// Errors of fitted numbers are taken for this many times as large, until a recipe holds.
const DOUBTS: [f64; 3] = [1.0, 6.0, 36.0];

/// Finds the recipe that a child was made by, and proves it.
///
/// # Errors
/// When the ticket is cancelled; a sentence if the models have nothing in common.
pub fn prove(case: &Case, extent: Extent, ticket: &Ticket) -> Result<Proof, RunError> {
    let opened = case.opened();
    let lined = case.lined(&opened);
    if lined.is_empty() {
        return Err(RunError::Failed(format!(
            "{} has no tensor in common with its base and all parents; give models of one \
             architecture",
            case.child_name
        )));
    }
    let seen = look(case, &opened, &lined, ticket).map_err(failed)?;
    let mut search = Search {
        case,
        ticket,
        glance: sample(&case.child, GLANCE),
        quick: sample(&case.child, QUICK),
        best: Vec::new(),
    };
    if seen.iter().all(|own| own.change() == 0.0) && lined.len() == case.child.tensors().len() {
        return Ok(Proof::unchanged(case));
    }
    let mut linear = Linear::new(case, &seen);
    search.try_all(stacked::candidate(case))?;
    for doubt in DOUBTS {
        if !search.is_perfect() {
            search.try_all(linear.candidates(doubt))?;
        }
    }
    if !search.is_settled() {
        search.try_all(others::by_row(&linear))?;
    }
    if !search.is_settled() {
        let whole = masked::Elements::read(case, &opened, &lined, ticket).map_err(failed)?;
        search.try_all(masked::candidates(case, &whole))?;
        search.polish()?;
        if !search.is_settled() {
            search.try_all(others::candidates(case, &linear))?;
        }
        if !search.is_settled() {
            let drawn = random::candidates(case, &whole);
            let (seeded, last): (Vec<_>, Vec<_>) =
                drawn.into_iter().partition(|own| own.note.is_none());
            search.try_all(seeded)?;
            search.polish()?;
            let has_claim = |tried: &Tried| holds(&tried.candidate, &tried.score);
            if !search.best.iter().any(has_claim) {
                search.try_all(last)?;
                search.noted_first();
            }
        }
    }
    search.concluded(extent, &linear)
}

pub(crate) fn failed(error: MergeError) -> RunError {
    match error {
        MergeError::Cancelled(cancelled) => cancelled.into(),
        other => RunError::Failed(other.to_string()),
    }
}

/// A candidate with what became of it on the quick sample.
pub(crate) struct Tried {
    pub candidate: Candidate,
    pub score: Score,
}

struct Search<'c> {
    case: &'c Case,
    ticket: &'c Ticket,
    glance: BTreeSet<String>,
    quick: BTreeSet<String>,
    /// Best first; equal ones in the order in which they were proposed.
    best: Vec<Tried>,
}

impl Search<'_> {
    fn try_all(&mut self, candidates: impl IntoIterator<Item = Candidate>) -> Result<(), RunError> {
        for candidate in candidates {
            for recipe in formats(self.case, &candidate.recipe) {
                self.try_one(Candidate {
                    recipe,
                    ..candidate.clone()
                })?;
            }
        }
        Ok(())
    }

    fn try_one(&mut self, candidate: Candidate) -> Result<(), RunError> {
        let known = |tried: &Tried| {
            tried.candidate.recipe == candidate.recipe && tried.candidate.note == candidate.note
        };
        if self.best.iter().any(known) {
            return Ok(());
        }
        let Ok(trial) = Trial::new(self.case, &candidate.recipe) else {
            return Ok(());
        };
        let candidate = Candidate {
            order: Order::Once,
            ..candidate
        };
        // The first is looked at anyway: it is what is nearest where nothing is found.
        if !self.best.is_empty() && candidate.note.is_none() {
            let glance = self.scored(&trial, &self.glance)?;
            if glance.is_none_or(|score| score.relative() > 0.5 && score.moved_share() < 0.2) {
                return Ok(());
            }
        }
        let Some(score) = self.scored(&trial, &self.quick)? else {
            return Ok(());
        };
        let wanted = |name: &str| self.quick.contains(name);
        let is_near = score.near_share() >= 0.5 || score.relative() < 1e-3;
        if is_near && score.equal < score.bytes && trial.has_steps() && !self.is_perfect() {
            let stepped = trial.in_order(Order::Steps).score(&wanted, self.ticket)?;
            if stepped.equal > score.equal {
                let candidate = Candidate {
                    order: Order::Steps,
                    ..candidate.clone()
                };
                self.best.push(Tried {
                    candidate,
                    score: stepped,
                });
            }
        }
        self.best.push(Tried { candidate, score });
        self.best
            .sort_by_key(|tried| std::cmp::Reverse(tried.score.equal));
        Ok(())
    }

    /// How well a recipe makes these tensors; `None` where it cannot be run, or makes none.
    fn scored(
        &self,
        trial: &Trial<'_>,
        names: &BTreeSet<String>,
    ) -> Result<Option<Score>, RunError> {
        match trial.score(&|name| names.contains(name), self.ticket) {
            Ok(score) => Ok(Some(score).filter(|score| score.tensors > 0)),
            Err(RunError::Cancelled(cancelled)) => Err(cancelled.into()),
            // A recipe that cannot be run is no candidate.
            Err(RunError::Failed(_)) => Ok(None),
        }
    }

    /// Puts recipes whose draws cannot be repeated before others that do not hold either.
    fn noted_first(&mut self) {
        self.best
            .sort_by_key(|tried| tried.candidate.note.is_none());
    }

    /// Whether the best recipe makes every byte.
    fn is_perfect(&self) -> bool {
        let best = self.best.first();
        best.is_some_and(|best| best.score.equal == best.score.bytes)
    }

    /// Whether the best recipe leaves nothing to be found.
    fn is_settled(&self) -> bool {
        self.best.first().is_some_and(|best| {
            let is_exact = self.is_exact() || best.score.relative() < 3e-6;
            is_exact && holds(&best.candidate, &best.score)
        })
    }

    /// Whether the best recipe makes all but a few numbers.
    fn is_exact(&self) -> bool {
        let best = self.best.first();
        best.is_some_and(|best| best.score.moved_share() >= EXACT)
    }

    /// Tries the neighbours of the numbers of the best recipe as long as one is better.
    fn polish(&mut self) -> Result<(), RunError> {
        for _ in 0..6 {
            let Some(best) = self.best.first() else {
                return Ok(());
            };
            let before = best.score.equal;
            let is_far = best.score.near_share() < FAR && best.score.relative() > FAR;
            if is_far || best.score.moved_share() >= 0.9999 {
                return Ok(());
            }
            let near = polish::neighbours(&best.candidate);
            self.try_all(near)?;
            if self
                .best
                .first()
                .is_none_or(|best| best.score.equal <= before)
            {
                return Ok(());
            }
        }
        Ok(())
    }

    fn concluded(self, extent: Extent, linear: &Linear<'_>) -> Result<Proof, RunError> {
        let compared = if self.is_exact() { 3 } else { 6 };
        let wanted = match extent {
            Extent::Sample => sample(&self.case.child, USUAL),
            Extent::All => self
                .case
                .child
                .tensors()
                .iter()
                .map(|own| own.name.clone())
                .collect(),
        };
        let mut final_scores = Vec::new();
        for tried in self.best.iter().take(compared) {
            let Ok(trial) = Trial::new(self.case, &tried.candidate.recipe) else {
                continue;
            };
            let trial = trial.in_order(tried.candidate.order);
            let score = trial.score(&|name| wanted.contains(name), self.ticket)?;
            let missing: Vec<String> = trial.missing().into_iter().map(str::to_owned).collect();
            final_scores.push((tried.candidate.clone(), score, missing));
        }
        final_scores.sort_by_key(|(candidate, score, _): &(Candidate, Score, _)| {
            (candidate.note.is_none(), std::cmp::Reverse(score.equal))
        });
        plainest_first(&mut final_scores);
        Ok(Proof::new(
            self.case,
            extent,
            final_scores,
            linear.residual(),
        ))
    }
}

/// Moved numbers that may be the same by accident where another program's rounding decides.
const ACCIDENT: f64 = 0.006;

/// Where no recipe makes all bytes, the shortest of those that make nearly as many as the best:
/// which of them another program's rounding favours says nothing.
fn plainest_first(scored: &mut Vec<(Candidate, Score, Vec<String>)>) {
    let best = match scored.first() {
        Some((candidate, score, _)) if candidate.note.is_none() => score.moved_share(),
        _ => return,
    };
    if best >= EXACT {
        return;
    }
    let length = |candidate: &Candidate| {
        to_yaml(std::slice::from_ref(&candidate.recipe)).map_or(usize::MAX, |yaml| yaml.len())
    };
    let near = scored
        .iter()
        .enumerate()
        .filter(|(_, (candidate, score, _))| {
            score.moved_share() >= best - ACCIDENT && holds(candidate, score)
        });
    let plainest = near.min_by_key(|(_, (candidate, ..))| length(candidate));
    if let Some(at) = plainest.map(|(at, _)| at) {
        let plainest = scored.remove(at);
        scored.insert(0, plainest);
    }
}

/// A recipe in the formats that make the child's.
fn formats(case: &Case, recipe: &Recipe) -> Vec<Recipe> {
    let made = Trial::new(case, recipe)
        .ok()
        .and_then(|trial| trial.dtype());
    let wanted = case.child_dtype();
    let name = wanted.and_then(Dtype::config_name);
    let (true, Some(name)) = (made != wanted, name) else {
        return vec![recipe.clone()];
    };
    let with = |dtype: bool| {
        let mut recipe = recipe.clone();
        let key = if dtype {
            &mut recipe.dtype
        } else {
            &mut recipe.out_dtype
        };
        *key = Some(name.to_owned());
        recipe
    };
    vec![with(true), with(false)]
}
