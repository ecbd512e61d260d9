//! What is drawn, worked out from the study once and kept until it changes.

use std::sync::Arc;

use crate::kinship::Metric;
use crate::lineage::{Graph, Layout, lay_out};
use crate::stats::extent;
use crate::study::{Model, ModelId, Role, Row};
use crate::ui::colormap::Scale;
use crate::ui::format;
use crate::workbench::Workbench;

/// What the picture depends on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Key {
    pub revision: u64,
    /// The runs that are shown; empty for all models.
    pub runs: Vec<String>,
}

/// The lineage as it is shown. Models are numbered in the order of the study.
#[derive(Clone)]
pub struct Shown {
    pub key: Key,
    pub cards: Vec<Arc<Card>>,
    pub graph: Graph,
    pub layout: Layout,
    pub columns: Vec<Column>,
    /// Models by generation, the best first: the order of the list.
    pub groups: Vec<Group>,
    /// From the least to the greatest average; `None` without two scores.
    pub scores: Option<Scale>,
    /// Whether the kinship of some parents is being measured, so that it may still change.
    pub is_measuring: bool,
}

/// What is said of one model.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    pub id: ModelId,
    pub name: String,
    pub role: Role,
    pub generation: u32,
    pub average: Option<f64>,
    pub gain: Option<f64>,
    pub children: usize,
    /// Names of its parents, whether or not they are shown.
    pub parents: Vec<String>,
    pub unnamed_parents: bool,
    /// Kinship of its parents from 0 to 1, and in which measure.
    pub kinship: Option<(f64, Metric)>,
    /// Euclidean distance of its parents, which no colour tells.
    pub distance: Option<f64>,
    pub exploration: bool,
    /// Whether its average is the best of its generation.
    pub is_best: bool,
    /// The runs that it belongs to.
    pub runs: Vec<String>,
}

/// One column of the picture. Where runs use each other's merges, models of several generations
/// share a column; founders stand where they are first used.
#[derive(Clone)]
pub struct Column {
    /// The generations of the merges in it, in order; empty if only founders stand there.
    pub generations: Vec<u32>,
    pub merges: usize,
    pub founders: usize,
    /// The best average in it.
    pub best: Option<f64>,
}

/// The models of one generation, the best first.
#[derive(Clone)]
pub struct Group {
    pub generation: u32,
    pub models: Vec<usize>,
}

impl Shown {
    /// Works out the lineage; the layout of the last one is kept if nobody has moved.
    pub fn new(key: Key, bench: &Workbench, last: Option<Self>) -> Self {
        let doc = bench.study().doc();
        let rows = bench.record().rows.iter();
        let all: Vec<(&Model, &Row)> = doc.models.iter().zip(rows).collect();
        let models = shown_models(&all, &key.runs);
        let mut cards: Vec<Card> = models.iter().map(|(m, row)| card(bench, m, row)).collect();
        let groups = groups(&cards);
        for group in &groups {
            mark_best(&mut cards, group);
        }
        mark_best_of_all(&mut cards);
        let graph = graph(&models);
        let layout = match last {
            Some(last) if last.graph == graph => last.layout,
            _ => lay_out(&graph),
        };
        Self {
            columns: columns(&layout, &cards),
            is_measuring: models.iter().any(|(m, row)| is_measuring(bench, m, row)),
            scores: scores(&cards),
            cards: cards.into_iter().map(Arc::new).collect(),
            groups,
            graph,
            layout,
            key,
        }
    }

    /// The number of a model.
    pub fn place_of(&self, id: ModelId) -> Option<usize> {
        self.cards.iter().position(|card| card.id == id)
    }

    /// The model with the best average of all.
    pub fn best(&self) -> Option<usize> {
        let average = |m: &usize| self.cards[*m].average;
        let scored = (0..self.cards.len()).filter(|m| average(m).is_some());
        scored.reduce(|a, b| if average(&b) > average(&a) { b } else { a })
    }

    /// Numbers of the parents that are shown.
    pub fn parents(&self, model: usize) -> Vec<usize> {
        let edges = self.graph.edges.iter();
        edges.filter(|e| e[1] == model).map(|e| e[0]).collect()
    }

