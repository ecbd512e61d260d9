//! Every name that a merge gives to a file or folder: what has another is not a merge's.

use std::io;
use std::path::{Path, PathBuf};

use super::companions::{GENERATION_FILES, MODULE_FILES, TOKENIZER_FILES, is_module};
use super::staging::{LOCK_NAME, STATE_NAME, STATE_PART, is_step};
use super::{GGUF_NAME, INDEX_NAME, MOE_RECIPE_NAME, RECIPE_NAME};
use crate::files::owned::MARK_NAME;

/// Files of an extracted adapter beside its card.
const ADAPTER_FILES: [&str; 4] = [
    "adapter_config.json",
    "adapter_model.safetensors",
    "adapter_model.safetensors.part",
    "adapter_model.parts",
];
/// Files of a finished model beside its weights, tokenizer and generation settings.
const FILES: [&str; 5] = [
    INDEX_NAME,
    RECIPE_NAME,
    MOE_RECIPE_NAME,
    "config.json",
    "README.md",
];
/// Files of the work itself.
const WORK: [&str; 4] = [LOCK_NAME, STATE_NAME, STATE_PART, MARK_NAME];
/// What a file is called while it is written.
const TEMPORARY: &str = ".kinfolk-";

/// The first entry of a staging folder, or of one within, that no merge makes; links are never a
/// merge's.
pub(super) fn stranger(folder: &Path) -> io::Result<Option<PathBuf>> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let (kind, name) = (entry.file_type()?, entry.file_name());
        let name = name.to_string_lossy();
        let found = match kind {
            _ if kind.is_dir() && (is_step(&name) || is_module(&name)) => stranger(&entry.path())?,
            _ if kind.is_file() && is_of_a_merge(&name) => None,
            _ => Some(entry.path()),
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

fn is_of_a_merge(name: &str) -> bool {
    let is_fixed = |name: &str| {
        FILES.contains(&name)
            || ADAPTER_FILES.contains(&name)
            || MODULE_FILES.contains(&name)
            || TOKENIZER_FILES.contains(&name)
            || GENERATION_FILES.contains(&name)
    };
    WORK.contains(&name) || is_fixed(name) || is_weights(name) || name.starts_with(TEMPORARY)
}

/// `model.safetensors`, `model-00001-of-00004.safetensors` or `model.gguf`, finished or not.
fn is_weights(name: &str) -> bool {
    let name = name.strip_suffix(".part").unwrap_or(name);
    if name == GGUF_NAME {
        return true;
    }
    let Some(stem) = name.strip_suffix(".safetensors") else {
        return false;
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let numbers = stem
        .strip_prefix("model-")
        .and_then(|n| n.split_once("-of-"));
    stem == "model" || numbers.is_some_and(|(k, n)| is_number(k) && is_number(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_merge_are_told_from_others() {
        for name in [
            "model.safetensors",
            "model-00001-of-00012.safetensors.part",
            "kinfolk-merge.json.part",
            "tokenizer.json",
            ".kinfolk-made.json",
        ] {
            assert!(is_of_a_merge(name), "{name}");
        }
        for name in [
            "notes.txt",
            "a.json",
            "weights.safetensors",
            "model-1.safetensors",
        ] {
            assert!(!is_of_a_merge(name), "{name}");
        }
    }
}
