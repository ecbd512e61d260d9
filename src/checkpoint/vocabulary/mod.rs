//! The tokens of a model and their numbers, as its tokenizer's files have them.
//!
//! Read from `tokenizer.json`, or from a sentencepiece `tokenizer.model` where that is all there
//! is. Nothing here splits a text: it is known which row of an embedding belongs to which token,
//! no more. Memory: some hundred bytes a token, once for each model.

mod json;
mod pieces;

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::files::{self, ReadError};

/// The longest file of a tokenizer that is read; the largest real ones have some 40 MB.
const MAX_BYTES: u64 = 200 << 20;

/// The most tokens that a model may have: several times what any has.
pub const MOST_TOKENS: usize = 4_000_000;

/// Files that hold a tokenizer, of which some are not understood.
const FILES: [&str; 7] = [
    "tokenizer.json",
    "tokenizer.model",
    "tekken.json",
    "vocab.json",
    "vocab.txt",
    "spiece.model",
    "tiktoken.model",
];

/// The tokens of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Vocabulary {
    /// The file that it was read from.
    pub file: VocabularyFile,
    /// What splits words: "BPE", "Unigram", "WordPiece" or "WordLevel".
    pub model: String,
    /// Added tokens, which are found in a text before it is split, in the order of the file.
    pub added: Vec<AddedToken>,
    /// All tokens, added ones too, each once.
    numbers: BTreeMap<String, u32>,
    /// Added tokens that programs number otherwise when they load the file, because some number
    /// before theirs has no token: the number in the file, and theirs.
    pub renumbered: Vec<(u32, u32)>,
    digest: [u8; 32],
}

/// The files that tokens are read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VocabularyFile {
    /// `tokenizer.json`.
    Json,
    /// A sentencepiece `tokenizer.model`.
    Pieces,
}

/// A token that is found in a text before it is split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedToken {
    /// Its number.
    #[serde(default)]
    pub id: u32,
    /// Its text.
    pub content: String,
    /// Whether it is only found as a word of its own.
    #[serde(default)]
    pub single_word: bool,
    /// Whether it takes the space before it.
    #[serde(default)]
    pub lstrip: bool,
    /// Whether it takes the space after it.
    #[serde(default)]
    pub rstrip: bool,
    /// Whether it is looked for after the text was normalised.
    #[serde(default)]
    pub normalized: bool,
    /// Whether it steers the model and is left out of decoded texts.
    #[serde(default)]
    pub special: bool,
    /// Whether words are split into it too.
    #[serde(skip)]
    pub is_ordinary: bool,
}

impl AddedToken {
    /// A plain string, as programs add it.
    pub fn plain(content: &str, id: u32) -> Self {
        Self {
            id,
            content: content.to_owned(),
            single_word: false,
            lstrip: false,
            rstrip: false,
            normalized: true,
            special: false,
            is_ordinary: false,
        }
    }

    /// Whether both are found in a text by the same rules.
    pub fn is_found_as(&self, other: &Self) -> bool {
        let rules = |own: &Self| {
            (
                own.single_word,
                own.lstrip,
                own.rstrip,
                own.normalized,
                own.special,
            )
        };
        rules(self) == rules(other)
    }
}

impl Vocabulary {
    /// Reads the tokenizer of a folder; `None` if there is none.
    ///
    /// # Errors
    /// A clause: what could not be read or understood, and the file.
    pub fn read(folder: &Path) -> Result<Option<Self>, String> {
        let json = folder.join("tokenizer.json");
        if let Some(bytes) = bytes(&json)? {
            let own = json::vocabulary(&bytes).map_err(|error| at(&error, &json))?;
            let own = Self::new(own, VocabularyFile::Json, &[&bytes]);
            return own.map(Some).map_err(|error| at(&error, &json));
        }
        let pieces = folder.join("tokenizer.model");
        if let Some(bytes) = bytes(&pieces)? {
            let mut own = pieces::vocabulary(&bytes).map_err(|error| at(&error, &pieces))?;
            let (added, read) = added_beside(folder)?;
            own.added.extend(added);
            let parts = [&bytes[..], &read];
            let own = Self::new(own, VocabularyFile::Pieces, &parts);
            return own.map(Some).map_err(|error| at(&error, &pieces));
        }
        let other = FILES.iter().map(|name| folder.join(name));
        match other.into_iter().find(|path| path.exists()) {
            None => Ok(None),
            Some(path) => Err(at(
                "tokens are read from tokenizer.json and from sentencepiece's tokenizer.model, and \
                 there is only another file",
                &path,
            )),
        }
    }

    fn new(mut own: Read, file: VocabularyFile, parts: &[&[u8]]) -> Result<Self, String> {
        if own.ordinary.len() + own.added.len() > MOST_TOKENS {
            return Err(format!("there are more than {MOST_TOKENS} tokens"));
        }
        let mut numbers: BTreeMap<String, u32> = BTreeMap::new();
        for (token, id) in own.ordinary {
            let earlier = numbers.insert(token, id);
            // Programs disagree on which of them it is.
            if let Some(earlier) = earlier.filter(|earlier| *earlier != id) {
                return Err(format!("one token has the numbers {earlier} and {id}"));
            }
        }
        let ordinary = numbers.len();
        for token in &mut own.added {
            token.is_ordinary = numbers.get(&token.content) == Some(&token.id);
        }
        let renumbered = match file {
            VocabularyFile::Json => renumbered(ordinary, &own.added),
            VocabularyFile::Pieces => Vec::new(),
        };
        for token in &own.added {
            numbers.insert(token.content.clone(), token.id);
        }
        let mut digest = Sha256::new();
        for part in parts {
            digest.update(part);
        }
        let last = numbers.values().max().copied().unwrap_or(0);
        if last as usize >= MOST_TOKENS {
            return Err(format!(
                "a token has the number {last}; no model has so many"
            ));
        }
        Ok(Self {
            file,
            model: own.model,
            added: own.added,
            numbers,
            renumbered,
            digest: digest.finalize().into(),
        })
    }

