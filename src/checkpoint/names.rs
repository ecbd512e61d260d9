//! Where a tensor stands in its model, told from its name alone.
//!
//! Families name their tensors differently, but each name is a path of words, and a few words
//! tell the layer and the kind. The rules are asked in an order that settles the doubtful
//! cases: a norm within attention is a norm, BERT's `attention.output.dense` is attention and
//! its `output.dense` is not. A name that no rule knows is [`Kind::Other`], never an error.

use serde::{Deserialize, Serialize};

/// What a tensor does in its model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Tokens, positions or patches to vectors.
    Embedding,
    /// Attention, its biases and projections.
    Attention,
    /// Feed-forward network, experts and their router included.
    Mlp,
    /// Normalisation, wherever it stands.
    Norm,
    /// What follows the layers: language-model head, pooler, classifier.
    Head,
    /// Anything else.
    Other,
}

impl Kind {
    /// Every kind, in the order on screen.
    pub const ALL: [Self; 6] = [
        Self::Embedding,
        Self::Attention,
        Self::Mlp,
        Self::Norm,
        Self::Head,
        Self::Other,
    ];

    /// The word for it on screen.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Embedding => "embedding",
            Self::Attention => "attention",
            Self::Mlp => "mlp",
            Self::Norm => "norm",
            Self::Head => "head",
            Self::Other => "other",
        }
    }
}

/// Which pile of layers a tensor belongs to; each pile counts its layers from zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stack {
    /// The only pile of most models; also BERT's, though its names say "encoder".
    Main,
    /// The encoder of an encoder-decoder model.
    Encoder,
    /// The decoder of an encoder-decoder model.
    Decoder,
    /// The part of a language model that sees.
    Vision,
    /// The part that hears.
    Audio,
    /// Layers that predict further tokens, which most programs do not run.
    Prediction,
}

impl Stack {
    /// Whether a model may lack it and still be the same language model: what sees, hears, or
    /// predicts further tokens.
    pub const fn is_optional(self) -> bool {
        matches!(self, Self::Vision | Self::Audio | Self::Prediction)
    }

    /// The word for it on screen.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Encoder => "encoder",
            Self::Decoder => "decoder",
            Self::Vision => "vision",
            Self::Audio => "audio",
            Self::Prediction => "prediction",
        }
    }
}

/// Where a tensor stands in its model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TensorLocation {
    /// The pile of layers.
    pub stack: Stack,
    /// The layer within the pile; `None` before, after and beside the layers.
    pub layer: Option<u32>,
    /// What the tensor does.
    pub kind: Kind,
}

/// What PEFT puts before the names of the model it wraps.
pub(super) const PEFT_PREFIX: &str = "base_model.model.";

const LAYER_WORDS: &[&str] = &["layers", "layer", "h", "block", "blocks", "resblocks"];
const VISION_WORDS: &[&str] = &[
    "vision_tower",
    "vision_model",
    "vision_encoder",
    "vision_embed_tokens",
    "vision",
    "visual",
    "multi_modal_projector",
    "mm_projector",
];
const AUDIO_WORDS: &[&str] = &[
    "audio_tower",
    "audio_model",
    "audio_encoder",
    "audio",
    "speech",
];
const HEAD_WORDS: &[&str] = &[
    "lm_head",
    "embed_out",
    "classifier",
    "classification_head",
    "pooler",
    "predictions",
    "cls",
    "score",
    "qa_outputs",
    "head",
    "v_head",
    "output", // Meta's own name for the head; within layers BERT uses the word otherwise.
];
const ATTENTION_WORDS: &[&str] = &[
    "q_proj",
    "k_proj",
    "v_proj",
    "o_proj",
    "out_proj",
    "query_key_value",
    "query",
    "key",
    "value",
];
const MLP_WORDS: &[&str] = &[
    "fc1",
    "fc2",
    "fc_in",
    "fc_out",
    "c_fc",
    "gate_proj",
    "up_proj",
    "down_proj",
    "gate_up_proj",
    "dense_h_to_4h",
    "dense_4h_to_h",
    "intermediate",
    "output",
    "densereludense",
    "feed_forward",
    "ffn",
    "experts",
    "block_sparse_moe",
];
const EMBEDDING_WORDS: &[&str] = &["wte", "wpe", "shared", "cls_token"];

