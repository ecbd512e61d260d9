//! The picture of a composition.

use std::collections::BTreeSet;

use super::super::methods::BaseRule;
use super::super::recipe::{Content, ModelRef, Recipe};
use super::{Composition, description};

/// A node of the canvas.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeId {
    /// A model from files.
    Model(ModelRef),
    /// A merge, by its number among the recipes.
    Merge(usize),
    /// What is written.
    Output,
}

impl NodeId {
    /// The number of a merge.
    pub fn merge(&self) -> Option<usize> {
        match self {
            Self::Merge(merge) => Some(*merge),
            _ => None,
        }
    }
}

/// Where a link ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Port {
    /// The base of a merge.
    Base,
    /// One of its models; the number after the last takes one more.
    Model(usize),
    /// The output.
    Output,
}

/// A node with its ports.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Which node.
    pub id: NodeId,
    /// What it is called: the model's short name, the method's title.
    pub title: String,
    /// Its ports, from top to bottom; the last of the models is free for one more.
    pub ports: Vec<Port>,
}

/// What feeds what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// From this node.
    pub from: NodeId,
    /// To this one.
    pub to: NodeId,
    /// Into this port.
    pub port: Port,
}

/// Nodes and links.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// Models first, then merges, then the output.
    pub nodes: Vec<Node>,
    /// In the order of the recipes.
    pub links: Vec<Link>,
}

impl Composition {
    /// The picture.
    pub fn graph(&self) -> Graph {
        let mut out = Graph::default();
        let taken = self.recipes.iter().flat_map(|r| r.models());
        let mut known: BTreeSet<NodeId> = BTreeSet::new();
        for model in taken.chain(&self.loose) {
            let id = self.node_of(model);
            if id.merge().is_none() && known.insert(id.clone()) {
                out.nodes.push(Node {
                    id,
                    title: model.short_name(),
                    ports: Vec::new(),
                });
            }
        }
        for merge in 0..self.recipes.len() {
            out.nodes.push(self.merge_node(merge));
            out.links.extend(self.links_into(merge));
        }
        out.nodes.push(Node {
            id: NodeId::Output,
            title: "Output".to_owned(),
            ports: vec![Port::Output],
        });
        if let Some(written) = self.written() {
            out.links.push(Link {
                from: NodeId::Merge(written),
                to: NodeId::Output,
                port: Port::Output,
            });
        }
        out
    }

    /// What feeds a port, as [`Self::graph`] has it, without the whole picture.
    pub fn feeds(&self, node: &NodeId, port: Port) -> Option<NodeId> {
        let merge = match node {
            NodeId::Output if port == Port::Output => return self.written().map(NodeId::Merge),
            node => node.merge()?,
        };
        let recipe = self.recipes.get(merge)?;
        let model = match (port, &recipe.content) {
            (Port::Base, _) => recipe.base_model.clone().filter(|_| has_base_port(recipe)),
            (Port::Model(k), Content::Models(models)) => models.get(k).map(|s| s.model.clone()),
            (Port::Model(k), Content::Slices(_) | Content::Modules(_)) => {
                self.inputs(merge).into_iter().nth(k)
            }
            (Port::Output, _) => None,
        };
        model.map(|model| self.node_of(&model))
    }

    /// The node that a reference means.
    pub fn node_of(&self, model: &ModelRef) -> NodeId {
        match self.merge_named(model) {
            Some(merge) => NodeId::Merge(merge),
            None => NodeId::Model(model.clone()),
        }
    }

    /// What feeds a merge, one entry a model port; slices and modules name each of their models once.
    pub fn inputs(&self, merge: usize) -> Vec<ModelRef> {
        let Some(recipe) = self.recipes.get(merge) else {
            return Vec::new();
        };
        match &recipe.content {
            Content::Models(models) => models.iter().map(|s| s.model.clone()).collect(),
            content => {
                let mut out: Vec<ModelRef> = Vec::new();
                for source in content.inputs() {
                    if !out.contains(&source.model) {
                        out.push(source.model.clone());
                    }
                }
                out
            }
        }
    }

    /// How many models a merge takes; of slices each takes this many, and there may be any number.
    pub(super) fn most_inputs(&self, merge: usize) -> usize {
        match self.recipes.get(merge) {
            Some(recipe) if matches!(recipe.content, Content::Models(_)) => {
                description(recipe).map_or(usize::MAX, |d| d.models.1)
            }
            _ => usize::MAX,
        }
    }

    fn merge_node(&self, merge: usize) -> Node {
        let recipe = &self.recipes[merge];
        let known = description(recipe);
        let mut ports = Vec::new();
        if known.is_none_or(|d| matches!(d.base, BaseRule::Required | BaseRule::Optional)) {
            ports.push(Port::Base);
        }
        let inputs = self.inputs(merge).len();
        let free = usize::from(inputs < self.most_inputs(merge));
        ports.extend((0..inputs + free).map(Port::Model));
        Node {
            id: NodeId::Merge(merge),
            title: known.map_or(recipe.merge_method.clone(), |d| d.title.to_owned()),
            ports,
        }
    }

    fn links_into(&self, merge: usize) -> Vec<Link> {
        let recipe = &self.recipes[merge];
        let link = |model: &ModelRef, port| Link {
            from: self.node_of(model),
            to: NodeId::Merge(merge),
            port,
        };
        let inputs = self.inputs(merge);
        let base = recipe.base_model.iter().filter(|_| has_base_port(recipe));
        let mut out: Vec<Link> = base.map(|model| link(model, Port::Base)).collect();
        let models = inputs.iter().enumerate();
        out.extend(models.map(|(k, model)| link(model, Port::Model(k))));
        out
    }
}

/// Whether the base has a port of its own, and is not one of the models.
fn has_base_port(recipe: &Recipe) -> bool {
    description(recipe).is_none_or(|d| d.base != BaseRule::OneOfModels)
}