    /// The number of a token.
    pub fn id(&self, token: &str) -> Option<u32> {
        self.numbers.get(token).copied()
    }

    /// All tokens with their numbers, by token.
    pub fn tokens(&self) -> impl Iterator<Item = (&str, u32)> {
        self.numbers.iter().map(|(token, id)| (token.as_str(), *id))
    }

    /// The same as a map, to be [joined](join) with others.
    pub fn numbers(&self) -> &BTreeMap<String, u32> {
        &self.numbers
    }

    /// How many tokens there are.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// The number after the highest.
    pub fn end(&self) -> usize {
        let last = self.numbers.values().max();
        last.map_or(0, |last| *last as usize + 1)
    }

    /// Whether both have the same tokens at the same numbers.
    pub fn numbers_as(&self, other: &Self) -> bool {
        self.digest == other.digest || self.numbers == other.numbers
    }

    /// Whether every token that both have has one number.
    pub fn agrees(&self, other: &Self) -> bool {
        let same = |(token, id): (&str, u32)| other.id(token).is_none_or(|own| own == id);
        self.digest == other.digest || self.tokens().all(same)
    }
}

/// Goes once through all tokens of several maps, in the order of the tokens, with the number that
/// each map has. Some ten times faster than looking every token up in every map.
pub fn join<'t>(maps: &[&'t BTreeMap<String, u32>], mut each: impl FnMut(&'t str, &[Option<u32>])) {
    let mut heads: Vec<_> = maps.iter().map(|map| map.iter().peekable()).collect();
    let mut numbers = vec![None; maps.len()];
    loop {
        let next = heads
            .iter_mut()
            .filter_map(|head| head.peek().map(|(token, _)| *token));
        let Some(least) = next.min() else { return };
        for (number, head) in numbers.iter_mut().zip(&mut heads) {
            *number = head
                .next_if(|(token, _)| *token == least)
                .map(|(_, id)| *id);
        }
        each(least, &numbers);
    }
}

/// What a file says.
struct Read {
    model: String,
    /// Tokens that words are split into.
    ordinary: Vec<(String, u32)>,
    added: Vec<AddedToken>,
}

/// What Hugging Face's tokenizers make of added tokens, beside `ordinary` tokens that words are
/// split into: one that is such a token keeps its number, and the others are numbered one after
/// the other. Where that is another number than the file's, both.
pub fn renumbered(ordinary: usize, added: &[AddedToken]) -> Vec<(u32, u32)> {
    let count = u32::try_from(ordinary).unwrap_or(u32::MAX);
    let mut last: Option<u32> = None;
    let mut out = Vec::new();
    for token in added {
        let next = last.map_or(count, |last| match last >= count {
            true => last.saturating_add(1),
            false => count,
        });
        let id = if token.is_ordinary { token.id } else { next };
        last = last.max(Some(id));
        if id != token.id {
            out.push((token.id, id));
        }
    }
    out
}

/// Added tokens of a sentencepiece tokenizer, which stand in files beside it.
fn added_beside(folder: &Path) -> Result<(Vec<AddedToken>, Vec<u8>), String> {
    let mut out: BTreeMap<u32, AddedToken> = BTreeMap::new();
    let mut read = Vec::new();
    let mut parse = |name: &str| -> Result<Option<Value>, String> {
        let path = folder.join(name);
        let Some(bytes) = bytes(&path)? else {
            return Ok(None);
        };
        read.extend_from_slice(&bytes);
        let value = serde_json::from_slice(&bytes).map_err(|error| at(&error.to_string(), &path));
        value.map(Some)
    };
    if let Some(Value::Object(tokens)) = parse("added_tokens.json")? {
        for (content, id) in tokens {
            if let Some(id) = id.as_u64().and_then(|id| u32::try_from(id).ok()) {
                out.insert(id, AddedToken::plain(&content, id));
            }
        }
    }
    let config = parse("tokenizer_config.json")?;
    let decoder = config.as_ref().and_then(|c| c.get("added_tokens_decoder"));
    for (id, value) in decoder.and_then(Value::as_object).into_iter().flatten() {
        let token: Option<AddedToken> = serde_json::from_value(value.clone()).ok();
        if let (Ok(id), Some(token)) = (id.parse(), token) {
            out.insert(id, AddedToken { id, ..token });
        }
    }
    Ok((out.into_values().collect(), read))
}

fn bytes(path: &Path) -> Result<Option<Vec<u8>>, String> {
    match files::read(path, MAX_BYTES) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if ReadError::is_missing(&error) => Ok(None),
        Err(error) => Err(at(&error.to_string(), path)),
    }
}

fn at(what: &str, path: &Path) -> String {
    format!("{what}: {}", path.display())
}
