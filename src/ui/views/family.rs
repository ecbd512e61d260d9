//! A model among its family, as lineage and evolution show it: one card for both.

use crate::kinship::Metric;
use crate::lineage::best_of_generations;
use crate::study::{Model, ModelFacts, ModelId, Role};
use crate::ui::format;
use crate::workbench::Workbench;

#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    pub id: ModelId,
    pub name: String,
    /// The same where there is little room.
    pub short: String,
    pub role: Role,
    pub generation: u32,
    /// What it is compared by, in points: its average, or what an evolution selects by.
    pub score: Option<f64>,
    pub gain: Option<f64>,
    pub children: usize,
    /// Names of its parents, whether or not they are shown.
    pub parents: Vec<String>,
    pub unnamed_parents: bool,
    /// Kinship of its parents from 0 to 1, and in which measure.
    pub kinship: Option<(f64, Metric)>,
    /// Distance of its parents, which no colour tells, and in which measure.
    pub distance: Option<(f64, Metric)>,
    pub explores: bool,
    /// Whether its score is the best of its generation.
    pub is_best: bool,
    /// The runs that it belongs to.
    pub runs: Vec<String>,
    /// The models that it stands for, where it is of several; else none.
    pub folded: Vec<(ModelId, String)>,
    /// What those are called together.
    pub family: Option<String>,
}

impl Card {
    /// A model of the study as its record has it.
    pub fn new(bench: &Workbench, model: &Model, row: &ModelFacts) -> Self {
        let doc = bench.study().doc();
        let first = |is_similarity: bool| {
            let metrics = Metric::ALL.iter().copied();
            let mut metrics = metrics.filter(|metric| metric.is_similarity() == is_similarity);
            metrics.find_map(|metric| {
                let value = row.kinship.get(metric).filter(|value| value.is_finite())?;
                Some((value, metric))
            })
        };
        let parents = model.parents.iter();
        Self {
            id: model.id,
            name: model.name.clone(),
            short: bench.short(model.id).to_owned(),
            role: doc.role(model),
            generation: row.generation,
            score: row.average.filter(|v| v.is_finite()),
            gain: row.gain,
            children: row.children,
            parents: parents.map(|&p| doc.name_of(p).to_owned()).collect(),
            unnamed_parents: model.origin.unnamed_parents,
            kinship: first(true),
            distance: first(false),
            explores: model.steps.iter().any(|step| step.exploration),
            is_best: false,
            runs: model.steps.iter().map(|step| step.run.clone()).collect(),
            folded: Vec::new(),
            family: None,
        }
    }

    /// All that a picture says of a model, in words: what a screen reader reads. `measure` is
    /// what the score is called.
    pub fn words(&self, measure: &str) -> String {
        let generation = match self.generation {
            0 if self.parents.is_empty() => "founder".to_owned(),
            n => format!("generation {n}"),
        };
        let mut parts = vec![self.name.clone(), generation];
        parts.push(match self.score {
            Some(_) => format!("{measure} {}", format::score(self.score)),
            None => format!("no {measure}"),
        });
        if self.is_best {
            parts.push("best of its generation".to_owned());
        }
        if self.explores {
            parts.push("made to explore".to_owned());
        }
        parts.extend(self.made_from());
        parts.extend(self.relation());
        if self.children > 0 {
            parts.push(self.children_words());
        }
        parts.join(", ")
    }

    /// The models that it stands for.
    pub fn ids(&self) -> Vec<ModelId> {
        match &self.folded[..] {
            [] => vec![self.id],
            several => several.iter().map(|(id, _)| *id).collect(),
        }
    }

    /// Whether a model is among them.
    pub fn is_of(&self, id: ModelId) -> bool {
        self.id == id || self.folded.iter().any(|(own, _)| *own == id)
    }

    /// Whether it was made from several models.
    pub fn is_merge(&self) -> bool {
        self.parents.len() > 1 || self.unnamed_parents
    }

    pub fn children_words(&self) -> String {
        match self.children {
            0 => "no children".to_owned(),
            1 => "1 child".to_owned(),
            n => format!("{n} children"),
        }
    }

    pub fn relation(&self) -> Option<String> {
        let number = |value| format::kinship(Some(value));
        let words = |what, (value, by): (f64, Metric)| {
            format!("{what} of parents {} ({})", number(value), by.title)
        };
        let kinship = self.kinship.map(|found| words("kinship", found));
        kinship.or_else(|| self.distance.map(|found| words("distance", found)))
    }

    pub fn made_from(&self) -> Option<String> {
        let names = self.parents.join(" and ");
        match (self.parents.is_empty(), self.unnamed_parents) {
            (true, false) => None,
            (true, true) => Some("parents not named".to_owned()),
            (false, false) => Some(format!("made from {names}")),
            (false, true) => Some(format!("made from {names} and others not named")),
        }
    }

    pub fn label(&self) -> String {
        format!("{} {}", self.name, format::score(self.score))
    }
}

pub fn mark_best<'c>(cards: impl IntoIterator<Item = &'c mut Card>) {
    let cards: Vec<&mut Card> = cards.into_iter().collect();
    let scores = cards.iter().map(|card| (card.generation, card.score));
    let scores: Vec<_> = scores.collect();
    for (card, is_best) in cards.into_iter().zip(best_of_generations(&scores)) {
        card.is_best = is_best;
    }
}

pub fn range<'c>(cards: impl IntoIterator<Item = &'c Card>) -> Option<(f64, f64)> {
    let scores = cards.into_iter().filter_map(|card| card.score);
    scores.fold(None, |range: Option<(f64, f64)>, v| {
        let (lo, hi) = range.unwrap_or((v, v));
        Some((lo.min(v), hi.max(v)))
    })
}

pub fn title(generation: u32) -> String {
    match generation {
        0 => "Founders".to_owned(),
        n => format!("Generation {n}"),
    }
}