/// Tells the place of the tensor called `tensor_name`.
pub fn place(tensor_name: &str) -> TensorLocation {
    let name = tensor_name
        .strip_prefix(PEFT_PREFIX)
        .unwrap_or(tensor_name)
        .to_lowercase();
    let words: Vec<&str> = name.split('.').collect();
    let layer = layer(&words);
    let kind = kind(&words, layer.is_some());
    TensorLocation {
        stack: stack(&words, kind),
        layer,
        kind,
    }
}

/// Whether the tensor is the output head of a language model, the one that can be tied.
pub fn is_language_head(tensor_name: &str) -> bool {
    [
        "lm_head.weight",
        "embed_out.weight",
        "predictions.decoder.weight",
    ]
    .iter()
    .any(|end| tensor_name.ends_with(end))
        || tensor_name == "output.weight"
}

/// Whether the tensor is what an output head adds for each token.
pub fn is_head_bias(tensor_name: &str) -> bool {
    let ends = [
        "lm_head.bias",
        "embed_out.bias",
        "predictions.decoder.bias",
        "predictions.bias",
    ];
    ends.iter().any(|end| tensor_name.ends_with(end)) || tensor_name == "output.bias"
}

/// Whether the tensor is a token embedding, the one that a head can be tied to.
pub fn is_token_embedding(tensor_name: &str) -> bool {
    [
        "embed_tokens.weight",
        "wte.weight",
        "embed_in.weight",
        "word_embeddings.weight",
        "tok_embeddings.weight",
        "shared.weight",
    ]
    .iter()
    .any(|end| tensor_name.ends_with(end))
}

/// The first number after a word for layers: T5's `block.3.layer.0` is the third block.
fn layer(words: &[&str]) -> Option<u32> {
    layer_word(words).and_then(|at| words[at].parse().ok())
}

/// Which word is the number of the layer.
fn layer_word(words: &[&str]) -> Option<usize> {
    let is_layer = |pair: &[&str]| {
        LAYER_WORDS.contains(&pair[0].to_lowercase().as_str()) && is_number(pair[1])
    };
    words.windows(2).position(is_layer).map(|at| at + 1)
}

fn is_number(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit()) && word.parse::<u32>().is_ok()
}

/// The name of the same tensor in layer `layer`; a name without a layer stays as it is.
pub fn in_layer(tensor_name: &str, layer: u32) -> String {
    let mut words: Vec<&str> = tensor_name.split('.').collect();
    let number = layer.to_string();
    if let Some(at) = layer_word(&words) {
        words[at] = &number;
    }
    words.join(".")
}

fn stack(words: &[&str], kind: Kind) -> Stack {
    let has = |word: &str| words.contains(&word);
    if words.iter().any(|word| VISION_WORDS.contains(word)) {
        return Stack::Vision;
    }
    if words.iter().any(|word| AUDIO_WORDS.contains(word)) {
        return Stack::Audio;
    }
    if has("mtp") {
        return Stack::Prediction;
    }
    // BERT and its heads say `encoder.layer` and `predictions.decoder`, and have one pile.
    if kind == Kind::Head
        || has("predictions")
        || has("text_model")
        || has("layer") && !has("block")
    {
        return Stack::Main;
    }
    if has("encoder") {
        Stack::Encoder
    } else if has("decoder") {
        Stack::Decoder
    } else {
        Stack::Main
    }
}

fn kind(words: &[&str], in_layer: bool) -> Kind {
    let any = |rule: fn(&str) -> bool| words.iter().any(|word| rule(word));
    if any(is_norm) {
        Kind::Norm
    } else if !in_layer && any(|word| HEAD_WORDS.contains(&word)) {
        Kind::Head
    } else if !in_layer && any(is_embedding) {
        Kind::Embedding
    } else if any(is_attention) {
        Kind::Attention
    } else if any(is_mlp) {
        Kind::Mlp
    } else if any(is_embedding) {
        Kind::Embedding
    } else {
        Kind::Other
    }
}

fn is_norm(word: &str) -> bool {
    word.contains("norm") || word.starts_with("ln_") || word == "ln"
}

fn is_attention(word: &str) -> bool {
    word.contains("attn")
        || word.contains("attention")
        || word.contains("qkv")
        || ATTENTION_WORDS.contains(&word)
}

fn is_mlp(word: &str) -> bool {
    word.contains("mlp") || word.contains("shared_expert") || MLP_WORDS.contains(&word)
}

fn is_embedding(word: &str) -> bool {
    word.contains("embed") || EMBEDDING_WORDS.contains(&word)
}

#[cfg(test)]
mod tests;
