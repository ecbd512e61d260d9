//! What each tensor of a model of the Llama family is for a mixture, told by its name.

use super::architecture::Architecture;

/// The three matrices of an MLP, as the models name them; results are those of the last.
pub(super) const PARTS: [&str; 3] = ["gate_proj", "up_proj", "down_proj"];

/// What becomes of a tensor of the base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It is taken over.
    Kept,
    /// The experts stand in its place.
    Mlp,
    /// It follows from the configuration, and is left out.
    LeftOut,
    /// The architecture has no place for it.
    Stranger,
}

/// The name of a layer's tensor.
pub(super) fn in_layer(layer: usize, rest: &str) -> String {
    format!("model.layers.{layer}.{rest}")
}

/// One of [`PARTS`] in a layer of a dense model.
pub(super) fn mlp(layer: usize, part: &str) -> String {
    in_layer(layer, &format!("mlp.{part}.weight"))
}

/// What becomes of the base's tensor `name` in a mixture of this architecture.
pub(super) fn role(name: &str, architecture: Architecture) -> Role {
    if name.ends_with("rotary_emb.inv_freq") {
        return Role::LeftOut;
    }
    let Some(rest) = name.strip_prefix("model.layers.") else {
        return match name {
            "model.embed_tokens.weight" | "model.norm.weight" | "lm_head.weight" => Role::Kept,
            _ => Role::Stranger,
        };
    };
    let Some((number, rest)) = rest.split_once('.') else {
        return Role::Stranger;
    };
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return Role::Stranger;
    }
    if rest.starts_with("mlp.") {
        return Role::Mlp;
    }
    let needed = needed_in_layer(architecture, true);
    let is_known = needed.contains(&rest) || optional_in_layer(architecture).contains(&rest);
    if is_known { Role::Kept } else { Role::Stranger }
}

const COMMON: [&str; 6] = [
    "input_layernorm.weight",
    "self_attn.q_proj.weight",
    "self_attn.k_proj.weight",
    "self_attn.v_proj.weight",
    "self_attn.o_proj.weight",
    "post_attention_layernorm.weight",
];
/// Biases of the projections into attention.
pub(super) const BIASES: [&str; 3] = [
    "self_attn.q_proj.bias",
    "self_attn.k_proj.bias",
    "self_attn.v_proj.bias",
];
const NORMS: [&str; 2] = ["self_attn.q_norm.weight", "self_attn.k_norm.weight"];

/// What a layer of the base must have beside its MLP; biases only where it has them itself.
pub(super) fn needed_in_layer(architecture: Architecture, has_biases: bool) -> Vec<&'static str> {
    let mut out = COMMON.to_vec();
    match architecture {
        Architecture::Mixtral | Architecture::DeepSeek => {}
        Architecture::Qwen2 if has_biases => out.extend(BIASES),
        Architecture::Qwen2 => {}
        Architecture::Qwen3 => out.extend(NORMS),
    }
    out
}

/// What a layer may have where the configuration says `attention_bias`.
fn optional_in_layer(architecture: Architecture) -> &'static [&'static str] {
    match architecture {
        Architecture::Mixtral | Architecture::Qwen2 => &[],
        Architecture::DeepSeek | Architecture::Qwen3 => &[
            "self_attn.q_proj.bias",
            "self_attn.k_proj.bias",
            "self_attn.v_proj.bias",
            "self_attn.o_proj.bias",
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart_for_each_architecture() {
        use Architecture::{DeepSeek, Mixtral, Qwen2, Qwen3};
        for (name, kept_by) in [
            ("lm_head.weight", vec![Mixtral, DeepSeek, Qwen2, Qwen3]),
            (
                "model.layers.10.self_attn.q_proj.weight",
                vec![Mixtral, DeepSeek, Qwen2, Qwen3],
            ),
            (
                "model.layers.0.self_attn.q_proj.bias",
                vec![DeepSeek, Qwen2, Qwen3],
            ),
            (
                "model.layers.0.self_attn.o_proj.bias",
                vec![DeepSeek, Qwen3],
            ),
            ("model.layers.0.self_attn.k_norm.weight", vec![Qwen3]),
            ("model.layers.x.self_attn.q_proj.weight", vec![]),
            ("model.vision.weight", vec![]),
        ] {
            for own in Architecture::ALL {
                let wanted = match kept_by.contains(&own) {
                    true => Role::Kept,
                    false => Role::Stranger,
                };
                assert_eq!(role(name, own), wanted, "{name} {own:?}");
            }
        }
        assert_eq!(role("model.layers.3.mlp.up_proj.bias", Mixtral), Role::Mlp);
        let angles = "model.layers.3.self_attn.rotary_emb.inv_freq";
        assert_eq!(role(angles, Mixtral), Role::LeftOut);
    }
}
