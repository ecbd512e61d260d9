//! What a decoder must know beside its weights: `config.json`, read for four families.
//!
//! Whatever would make the numbers wrong if it were passed over is refused: another
//! architecture, another activation, quantised weights, an unknown stretching of positions.

use std::path::Path;

use serde_json::{Map, Value};

use super::rope::Stretch;
use crate::checkpoint::Checkpoint;
use crate::evaluate::EvaluateError;
use crate::files;

/// Architectures that differ from Llama only in what [`Settings`] tells.
pub(super) const ARCHITECTURES: [&str; 4] = [
    "LlamaForCausalLM",
    "MistralForCausalLM",
    "Qwen2ForCausalLM",
    "Qwen3ForCausalLM",
];

/// Above this a prompt is refused: the built-in evaluator is for short tasks on the CPU.
const MOST_POSITIONS: usize = 4096;

/// Many times what any model has; each is noted before it is known whether its weights are there.
const MOST_LAYERS: usize = 10_000;

/// Far above any real one, which has a few kilobytes.
const MOST_BYTES: u64 = 16 << 20;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Settings {
    /// Width of the residual stream.
    pub hidden: usize,
    /// Width inside the MLP.
    pub inner: usize,
    /// Query heads.
    pub heads: usize,
    /// Key and value heads; divides `heads`.
    pub kv_heads: usize,
    /// Numbers a head; even.
    pub head_dim: usize,
    /// Rows of the token embedding.
    pub vocabulary: usize,
    /// The most tokens of prompt and answer together.
    pub positions: usize,
    /// Added to the mean square in a norm.
    pub eps: f64,
    /// Base of the angles of positions.
    pub theta: f64,
    /// How the angles are stretched for longer texts.
    pub stretch: Stretch,
    /// For each layer, over how many positions its attention looks back, itself included.
    pub windows: Vec<Option<usize>>,
    /// Whether the projections to queries, keys and values must have a bias.
    pub qkv_bias: bool,
    /// Whether queries and keys are normed head by head.
    pub qk_norm: bool,
    /// Whether the token embedding is the head, whatever else is stored.
    pub tied: bool,
    /// The tokens that end a text, as far as config.json and generation_config.json say.
    pub ends: Vec<u32>,
}

impl Settings {
    /// Reads `config.json` and `generation_config.json` of a checkpoint's folder.
    ///
    /// # Errors
    /// A sentence naming what is missing, wrong or not supported, and the file.
    pub(super) fn read(checkpoint: &Checkpoint) -> Result<Self, EvaluateError> {
        let path = checkpoint.folder().join("config.json");
        let object = object(&path)?.ok_or_else(|| EvaluateError::Settings {
            path: path.clone(),
            reason: "there is no config.json beside the weights".to_owned(),
        })?;
        let generation = object_of(&checkpoint.folder().join("generation_config.json"))?;
        let mut settings = Self::parse(&object).map_err(|trouble| trouble.at(&path))?;
        settings.tied |= checkpoint.tied_embeddings();
        let ends = [generation.get("eos_token_id"), object.get("eos_token_id")];
        let mut said = ends.into_iter().flatten().map(ids);
        let said = said.find(|ids| !ids.is_empty());
        settings.ends = said.unwrap_or_default();
        Ok(settings)
    }

