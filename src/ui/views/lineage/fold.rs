//! Families folded: of very many models those of one stage whose names begin alike are one node,
//! such as `37 × NeuralBeagle`, until it is opened.

use std::collections::{BTreeMap, BTreeSet};

use super::stage::Stage;
use crate::lineage::Graph;
use crate::text::family_word;
use crate::ui::views::family::Card;

/// Up to so many models every one has a node of its own.
pub const MANY: usize = 600;
/// The fewest that are folded.
const LEAST: usize = 4;

/// What the user has chosen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Folding {
    /// Whether nothing is folded.
    pub is_off: bool,
    /// Families that are open, by [`name`].
    pub opened: BTreeSet<String>,
}

/// What a family is called: its stage and how its names begin.
fn name(stage: Stage, model: &str) -> String {
    format!("{} {}", stage.title(), family_word(model))
}

/// The models of each node, in the order of their first.
pub fn nodes(cards: &[Card], stages: &[Stage], folding: &Folding) -> Vec<Vec<usize>> {
    if cards.len() <= MANY || folding.is_off {
        return (0..cards.len()).map(|model| vec![model]).collect();
    }
    let family = |model: usize| name(stages[model], &cards[model].name);
    let mut families: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for model in 0..cards.len() {
        families.entry(family(model)).or_default().push(model);
    }
    let mut out = Vec::new();
    for (name, models) in families {
        if models.len() < LEAST || folding.opened.contains(&name) {
            out.extend(models.into_iter().map(|model| vec![model]));
        } else {
            out.push(models);
        }
    }
    out.sort_by_key(|models| models[0]);
    out
}

/// The cards and stages of the nodes.
pub fn folded(cards: &[Card], stages: &[Stage], nodes: &[Vec<usize>]) -> (Vec<Card>, Vec<Stage>) {
    let card = |models: &Vec<usize>| match models[..] {
        [one] => cards[one].clone(),
        _ => together(models, cards, stages[models[0]]),
    };
    let of_nodes = nodes.iter().map(card).collect();
    (
        of_nodes,
        nodes.iter().map(|models| stages[models[0]]).collect(),
    )
}

/// One card for several models, of which there is one at least.
fn together(models: &[usize], cards: &[Card], stage: Stage) -> Card {
    let own = || models.iter().map(|&model| &cards[model]);
    let first = cards[models[0]].clone();
    let label = format!("{} × {}", models.len(), family_word(&first.name));
    Card {
        family: Some(name(stage, &first.name)),
        name: label.clone(),
        short: label,
        score: own().filter_map(|card| card.score).reduce(f64::max),
        gain: None,
        children: own().map(|card| card.children).sum(),
        parents: Vec::new(),
        unnamed_parents: false,
        kinship: None,
        distance: None,
        explores: false,
        is_best: own().any(|card| card.is_best),
        runs: Vec::new(),
        folded: own().map(|card| (card.id, card.name.clone())).collect(),
        ..first
    }
}

/// The graph of the nodes: edges of the same ends are one, and those within a node are none.
pub fn contracted(graph: &Graph, nodes: &[Vec<usize>]) -> Graph {
    let mut node_of = vec![0; graph.generations.len()];
    for (node, models) in nodes.iter().enumerate() {
        models.iter().for_each(|&model| node_of[model] = node);
    }
    let mut seen = BTreeSet::new();
    let edges = graph
        .edges
        .iter()
        .map(|edge| edge.map(|model| node_of[model]));
    let is_new = |edge: &[usize; 2]| seen.insert(*edge);
    let all = nodes.len() == node_of.len();
    Graph {
        generations: nodes
            .iter()
            .map(|models| graph.generations[models[0]])
            .collect(),
        edges: match all {
            true => edges.collect(),
            false => edges.filter(|[a, b]| a != b).filter(is_new).collect(),
        },
    }
}
