//! The child's `config.json`: the donor's, with what the merge changed made right.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::super::plan::ConfigChange;
use crate::files;

/// Far above any real one.
const MAX_BYTES: u64 = 16 << 20;

const CONFIG_NAME: &str = "config.json";
const LAYER_KEYS: [&str; 3] = ["num_hidden_layers", "n_layer", "num_layers"];
const NAME_OR_PATH: &str = "_name_or_path";
const PREDICTION_KEYS: [&str; 2] = ["num_nextn_predict_layers", "mtp_num_hidden_layers"];
/// Lists with one item for each layer.
const PER_LAYER_KEYS: [&str; 6] = [
    "layer_types",
    "no_rope_layers",
    "mlp_layer_types",
    "attention_layers",
    "layers_block_type",
    "sliding_window_pattern_list",
];

/// The text of the child's configuration; `None` if the donor has none.
///
/// # Errors
/// A sentence, if the donor's is no JSON object.
pub(crate) fn write_config(donor: &Path, change: &ConfigChange) -> Result<Option<String>, String> {
    rewritten(&donor.join(CONFIG_NAME), |object| apply(object, change))
}

/// The text of a child's configuration of another architecture: the donor's with `change`, and
/// then with what `further` does to it.
///
/// # Errors
/// As [`write_config`].
pub(crate) fn write_config_with(
    donor: &Path,
    change: &ConfigChange,
    further: impl FnOnce(&mut Map<String, Value>),
) -> Result<Option<String>, String> {
    rewritten(&donor.join(CONFIG_NAME), |object| {
        apply(object, change);
        further(object);
    })
}

/// The configuration in a folder; `None` if there is none.
///
/// # Errors
/// As [`write_config`].
pub(crate) fn read_config(folder: &Path) -> Result<Option<Map<String, Value>>, String> {
    object_in(&folder.join(CONFIG_NAME))
}

/// The text of the child's settings of generation, if they are not the donor's; `None` if the
/// donor has none.
///
/// # Errors
/// As [`write_config`].
pub(crate) fn write_generation(
    donor: &Path,
    change: &ConfigChange,
) -> Result<Option<String>, String> {
    if change.generation_ids.is_empty() {
        return Ok(None);
    }
    let path = donor.join("generation_config.json");
    rewritten(&path, |object| set_ids(object, &change.generation_ids))
}

fn rewritten(
    path: &Path,
    change: impl FnOnce(&mut Map<String, Value>),
) -> Result<Option<String>, String> {
    let Some(mut object) = object_in(path)? else {
        return Ok(None);
    };
    change(&mut object);
    Ok(Some(format!("{:#}\n", Value::Object(object))))
}

fn object_in(path: &Path) -> Result<Option<Map<String, Value>>, String> {
    let failed = |reason: String| {
        format!(
            "the configuration cannot be used, {reason}: {}",
            path.display()
        )
    };
    let text = match files::read(path, MAX_BYTES) {
        Err(error) if error.is_missing() => return Ok(None),
        other => other.map_err(|error| failed(error.to_string()))?,
    };
    let read = serde_json::from_slice(&text);
    read.map(Some).map_err(|error| failed(error.to_string()))
}

/// What says how weights are quantised; those of a child are not.
const QUANTISATION_KEYS: [&str; 2] = ["quantization_config", "compression_config"];

fn apply(object: &mut Map<String, Value>, change: &ConfigChange) {
    for key in QUANTISATION_KEYS {
        object.remove(key);
        let inner = object.get_mut("text_config").and_then(Value::as_object_mut);
        inner.and_then(|inner| inner.remove(key));
    }
    // Where the donor lay on the machine of whoever saved it.
    object.remove(NAME_OR_PATH);
    for part in object.values_mut().filter_map(Value::as_object_mut) {
        part.remove(NAME_OR_PATH);
    }
    if let Some(layers) = &change.layers {
        set_layers(object, layers);
    }
    if let Some(layers) = change.vision_layers {
        let part = object.get_mut("vision_config");
        if let Some(part) = part.and_then(Value::as_object_mut) {
            for key in LAYER_KEYS.iter().chain(&["depth"]) {
                if part.contains_key(*key) {
                    part.insert((*key).to_owned(), json!(layers));
                }
            }
        }
    }
    if let Some(rows) = change.vocab_size {
        set(object, &["vocab_size"], &json!(rows));
    }
    if let Some(tied) = change.tie_word_embeddings {
        set(object, &["tie_word_embeddings"], &json!(tied));
    }
    if let Some(dtype) = &change.dtype {
        set(object, &["dtype", "torch_dtype"], &json!(dtype));
    }
    set_ids(object, &change.token_ids);
    if change.without_prediction {
        replace(object, &PREDICTION_KEYS, &json!(0));
    }
}

