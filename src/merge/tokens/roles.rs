//! Tokens with a role (where a text begins and ends, what fills up, what stands for the unknown)
//! and the chat template, as each model's files have them.

use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value};

use super::ModelTokens;
use crate::checkpoint::Vocabulary;
use crate::files;

/// Far above any real one.
const MAX_BYTES: u64 = 64 << 20;

/// The roles that are compared, with their keys in a tokenizer's configuration.
const ROLES: [(&str, &str); 4] = [
    ("bos_token", "begins a text"),
    ("eos_token", "ends a text"),
    ("pad_token", "fills up"),
    ("unk_token", "stands for what is unknown"),
];

/// The tokens with a role.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Roles {
    /// Each with its key, such as `eos_token`.
    pub tokens: Vec<Role>,
    /// The chat template.
    pub chat_template: Option<String>,
}

/// A token with a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Role {
    /// Such as `eos_token`.
    pub key: String,
    /// The token.
    pub token: String,
    /// Its number, if the tokenizer has it.
    pub id: Option<u32>,
}

impl Roles {
    /// What the files of a tokenizer say.
    pub fn read(folder: &Path, vocabulary: &Vocabulary) -> Self {
        let config = object(&folder.join("tokenizer_config.json")).unwrap_or_default();
        let map = object(&folder.join("special_tokens_map.json")).unwrap_or_default();
        let named = |key: &str| name_of(config.get(key)).or_else(|| name_of(map.get(key)));
        let tokens = ROLES.iter().filter_map(|(key, _)| {
            let token = named(key)?.to_owned();
            let id = vocabulary.id(&token);
            let key = (*key).to_owned();
            Some(Role { key, token, id })
        });
        let file = files::read_text(&folder.join("chat_template.jinja"), MAX_BYTES).ok();
        let in_config = || Some(config.get("chat_template")?.as_str()?.to_owned());
        Self {
            tokens: tokens.collect(),
            chat_template: file.or_else(in_config),
        }
    }

    fn token(&self, key: &str) -> Option<&str> {
        let role = self.tokens.iter().find(|role| role.key == key);
        role.map(|role| role.token.as_str())
    }
}

fn object(path: &Path) -> Option<Map<String, Value>> {
    let bytes = files::read(path, MAX_BYTES).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// A token stands as text or as a group with its `content`.
pub(super) fn name_of(value: Option<&Value>) -> Option<&str> {
    let value = value?;
    value.as_str().or_else(|| value.get("content")?.as_str())
}

/// A sentence for every role in which a model differs from the one whose tokenizer the child has.
pub(in crate::merge) fn conflicts(own: &ModelTokens, other: &ModelTokens) -> Vec<String> {
    let mut out = Vec::new();
    let (name, theirs) = (&own.name, &other.name);
    for (key, what) in ROLES {
        if let (Some(a), Some(b)) = (own.roles.token(key), other.roles.token(key))
            && a != b
        {
            out.push(format!(
                "`{b}` {what} in {theirs}, and `{a}` in {name}, which the child follows"
            ));
        }
    }
    let trimmed =
        |template: &Option<String>| template.as_deref().map(|text| text.trim().to_owned());
    let templates = (
        trimmed(&own.roles.chat_template),
        trimmed(&other.roles.chat_template),
    );
    if let (own, Some(theirs_text)) = templates {
        match own {
            Some(own) if own == theirs_text => {}
            Some(_) => out.push(format!(
                "{theirs} has another chat template than {name}, whose tokenizer the child has"
            )),
            None => out.push(format!(
                "{theirs} has a chat template and {name}, whose tokenizer the child has, has none"
            )),
        }
    }
    out
}

/// What a child's configuration says of the numbers of its tokens; `null` where there is none.
const ID_KEYS: [&str; 3] = ["bos_token_id", "eos_token_id", "pad_token_id"];

/// The numbers that `file` of a model's folder has for them, as far as the child has such tokens;
/// else those of the tokens that its tokenizer names.
pub(in crate::merge) fn ids_of(
    folder: &Path,
    file: &str,
    vocabulary: &Vocabulary,
    end: usize,
) -> Vec<(&'static str, Value)> {
    let config = object(&folder.join(file)).unwrap_or_default();
    let inner = config.get("text_config").and_then(Value::as_object);
    let roles = Roles::read(folder, vocabulary);
    let is_there = |id: &Value| id.as_u64().is_some_and(|id| (id as usize) < end);
    let said = |key: &str| {
        let value = config.get(key).or_else(|| inner?.get(key))?;
        match value {
            Value::Array(ids) => {
                let ids: Vec<Value> = ids.iter().filter(|id| is_there(id)).cloned().collect();
                (!ids.is_empty()).then_some(Value::Array(ids))
            }
            id => is_there(id).then(|| id.clone()),
        }
    };
    let named = |key: &str| {
        let role = roles
            .tokens
            .iter()
            .find(|role| key.strip_suffix("_id") == Some(&role.key))?;
        role.id.filter(|id| (*id as usize) < end).map(Value::from)
    };
    let value = |key: &'static str| (key, said(key).or_else(|| named(key)).unwrap_or(Value::Null));
    ID_KEYS.into_iter().map(value).collect()
}
