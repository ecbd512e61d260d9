//! The tokens of a `tokenizer.json`; merges and all that works on text are passed over.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{AddedToken, MOST_TOKENS, Read};

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    added_tokens: Vec<AddedToken>,
    model: Model,
}

#[derive(Deserialize)]
struct Model {
    #[serde(rename = "type")]
    kind: Option<String>,
    vocab: Tokens,
    /// Only whether there are any: files of old do not say what kind they are.
    merges: Option<IgnoredAny>,
}

/// `{token: number}`, or `[[token, score], …]` in the order of the numbers.
struct Tokens {
    pairs: Vec<(String, u32)>,
    has_scores: bool,
}

pub(super) fn vocabulary(bytes: &[u8]) -> Result<Read, String> {
    let file: File = serde_json::from_slice(bytes)
        .map_err(|error| format!("the tokens could not be read ({error})"))?;
    let guessed = match (file.model.vocab.has_scores, file.model.merges) {
        (true, _) => "Unigram",
        (false, Some(_)) => "BPE",
        (false, None) => "WordLevel",
    };
    Ok(Read {
        model: file.model.kind.unwrap_or_else(|| guessed.to_owned()),
        ordinary: file.model.vocab.pairs,
        added: file.added_tokens,
    })
}

impl<'de> Deserialize<'de> for Tokens {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TokensVisitor)
    }
}

struct TokensVisitor;

impl<'de> Visitor<'de> for TokensVisitor {
    type Value = Tokens;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tokens with their numbers, or a list of tokens with scores")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tokens, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            // More are refused by whoever counts them.
            if pairs.len() <= MOST_TOKENS {
                pairs.push(pair);
            }
        }
        Ok(Tokens {
            pairs,
            has_scores: false,
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tokens, A::Error> {
        let mut pairs = Vec::new();
        while let Some((token, IgnoredAny)) = list.next_element::<(String, IgnoredAny)>()? {
            if pairs.len() <= MOST_TOKENS {
                pairs.push((token, pairs.len() as u32));
            }
        }
        Ok(Tokens {
            pairs,
            has_scores: true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_stand_in_a_map_or_in_a_list() {
        let read = |text: &str| vocabulary(text.as_bytes()).map(|r| (r.model, r.ordinary));
        let (model, tokens) = read(
            r#"{"model": {"type": "BPE", "merges": [["a", "b"]], "vocab": {"b": 1, "a": 0}}}"#,
        )
        .unwrap();
        assert_eq!(model, "BPE");
        assert_eq!(tokens, [("b".to_owned(), 1), ("a".to_owned(), 0)]);
        let (model, tokens) = read(r#"{"model": {"vocab": [["a", -1.5], ["b", -2]]}}"#).unwrap();
        assert_eq!(model, "Unigram");
        assert_eq!(tokens, [("a".to_owned(), 0), ("b".to_owned(), 1)]);
        for broken in [
            "{}",
            "[]",
            r#"{"model": {"vocab": 7}}"#,
            r#"{"model": {"vocab": {"a": -1}}}"#,
        ] {
            assert!(read(broken).is_err(), "{broken}");
        }
    }
}