/// Sets the numbers of tokens; one that no token has is only cleared where there is one.
fn set_ids(object: &mut Map<String, Value>, ids: &[(&str, Value)]) {
    for (key, id) in ids {
        match id {
            Value::Null => drop(replace(object, &[key], id)),
            id => set(object, &[key], id),
        }
    }
}

/// Sets those of `keys` that are there, also within `text_config`; if none is, the first.
fn set(object: &mut Map<String, Value>, keys: &[&str], value: &Value) {
    if let (false, Some(first)) = (replace(object, keys, value), keys.first()) {
        object.insert((*first).to_owned(), value.clone());
    }
}

/// Sets those of `keys` that are there, and says whether one was.
fn replace(object: &mut Map<String, Value>, keys: &[&str], value: &Value) -> bool {
    let mut found = false;
    for key in keys {
        if let Some(own) = object.get_mut(*key) {
            *own = value.clone();
            found = true;
        }
        let inner = object.get_mut("text_config").and_then(Value::as_object_mut);
        if let Some(own) = inner.and_then(|inner| inner.get_mut(*key)) {
            *own = value.clone();
            found = true;
        }
    }
    found
}

fn set_layers(object: &mut Map<String, Value>, layers: &[usize]) {
    let keys: Vec<&str> = LAYER_KEYS
        .into_iter()
        .filter(|key| object.contains_key(*key))
        .collect();
    let keys = if keys.is_empty() {
        &LAYER_KEYS[..1]
    } else {
        &keys
    };
    set(object, keys, &json!(layers.len()));
    for key in PER_LAYER_KEYS {
        let inner = object.get("text_config").and_then(|inner| inner.get(key));
        let list = object.get(key).or(inner).and_then(Value::as_array);
        let of_child = list.and_then(|list| {
            let of_child = layers.iter().map(|&layer| list.get(layer).cloned());
            of_child.collect::<Option<Vec<Value>>>()
        });
        // A list of another length is about something else.
        if let Some(of_child) = of_child {
            replace(object, &[key], &Value::Array(of_child));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(json: &str, change: &ConfigChange) -> Value {
        let mut object = serde_json::from_str(json).unwrap();
        apply(&mut object, change);
        Value::Object(object)
    }

    #[test]
    fn layers_and_their_lists_are_made_right() {
        let change = ConfigChange {
            layers: Some(vec![0, 1, 0]),
            ..ConfigChange::default()
        };
        let config = changed(
            r#"{"n_layer": 2, "layer_types": ["full", "sliding"]}"#,
            &change,
        );
        assert_eq!(
            config,
            json!({"n_layer": 3, "layer_types": ["full", "sliding", "full"]})
        );
    }

    #[test]
    fn a_child_is_not_called_quantised() {
        let json = r#"{"quantization_config": {"quant_method": "fp8"},
                       "text_config": {"quantization_config": {"bits": 4}, "n_layer": 2}}"#;
        let config = changed(json, &ConfigChange::default());
        assert_eq!(config, json!({"text_config": {"n_layer": 2}}));
    }

    #[test]
    fn what_is_nested_is_changed_where_it_stands() {
        let change = ConfigChange {
            vocab_size: Some(64),
            tie_word_embeddings: Some(false),
            dtype: Some("bfloat16".to_owned()),
            ..ConfigChange::default()
        };
        let json = r#"{"torch_dtype": "float32", "text_config": {"vocab_size": 72}}"#;
        assert_eq!(
            changed(json, &change),
            json!({"torch_dtype": "bfloat16", "tie_word_embeddings": false,
                   "text_config": {"vocab_size": 64}})
        );
    }
}
