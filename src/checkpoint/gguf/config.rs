//! What the metadata say of the model, in the words of `config.json`.

use serde_json::{Map, Value, json};

use super::architectures::Architecture;
use super::header::Header;
use super::value::Value as Stored;
use crate::checkpoint::config::Config;
use crate::checkpoint::names::{is_language_head, is_token_embedding};
use crate::checkpoint::tensor::Tensor;

/// The configuration of a model whose metadata are in `header`.
pub(super) fn config(architecture: &Architecture, header: &Header, tensors: &[Tensor]) -> Config {
    let own = |key: &str| header.value(&format!("{}.{key}", architecture.name));
    let embedding = tensors.iter().find(|t| is_token_embedding(&t.name));
    let rows = embedding.and_then(|t| t.shape.first().map(|&rows| rows as u64));
    let has_head = tensors.iter().any(|t| is_language_head(&t.name));
    let experts = own("expert_count").and_then(|own| own.number());
    let is_mixtral = architecture.name == "llama" && experts.is_some_and(|n| n > 0);
    let (model_type, class) = match is_mixtral {
        true => ("mixtral", "MixtralForCausalLM"),
        false => (architecture.model_type, architecture.class),
    };
    let mut object = Map::new();
    let mut say = |key: &str, value: Value| {
        object.insert(key.to_owned(), value);
    };
    say("architectures", json!([class]));
    say("model_type", json!(model_type));
    let vocabulary = rows.or(tokens(header).map(|tokens| tokens as u64));
    if let Some(rows) = vocabulary {
        say("vocab_size", json!(rows));
    }
    if embedding.is_some() {
        // Models without a head are tied: GGUF has no other way to say so.
        say("tie_word_embeddings", json!(!has_head));
    }
    for (key, theirs) in NUMBERS {
        if let Some(number) = own(key).and_then(|own| own.number()) {
            say(theirs, json!(number));
        }
    }
    for (key, theirs) in FLOATS {
        // The shortest text of an `f32` is that of the number that was rounded to it.
        let text = own(key).and_then(|own| own.float()).map(|x| x.to_string());
        if let Some(number) = text.and_then(|text| text.parse::<f64>().ok()) {
            say(theirs, json!(number));
        }
    }
    Config::of_gguf(&object)
}

/// Whole numbers under the names of both.
const NUMBERS: &[(&str, &str)] = &[
    ("block_count", "num_hidden_layers"),
    ("embedding_length", "hidden_size"),
    ("attention.head_count", "num_attention_heads"),
    ("attention.head_count_kv", "num_key_value_heads"),
    ("context_length", "max_position_embeddings"),
    ("expert_used_count", "num_experts_per_tok"),
    ("expert_count", "num_local_experts"),
];

/// Other numbers.
const FLOATS: &[(&str, &str)] = &[
    ("rope.freq_base", "rope_theta"),
    ("attention.layer_norm_rms_epsilon", "rms_norm_eps"),
];

/// How many tokens the vocabulary has.
pub(super) fn tokens(header: &Header) -> Option<usize> {
    match header.value("tokenizer.ggml.tokens")? {
        Stored::Array(array) => usize::try_from(array.count).ok(),
        Stored::Scalar(..) | Stored::Text(_) => None,
    }
}
