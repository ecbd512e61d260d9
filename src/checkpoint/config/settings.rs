//! What two configurations must agree on for weights to mean the same in both models.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Config;

/// How much a difference means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Equal shapes are a coincidence: the models compute other things with their weights.
    Architecture,
    /// One computation with another constant.
    Setting,
}

/// Something that two configurations say differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What it is about, in the words of `config.json`.
    pub what: String,
    /// How much it means.
    pub weight: Weight,
    /// What the two say.
    pub values: [String; 2],
}

/// Normalised values of what was found, by key.
pub(super) type Settings = BTreeMap<&'static str, String>;

/// One setting: its spellings, the first of which names it, and what its absence means.
struct Setting {
    keys: &'static [&'static str],
    absent: Option<&'static str>,
}

const fn setting(keys: &'static [&'static str]) -> Setting {
    Setting { keys, absent: None }
}

const fn or(keys: &'static [&'static str], absent: &'static str) -> Setting {
    Setting {
        keys,
        absent: Some(absent),
    }
}

/// Everything that changes what is computed, and that equal shapes do not tell.
const SETTINGS: &[Setting] = &[
    setting(&["num_attention_heads", "n_head", "num_heads"]),
    setting(&["num_key_value_heads", "multi_query_group_num"]),
    setting(&["head_dim"]),
    setting(&["hidden_act", "hidden_activation", "activation_function"]),
    setting(&[
        "rms_norm_eps",
        "layer_norm_eps",
        "layer_norm_epsilon",
        "norm_epsilon",
    ]),
    setting(&["partial_rotary_factor", "rotary_pct"]),
    setting(&["tie_word_embeddings"]),
    setting(&["query_pre_attn_scalar"]),
    setting(&["layer_types"]),
    or(&["attention_bias", "qkv_bias", "use_bias"], "false"),
    or(&["mlp_bias"], "false"),
    or(&["attn_logit_softcapping"], "none"),
    or(&["final_logit_softcapping"], "none"),
    setting(&["num_experts_per_tok", "moe_topk", "top_k_experts"]),
    setting(&["num_local_experts", "num_experts", "n_routed_experts"]),
    setting(&["norm_topk_prob"]),
    setting(&["routed_scaling_factor"]),
    setting(&["first_k_dense_replace"]),
    setting(&["embedding_multiplier", "scale_emb"]),
    setting(&["residual_multiplier", "scale_depth"]),
    setting(&["attention_multiplier"]),
    setting(&["logits_scaling", "logit_scale"]),
    setting(&["max_position_embeddings", "n_positions"]),
];

const THETA: &str = "rope_theta";
const SCALING: &str = "rope_scaling";
const WINDOW: &str = "sliding_window";

/// Normalised settings, looked for by `find` in all places of a configuration.
pub(super) fn settings<'v>(find: impl Fn(&[&str]) -> Option<&'v Value>) -> Settings {
    let mut found = Settings::new();
    for setting in SETTINGS {
        let value = find(setting.keys).map(words);
        if let Some(value) = value.or_else(|| setting.absent.map(str::to_owned)) {
            found.insert(setting.keys[0], value);
        }
    }
    rope(&find, &mut found);
    let uses_window = find(&["use_sliding_window"]).and_then(Value::as_bool);
    let window = find(&[WINDOW]).filter(|_| uses_window != Some(false));
    found.insert(WINDOW, window.map_or("none".to_owned(), words));
    found
}

/// Rotation, which older files tell as `rope_theta` and `rope_scaling`, newer ones as
/// `rope_parameters`.
fn rope<'v>(find: &impl Fn(&[&str]) -> Option<&'v Value>, found: &mut Settings) {
    let scaling = find(&["rope_parameters", SCALING]).and_then(Value::as_object);
    let theta = find(&[THETA, "rotary_emb_base"]).or_else(|| scaling?.get(THETA));
    if let Some(theta) = theta {
        found.insert(THETA, words(theta));
    }
    let kind = scaling.and_then(|s| s.get("rope_type").or_else(|| s.get("type")));
    let scaled = scaling.filter(|_| kind.and_then(Value::as_str) != Some("default"));
    let text = scaled.map_or("none".to_owned(), |scaling| {
        let rest = scaling.iter().filter(|(key, _)| *key != THETA);
        let named = rest.map(|(key, value)| {
            let key = if key == "rope_type" { "type" } else { key };
            (key, words(value))
        });
        let sorted: BTreeMap<&str, String> = named.collect();
        let pairs = sorted.iter().map(|(key, value)| format!("{key} {value}"));
        pairs.collect::<Vec<_>>().join(", ")
    });
    found.insert(SCALING, text);
}

