//! The parts of a model of several parts, by the names that recipes have for them.
//!
//! Which tensors are of a part follows from their names alone, as everywhere in the plan.

use super::super::problem::{Problem, nearest};
use super::context::Context;
use super::headers::{Head, Headers};
use crate::checkpoint::Stack;

/// A part of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tower {
    /// All that is in no other part: the language model, or the decoder.
    Text,
    /// The encoder of an encoder-decoder model.
    Encoder,
    /// What sees.
    Vision,
    /// What hears.
    Audio,
    /// What turns the output of the parts that see or hear into tokens.
    Projector,
}

/// Names of modules in recipes; the first of each part is mergekit's.
const NAMES: [(&str, Tower); 15] = [
    ("text_decoder", Tower::Text),
    ("language_model", Tower::Text),
    ("text_model", Tower::Text),
    ("decoder", Tower::Text),
    ("encoder", Tower::Encoder),
    ("vision_tower", Tower::Vision),
    ("vision_encoder", Tower::Vision),
    ("vision_model", Tower::Vision),
    ("visual", Tower::Vision),
    ("audio_tower", Tower::Audio),
    ("audio_encoder", Tower::Audio),
    ("multi_modal_projector", Tower::Projector),
    ("mm_projector", Tower::Projector),
    ("projector", Tower::Projector),
    ("connector", Tower::Projector),
];

/// Words of a projector in names of tensors.
const PROJECTORS: [&str; 4] = [
    "multi_modal_projector",
    "mm_projector",
    "connector",
    "embed_vision",
];

impl Tower {
    /// The part that a recipe's module names; a problem if there is none of this name.
    pub(super) fn named(name: &str, path: &str, context: &mut Context<'_>) -> Option<Self> {
        let found = NAMES.iter().find(|(own, _)| *own == name);
        if found.is_none() {
            let sentence = format!(
                "there is no module `{name}`; a model has `default`, or `text_decoder`, \
                 `vision_tower` and `multi_modal_projector`, or `encoder` and `decoder`"
            );
            let near = nearest(name, NAMES.iter().map(|(own, _)| *own));
            let problem = Problem::error(context.place(path), sentence).with_nearest(near);
            context.problem(problem);
        }
        found.map(|(_, tower)| *tower)
    }

    /// The part that a tensor is of.
    pub(super) fn of(head: &Head<'_>) -> Self {
        let mut words = head.name.split('.');
        if words.any(|word| PROJECTORS.contains(&word)) {
            return Self::Projector;
        }
        match head.place.stack {
            Stack::Vision => Self::Vision,
            Stack::Audio => Self::Audio,
            Stack::Encoder => Self::Encoder,
            Stack::Main | Stack::Decoder | Stack::Prediction => Self::Text,
        }
    }

    /// mergekit's name.
    pub(super) fn name(self) -> &'static str {
        let own = NAMES.iter().find(|(_, tower)| *tower == self);
        own.map_or("", |(name, _)| name)
    }

    /// How many layers it has in a model.
    pub(super) fn layers(self, headers: &Headers<'_>) -> u32 {
        let count = |stack| headers.layers.get(&stack).copied();
        let own = match self {
            Self::Text => count(Stack::Main).or(count(Stack::Decoder)),
            Self::Encoder => count(Stack::Encoder),
            Self::Vision => count(Stack::Vision),
            Self::Audio => count(Stack::Audio),
            Self::Projector => None,
        };
        own.unwrap_or(0)
    }
}
