//! The files of the child's tokenizer: those of the model that it starts from, with tokens struck
//! out and added.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::Child;
use super::roles::name_of;
use crate::checkpoint::{AddedToken, VocabularyFile};
use crate::files;

/// The longest file that is changed.
const MAX_BYTES: u64 = 200 << 20;

/// How the files of a tokenizer are changed.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenizerEdit {
    /// Tokens that go.
    pub struck: BTreeSet<String>,
    /// All added tokens of the child.
    pub added: Vec<AddedToken>,
}

impl TokenizerEdit {
    /// What makes the child's tokenizer of the one that it starts from; `None` if that is it.
    ///
    /// # Errors
    /// A sentence, if such files are not written.
    pub(in crate::merge) fn of(
        child: &Child,
        file: VocabularyFile,
    ) -> Result<Option<Self>, String> {
        if !child.is_edited() {
            return Ok(None);
        }
        match file {
            VocabularyFile::Json => Ok(Some(Self {
                struck: child.struck.clone(),
                added: child.added.clone(),
            })),
            VocabularyFile::Pieces => Err(
                "the child has other tokens than the tokenizer.model that it starts from, and such \
                 files are only copied; convert it to a tokenizer.json, or take the tokens of one \
                 model with `tokenizer_source`"
                    .to_owned(),
            ),
        }
    }
}

/// What becomes of a file of the tokenizer.
pub(in crate::merge) enum Changed {
    /// It is copied.
    Same,
    /// It says what is not true of the child.
    LeftOut,
    Text(Vec<u8>),
}

/// The child's file `name`.
///
/// # Errors
/// A sentence with the file.
pub(in crate::merge) fn changed(
    folder: &Path,
    name: &str,
    edit: &TokenizerEdit,
) -> Result<Changed, String> {
    match name {
        "tokenizer.json" => tokenizer(folder, name, edit),
        "tokenizer_config.json" => edited(folder, name, |json| config(json, edit)),
        "special_tokens_map.json" => edited(folder, name, |json| roles(json, edit)),
        // What is found in a text before it is split, for programs that read no tokenizer.json.
        "added_tokens.json" => {
            let has = |name: &str| folder.join(name).exists();
            if !["added_tokens.json", "vocab.json", "tokenizer.model"]
                .into_iter()
                .any(has)
            {
                return Ok(Changed::LeftOut);
            }
            let added = edit.added.iter().filter(|token| !token.is_ordinary);
            let added = added.map(|token| (token.content.clone(), json!(token.id)));
            text(&Value::Object(added.collect()))
        }
        "vocab.json" | "merges.txt" | "vocab.txt" | "tokenizer.model" | "tekken.json"
            if !edit.struck.is_empty() =>
        {
            Ok(Changed::LeftOut)
        }
        _ => Ok(Changed::Same),
    }
}

/// The bytes of a file; `None` if there is none.
fn read(folder: &Path, name: &str) -> Result<Option<Vec<u8>>, String> {
    let path = folder.join(name);
    match files::read(&path, MAX_BYTES) {
        Err(error) if error.is_missing() => Ok(None),
        other => other
            .map(Some)
            .map_err(|error| unusable(&path, &error.to_string())),
    }
}

fn unusable(path: &Path, what: &str) -> String {
    format!("the tokenizer cannot be used, {what}: {}", path.display())
}

fn edited(
    folder: &Path,
    name: &str,
    change: impl FnOnce(&mut Map<String, Value>),
) -> Result<Changed, String> {
    let Some(bytes) = read(folder, name)? else {
        return Ok(Changed::LeftOut);
    };
    let object = serde_json::from_slice(&bytes);
    let mut object = object.map_err(|error| unusable(&folder.join(name), &error.to_string()))?;
    drop(bytes);
    change(&mut object);
    text(&Value::Object(object))
}

fn text(value: &impl Serialize) -> Result<Changed, String> {
    let mut text = serde_json::to_vec_pretty(value).map_err(|error| error.to_string())?;
    text.push(b'\n');
    Ok(Changed::Text(text))
}

/// A part of `tokenizer.json`: as it stands there, or another.
#[derive(Serialize)]
#[serde(untagged)]
enum Part<'a> {
    Same(&'a RawValue),
    Other(Value),
    Added(&'a [AddedToken]),
}

/// The child's `tokenizer.json`. The lists of tokens and merges are as long as the file, and stay
/// text where they stay as they are.
fn tokenizer(folder: &Path, name: &str, edit: &TokenizerEdit) -> Result<Changed, String> {
    let Some(bytes) = read(folder, name)? else {
        return Ok(Changed::LeftOut);
    };
    match with_edit(&bytes, edit) {
        Ok(parts) => text(&parts),
        Err(error) => Err(unusable(&folder.join(name), &error.to_string())),
    }
}

fn with_edit<'a>(
    bytes: &'a [u8],
    edit: &'a TokenizerEdit,
) -> serde_json::Result<BTreeMap<String, Part<'a>>> {
    let same: BTreeMap<String, &RawValue> = serde_json::from_slice(bytes)?;
    let mut parts: BTreeMap<String, Part<'a>> = (same.into_iter())
        .map(|(key, own)| (key, Part::Same(own)))
        .collect();
    parts.insert("added_tokens".to_owned(), Part::Added(&edit.added));
    if edit.struck.is_empty() {
        return Ok(parts);
    }
    let mut change = |key: &str, change: &dyn Fn(&mut Value)| -> serde_json::Result<()> {
        if let Some(part) = parts.get_mut(key)
            && let Part::Same(own) = part
        {
            let mut value: Value = serde_json::from_str(own.get())?;
            change(&mut value);
            *part = Part::Other(value);
        }
        Ok(())
    };
    change("model", &|model| {
        if let Some(model) = model.as_object_mut() {
            strike(model, &edit.struck);
        }
    })?;
    change("post_processor", &|own| strike_templates(own, &edit.struck))?;
    Ok(parts)
}

