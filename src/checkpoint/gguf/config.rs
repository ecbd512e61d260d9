//! What the metadata say of the model, in the words of `config.json`.

use super::architectures::Architecture;
use super::header::Header;
use super::value::Value;
use crate::checkpoint::config::Config;
use crate::checkpoint::names::{is_language_head, is_token_embedding};
use crate::checkpoint::tensor::Tensor;

/// The configuration of a model whose metadata are in `header`.
pub(super) fn config(architecture: &Architecture, header: &Header, tensors: &[Tensor]) -> Config {
    let number = |key: &str| {
        let found = header.number(&format!("{}.{key}", architecture.name))?;
        usize::try_from(found).ok()
    };
    let embedding = tensors.iter().find(|t| is_token_embedding(&t.name));
    let rows = embedding.and_then(|t| t.shape.first().copied());
    let has_head = tensors.iter().any(|t| is_language_head(&t.name));
    let is_mixtral = architecture.name == "llama" && number("expert_count").is_some_and(|n| n > 0);
    let (model_type, class) = match is_mixtral {
        true => ("mixtral", "MixtralForCausalLM"),
        false => (architecture.model_type, architecture.class),
    };
    Config {
        architectures: vec![class.to_owned()],
        model_type: Some(model_type.to_owned()),
        num_hidden_layers: number("block_count"),
        vocab_size: rows.or(number("vocab_size")).or(tokens(header)),
        hidden_size: number("embedding_length"),
        // Models without a head are tied: GGUF has no other way to say so.
        tie_word_embeddings: embedding.map(|_| !has_head),
        dtype: None,
    }
}

/// How many tokens the vocabulary has.
pub(super) fn tokens(header: &Header) -> Option<usize> {
    match header.value("tokenizer.ggml.tokens")? {
        Value::Array(array) => usize::try_from(array.count).ok(),
        Value::Scalar(..) | Value::Text(_) => None,
    }
}