    /// Numbers of the children, from top to bottom.
    pub fn children(&self, model: usize) -> Vec<usize> {
        let edges = self.graph.edges.iter();
        let mut out: Vec<usize> = edges.filter(|e| e[0] == model).map(|e| e[1]).collect();
        let Layout {
            columns, heights, ..
        } = &self.layout;
        out.sort_by(|&a, &b| {
            let column = columns[a].cmp(&columns[b]);
            column.then_with(|| heights[a].total_cmp(&heights[b]))
        });
        out
    }

    pub fn ids(&self, models: impl IntoIterator<Item = usize>) -> Vec<ModelId> {
        models.into_iter().map(|m| self.cards[m].id).collect()
    }
}

/// The models of the chosen runs and their parents; all, if none is chosen.
fn shown_models<'a>(all: &[(&'a Model, &'a Row)], runs: &[String]) -> Vec<(&'a Model, &'a Row)> {
    let is_in = |m: &Model| m.steps.iter().any(|step| runs.contains(&step.run));
    let mut wanted: Vec<ModelId> = Vec::new();
    for (model, _) in all.iter().filter(|(m, _)| is_in(m)) {
        wanted.push(model.id);
        wanted.extend(&model.parents);
    }
    wanted.sort_unstable();
    all.iter()
        .filter(|(m, _)| runs.is_empty() || wanted.binary_search(&m.id).is_ok())
        .copied()
        .collect()
}

fn card(bench: &Workbench, model: &Model, row: &Row) -> Card {
    let doc = bench.study().doc();
    let known = [Metric::Pearson, Metric::Cosine, Metric::AbsoluteCosine].into_iter();
    Card {
        id: model.id,
        name: model.name.clone(),
        role: doc.role(model),
        generation: row.generation,
        average: row.average.filter(|v| v.is_finite()),
        gain: row.gain,
        children: row.children,
        parents: model
            .parents
            .iter()
            .map(|&p| doc.name_of(p).to_owned())
            .collect(),
        unnamed_parents: model.origin.unnamed_parents,
        kinship: known
            .filter_map(|metric| Some((row.kinship.get(metric)?, metric)))
            .find(|(value, _)| value.is_finite()),
        distance: (row.kinship.get(Metric::Euclidean)).filter(|value| value.is_finite()),
        exploration: model.steps.iter().any(|step| step.exploration),
        is_best: false,
        runs: model.steps.iter().map(|step| step.run.clone()).collect(),
    }
}

/// A generation that nobody gave and no parent gives is left open: such a model came from
/// elsewhere and stands where it is first used.
fn graph(models: &[(&Model, &Row)]) -> Graph {
    let place = |id: &ModelId| models.iter().position(|(m, _)| m.id == *id);
    let given = |(model, row): &(&Model, &Row)| {
        let is_known = !model.steps.is_empty() || model.origin.unnamed_parents;
        is_known.then_some(row.generation)
    };
    let edges = models.iter().enumerate().flat_map(|(child, (model, _))| {
        let parents = model.parents.iter().filter_map(place);
        parents.map(move |parent| [parent, child])
    });
    Graph {
        generations: models.iter().map(given).collect(),
        edges: edges.collect(),
    }
}

fn groups(cards: &[Card]) -> Vec<Group> {
    let mut order: Vec<usize> = (0..cards.len()).collect();
    let average = |m: usize| cards[m].average.unwrap_or(f64::NEG_INFINITY);
    order.sort_by(|&a, &b| {
        let generation = cards[a].generation.cmp(&cards[b].generation);
        let score = average(b).total_cmp(&average(a));
        generation
            .then(score)
            .then_with(|| cards[a].name.cmp(&cards[b].name))
    });
    let mut out: Vec<Group> = Vec::new();
    for model in order {
        let generation = cards[model].generation;
        match out.last_mut() {
            Some(last) if last.generation == generation => last.models.push(model),
            _ => out.push(Group {
                generation,
                models: vec![model],
            }),
        }
    }
    out
}

/// The best of all is also the best of its generation, even where it is alone in it.
fn mark_best_of_all(cards: &mut [Card]) {
    let averages = || cards.iter().filter_map(|card| card.average);
    let best = averages().reduce(f64::max);
    if averages().count() > 1 {
        for card in cards {
            card.is_best |= card.average.is_some() && card.average == best;
        }
    }
}

/// Equals are all the best; one model alone is no best.
fn mark_best(cards: &mut [Card], group: &Group) {
    let best = group.models.first().and_then(|&m| cards[m].average);
    let several = group.models.len() > 1;
    for &model in &group.models {
        cards[model].is_best = several && best.is_some() && cards[model].average == best;
    }
}

