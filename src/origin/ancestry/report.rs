//! An answer with names: the stable JSON shape, and a table.

use serde::Serialize;

use super::answer::{Answer, Verdict};
use super::groups::GroupShares;
use super::words;

/// All of an answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Name of the child.
    pub child: String,
    /// The models that went into it, the largest share first.
    pub parts: Vec<NamedPart>,
    /// The relative residual of the fit; see [`Answer::residual`].
    pub residual: f64,
    /// How it was made.
    pub verdict: Verdict,
    /// What rounding alone leaves of the residual, as expected.
    pub rounding: f64,
    /// What the words call unexplained.
    pub unexplained: f64,
    /// The answer in a sentence.
    pub sentence: String,
    /// Pairs that cannot be told apart.
    pub alike: Vec<[String; 2]>,
    /// Numbers that were compared.
    pub compared: u64,
    /// The shares by layer or kind, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<NamedGroup>>,
}

/// A model with its share.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NamedPart {
    /// Its name.
    pub model: String,
    /// Its share.
    pub share: f64,
}

/// The shares in one group of tensors.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NamedGroup {
    /// Layer or kind.
    pub name: String,
    /// Numbers that were compared in it.
    pub parameters: u64,
    /// The models of the answer, in its order.
    pub parts: Vec<NamedPart>,
    /// The relative residual in it.
    pub residual: f64,
}

/// Puts names on an answer.
pub fn report(
    answer: &Answer,
    child: &str,
    candidates: &[String],
    groups: Option<&[GroupShares]>,
) -> Report {
    let named = |candidate: usize, share: f64| NamedPart {
        model: candidates[candidate].clone(),
        share,
    };
    let parts = answer.parts.iter();
    let group = |own: &GroupShares| NamedGroup {
        name: own.name.clone(),
        parameters: own.parameters,
        parts: (answer.parts.iter().zip(&own.shares))
            .map(|(part, &share)| named(part.candidate, share))
            .collect(),
        residual: own.residual,
    };
    let alike = answer.alike.iter();
    Report {
        child: child.to_owned(),
        parts: parts
            .map(|part| named(part.candidate, part.share))
            .collect(),
        residual: answer.residual,
        verdict: answer.verdict,
        rounding: answer.rounding,
        unexplained: words::unexplained(answer),
        sentence: words::sentence(answer, child, candidates),
        alike: alike
            .map(|pair| pair.map(|k| candidates[k].clone()))
            .collect(),
        compared: answer.compared,
        groups: groups.map(|groups| groups.iter().map(group).collect()),
    }
}
