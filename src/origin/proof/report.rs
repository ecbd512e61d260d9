//! What a proof says: the recipe, how much of the child it makes, and the sentence.

use super::case::Case;
use super::claim::{Claim, Extent, holds};
use super::recipes::Candidate;
use super::trial::Score;
use super::words;
use crate::merge::recipe::to_yaml;

/// What was found about a child.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    /// What people call the child.
    pub child: String,
    /// The recipe that is claimed.
    pub claim: Option<Claim>,
    /// How much was compared.
    pub extent: Extent,
    /// How well the claimed recipe, or the nearest one, makes the child.
    pub score: Score,
    /// Everything in one or two sentences.
    pub sentence: String,
    /// Tensors of the child that the recipe does not make.
    pub missing: Vec<String>,
}

impl Proof {
    /// The method's name in recipes; `None` where nothing is claimed.
    pub fn method(&self) -> Option<&str> {
        Some(self.claim.as_ref()?.recipe.merge_method.as_str())
    }

    /// A child that is its base.
    pub(crate) fn unchanged(case: &Case) -> Self {
        let name = &case.child_name;
        Self {
            child: name.clone(),
            claim: None,
            extent: Extent::Sample,
            score: Score::default(),
            sentence: format!(
                "{name} has the weights of its base {}: nothing was merged into it",
                case.people[0].name
            ),
            missing: Vec::new(),
        }
    }

    pub(crate) fn new(
        case: &Case,
        extent: Extent,
        scored: Vec<(Candidate, Score, Vec<String>)>,
        (relative, roundings): (f64, f64),
    ) -> Self {
        let child = case.child_name.clone();
        let found = scored
            .iter()
            .position(|(candidate, score, _)| holds(candidate, score));
        let claimed = found.and_then(|at| {
            let (candidate, score, missing) = &scored[at];
            let yaml = to_yaml(std::slice::from_ref(&candidate.recipe)).ok()?;
            let same = scored.iter().enumerate().filter(|(k, (other, own, _))| {
                *k != at && own.equal == score.equal && holds(other, own)
            });
            let own = words::recipe(case, &candidate.recipe);
            let mut also: Vec<String> = Vec::new();
            for (_, (other, _, _)) in same {
                let words = words::recipe(case, &other.recipe);
                if words != own && !also.contains(&words) {
                    also.push(words);
                }
            }
            let note = candidate.note.clone();
            let claim = Claim {
                recipe: candidate.recipe.clone(),
                yaml,
                also,
                note,
                order: candidate.order,
            };
            Some((claim, score.clone(), missing.clone()))
        });
        match claimed {
            Some((claim, score, missing)) => Self {
                sentence: words::claimed(case, &claim, &score, extent, &missing),
                child,
                claim: Some(claim),
                extent,
                score,
                missing,
            },
            None => {
                let nearest = scored.into_iter().next();
                let sentence = words::nothing(case, nearest.as_ref(), relative, roundings);
                let (score, missing) = nearest.map(|(_, s, m)| (s, m)).unwrap_or_default();
                Self {
                    child,
                    claim: None,
                    extent,
                    score,
                    sentence,
                    missing,
                }
            }
        }
    }
}
