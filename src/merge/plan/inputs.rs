//! What the plan knows of a model: its headers, from files or from the plan of an earlier step.

use std::collections::BTreeMap;

use super::{Step, TensorPlan};
use crate::checkpoint::{
    Checkpoint, Config, Dtype, Place, Stack, is_language_head, is_token_embedding, place,
};

/// The header of one tensor.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) shape: Vec<usize>,
    pub(super) dtype: Dtype,
    pub(super) place: Place,
}

/// The headers of one model.
pub(super) struct Headers {
    /// For messages.
    pub(super) name: String,
    /// Names in the order of people.
    pub(super) names: Vec<String>,
    tensors: BTreeMap<String, Head>,
    pub(super) config: Config,
    /// Number of layers of each stack.
    pub(super) layers: BTreeMap<Stack, u32>,
    /// The output head of a language model.
    pub(super) head: Option<String>,
    /// The token embedding.
    pub(super) embedding: Option<String>,
}

impl Headers {
    /// Of an opened model.
    pub(super) fn of_checkpoint(name: String, checkpoint: &Checkpoint) -> Self {
        let head = |tensor: &crate::checkpoint::Tensor| Head {
            shape: tensor.shape.clone(),
            dtype: tensor.dtype,
            place: tensor.place,
        };
        let tensors = checkpoint.tensors();
        Self::new(
            name,
            tensors.iter().map(|t| (t.name.clone(), head(t))).collect(),
            checkpoint.config().clone(),
        )
    }

    /// Of a model that an earlier step makes, whose donor's configuration is `config`.
    pub(super) fn of_step(name: String, step: &Step, config: &Config) -> Self {
        let head = |tensor: &TensorPlan| Head {
            shape: tensor.shape.clone(),
            dtype: tensor.dtype,
            place: place(&tensor.name),
        };
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
        let tensors = &step.tensors;
        Self::new(
            name,
            tensors.iter().map(|t| (t.name.clone(), head(t))).collect(),
            config,
        )
    }

    fn new(name: String, tensors: Vec<(String, Head)>, config: Config) -> Self {
        let mut layers: BTreeMap<Stack, u32> = BTreeMap::new();
        for (_, head) in &tensors {
            if let Some(layer) = head.place.layer {
                let count = layers.entry(head.place.stack).or_default();
                *count = (*count).max(layer.saturating_add(1));
            }
        }
        let names: Vec<String> = tensors.iter().map(|(name, _)| name.clone()).collect();
        let first = |rule: fn(&str) -> bool| names.iter().find(|name| rule(name)).cloned();
        Self {
            name,
            head: first(is_language_head),
            embedding: first(is_token_embedding),
            names,
            tensors: tensors.into_iter().collect(),
            config,
            layers,
        }
    }

    /// The tensor called `name`.
    pub(super) fn get(&self, name: &str) -> Option<&Head> {
        self.tensors.get(name)
    }

    /// The tensor that holds the numbers of `name`: a head that is tied is the embedding.
    pub(super) fn holder_of(&self, name: &str) -> Option<&str> {
        if let Some((own, _)) = self.tensors.get_key_value(name) {
            return Some(own);
        }
        (is_language_head(name) && self.head.is_none())
            .then_some(self.embedding.as_deref())
            .flatten()
    }

    /// Rows of the token embedding.
    pub(super) fn vocabulary(&self) -> Option<usize> {
        self.get(self.embedding.as_deref()?)?.shape.first().copied()
    }

    /// Layers of the only stack; `None` if there are several.
    pub(super) fn only_stack(&self) -> Option<u32> {
        match self.layers.len() {
            0 => Some(0),
            1 => self.layers.values().next().copied(),
            _ => None,
        }
    }
}