/// Whether its kinship to others of its family, of which something was made, is not final.
fn is_measuring(bench: &Workbench, model: &Model, row: &Row) -> bool {
    let is_parent = row.children > 0;
    is_parent && (model.base).is_some_and(|base| bench.measuring(base).is_some())
}

fn columns(layout: &Layout, cards: &[Card]) -> Vec<Column> {
    let column = |k: usize| {
        let stands_here = |m: &usize| layout.columns[*m] == k;
        let here = || (0..cards.len()).filter(stands_here).map(|m| &cards[m]);
        let merges = || here().filter(|card| card.generation > 0);
        let mut generations: Vec<u32> = merges().map(|card| card.generation).collect();
        generations.sort_unstable();
        generations.dedup();
        Column {
            generations,
            merges: merges().count(),
            founders: here().count() - merges().count(),
            best: here().filter_map(|card| card.average).reduce(f64::max),
        }
    };
    (0..layout.generations.len()).map(column).collect()
}

fn scores(cards: &[Card]) -> Option<Scale> {
    let averages = cards.iter().filter_map(|card| card.average);
    let (lo, hi) = extent(averages).filter(|(lo, hi)| lo < hi)?;
    Some(Scale::Sequential { lo, hi })
}

impl Column {
    /// Whose column it is.
    pub fn title(&self) -> String {
        match self.generations[..] {
            [] => title(0),
            [one] => title(one),
            [a, b] => format!("Generations {a} and {b}"),
            [a, .., b] => format!("Generations {a} to {b}"),
        }
    }

    /// The same where there is room for a number alone.
    pub fn number(&self) -> String {
        match self.generations[..] {
            [] => "0".to_owned(),
            [one] => one.to_string(),
            [a, .., b] => format!("{a}–{b}"),
        }
    }

    /// How many models stand in it, and the best score among them.
    pub fn words(&self) -> String {
        let count = match (self.merges, self.founders) {
            (0, founders) => format::counted(founders, "model"),
            (merges, 0) => format::counted(merges, "model"),
            (merges, founders) => format!("{merges} + {}", format::counted(founders, "founder")),
        };
        match self.best {
            Some(_) => format!("{count} · best {}", format::score(self.best)),
            None => count,
        }
    }
}

/// The name of a generation.
pub fn title(generation: u32) -> String {
    match generation {
        0 => "Founders".to_owned(),
        n => format!("Generation {n}"),
    }
}

impl Card {
    /// All that the picture says of a model, in words: what a screen reader reads.
    pub fn words(&self) -> String {
        let generation = match self.generation {
            0 if self.parents.is_empty() => "founder".to_owned(),
            n => format!("generation {n}"),
        };
        let mut parts = vec![self.name.clone(), generation];
        parts.push(match self.average {
            Some(_) => format!("average {}", format::score(self.average)),
            None => "no average".to_owned(),
        });
        if self.is_best {
            parts.push("best of its generation".to_owned());
        }
        if self.exploration {
            parts.push("made to explore".to_owned());
        }
        parts.extend(self.made_from());
        parts.extend(self.relation());
        if self.children > 0 {
            parts.push(match self.children {
                1 => "1 child".to_owned(),
                n => format!("{n} children"),
            });
        }
        parts.join(", ")
    }

    /// How its parents are related, as words.
    pub fn relation(&self) -> Option<String> {
        let number = |value| format::kinship(Some(value));
        let by_distance = |value| format!("distance of parents {} (Euclidean)", number(value));
        match self.kinship {
            Some((value, by)) => {
                let by = by.title();
                Some(format!("kinship of parents {} ({by})", number(value)))
            }
            None => self.distance.map(by_distance),
        }
    }

    /// What it was made from, as words.
    pub fn made_from(&self) -> Option<String> {
        let names = self.parents.join(" and ");
        match (self.parents.is_empty(), self.unnamed_parents) {
            (true, false) => None,
            (true, true) => Some("parents not named".to_owned()),
            (false, false) => Some(format!("made from {names}")),
            (false, true) => Some(format!("made from {names} and others not named")),
        }
    }

    /// The name and score of its pill.
    pub fn label(&self) -> String {
        format!("{} {}", self.name, format::score(self.average))
    }
}