    fn parse(object: &Map<String, Value>) -> Result<Self, Trouble> {
        let family = family(object)?;
        refuse_what_changes_numbers(object)?;
        let need = |key| number(object, key)?.ok_or(Trouble::Missing(key));
        let (hidden, heads) = (need("hidden_size")?, need("num_attention_heads")?);
        let kv_heads = number(object, "num_key_value_heads")?.unwrap_or(heads);
        let head_dim = number(object, "head_dim")?.unwrap_or(hidden / heads);
        if heads % kv_heads != 0 || head_dim % 2 != 0 {
            let what = format!("{heads} heads, {kv_heads} of keys, of {head_dim} numbers each");
            return Err(Trouble::Wrong(format!("{what} do not go together")));
        }
        let positions = number(object, "max_position_embeddings")?;
        let layers = need("num_hidden_layers")?;
        if layers > MOST_LAYERS {
            return Err(Trouble::Wrong(format!("`num_hidden_layers` is {layers}")));
        }
        let rope = rope_object(object);
        Ok(Self {
            hidden,
            inner: need("intermediate_size")?,
            heads,
            kv_heads,
            head_dim,
            vocabulary: need("vocab_size")?,
            positions: positions.unwrap_or(MOST_POSITIONS).min(MOST_POSITIONS),
            eps: float(object, "rms_norm_eps")?.unwrap_or(1e-6),
            theta: rope_theta(object, rope)?,
            stretch: rope.map_or(Ok(Stretch::None), stretch)?,
            windows: windows(object, family, layers)?,
            qkv_bias: family == "Qwen2ForCausalLM" || is_true(object, "attention_bias"),
            qk_norm: family == "Qwen3ForCausalLM",
            tied: is_true(object, "tie_word_embeddings"),
            ends: Vec::new(),
        })
    }
}

