//! Vocabularies and the rest of the child's configuration.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::super::recipe::Recipe;
use super::context::Context;
use super::headers::Headers;
use super::shape::Part;
use super::towers::Tower;
use super::{ConfigChange, TensorPlan};
use crate::checkpoint::{Dtype, Stack, is_language_head, is_token_embedding};
use crate::files;

/// What must change in the donor's configuration to fit the tensors.
pub(super) fn config_change(
    made: &[TensorPlan],
    parts: &[Part<'_>],
    donor: usize,
    context: &Context<'_>,
) -> ConfigChange {
    let Some(Some(headers)) = context.headers.get(donor) else {
        return ConfigChange::default();
    };
    let embedding = made.iter().find(|t| is_token_embedding(&t.name));
    let rows = embedding.and_then(|t| t.shape.first().copied());
    ConfigChange {
        layers: layers(parts, donor),
        vision_layers: vision_layers(parts),
        vocab_size: rows.filter(|&rows| headers.vocabulary() != Some(rows)),
        tie_word_embeddings: tied(made, parts, headers, context),
        dtype: main_dtype(made),
        without_prediction: headers.config.prediction_layers.is_some_and(|n| n > 0)
            && made.iter().all(|t| t.place.stack != Stack::Prediction),
    }
}

/// For each layer of a stack, the donor's layer that it is, or else the first source's.
fn layers(parts: &[Part<'_>], donor: usize) -> Option<Vec<usize>> {
    let mut out = Vec::new();
    for part in parts.iter().filter(|part| part.has_text()) {
        let len = part.len?;
        let own = part.sources.iter().find(|s| s.model == donor);
        let first = own.or(part.sources.first())?.first;
        out.extend((first..first + len).map(|layer| layer as usize));
    }
    Some(out).filter(|out| !out.is_empty())
}

/// Layers of the part that sees, where its slices are stacked.
fn vision_layers(parts: &[Part<'_>]) -> Option<usize> {
    let own = parts.iter().filter(|p| p.tower() == Some(Tower::Vision));
    let lengths: Option<Vec<u32>> = own.map(|part| part.len).collect();
    let layers: u32 = lengths?.into_iter().sum();
    (layers > 0).then_some(layers as usize)
}

/// The tied flag, where the donor's is wrong for the child.
///
/// A head that is written counts only if some model that has one uses it: files that were
/// saved with a head beside a tied flag keep the flag.
fn tied(
    made: &[TensorPlan],
    parts: &[Part<'_>],
    donor: &Headers<'_>,
    context: &Context<'_>,
) -> Option<bool> {
    let head_is_written = made.iter().any(|t| is_language_head(&t.name));
    let says = donor.config.tie_word_embeddings;
    if head_is_written {
        let text = parts.iter().rfind(|part| part.has_text());
        let sources = text?.sources.iter();
        let mut headers = sources.filter_map(|s| context.headers[s.model].as_ref());
        let used =
            headers.any(|h| h.head().is_some() && h.config.tie_word_embeddings != Some(true));
        let donor_is_tied = says == Some(true) || says.is_none() && donor.head().is_none();
        return (used && donor_is_tied).then_some(false);
    }
    let speaks = donor
        .config
        .architectures
        .iter()
        .any(|name| name.contains("CausalLM") || name.contains("LMHead"));
    (says == Some(false) && speaks && donor.embedding().is_some()).then_some(true)
}

/// The name that configurations have for the format of most numbers.
fn main_dtype(made: &[TensorPlan]) -> Option<String> {
    let mut counts: BTreeMap<Dtype, usize> = BTreeMap::new();
    for tensor in made {
        *counts.entry(tensor.dtype).or_default() += tensor.elements();
    }
    let (most, _) = counts.into_iter().max_by_key(|(_, count)| *count)?;
    most.config_name().map(str::to_owned)
}

/// The longest tokenizer that is read; the largest real ones have some 40 MB.
const MAX_TOKENIZER_BYTES: u64 = 200 << 20;

/// Says which models number their tokens otherwise than the one whose tokenizer is taken.
///
/// Rows are merged by their number, as in mergekit without a tokenizer option; with one,
/// mergekit would bring them into the order of that tokenizer.
pub(super) fn check(
    recipe: &Recipe,
    parts: &[Part<'_>],
    tokenizer: usize,
    context: &mut Context<'_>,
) {
    let mut used: Vec<(usize, String)> = Vec::new();
    for source in parts.iter().flat_map(|part| &part.sources) {
        if source.model != tokenizer && used.iter().all(|(model, _)| *model != source.model) {
            used.push((source.model, source.path.clone()));
        }
    }
    let folder = |model: usize| context.models.get(model)?.folder();
    let Some(own) = folder(tokenizer).and_then(|f| Tokens::read(&f)) else {
        return;
    };
    let differs = |model: &usize| {
        let other = folder(*model).and_then(|f| Tokens::read(&f));
        other.is_some_and(|other| !own.agrees(&other))
    };
    used.retain(|(model, _)| differs(model));
    for (model, path) in used {
        let name = context.headers[model]
            .as_ref()
            .map_or(String::new(), |h| h.name.clone());
        if recipe.tokenizer_source.is_some() {
            let sentence = format!(
                "{name} numbers its tokens otherwise than the tokenizer that is wanted, and \
                 bringing rows into another order is not done yet"
            );
            context.error(&path, sentence);
        } else {
            let sentence = format!(
                "{name} numbers its tokens otherwise than the child's tokenizer; rows of the same \
                 number are merged all the same"
            );
            context.warning(&path, sentence);
        }
    }
}

/// The numbers of the tokens of a `tokenizer.json`.
#[derive(PartialEq)]
struct Tokens {
    text: Vec<u8>,
}

impl Tokens {
    fn read(folder: &Path) -> Option<Self> {
        let text = files::read(&folder.join("tokenizer.json"), MAX_TOKENIZER_BYTES).ok()?;
        Some(Self { text })
    }

    /// Whether every token that both know has the same number in both.
    fn agrees(&self, other: &Self) -> bool {
        if self == other {
            return true;
        }
        let (Some(a), Some(b)) = (self.numbers(), other.numbers()) else {
            // What cannot be understood cannot be said to differ.
            return true;
        };
        a.iter()
            .all(|(token, n)| b.get(token).is_none_or(|m| m == n))
    }

    fn numbers(&self) -> Option<BTreeMap<String, u64>> {
        let json: Value = serde_json::from_slice(&self.text).ok()?;
        let mut out = BTreeMap::new();
        match json.get("model")?.get("vocab")? {
            Value::Object(vocabulary) => {
                let pairs = vocabulary.iter();
                out.extend(pairs.filter_map(|(token, n)| Some((token.clone(), n.as_u64()?))));
            }
            Value::Array(items) => {
                let token = |item: &Value| item.get(0)?.as_str().map(str::to_owned);
                let pairs = items.iter().zip(0..);
                out.extend(pairs.filter_map(|(item, n)| Some((token(item)?, n))));
            }
            _ => return None,
        }
        for added in json.get("added_tokens").and_then(Value::as_array)? {
            if let (Some(token), Some(n)) = (added.get("content"), added.get("id")) {
                out.insert(token.as_str()?.to_owned(), n.as_u64()?);
            }
        }
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(json: &str) -> Tokens {
        Tokens {
            text: json.as_bytes().to_vec(),
        }
    }

    #[test]
    fn tokens_agree_if_what_both_know_has_one_number() {
        let small = tokens(r#"{"model": {"vocab": {"a": 0, "b": 1}}, "added_tokens": []}"#);
        let wide = r#"{"model": {"vocab": {"a": 0, "b": 1}},
                       "added_tokens": [{"content": "c", "id": 2}]}"#;
        assert!(small.agrees(&tokens(wide)));
        let swapped = r#"{"model": {"vocab": {"a": 1, "b": 0}}, "added_tokens": []}"#;
        assert!(!small.agrees(&tokens(swapped)));
        let unigram = r#"{"model": {"vocab": [["a", -1.5], ["b", -2]]}, "added_tokens": []}"#;
        assert!(small.agrees(&tokens(unigram)));
        assert!(small.agrees(&tokens("{}")));
    }
}
