//! `adapter_config.json`: how strongly the factors count, and what cannot be done with them.
//!
//! What PEFT can write changes from version to version. Settings that are known to change the
//! result and are not done here are refused; settings unknown here become a remark.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::checkpoint::error::CheckpointError;
use crate::checkpoint::identity::FileIdentity;
use crate::checkpoint::json::{Pairs, read_text};
use crate::checkpoint::limits;
use crate::checkpoint::map::metadata;

const MAX_BYTES: u64 = 16 << 20;

/// PEFT's own value where the file is silent, for both the rank and alpha.
const DEFAULT: u32 = 8;

/// Settings that change the result, each with a clause that ends "cannot be used because …".
const REFUSED: &[(&str, &str)] = &[
    (
        "use_dora",
        "it is a DoRA adapter, which rescales the base by column norms",
    ),
    (
        "lora_bias",
        "it gives its factors biases of their own (lora_bias)",
    ),
    ("use_qalora", "it pools its inputs (use_qalora)"),
    ("use_bdlora", "its factors are block-diagonal (use_bdlora)"),
    (
        "layer_replication",
        "it repeats layers of the base (layer_replication)",
    ),
    (
        "target_parameters",
        "it targets bare parameters (target_parameters)",
    ),
    (
        "trainable_token_indices",
        "it replaces single token rows (trainable_token_indices)",
    ),
    (
        "megatron_config",
        "it is split for Megatron (megatron_config)",
    ),
    (
        "alora_invocation_tokens",
        "it works only after certain tokens (alora_invocation_tokens)",
    ),
    (
        "arrow_config",
        "it routes between several adapters (arrow_config)",
    ),
];

/// Ways to initialise that leave the base as it is.
const HARMLESS_INITS: &[&str] = &["gaussian", "orthogonal", "eva"];

/// Settings without influence on what is stored, or read by name below.
const KNOWN: &[&str] = &[
    "alpha_pattern",
    "auto_mapping",
    "base_model_name_or_path",
    "bias",
    "corda_config",
    "ensure_weight_tying",
    "eva_config",
    "exclude_modules",
    "fan_in_fan_out",
    "inference_mode",
    "init_lora_weights",
    "layers_pattern",
    "layers_to_transform",
    "loftq_config",
    "lora_alpha",
    "lora_dropout",
    "lora_ga_config",
    "megatron_core",
    "modules_to_save",
    "peft_type",
    "peft_version",
    "qalora_group_size",
    "r",
    "rank_pattern",
    "revision",
    "runtime_config",
    "target_modules",
    "task_type",
    "use_rslora",
];

/// The settings that are needed to apply an adapter.
#[derive(Debug)]
pub(super) struct AdapterConfig {
    pub(super) base_name: Option<String>,
    pub(super) fan_in_fan_out: bool,
    pub(super) identity: FileIdentity,
    pub(super) remarks: Vec<String>,
    rank: u32,
    alpha: f64,
    rank_stabilized: bool,
    ranks: Vec<(Pattern, u32)>,
    alphas: Vec<(Pattern, f64)>,
}

type Patterns<V> = Pairs<String, V, { limits::PATTERNS }>;

#[derive(Deserialize)]
struct Stored {
    base_model_name_or_path: Option<String>,
    fan_in_fan_out: Option<bool>,
    r: Option<u32>,
    lora_alpha: Option<f64>,
    use_rslora: Option<bool>,
    rank_pattern: Option<Patterns<u32>>,
    alpha_pattern: Option<Patterns<f64>>,
}

impl AdapterConfig {
    /// Reads and checks the file at `path`.
    pub(super) fn read(path: &Path) -> Result<Self, CheckpointError> {
        let metadata = metadata(path)?;
        let invalid = |reason| CheckpointError::AdapterConfig {
            path: path.to_owned(),
            reason,
        };
        let text = read_text(path, MAX_BYTES)?.map_err(invalid)?;
        let identity = FileIdentity::new(path, &metadata, text.as_bytes());
        let syntax = |error: serde_json::Error| invalid(error.to_string());
        let object: Map<String, Value> = serde_json::from_str(&text).map_err(syntax)?;
        refusal(&object).map_or(Ok(()), |reason| {
            Err(CheckpointError::AdapterUnsupported {
                path: path.to_owned(),
                reason,
            })
        })?;
        let stored: Stored = serde_json::from_str(&text).map_err(syntax)?;
        Self::new(stored, remarks(&object), identity).map_err(invalid)
    }

    fn new(stored: Stored, remarks: Vec<String>, identity: FileIdentity) -> Result<Self, String> {
        let config = Self {
            base_name: stored.base_model_name_or_path,
            fan_in_fan_out: stored.fan_in_fan_out.unwrap_or(false),
            identity,
            remarks,
            rank: stored.r.unwrap_or(DEFAULT),
            alpha: stored.lora_alpha.unwrap_or(f64::from(DEFAULT)),
            rank_stabilized: stored.use_rslora.unwrap_or(false),
            ranks: patterns(stored.rank_pattern.unwrap_or_default())?,
            alphas: patterns(stored.alpha_pattern.unwrap_or_default())?,
        };
        let ranks = config.ranks.iter().map(|&(_, rank)| rank);
        if ranks.chain([config.rank]).any(|rank| rank == 0) {
            return Err("a rank is 0".to_owned());
        }
        Ok(config)
    }

    /// The rank that the module at `path` should have.
    pub(super) fn rank(&self, path: &str) -> u32 {
        first_match(&self.ranks, path).unwrap_or(self.rank)
    }