enum Trouble {
    Missing(&'static str),
    Wrong(String),
    Unsupported(String),
}

impl Trouble {
    fn at(self, path: &Path) -> EvaluateError {
        let path = path.to_owned();
        match self {
            Self::Unsupported(reason) => EvaluateError::Unsupported { path, reason },
            Self::Wrong(reason) => EvaluateError::Settings { path, reason },
            Self::Missing(key) => EvaluateError::Settings {
                path,
                reason: format!("`{key}` is missing"),
            },
        }
    }
}

/// The object in a JSON file; `None` if there is no file.
pub(super) fn object(path: &Path) -> Result<Option<Map<String, Value>>, EvaluateError> {
    let trouble = |reason: String| EvaluateError::Settings {
        path: path.to_owned(),
        reason,
    };
    let bytes = match files::read(path, MOST_BYTES) {
        Err(error) if error.is_missing() => return Ok(None),
        other => other.map_err(|error| trouble(error.to_string()))?,
    };
    let read = serde_json::from_slice(&bytes).map_err(|error| trouble(error.to_string()))?;
    Ok(Some(read))
}

/// The same where a missing file is as good as an empty one.
pub(super) fn object_of(path: &Path) -> Result<Map<String, Value>, EvaluateError> {
    Ok(object(path)?.unwrap_or_default())
}

fn family(object: &Map<String, Value>) -> Result<&str, Trouble> {
    let named = object.get("architectures").and_then(Value::as_array);
    let named = named.into_iter().flatten();
    let names: Vec<&str> = named.filter_map(Value::as_str).collect();
    let known = names.iter().find(|name| ARCHITECTURES.contains(name));
    known.copied().ok_or_else(|| {
        let found = match &names[..] {
            [] => "no architecture is named".to_owned(),
            [first, ..] => format!("its architecture is {first}"),
        };
        let known = ARCHITECTURES.map(|name| name.trim_end_matches("ForCausalLM"));
        Trouble::Unsupported(format!("{found} and {} are known", known.join(", ")))
    })
}

fn refuse_what_changes_numbers(object: &Map<String, Value>) -> Result<(), Trouble> {
    let refuse = |reason: String| Err(Trouble::Unsupported(reason));
    let there = |key: &str| object.get(key).filter(|value| !value.is_null());
    if there("quantization_config").is_some() {
        return refuse("its weights are quantised".to_owned());
    }
    let activation = there("hidden_act").and_then(Value::as_str);
    let activation = activation.unwrap_or("silu");
    if !matches!(activation, "silu" | "swish") {
        return refuse(format!("its activation is {activation} and silu is known"));
    }
    let partial = there("partial_rotary_factor").and_then(Value::as_f64);
    if partial.is_some_and(|share| share != 1.0) {
        return refuse("it turns only a part of each head by position".to_owned());
    }
    Ok(())
}

/// Older files say `rope_scaling`, newer ones `rope_parameters`.
fn rope_object(object: &Map<String, Value>) -> Option<&Map<String, Value>> {
    let keys = ["rope_scaling", "rope_parameters"];
    keys.iter().find_map(|key| object.get(*key)?.as_object())
}

fn rope_theta(
    object: &Map<String, Value>,
    rope: Option<&Map<String, Value>>,
) -> Result<f64, Trouble> {
    let inside = rope.map_or(Ok(None), |rope| float(rope, "rope_theta"))?;
    let theta = inside.or(float(object, "rope_theta")?).unwrap_or(10_000.0);
    if theta > 0.0 && theta.is_finite() {
        Ok(theta)
    } else {
        Err(Trouble::Wrong(format!("`rope_theta` is {theta}")))
    }
}

fn stretch(rope: &Map<String, Value>) -> Result<Stretch, Trouble> {
    let kind = rope.get("rope_type").or_else(|| rope.get("type"));
    let need = |key| match float(rope, key)? {
        Some(value) if value > 0.0 => Ok(value),
        Some(value) => Err(Trouble::Wrong(format!("`{key}` of its rope is {value}"))),
        None => Err(Trouble::Missing(key)),
    };
    match kind.and_then(Value::as_str).unwrap_or("default") {
        "default" => Ok(Stretch::None),
        "linear" => Ok(Stretch::Linear {
            factor: need("factor")?,
        }),
        "llama3" => Ok(Stretch::Llama3 {
            factor: need("factor")?,
            low: need("low_freq_factor")?,
            high: need("high_freq_factor")?,
            original: need("original_max_position_embeddings")?,
        }),
        other => Err(Trouble::Unsupported(format!(
            "its rope scaling is {other} and default, linear and llama3 are known"
        ))),
    }
}

/// Which layers look back over a part of the text only.
///
/// Mistral's do all if a window is given; Qwen's only if told to, from a layer on; and a list of
/// layer types goes before either.
fn windows(
    object: &Map<String, Value>,
    family: &str,
    layers: usize,
) -> Result<Vec<Option<usize>>, Trouble> {
    let is_qwen = family.starts_with("Qwen");
    let on = match family {
        "LlamaForCausalLM" => false,
        _ => !is_qwen || is_true(object, "use_sliding_window"),
    };
    let window = number(object, "sliding_window")?.filter(|_| on);
    if let Some(types) = object.get("layer_types").and_then(Value::as_array) {
        let of_layer = |kind: &Value| match kind.as_str() {
            Some("full_attention") => Ok(None),
            Some("sliding_attention") => Ok(window),
            _ => Err(format!("a layer's attention is {kind}")),
        };
        let listed = types.iter().map(of_layer).collect::<Result<Vec<_>, _>>();
        let listed = listed.map_err(Trouble::Unsupported)?;
        if listed.len() == layers {
            return Ok(listed);
        }
        let what = format!("`layer_types` tells of {} layers of {layers}", listed.len());
        return Err(Trouble::Wrong(what));
    }
    let first = match number_or_zero(object, "max_window_layers")? {
        Some(first) if is_qwen => first,
        _ => 0,
    };
    Ok((0..layers).map(|k| window.filter(|_| k >= first)).collect())
}

fn is_true(object: &Map<String, Value>, key: &str) -> bool {
    object.get(key).and_then(Value::as_bool).unwrap_or(false)
}

/// A count; 0 is not a count.
fn number(object: &Map<String, Value>, key: &'static str) -> Result<Option<usize>, Trouble> {
    match number_or_zero(object, key)? {
        Some(0) => Err(Trouble::Wrong(format!("`{key}` is 0"))),
        other => Ok(other),
    }
}

fn number_or_zero(object: &Map<String, Value>, key: &str) -> Result<Option<usize>, Trouble> {
    let Some(value) = object.get(key).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    // No model has a million of anything but words, and products of these must not overflow.
    let fits = |n: &u64| *n <= 1 << 24;
    let n = value.as_u64().filter(fits).map(|n| Some(n as usize));
    n.ok_or_else(|| Trouble::Wrong(format!("`{key}` is {value}")))
}

fn float(object: &Map<String, Value>, key: &str) -> Result<Option<f64>, Trouble> {
    let Some(value) = object.get(key).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let wrong = || Trouble::Wrong(format!("`{key}` is {value}"));
    value.as_f64().map(Some).ok_or_else(wrong)
}

/// One token, or a list of them.
fn ids(value: &Value) -> Vec<u32> {
    let one = |value: &Value| value.as_u64().and_then(|id| u32::try_from(id).ok());
    match value.as_array() {
        Some(list) => list.iter().filter_map(one).collect(),
        None => one(value).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(changes: &str) -> Result<Settings, String> {
        let base = r#"{"architectures": ["MistralForCausalLM"], "hidden_size": 8,
            "num_attention_heads": 2, "intermediate_size": 16, "vocab_size": 9,
            "num_hidden_layers": 3}"#;
        let mut object: Map<String, Value> = serde_json::from_str(base).unwrap();
        object.extend(serde_json::from_str::<Map<String, Value>>(changes).unwrap());
        Settings::parse(&object).map_err(|t| t.at(Path::new("config.json")).to_string())
    }

    #[test]
    fn what_is_not_said_is_as_in_the_reference() {
        let settings = check("{}").unwrap();
        assert_eq!((settings.kv_heads, settings.head_dim), (2, 4));
        assert_eq!((settings.eps, settings.theta), (1e-6, 10_000.0));
        assert_eq!(settings.windows, [None; 3]);
        assert_eq!(settings.stretch, Stretch::None);
    }

    #[test]
    fn windows_follow_the_family() {
        let mistral = check(r#"{"sliding_window": 5}"#).unwrap();
        assert_eq!(mistral.windows, [Some(5); 3]);
        let qwen = r#"{"architectures": ["Qwen2ForCausalLM"], "sliding_window": 5,
            "max_window_layers": 2, "use_sliding_window": "#;
        let off = check(&format!("{qwen} false}}")).unwrap();
        assert_eq!(off.windows, [None; 3]);
        let on = check(&format!("{qwen} true}}")).unwrap();
        assert_eq!(on.windows, [None, None, Some(5)]);
        let listed = r#"{"sliding_window": 5, "layer_types":
            ["full_attention", "sliding_attention", "full_attention"]}"#;
        assert_eq!(check(listed).unwrap().windows, [None, Some(5), None]);
    }

    #[test]
    fn newer_files_keep_theta_with_the_rope() {
        let rope = r#"{"rope_type": "linear", "factor": 4.0, "rope_theta": 5e5}"#;
        let settings = check(&format!(r#"{{"rope_parameters": {rope}}}"#)).unwrap();
        assert_eq!(settings.theta, 5e5);
        assert_eq!(settings.stretch, Stretch::Linear { factor: 4.0 });
    }

    #[test]
    fn what_would_make_the_numbers_wrong_is_refused() {
        for (changes, wanted) in [
            (r#"{"architectures": ["GPT2"]}"#, "is GPT2 and Llama,"),
            (r#"{"architectures": null}"#, "no architecture is named"),
            (r#"{"quantization_config": {"bits": 4}}"#, "quantised"),
            (r#"{"hidden_act": "gelu"}"#, "gelu"),
            (r#"{"rope_scaling": {"rope_type": "yarn"}}"#, "yarn"),
            (r#"{"rope_scaling": {"type": "linear"}}"#, "`factor` is"),
            (r#"{"partial_rotary_factor": 0.5}"#, "a part of each head"),
            (r#"{"num_key_value_heads": 3}"#, "do not go together"),
            (r#"{"hidden_size": 1e300}"#, "`hidden_size` is 1e+300"),
            (r#"{"num_attention_heads": 0}"#, "is 0"),
            (r#"{"layer_types": ["full_attention"]}"#, "1 layers of 3"),
            (r#"{"vocab_size": null}"#, "`vocab_size` is missing"),
            (r#"{"rope_theta": -1}"#, "`rope_theta` is -1"),
        ] {
            let error = check(changes).unwrap_err();
            let named = error.ends_with("config.json");
            assert!(error.contains(wanted) && named, "{error}");
        }
    }
}
