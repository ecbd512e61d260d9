//! Files of models.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use kinfolk::checkpoint::Checkpoint;
use kinfolk::evaluate::Model;
use kinfolk::jobs::Ticket;

use crate::files::{folder, repository, safetensors, two};
use crate::look::look_at;

/// A weight file: after `H` a header and data parted by a zero byte, else the bytes as they are.
pub fn header(data: &[u8]) {
    let path = folder("header").join("model.safetensors");
    let whole = match data.split_first() {
        Some((b'H', rest)) => {
            let (header, rest) = two(rest);
            safetensors(header, rest)
        }
        _ => data.to_vec(),
    };
    std::fs::write(&path, whole).unwrap();
    look_at(&path);
}

/// An index, and the header and data of its shard.
pub fn index(data: &[u8]) {
    let folder = folder("index");
    let (index, rest) = two(data);
    let (header, rest) = two(rest);
    let shard = folder.join("model-00001-of-00001.safetensors");
    std::fs::write(folder.join("model.safetensors.index.json"), index).unwrap();
    std::fs::write(shard, safetensors(header, rest)).unwrap();
    look_at(&folder);
}

/// A configuration of an adapter, and the header and data of its weights.
pub fn adapter(data: &[u8]) {
    let folder = folder("adapter");
    let (config, rest) = two(data);
    let (header, rest) = two(rest);
    let weights = safetensors(header, rest);
    std::fs::write(folder.join("adapter_config.json"), config).unwrap();
    std::fs::write(folder.join("adapter_model.safetensors"), weights).unwrap();
    look_at(&folder);
}

/// `config.json` and `generation_config.json` beside a small model, for the built-in evaluator.
pub fn config(data: &[u8]) {
    let folder = small_model("config");
    let (config, generation) = two(data);
    std::fs::write(folder.join("config.json"), config).unwrap();
    std::fs::write(folder.join("generation_config.json"), generation).unwrap();
    answer(&folder, "1+2=");
}

/// `tokenizer.json` beside the same.
///
/// The library that reads it panics on some, and its panics are caught and told; so only those
/// count that come out here, and not every one as elsewhere.
pub fn tokenizer(data: &[u8]) {
    static QUIET: OnceLock<()> = OnceLock::new();
    QUIET.get_or_init(|| std::panic::set_hook(Box::new(|_| {})));
    let folder = small_model("tokenizer");
    std::fs::write(folder.join("tokenizer.json"), data).unwrap();
    answer(&folder, "One 12+30= ab\u{301} 学\n<s>");
}

/// A folder with the weights and companions of a small model.
fn small_model(name: &str) -> PathBuf {
    static READY: OnceLock<()> = OnceLock::new();
    let to = folder(name);
    READY.get_or_init(|| {
        let weights = repository("tests/data/oracle/models/alder/base");
        let words = repository("resources/demo/base");
        for (from, file) in [
            (&weights, "model.safetensors"),
            (&weights, "config.json"),
            (&words, "tokenizer.json"),
            (&words, "tokenizer_config.json"),
        ] {
            std::fs::copy(from.join(file), to.join(file)).unwrap();
        }
    });
    to
}

/// Loads a model and goes through a short text.
fn answer(folder: &Path, text: &str) {
    look_at(folder);
    let Ok(checkpoint) = Checkpoint::open(folder) else {
        return;
    };
    let ticket = Ticket::default();
    let Ok(model) = Model::load(&checkpoint, &ticket) else {
        return;
    };
    if let Ok(tokens) = model.tokens(text) {
        model.logits(&tokens[..tokens.len().min(64)], &ticket).ok();
    }
}
