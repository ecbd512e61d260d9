//! By which method a pair is best merged: learned from the study's merges by several, else the
//! usual one. Nothing is brought along from other families: which of two ways gains more differs
//! between them (`kinfolk help strategies`).

use super::Suggested;
use crate::advice::{Advised, WayGain};
use crate::merge::composition::{TEMPLATES, Template};
use crate::merge::methods::{BaseRule, find};
use crate::merge::recipe::parse;
use crate::study::Model;
use crate::text::{counted, with_minus};
use crate::workbench::Workbench;

/// How two are merged, as far as gains are alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Way {
    /// The method by its name in recipes; empty where it is not known.
    pub method: String,
    /// Whether it merges task vectors where it could merge weights.
    pub of_task_vectors: bool,
}

/// A way for a pair, and why that one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recommended {
    pub way: Way,
    pub why: String,
}

impl Way {
    /// SLERP of the weights.
    pub fn slerp() -> Self {
        Self {
            method: "slerp".to_owned(),
            of_task_vectors: false,
        }
    }

    /// SLERP of the task vectors.
    pub fn slerp_of_task_vectors() -> Self {
        Self {
            method: "nuslerp".to_owned(),
            of_task_vectors: true,
        }
    }

    /// That of a model, by its recipe where it has one.
    pub(super) fn of(model: &Model) -> Self {
        let method = model.origin.method.clone();
        let may_have_base =
            || find(&method).is_some_and(|method| method.description().base == BaseRule::Optional);
        let has_base = || {
            let recipes = parse(&model.origin.recipe).recipes;
            recipes.last().is_some_and(|own| own.base_model.is_some())
        };
        let of_task_vectors = !method.is_empty() && may_have_base() && has_base();
        Self {
            method,
            of_task_vectors,
        }
    }

    /// In a few words: `SLERP`, `SLERP of task vectors`.
    pub fn title(&self) -> String {
        if *self == Self::slerp_of_task_vectors() {
            return "SLERP of task vectors".to_owned();
        }
        let known = find(&self.method).map(|method| method.description().title);
        let title = match known {
            _ if self.method.is_empty() => "an unknown method",
            Some(title) => title,
            None => &self.method,
        };
        match self.of_task_vectors {
            true => format!("{title} of task vectors"),
            false => title.to_owned(),
        }
    }

    /// The template that a merge by it begins from, by its place; `None` where there is none.
    pub fn template(&self) -> Option<usize> {
        let is_own = |template: &Template| template.method == Some(&self.method[..]);
        TEMPLATES.iter().position(is_own)
    }

    /// Whether the child's weights are a mean of the parents', and its change so shorter than
    /// theirs.
    fn shortens(&self) -> bool {
        matches!(self.method.as_str(), "slerp" | "linear" | "")
    }
}

impl Suggested {
    /// The way for a pair of `models`, and why: that of which most is expected.
    pub(super) fn recommend(&self, bench: &Workbench, advised: &Advised) -> Recommended {
        let known = |way: usize| self.advice.ways.iter().find(|gain| gain.way == way);
        if let Some(better) = known(advised.way) {
            return self.learned(better);
        }
        let usual = &self.ways[0];
        let pair = advised.pair.map(|k| self.models[k]);
        let turned = Way::slerp_of_task_vectors();
        let made = match self.advice.n {
            0 => "the one to begin with".to_owned(),
            n => format!("what {} of the study were made by", counted(n, "merge")),
        };
        let why = if advised.have_one_direction() {
            "their changes have nearly one direction, so that the method matters little".to_owned()
        } else if let Some(tried) = self.advice.ways.first() {
            let (other, gain) = (self.ways[tried.way].title(), points(tried.difference));
            format!(
                "{made}; {other} gained {gain} points against it (n = {})",
                tried.n
            )
        } else if usual.shortens() && bench.doc().base_of_all(&pair).is_some() {
            format!(
                "{made}; whether {} gains more differs between families, and two models merged \
                 by both would tell",
                turned.title()
            )
        } else {
            made
        };
        let way = match usual.method.is_empty() {
            true => Way::slerp(),
            false => usual.clone(),
        };
        Recommended { way, why }
    }

    fn learned(&self, better: &WayGain) -> Recommended {
        let way = self.ways[better.way].clone();
        let (usual, gain) = (self.ways[0].title(), points(better.difference));
        let why = match better.is_paired {
            true => format!(
                "it gained {gain} points more than {usual} of the same two (n = {})",
                better.n
            ),
            false => {
                let [low, high] = better.interval.map(points);
                let n = better.n;
                format!(
                    "it gained {gain} points more than {usual} was expected to (90 %: {low} to \
                     {high}, n = {n})"
                )
            }
        };
        Recommended { way, why }
    }
}

fn points(value: f64) -> String {
    with_minus(&format!("{value:.2}"))
}