    /// What the product of the factors is multiplied by: α/r, or α/√r when rank-stabilised.
    pub(super) fn scale(&self, path: &str) -> f32 {
        let alpha = first_match(&self.alphas, path).unwrap_or(self.alpha);
        let rank = f64::from(self.rank(path));
        let divisor = if self.rank_stabilized {
            rank.sqrt()
        } else {
            rank
        };
        (alpha / divisor) as f32
    }
}

/// A key of `rank_pattern` or `alpha_pattern`, which PEFT matches as `(.*\.)?(key)$`.
///
/// PEFT takes keys as regular expressions, but writes module paths or their ends, at times
/// anchored by `^`. Those are matched here; a key that uses more of the language is refused,
/// which is safer than a second dialect of it and saves a dependency.
#[derive(Debug)]
struct Pattern {
    text: String,
    whole: bool,
}

impl Pattern {
    fn new(key: &str) -> Result<Self, String> {
        let inner = key.strip_prefix('^');
        let plain = inner.unwrap_or(key);
        let text = plain.strip_suffix('$').unwrap_or(plain).replace("\\.", ".");
        if text.is_empty() || text.contains(r"*+?()[]{}|\^$".chars().collect::<Vec<_>>().as_slice())
        {
            return Err(format!(
                "its pattern `{key}` is a regular expression, where module names are expected"
            ));
        }
        Ok(Self {
            text,
            whole: inner.is_some(),
        })
    }

    fn matches(&self, path: &str) -> bool {
        match path.strip_suffix(self.text.as_str()) {
            Some("") => true,
            Some(before) => !self.whole && before.ends_with('.'),
            None => false,
        }
    }
}

fn patterns<V>(pairs: Patterns<V>) -> Result<Vec<(Pattern, V)>, String> {
    let pairs = pairs.0.into_iter();
    pairs
        .map(|(key, value)| Ok((Pattern::new(&key)?, value)))
        .collect()
}

/// In the order of the file, as PEFT does it.
fn first_match<V: Copy>(patterns: &[(Pattern, V)], path: &str) -> Option<V> {
    let mut matching = patterns.iter().filter(|(pattern, _)| pattern.matches(path));
    matching.next().map(|&(_, value)| value)
}

/// The clause that says why an adapter with these settings cannot be used.
fn refusal(object: &Map<String, Value>) -> Option<String> {
    let peft_type = object.get("peft_type").and_then(Value::as_str);
    if peft_type != Some("LORA") {
        let found = peft_type.unwrap_or("nothing");
        return Some(format!("its peft_type is {found} and only LORA is read"));
    }
    if let Some(&(_, reason)) = REFUSED.iter().find(|(key, _)| is_set(object.get(*key))) {
        return Some(reason.to_owned());
    }
    let init = object.get("init_lora_weights").and_then(Value::as_str)?;
    (!HARMLESS_INITS.contains(&init)).then(|| {
        format!("its init_lora_weights `{init}` may have changed the base it was trained on")
    })
}

/// Whether a setting differs from being absent.
fn is_set(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(fields)) => !fields.is_empty(),
        Some(_) => true,
    }
}

fn remarks(object: &Map<String, Value>) -> Vec<String> {
    let known = |key: &str| KNOWN.contains(&key) || REFUSED.iter().any(|(name, _)| *name == key);
    object
        .iter()
        .filter(|(key, value)| is_set(Some(value)) && !known(key))
        .map(|(key, _)| format!("the adapter sets `{key}`, which is unknown here and left out"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(json: &str) -> AdapterConfig {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("adapter_config.json");
        std::fs::write(&path, json).unwrap();
        AdapterConfig::read(&path).unwrap()
    }

    #[test]
    fn scale_is_alpha_over_rank() {
        let config = config(r#"{"peft_type": "LORA", "r": 4, "lora_alpha": 8}"#);
        assert_eq!(config.scale("model.layers.0.q_proj"), 2.0);
    }

    #[test]
    fn rank_stabilised_scale_is_alpha_over_its_root() {
        let config =
            config(r#"{"peft_type": "LORA", "r": 16, "lora_alpha": 8, "use_rslora": true}"#);
        assert_eq!(config.scale("x"), 2.0);
    }

    #[test]
    fn silent_file_means_the_defaults_of_peft() {
        let config = config(r#"{"peft_type": "LORA", "rank_pattern": null}"#);
        assert_eq!((config.rank("x"), config.scale("x")), (8, 1.0));
    }

    #[test]
    fn patterns_match_ends_of_module_paths_and_the_first_wins() {
        let config = config(
            r#"{"peft_type": "LORA", "r": 2, "lora_alpha": 4,
                "rank_pattern": {"^layers.0.q_proj": 1, "layers\\.1\\.q_proj": 4, "q_proj": 8},
                "alpha_pattern": {"v_proj": 6}}"#,
        );
        let rank = |path| config.rank(path);
        assert_eq!(rank("layers.0.q_proj"), 1);
        assert_eq!(rank("model.layers.0.q_proj"), 8);
        assert_eq!(rank("model.layers.1.q_proj"), 4);
        assert_eq!(rank("model.layers.1.seq_proj"), 2);
        assert_eq!(config.scale("a.v_proj"), 3.0);
        assert_eq!(config.scale("q_proj"), 0.5);
    }

    #[test]
    fn unknown_setting_is_remarked_only_when_it_is_set() {
        let config = config(r#"{"peft_type": "LORA", "use_magic": true, "use_more": false}"#);
        assert_eq!(config.remarks.len(), 1);
        assert!(config.remarks[0].contains("use_magic"));
    }
}
