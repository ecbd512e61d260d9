//! The part of a model's `config.json` that Kinfolk looks at.
//!
//! Nothing in it is needed to compare weights, so that a broken one is a remark, not an error.

mod settings;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value};

pub use self::settings::{Difference, Weight};
use super::heads::Heads;
use super::identity::FileIdentity;
use super::json::read_text;
use super::map::metadata;

/// Far above any real one, which has a few kilobytes.
const MAX_BYTES: u64 = 16 << 20;

/// What `config.json` says; a field is `None` where it is silent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// Class names such as "LlamaForCausalLM".
    pub architectures: Vec<String>,
    /// Family such as "llama".
    pub model_type: Option<String>,
    /// Number of layers.
    pub num_hidden_layers: Option<usize>,
    /// Rows of the token embedding.
    pub vocab_size: Option<usize>,
    /// Width of the residual stream.
    pub hidden_size: Option<usize>,
    /// Whether the output head is the token embedding.
    pub tie_word_embeddings: Option<bool>,
    /// Name of the number format that the weights were saved in.
    pub dtype: Option<String>,
    /// What it says about quantisation, which [`super::quantised`] understands.
    pub(super) quantization: Option<Map<String, Value>>,
    /// Layers beyond the counted ones, which predict further tokens.
    pub prediction_layers: Option<usize>,
    /// Files of code that loading the model needs.
    pub code: Vec<String>,
    /// Everything else that decides what is computed.
    settings: settings::Settings,
    /// Whether it was told by a GGUF file, whose `llama` stands for Mistral's models too.
    is_of_gguf: bool,
}

impl Config {
    /// The numbers of its attention heads, if it is one number each for all layers.
    pub fn heads(&self) -> Option<Heads> {
        let number = |key: &str| self.settings.get(key)?.parse().ok().filter(|n| *n > 0);
        let queries = number("num_attention_heads")?;
        Some(Heads {
            queries,
            keys: number("num_key_value_heads").unwrap_or(queries),
        })
    }

    /// Reads the file at `path` if there is one; troubles become sentences in `problems`.
    pub(super) fn read(path: &Path, problems: &mut Vec<String>) -> (Self, Option<FileIdentity>) {
        if !path.exists() {
            return (Self::default(), None);
        }
        match Self::try_read(path) {
            Ok((config, identity)) => (config, Some(identity)),
            Err(reason) => {
                problems.push(format!("config.json could not be read: {reason}"));
                (Self::default(), None)
            }
        }
    }

    fn try_read(path: &Path) -> Result<(Self, FileIdentity), String> {
        let metadata = metadata(path).map_err(|error| error.to_string())?;
        let text = read_text(path, MAX_BYTES).map_err(|error| error.to_string())??;
        let object: Map<String, Value> =
            serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let identity = FileIdentity::new(path, &metadata, text.as_bytes());
        Ok((Self::from_object(&object), identity))
    }

    /// What a GGUF file tells, in the words of `config.json`; it is silent about the rest.
    pub(super) fn of_gguf(object: &Map<String, Value>) -> Self {
        let mut config = Self::from_object(object);
        config.settings.retain(|key, _| object.contains_key(*key));
        config.is_of_gguf = true;
        config
    }

    /// Models that also see keep the facts of their language half under `text_config`.
    fn from_object(object: &Map<String, Value>) -> Self {
        let inner = object.get("text_config").and_then(Value::as_object);
        let find = |keys: &[&str]| {
            [Some(object), inner]
                .into_iter()
                .flatten()
                .flat_map(|level| keys.iter().filter_map(|key| level.get(*key)))
                .find(|value| !value.is_null())
        };
        let number = |keys: &[&str]| find(keys)?.as_u64()?.try_into().ok();
        let text = |keys: &[&str]| Some(find(keys)?.as_str()?.to_owned());
        Self {
            architectures: strings(find(&["architectures"])),
            model_type: text(&["model_type"]),
            num_hidden_layers: number(&["num_hidden_layers", "n_layer", "num_layers"]),
            vocab_size: number(&["vocab_size"]),
            hidden_size: number(&["hidden_size", "n_embd", "d_model"]),
            tie_word_embeddings: find(&["tie_word_embeddings"]).and_then(Value::as_bool),
            dtype: text(&["dtype", "torch_dtype"]),
            quantization: find(&["quantization_config", "compression_config"])
                .and_then(|value| value.as_object().cloned()),
            prediction_layers: number(&["num_nextn_predict_layers", "mtp_num_hidden_layers"]),
            code: code(find(&["auto_map"])),
            settings: settings::settings(find),
            is_of_gguf: false,
        }
    }
}

/// "modeling_x.py" for `{"AutoModel": "modeling_x.XModel"}`, each once.
fn code(auto_map: Option<&Value>) -> Vec<String> {
    let classes = auto_map.and_then(Value::as_object).into_iter().flatten();
    let files = classes.filter_map(|(_, class)| {
        let class = class.as_str()?.rsplit("--").next()?;
        Some(format!("{}.py", class.rsplit_once('.')?.0))
    });
    let files: BTreeSet<String> = files.collect();
    files.into_iter().collect()
}

fn strings(value: Option<&Value>) -> Vec<String> {
    let items = value
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    items
        .iter()
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str) -> Config {
        Config::from_object(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn nested_text_config_fills_what_the_outside_leaves_open() {
        let config = check(
            r#"{"model_type": "gemma3", "vocab_size": null,
                "text_config": {"model_type": "gemma3_text", "vocab_size": 7, "dtype": "bfloat16"}}"#,
        );
        assert_eq!(config.model_type.as_deref(), Some("gemma3"));
        assert_eq!(config.vocab_size, Some(7));
        assert_eq!(config.dtype.as_deref(), Some("bfloat16"));
    }

    #[test]
    fn older_families_use_other_keys() {
        let config = check(r#"{"n_layer": 12, "n_embd": 768, "torch_dtype": "float32"}"#);
        assert_eq!(config.num_hidden_layers, Some(12));
        assert_eq!(config.hidden_size, Some(768));
        assert_eq!(config.dtype.as_deref(), Some("float32"));
    }

    #[test]
    fn fields_of_the_wrong_kind_are_taken_as_silent() {
        let config =
            check(r#"{"vocab_size": -3, "tie_word_embeddings": "yes", "architectures": 1}"#);
        let silent = Config::from_object(&Map::new());
        assert_eq!(config.vocab_size, None);
        assert_eq!(config.tie_word_embeddings, None);
        assert_eq!(config.architectures, silent.architectures);
    }
}
