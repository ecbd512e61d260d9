//! What is drawn, worked out from the study once and kept until it changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fold::{self, Folding};
use super::stage::{Stage, stages};
use crate::lineage::{Graph, Layout, lay_out};
use crate::study::{Model, ModelFacts, ModelId};
use crate::text::by_name;
use crate::ui::colormap::Scale;
use crate::ui::format;
use crate::ui::views::family::{self, Card};
use crate::workbench::Workbench;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Key {
    pub revision: u64,
    /// The runs that are shown; empty for all models.
    pub runs: Vec<String>,
    pub folding: Folding,
}

/// The lineage as it is shown. Models are numbered in the order of the study.
#[derive(Clone)]
pub struct LineageModel {
    pub key: Key,
    pub cards: Vec<Arc<Card>>,
    pub graph: Graph,
    pub layout: Layout,
    pub columns: Vec<Column>,
    /// Models by stage, the best first: the order of the list.
    pub groups: Vec<Group>,
    /// From the least to the greatest average; `None` without two scores.
    pub scores: Option<Scale>,
    /// Whether the kinship of some parents is being measured, so that it may still change.
    pub is_measuring: bool,
}

/// One column of the picture.
#[derive(Clone)]
pub struct Column {
    pub stage: Stage,
    pub models: usize,
    pub best: Option<f64>,
}

impl LineageModel {
    /// How many models some nodes stand for.
    pub fn count(&self, nodes: &[usize]) -> usize {
        nodes.iter().map(|&node| self.cards[node].ids().len()).sum()
    }
}

/// The models of one stage, the best first.
#[derive(Clone)]
pub struct Group {
    pub stage: Stage,
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
        let stages = stages(&models, &cards);
        let nodes = fold::nodes(&cards, &stages, &key.folding);
        let graph = fold::contracted(&graph(&models, &stages), &nodes);
        let (cards, stages) = fold::folded(&cards, &stages, &nodes);
        let groups = groups(&cards, &stages);
        let layout = match last {
            Some(last) if last.graph == graph => last.layout,
            _ => lay_out(&graph),
        };
        Self {
            columns: columns(&layout, &cards, &stages),
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
        self.cards.iter().position(|card| card.is_of(id))
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
        models
            .into_iter()
            .flat_map(|m| self.cards[m].ids())
            .collect()
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

/// Every model stands in the column of its stage.
fn graph(models: &[(&Model, &ModelFacts)], stages: &[Stage]) -> Graph {
    let places: BTreeMap<ModelId, usize> = (models.iter().enumerate())
        .map(|(k, (model, _))| (model.id, k))
        .collect();
    let place = |id: &ModelId| places.get(id).copied();
    let edges = models.iter().enumerate().flat_map(|(child, (model, _))| {
        let parents = model.parents.iter().filter_map(place);
        parents.map(move |parent| [parent, child])
    });
    let last = stages.iter().filter_map(|stage| stage.founders()).max();
    let before_merges = last.map_or(0, |last| last + 1);
    let level = |stage: &Stage| match stage.founders() {
        Some(level) => level,
        None => before_merges.saturating_add(stage.generation().saturating_sub(1)),
    };
    Graph {
        generations: stages.iter().map(|stage| Some(level(stage))).collect(),
        edges: edges.collect(),
    }
}

fn groups(cards: &[Card], stages: &[Stage]) -> Vec<Group> {
    let mut order: Vec<usize> = (0..cards.len()).collect();
    let average = |m: usize| cards[m].score.unwrap_or(f64::NEG_INFINITY);
    order.sort_by(|&a, &b| {
        let score = average(b).total_cmp(&average(a));
        let stage = stages[a].cmp(&stages[b]);
        stage
            .then(score)
            .then_with(|| by_name(&cards[a].name, &cards[b].name))
    });
    let mut out: Vec<Group> = Vec::new();
    for model in order {
        let stage = stages[model];
        match out.last_mut() {
            Some(last) if last.stage == stage => last.models.push(model),
            _ => out.push(Group {
                stage,
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

fn columns(layout: &Layout, cards: &[Card], stages: &[Stage]) -> Vec<Column> {
    let column = |k: usize| {
        let here = || (0..cards.len()).filter(move |m| layout.columns[*m] == k);
        Column {
            // Where runs use each other's merges, a model may stand right of its generation.
            stage: here().map(|m| stages[m]).min().unwrap_or(Stage::Founders),
            models: here().map(|m| cards[m].ids().len()).sum(),
            best: here().filter_map(|m| cards[m].score).reduce(f64::max),
        }
    };
    (0..layout.generations.len()).map(column).collect()
}

fn scores(cards: &[Card]) -> Option<Scale> {
    let (lo, hi) = family::range(cards).filter(|(lo, hi)| lo < hi)?;
    Some(Scale::Score { lo, hi })
}

impl Column {
    pub fn title(&self) -> String {
        self.stage.title()
    }

    /// The same where there is room for a number alone.
    pub fn number(&self) -> String {
        self.stage.generation().to_string()
    }

    pub fn words(&self) -> String {
        let count = format::counted(self.models, "model");
        match self.best {
            Some(_) => format!("{count} · best {}", format::score(self.best)),
            None => count,
        }
    }
}
