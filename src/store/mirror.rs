//! Which files of a folder on a store are copied, and which are weights.

use std::collections::BTreeSet;

use serde::Deserialize;

/// Bytes of a file that is copied; the largest tokenizers have forty million.
pub(super) const MOST_OF_A_FILE: u64 = 100_000_000;
/// Files that are copied of a folder.
pub(super) const MOST_FILES: usize = 200;
/// Files of weights that are opened of a folder.
pub(super) const MOST_WEIGHTS: usize = 10_000;

pub(super) const INDEX: &str = "model.safetensors.index.json";
const SINGLE: &str = "model.safetensors";
const ADAPTER: &str = "adapter_model.safetensors";

/// Files that belong to a model, by how their names end.
const ENDINGS: [&str; 7] = ["json", "jinja", "model", "txt", "md", "tiktoken", "yml"];

/// The files beside the weights that models have, for servers that cannot list a folder.
pub(super) const USUAL: [&str; 15] = [
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "spiece.model",
    "chat_template.jinja",
    "preprocessor_config.json",
    "adapter_config.json",
    "README.md",
];

/// The weights that a folder may have, for servers that cannot list one.
pub(super) const USUAL_WEIGHTS: [&str; 2] = [SINGLE, ADAPTER];

/// Whether a file is copied.
pub(super) fn is_small(file: &str) -> bool {
    let ending = file.rsplit_once('.').map_or("", |(_, ending)| ending);
    ENDINGS.contains(&ending) && crate::files::is_plain_name(file)
}

/// Whether a file is one of weights that can be read by ranges.
pub(super) fn is_weights(file: &str) -> bool {
    file.ends_with(".safetensors") && crate::files::is_plain_name(file)
}

/// The files that an index names; none where it says nothing that can be used.
pub(super) fn named_by(index: &[u8]) -> BTreeSet<String> {
    #[derive(Deserialize)]
    struct Index {
        weight_map: std::collections::BTreeMap<String, String>,
    }
    let index: Result<Index, _> = serde_json::from_slice(index);
    let files = index.map(|index| index.weight_map).unwrap_or_default();
    let files = files.into_values().filter(|file| is_weights(file));
    files.collect()
}
