//! What the plan knows of a model: its headers, from files or from the plan of an earlier step.
//!
//! Nothing is copied: a plan is made anew for every movement of a slider.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Step, TensorPlan};
use crate::checkpoint::{
    Base, Checkpoint, Config, Dtype, Heads, Stack, Tensor, TensorLocation, is_language_head,
    is_token_embedding,
};

#[derive(Clone, Copy, Debug)]
pub(super) struct Head<'h> {
    pub(super) name: &'h str,
    pub(super) shape: &'h [usize],
    pub(super) dtype: Dtype,
    pub(super) place: TensorLocation,
    /// Whether it holds already what an adapter does to it.
    pub(super) has_adapter_in_it: bool,
}

pub(crate) struct Headers<'s> {
    /// For messages.
    pub(super) name: String,
    tensors: Tensors<'s>,
    pub(super) config: Config,
    /// Number of layers of each stack.
    pub(super) layers: BTreeMap<Stack, u32>,
    /// The output head of a language model, by its number.
    head: Option<usize>,
    /// The token embedding, by its number.
    embedding: Option<usize>,
}

/// In the order of people.
enum Tensors<'s> {
    Stored(Arc<Checkpoint>),
    Planned(&'s [TensorPlan]),
}

impl<'s> Headers<'s> {
    pub(super) fn of_checkpoint(name: String, checkpoint: &Arc<Checkpoint>) -> Self {
        let tensors = Tensors::Stored(Arc::clone(checkpoint));
        Self::new(name, tensors, checkpoint.config().clone())
    }

    /// Of a model that an earlier step makes, whose donor's configuration is `config`.
    pub(super) fn of_step(name: String, step: &'s Step, config: &Config) -> Self {
        let mut config = config.clone();
        if let Some(layers) = &step.config.layers {
            config.num_hidden_layers = Some(layers.len());
        }
        config.vocab_size = step.config.vocab_size.or(config.vocab_size);
        config.tie_word_embeddings = step
            .config
            .tie_word_embeddings
            .or(config.tie_word_embeddings);
        config.dtype = step.config.dtype.clone().or(config.dtype);
        Self::new(name, Tensors::Planned(&step.tensors), config)
    }

    fn new(name: String, tensors: Tensors<'s>, config: Config) -> Self {
        let mut layers: BTreeMap<Stack, u32> = BTreeMap::new();
        for head in tensors.heads() {
            if let Some(layer) = head.place.layer {
                let count = layers.entry(head.place.stack).or_default();
                *count = (*count).max(layer.saturating_add(1));
            }
        }
        let first = |rule: fn(&str) -> bool| tensors.heads().position(|head| rule(head.name));
        Self {
            name,
            head: first(is_language_head),
            embedding: first(is_token_embedding),
            tensors,
            config,
            layers,
        }
    }

    /// All tensors, in the order of people.
    pub(super) fn heads(&self) -> impl Iterator<Item = Head<'_>> {
        self.tensors.heads()
    }

    /// The tensor called `name`, looked for first at number `near`: relatives have the same
    /// tensors at the same places.
    pub(super) fn find(&self, name: &str, near: usize) -> Option<Head<'_>> {
        let near = self.tensors.at(near).filter(|head| head.name == name);
        near.or_else(|| self.tensors.named(name))
    }

    /// The tensor that holds the numbers of `name`: a head that is tied is the embedding.
    pub(super) fn holder_of(&self, name: &str, near: usize) -> Option<Head<'_>> {
        self.find(name, near).or_else(|| {
            let is_tied = is_language_head(name) && self.head.is_none();
            self.embedding().filter(|_| is_tied)
        })
    }

    /// The first of `len` layers from `first` on that has no tensor that `wanted` is true for. A name may speak of layer
    /// 4 294 967 294, so that layers are counted where they are, and not up to the last.
    pub(super) fn first_absent(
        &self,
        wanted: impl Fn(&Head<'_>) -> bool,
        first: u32,
        len: u32,
    ) -> Option<u32> {
        let end = first.saturating_add(len);
        let needed = self.heads().filter(wanted);
        let own = needed.filter_map(|head| head.place.layer);
        let present: BTreeSet<u32> = own.filter(|layer| (first..end).contains(layer)).collect();
        let absent = (first..).zip(&present).find(|(layer, own)| layer != *own);
        let next = first.saturating_add(present.len() as u32);
        match absent {
            Some((layer, _)) => Some(layer),
            None => (next < end).then_some(next),
        }
    }

    /// The output head of a language model.
    pub(super) fn head(&self) -> Option<Head<'_>> {
        self.tensors.at(self.head?)
    }

    pub(super) fn embedding(&self) -> Option<Head<'_>> {
        self.tensors.at(self.embedding?)
    }

    pub(super) fn vocabulary(&self) -> Option<usize> {
        self.embedding()?.shape.first().copied()
    }

    /// The stacks that a relative must have too, with their numbers of layers.
    pub(super) fn needed_layers(&self) -> impl Iterator<Item = (&Stack, &u32)> {
        self.layers.iter().filter(|(stack, _)| !stack.is_optional())
    }

    pub(super) fn layers_agree(&self, other: &Self) -> bool {
        self.needed_layers().eq(other.needed_layers())
    }

    /// Layers of the only stack that is not optional; `None` if there are several such.
    pub(super) fn main_layers(&self) -> Option<u32> {
        let mut stacks = self.needed_layers();
        let first = stacks.next().map_or(0, |(_, &layers)| layers);
        stacks.next().is_none().then_some(first)
    }
}

impl Tensors<'_> {
    fn heads(&self) -> impl Iterator<Item = Head<'_>> {
        (0..).map_while(|at| self.at(at))
    }

    fn at(&self, at: usize) -> Option<Head<'_>> {
        match self {
            Self::Stored(checkpoint) => checkpoint.tensors().get(at).map(stored),
            Self::Planned(tensors) => tensors.get(at).map(planned),
        }
    }

    fn named(&self, name: &str) -> Option<Head<'_>> {
        match self {
            Self::Stored(checkpoint) => checkpoint.tensor(name).map(stored),
            Self::Planned(tensors) => super::named(tensors, name).map(planned),
        }
    }
}

impl Base for Headers<'_> {
    fn shape_of(&self, name: &str) -> Option<Vec<usize>> {
        Some(self.find(name, 0)?.shape.to_vec())
    }

    fn tied(&self) -> Option<bool> {
        let is_alone = self.head.is_none() && self.embedding.is_some();
        let silent = is_alone.then_some(true);
        self.config.tie_word_embeddings.or(silent)
    }

    fn heads(&self) -> Option<Heads> {
        self.config.heads()
    }
}

fn stored(tensor: &Tensor) -> Head<'_> {
    Head {
        name: &tensor.name,
        shape: &tensor.shape,
        dtype: tensor.dtype,
        place: tensor.place,
        has_adapter_in_it: tensor.has_adapter_in_it(),
    }
}

fn planned(tensor: &TensorPlan) -> Head<'_> {
    Head {
        name: &tensor.name,
        shape: &tensor.shape,
        dtype: tensor.dtype,
        place: tensor.place,
        has_adapter_in_it: false,
    }
}
