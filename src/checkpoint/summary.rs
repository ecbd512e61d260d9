//! What is said of a checkpoint as a whole, counted once when it is opened: a table asks for it
//! in every frame, and a model may have a hundred thousand tensors.

use std::collections::{BTreeMap, BTreeSet};

use super::config::Config;
use super::names::Stack;
use super::tensor::Tensor;
use super::{dtype, names};

/// Facts about all tensors together.
#[derive(Debug, Clone)]
pub(super) struct Summary {
    pub(super) parameters: u64,
    pub(super) dtypes: String,
    /// Of the stacks that every relative has.
    pub(super) layers: usize,
    /// Of the others.
    pub(super) further_layers: BTreeMap<Stack, usize>,
    pub(super) tied_embeddings: bool,
}

impl Summary {
    pub(super) fn of(tensors: &[Tensor], config: &Config) -> Self {
        let counts = tensors.iter().map(|t| (t.dtype, t.elements() as u64));
        let shares = dtype::by_share(counts).into_iter();
        let dtypes: Vec<&str> = shares.map(|(dtype, _)| dtype.name()).collect();
        let layer = |t: &Tensor| Some((t.place.stack, t.place.layer?));
        let layers: BTreeSet<(Stack, u32)> = tensors.iter().filter_map(layer).collect();
        let mut further_layers = BTreeMap::new();
        for (stack, _) in layers.iter().filter(|(stack, _)| stack.is_optional()) {
            *further_layers.entry(*stack).or_default() += 1;
        }
        let has = |rule: fn(&str) -> bool| tensors.iter().any(|t| rule(&t.name));
        Self {
            parameters: tensors.iter().map(|t| t.elements() as u64).sum(),
            dtypes: dtypes.join(", "),
            layers: layers.len() - further_layers.values().sum::<usize>(),
            further_layers,
            tied_embeddings: has(names::is_token_embedding)
                && !has(names::is_language_head)
                && config.tie_word_embeddings.unwrap_or(true),
        }
    }
}
