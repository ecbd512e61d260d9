//! Which settings of `adapter_config.json` are done, passed over, remarked or refused.

use serde_json::{Map, Value};

use super::kinds::{METHODS, Method};

/// Settings that change the result, each with a clause that ends "cannot be used because …".
const REFUSED: &[(&str, &str)] = &[
    ("use_qalora", "it pools its inputs (use_qalora)"),
    ("use_bdlora", "its factors are block-diagonal (use_bdlora)"),
    (
        "layer_replication",
        "it repeats layers of the base (layer_replication)",
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
    (
        "kasa_config",
        "it belongs to a base without its smallest singular values (KaSA)",
    ),
    (
        "coft",
        "its rotations are projected near the identity (coft)",
    ),
];

/// Ways to initialise that leave the base as it is, or whose part of it is worked out.
const HARMLESS_INITS: &[&str] = &["gaussian", "orthogonal", "eva", "mica", "olora", "true"];

/// Ways to initialise that do not, by their beginnings.
const CHANGING_INITS: &[(&str, &str)] = &[
    ("pissa", "without its largest singular values (PiSSA)"),
    ("corda", "without its principal part (CorDA)"),
    ("loftq", "quantised anew (LoftQ)"),
    ("lora_ga", "less what the factors began with (LoRA-GA)"),
];

/// Settings without influence on what is stored, or read by name elsewhere.
const KNOWN: &[&str] = &[
    "alpha",
    "alpha_pattern",
    "auto_mapping",
    "base_model_name_or_path",
    "beta1",
    "beta2",
    "bias",
    "block_share",
    "corda_config",
    "d_initial",
    "decompose_both",
    "decompose_factor",
    "deltaT",
    "ensure_weight_tying",
    "eps",
    "eva_config",
    "exclude_modules",
    "fan_in_fan_out",
    "feedforward_modules",
    "inference_mode",
    "init_ia3_weights",
    "init_lora_weights",
    "init_r",
    "init_weights",
    "layers_pattern",
    "layers_to_transform",
    "loftq_config",
    "lora_alpha",
    "lora_bias",
    "lora_dropout",
    "lora_ga_config",
    "megatron_core",
    "module_dropout",
    "modules_to_save",
    "monteclora_config",
    "num_cayley_neumann_terms",
    "oft_block_size",
    "orth_reg_weight",
    "peft_type",
    "peft_version",
    "projection_prng_key",
    "qalora_group_size",
    "r",
    "rank_dropout",
    "rank_dropout_scale",
    "rank_pattern",
    "revision",
    "runtime_config",
    "save_projection",
    "target_modules",
    "target_parameters",
    "target_r",
    "task_type",
    "tfinal",
    "tinit",
    "token_indices",
    "total_step",
    "trainable_token_indices",
    "use_cayley_neumann",
    "use_dora",
    "use_effective_conv2d",
    "use_rslora",
    "velora_config",
    "vera_dropout",
];

/// The kind of an adapter, or the clause that says why one with these settings cannot be used.
pub(super) fn refusal(object: &Map<String, Value>) -> Result<Method, String> {
    let peft_type = object.get("peft_type").and_then(Value::as_str);
    let found = peft_type.unwrap_or("nothing");
    let Some(&(_, method)) = METHODS.iter().find(|(name, _)| *name == found) else {
        let names: Vec<&str> = METHODS.iter().map(|(name, _)| *name).collect();
        let known = names.join(", ");
        return Err(format!(
            "its peft_type is {found} and only {known} are read"
        ));
    };
    if let Some(&(_, reason)) = REFUSED.iter().find(|(key, _)| is_set(object.get(*key))) {
        return Err(reason.to_owned());
    }
    if method == Method::Vera && object.get("save_projection") == Some(&Value::Bool(false)) {
        return Err(
            "its shared matrices are drawn by PyTorch and not stored (save_projection)".to_owned(),
        );
    }
    match object.get("init_lora_weights").and_then(Value::as_str) {
        Some(init) => init_refusal(init).map_or(Ok(method), Err),
        None => Ok(method),
    }
}

/// Whether the adapter is OLoRA as it was trained.
pub(super) fn is_olora(object: &Map<String, Value>) -> bool {
    let init = object.get("init_lora_weights").and_then(Value::as_str);
    init.is_some_and(|init| init.eq_ignore_ascii_case("olora"))
}

fn init_refusal(init: &str) -> Option<String> {
    let lower = init.to_lowercase();
    if HARMLESS_INITS.contains(&lower.as_str()) {
        return None;
    }
    let known = CHANGING_INITS
        .iter()
        .find(|(start, _)| lower.starts_with(start));
    Some(match known {
        Some((_, how)) => format!(
            "its init_lora_weights `{init}` means that it belongs to a base {how}; \
             PEFT converts it with path_initial_model_for_weight_conversion"
        ),
        None => {
            format!("its init_lora_weights `{init}` may have changed the base it was trained on")
        }
    })
}

/// Whether a setting differs from being absent.
pub(super) fn is_set(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(fields)) => !fields.is_empty(),
        Some(_) => true,
    }
}

/// Sentences about settings that are unknown here.
pub(super) fn remarks(object: &Map<String, Value>) -> Vec<String> {
    let known = |key: &str| KNOWN.contains(&key) || REFUSED.iter().any(|(name, _)| *name == key);
    object
        .iter()
        .filter(|(key, value)| is_set(Some(value)) && !known(key))
        .map(|(key, _)| format!("the adapter sets `{key}`, which is unknown here and left out"))
        .collect()
}
