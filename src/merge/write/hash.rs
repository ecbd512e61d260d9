//! Names for recipes and for work: what a left-over must match to be used again.

use sha2::{Digest, Sha256};

use super::super::plan::Model;
use super::Layout;

/// The SHA-256 of a recipe as Kinfolk writes it, in hexadecimal.
pub(crate) fn recipe_hash(yaml: &str) -> String {
    hexadecimal(Sha256::digest(yaml.as_bytes()))
}

/// A name for everything that the bytes of files depend on that are made from these models.
pub(crate) fn work_key<'m>(
    models: impl Iterator<Item = &'m Model>,
    recipe_hash: &str,
    seed: Option<u64>,
    layouts: &[Layout],
) -> String {
    let mut hash = Sha256::new();
    let mut add_bytes = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    let mut add = |text: &str| add_bytes(text.as_bytes());
    // Another version may make other numbers.
    add(env!("CARGO_PKG_VERSION"));
    add(recipe_hash);
    add(&format!("{seed:?}"));
    for model in models {
        for checkpoint in model.checkpoint().into_iter().chain(&model.adapter) {
            add(checkpoint.key());
        }
    }
    for shard in layouts.iter().flat_map(|layout| &layout.shards) {
        add_bytes(shard.file_name.as_bytes());
        add_bytes(&shard.prefix);
    }
    hexadecimal(hash.finalize())
}

pub(super) fn hexadecimal(bytes: impl AsRef<[u8]>) -> String {
    bytes
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
