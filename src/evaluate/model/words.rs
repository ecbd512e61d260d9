//! The tokenizer of a model: text to tokens and back, and the tokens that end a text.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use tokenizers::Tokenizer;

use super::settings::object_of;
use crate::evaluate::EvaluateError;
use crate::files;

/// The largest tokenizer that is read; real ones have up to 40 MB.
const MOST_BYTES: u64 = 256 << 20;

#[derive(Debug)]
pub(crate) struct Words {
    tokenizer: Tokenizer,
    path: PathBuf,
    /// Tokens that end a text.
    pub(crate) ends: Vec<u32>,
}

impl Words {
    /// Reads `tokenizer.json` of a folder; `ends` are the tokens that the settings name, in
    /// whose place that of `tokenizer_config.json` stands if they name none.
    pub(super) fn read(folder: &Path, mut ends: Vec<u32>) -> Result<Self, EvaluateError> {
        let path = folder.join("tokenizer.json");
        let trouble = |reason: String| EvaluateError::Tokenizer {
            path: path.clone(),
            reason,
        };
        let bytes = files::read(&path, MOST_BYTES).map_err(|error| match error {
            error if error.is_missing() => trouble("there is no tokenizer.json".to_owned()),
            error => trouble(error.to_string()),
        })?;
        // What is no JSON at all has a better sentence of its own.
        serde_json::from_slice::<serde::de::IgnoredAny>(&bytes)
            .map_err(|error| trouble(error.to_string()))?;
        let read = guarded(|| Tokenizer::from_bytes(bytes));
        let mut tokenizer = read.map_err(trouble)?;
        // tokenizers 0.23 keeps the words that it has seen on every thread of the pool, and lets
        // none go when the tokenizer does: 2 MB for each small model that was evaluated.
        let mut model = tokenizer.get_model().clone();
        model.resize_cache(0);
        tokenizer.with_model(model);
        // What was good for training must not shorten or fill up a prompt.
        tokenizer.with_padding(None);
        let whole = tokenizer.with_truncation(None);
        whole.map_err(|error| trouble(error.to_string()))?;
        if ends.is_empty() {
            let config = object_of(&folder.join("tokenizer_config.json"))?;
            let named = config.get("eos_token");
            let named = named.and_then(|token| token.get("content").unwrap_or(token).as_str());
            ends.extend(named.and_then(|name| tokenizer.token_to_id(name)));
        }
        Ok(Self {
            tokenizer,
            path,
            ends,
        })
    }

    /// The tokens of texts, with what the tokenizer puts around a text, such as `<s>`.
    pub(crate) fn prompts(&self, texts: Vec<&str>) -> Result<Vec<Vec<u32>>, EvaluateError> {
        let encoded = self.guarded(|| self.tokenizer.encode_batch(texts, true))?;
        Ok(encoded.iter().map(|e| e.get_ids().to_vec()).collect())
    }

    /// The tokens of texts, in which special tokens may be written out, and nothing else.
    pub(crate) fn plain(&self, texts: Vec<String>) -> Result<Vec<Vec<u32>>, EvaluateError> {
        let encoded = self.guarded(|| self.tokenizer.encode_batch(texts, false))?;
        Ok(encoded.iter().map(|e| e.get_ids().to_vec()).collect())
    }

    /// How many tokens each text has by itself.
    pub(crate) fn lengths(&self, texts: Vec<&str>) -> Result<Vec<usize>, EvaluateError> {
        let encoded = self.guarded(|| self.tokenizer.encode_batch(texts, false))?;
        Ok(encoded.iter().map(|e| e.get_ids().len()).collect())
    }

    /// The text of tokens, without special ones.
    pub(crate) fn text(&self, tokens: &[u32]) -> Result<String, EvaluateError> {
        self.guarded(|| self.tokenizer.decode(tokens, true))
    }

    fn guarded<T>(&self, work: impl FnOnce() -> tokenizers::Result<T>) -> Result<T, EvaluateError> {
        guarded(work).map_err(|reason| EvaluateError::Tokenizer {
            path: self.path.clone(),
            reason,
        })
    }
}

/// What the library makes, or why not. It panics on some files that it cannot read: tokenizers
/// 0.23 on a decoder that is not an object, and more.
fn guarded<T>(work: impl FnOnce() -> tokenizers::Result<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(made) => made.map_err(|error| error.to_string()),
        Err(_) => Err("the tokenizer library cannot read it".to_owned()),
    }
}