/// Takes tokens out of a BPE model, and the merges that use or make one.
fn strike(model: &mut Map<String, Value>, struck: &BTreeSet<String>) {
    let text_of = |model: &Map<String, Value>, key: &str| {
        Some(model.get(key)?.as_str()?.to_owned()).filter(|text| !text.is_empty())
    };
    let prefix = text_of(model, "continuing_subword_prefix");
    if text_of(model, "unk_token").is_some_and(|token| struck.contains(&token)) {
        model.insert("unk_token".to_owned(), Value::Null);
    }
    if let Some(vocabulary) = model.get_mut("vocab").and_then(Value::as_object_mut) {
        vocabulary.retain(|token, _| !struck.contains(token));
    }
    let is_kept = |a: &str, b: &str| {
        let end = prefix
            .as_ref()
            .and_then(|prefix| b.strip_prefix(prefix.as_str()));
        let made = format!("{a}{}", end.unwrap_or(b));
        ![a, b, &made]
            .into_iter()
            .any(|token| struck.contains(token))
    };
    if let Some(merges) = model.get_mut("merges").and_then(Value::as_array_mut) {
        merges.retain(|merge| match merge {
            Value::String(text) => text.split_once(' ').is_none_or(|(a, b)| is_kept(a, b)),
            Value::Array(pair) => match &pair[..] {
                [Value::String(a), Value::String(b)] => is_kept(a, b),
                _ => true,
            },
            _ => true,
        });
    }
}

/// Takes tokens out of the templates that are put around a text.
fn strike_templates(value: &mut Value, struck: &BTreeSet<String>) {
    let Some(object) = value.as_object_mut() else {
        return;
    };
    for processor in object
        .get_mut("processors")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        strike_templates(processor, struck);
    }
    if let Some(tokens) = object
        .get_mut("special_tokens")
        .and_then(Value::as_object_mut)
    {
        tokens.retain(|token, _| !struck.contains(token));
    }
    for key in ["single", "pair"] {
        if let Some(items) = object.get_mut(key).and_then(Value::as_array_mut) {
            let is_struck = |item: &Value| {
                let id = item
                    .get("SpecialToken")
                    .and_then(|token| token.get("id")?.as_str());
                id.is_some_and(|id| struck.contains(id))
            };
            items.retain(|item| !is_struck(item));
        }
    }
}

fn config(json: &mut Map<String, Value>, edit: &TokenizerEdit) {
    roles(json, edit);
    if let Some(decoder) = json
        .get_mut("added_tokens_decoder")
        .and_then(Value::as_object_mut)
    {
        let entry = |token: &AddedToken| {
            let mut value = json!(token);
            if let Some(object) = value.as_object_mut() {
                object.remove("id");
            }
            (token.id.to_string(), value)
        };
        *decoder = edit.added.iter().map(entry).collect();
    }
}

/// A token that is gone has no role: programs would add it again, beyond the rows.
fn roles(json: &mut Map<String, Value>, edit: &TokenizerEdit) {
    let is_struck =
        |value: &Value| name_of(Some(value)).is_some_and(|token| edit.struck.contains(token));
    json.retain(|key, value| !(key.ends_with("_token") && is_struck(value)));
    for key in ["additional_special_tokens", "extra_special_tokens"] {
        match json.get_mut(key) {
            Some(Value::Array(tokens)) => tokens.retain(|token| !is_struck(token)),
            Some(Value::Object(tokens)) => tokens.retain(|_, token| !is_struck(token)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merges_that_use_or_make_a_struck_token_go_with_it() {
        let edit = TokenizerEdit {
            struck: ["ab", "<p>"].map(str::to_owned).into(),
            added: vec![AddedToken::plain("c", 3)],
        };
        let json = json!({
            "added_tokens": [{"id": 9, "content": "<p>"}],
            "model": {"vocab": {"a": 0, "b": 1, "ab": 2, "ba": 4}, "unk_token": "<p>",
                      "merges": ["a b", ["b", "a"], "ab a"]},
            "post_processor": {"single": [{"SpecialToken": {"id": "<p>"}}, {"Sequence": {"id": "A"}}],
                               "special_tokens": {"<p>": {"id": "<p>"}}},
        });
        let bytes = json.to_string().into_bytes();
        let json = json!(with_edit(&bytes, &edit).unwrap());
        assert_eq!(json["model"]["merges"], json!([["b", "a"]]));
        assert_eq!(json["model"]["vocab"], json!({"a": 0, "b": 1, "ba": 4}));
        assert_eq!(
            json["post_processor"]["single"].as_array().unwrap().len(),
            1
        );
        assert_eq!(json["added_tokens"][0]["content"], "c");
        let mut json = json!({"pad_token": "<p>", "eos_token": {"content": "<e>"},
                              "added_tokens_decoder": {"9": {}}});
        config(json.as_object_mut().unwrap(), &edit);
        assert!(json.get("pad_token").is_none() && json.get("eos_token").is_some());
        assert_eq!(json["added_tokens_decoder"]["3"]["content"], "c");
    }
}