/// A value so that equal ones are equal texts: 1, 1.0 and 1e0 are.
fn words(value: &Value) -> String {
    match value {
        Value::Number(number) => number
            .as_f64()
            .map_or_else(|| number.to_string(), |number| number.to_string()),
        Value::String(text) => text.clone(),
        Value::Null => "none".to_owned(),
        other => other.to_string(),
    }
}

impl Config {
    /// What this and another configuration say differently about what is computed, architecture
    /// first; nothing about what only one of them tells.
    pub fn differences(&self, other: &Self) -> Vec<Difference> {
        let mut out = Vec::new();
        let families = [self.family(), other.family()];
        let is_either = |family: &String| family == "llama" || family == "mistral";
        let is_unclear = self.is_of_gguf || other.is_of_gguf;
        if let [Some(a), Some(b)] = families
            && a != b
            && !(is_unclear && is_either(&a) && is_either(&b))
        {
            out.push(Difference {
                what: "model_type".to_owned(),
                weight: Weight::Architecture,
                values: [a, b],
            });
        }
        for (key, own) in &self.settings {
            let Some(theirs) = other.settings.get(key).filter(|theirs| *theirs != own) else {
                continue;
            };
            out.push(Difference {
                what: (*key).to_owned(),
                weight: Weight::Setting,
                values: [own.clone(), theirs.clone()],
            });
        }
        out
    }

    /// The family of the language model, whether it stands alone or in one that also sees.
    fn family(&self) -> Option<String> {
        let class = || {
            let class = self.architectures.first()?;
            Some(class.split("For").next().unwrap_or(class).to_lowercase())
        };
        let named = self.model_type.clone().or_else(class)?;
        Some(named.strip_suffix("_text").unwrap_or(&named).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differences(a: &str, b: &str) -> Vec<(String, String)> {
        let read = |text: &str| Config::from_object(&serde_json::from_str(text).unwrap());
        let found = read(a).differences(&read(b)).into_iter();
        found
            .map(|d| (d.what, format!("{} / {}", d.values[0], d.values[1])))
            .collect()
    }

    #[test]
    fn one_configuration_in_two_spellings_is_one() {
        let old = r#"{"model_type": "llama", "rope_theta": 10000, "rms_norm_eps": 1e-5}"#;
        let new = r#"{"model_type": "llama", "rms_norm_eps": 0.00001, "sliding_window": null,
            "rope_parameters": {"rope_theta": 10000.0, "rope_type": "default"}}"#;
        assert_eq!(differences(old, new), []);
        let inner = r#"{"model_type": "gemma3", "text_config": {"head_dim": 8}}"#;
        let text = r#"{"model_type": "gemma3_text", "head_dim": 8}"#;
        assert_eq!(differences(inner, text), []);
    }

    #[test]
    fn what_changes_the_computation_is_told_with_both_values() {
        let a = r#"{"model_type": "llama", "rope_theta": 10000.0, "num_attention_heads": 4}"#;
        let b = r#"{"model_type": "gemma", "rope_theta": 1e6, "num_attention_heads": 2,
            "rope_scaling": {"rope_type": "yarn", "factor": 4.0}}"#;
        let found = differences(a, b);
        let expected = [
            ("model_type", "llama / gemma"),
            ("num_attention_heads", "4 / 2"),
            ("rope_scaling", "none / factor 4, type yarn"),
            ("rope_theta", "10000 / 1000000"),
        ];
        assert_eq!(found, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }
}
