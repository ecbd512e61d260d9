//! What is drawn, worked out from the study once and kept until it changes.

use std::sync::Arc;

use crate::lineage::{Graph, Layout, lay_out};
use crate::study::{Model, ModelFacts, ModelId};
use crate::ui::colormap::Scale;
use crate::ui::format;
use crate::ui::views::family::{self, Card, title};
use crate::workbench::Workbench;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Key {
    pub revision: u64,
    /// The runs that are shown; empty for all models.
    pub runs: Vec<String>,
}

/// The lineage as it is shown. Models are numbered in the order of the study.
#[derive(Clone)]
pub struct LineageModel {
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

/// One column of the picture. Where runs use each other's merges, models of several generations
/// share a column; founders stand where they are first used.
#[derive(Clone)]
pub struct Column {
    /// The generations of the merges in it, in order; empty if only founders stand there.
    pub generations: Vec<u32>,
    pub merges: usize,
    pub founders: usize,
    pub best: Option<f64>,
}

/// The models of one generation, the best first.
#[derive(Clone)]
pub struct Group {
    pub generation: u32,
    pub models: Vec<usize>,
}

impl LineageModel {
    /// Works out the lineage; the layout of the last one is kept if no model has moved.
    pub fn new(key: Key, bench: &Workbench, last: Option<Self>) -> Self {
        let doc = bench.study().doc();
        let rows = bench.record().rows.iter();
        let all: Vec<(&Model, &ModelFacts)> = doc.models.iter().zip(rows).collect();
        let models = shown_models(&all, &key.runs);
        let card = |&(model, row): &(&Model, &ModelFacts)| Card::new(bench, model, row);
        let mut cards: Vec<Card> = models.iter().map(card).collect();
        family::mark_best(&mut cards);
        let groups = groups(&cards);
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

    pub fn place_of(&self, id: ModelId) -> Option<usize> {
        self.cards.iter().position(|card| card.id == id)
    }

    pub fn best(&self) -> Option<usize> {
        let average = |m: &usize| self.cards[*m].score;
        let scored = (0..self.cards.len()).filter(|m| average(m).is_some());
        scored.reduce(|a, b| if average(&b) > average(&a) { b } else { a })
    }

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
fn shown_models<'a>(
    all: &[(&'a Model, &'a ModelFacts)],
    runs: &[String],
) -> Vec<(&'a Model, &'a ModelFacts)> {
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

/// A generation that is neither given nor follows from parents is left open: such a model came from
/// elsewhere and stands where it is first used.
fn graph(models: &[(&Model, &ModelFacts)]) -> Graph {
    let place = |id: &ModelId| models.iter().position(|(m, _)| m.id == *id);
    let given = |(model, row): &(&Model, &ModelFacts)| {
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
    let average = |m: usize| cards[m].score.unwrap_or(f64::NEG_INFINITY);
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

/// Whether its kinship to others of its family, of which something was made, is not final.
fn is_measuring(bench: &Workbench, model: &Model, row: &ModelFacts) -> bool {
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
            best: here().filter_map(|card| card.score).reduce(f64::max),
        }
    };
    (0..layout.generations.len()).map(column).collect()
}

fn scores(cards: &[Card]) -> Option<Scale> {
    let (lo, hi) = family::range(cards).filter(|(lo, hi)| lo < hi)?;
    Some(Scale::Sequential { lo, hi })
}

impl Column {
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
