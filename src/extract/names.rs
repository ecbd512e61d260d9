//! What modules are called: by files, by the classes that PEFT wraps, and in an adapter.

use crate::checkpoint::{Checkpoint, Kind, is_language_head, is_token_embedding, place};

/// What PEFT puts before every name.
const PEFT_PREFIX: &str = "base_model.model.";

/// What the classes of language models put before the names of a file that was saved without it,
/// by how such names begin.
const WITHOUT_PREFIX: &[(&str, &str)] = &[
    ("h.", "transformer."),
    ("wte.", "transformer."),
    ("wpe.", "transformer."),
    ("ln_f.", "transformer."),
    ("embed_in.", "gpt_neox."),
    ("layers.", "model."),
    ("embed_tokens.", "model."),
    ("norm.", "model."),
];

/// Words for what chooses experts: a matrix, but of a class of its own that takes no adapter.
const ROUTERS: &[&str] = &["gate", "router", "wg"];

/// The name of a module as PEFT finds it in the model's class.
pub(super) fn in_class(base: &Checkpoint, module: &str) -> String {
    let of_gpt_neox = base.tensor("embed_in.weight").is_some();
    let known = WITHOUT_PREFIX.iter().find(|(start, _)| {
        let own = format!("{module}.");
        own.starts_with(start)
    });
    let prefix = match known {
        Some(("layers." | "norm.", _)) if of_gpt_neox => "gpt_neox.",
        Some((_, prefix)) => prefix,
        None if of_gpt_neox && module == "final_layer_norm" => "gpt_neox.",
        None => "",
    };
    format!("{prefix}{module}")
}

/// The last word of a module's name, which is how PEFT is told of modules of one kind.
pub(super) fn short(module: &str) -> &str {
    module.rsplit('.').next().unwrap_or(module)
}

/// A tensor of the adapter that belongs to a module.
pub(super) fn in_adapter(module: &str, part: &str) -> String {
    format!("{PEFT_PREFIX}{module}.{part}")
}

/// What a module is to an adapter, by the name of its weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The token embedding, or one of positions or types.
    Embedding,
    /// The output head, which may be the embedding.
    Head,
    /// A layer that multiplies by a matrix.
    Linear,
    /// Anything else.
    Other,
}

/// The role of the module that has the weight `tensor` of this shape.
pub(super) fn role(tensor: &str, shape: &[usize]) -> Role {
    let kind = place(tensor).kind;
    if is_language_head(tensor) {
        return Role::Head;
    }
    if is_token_embedding(tensor) || kind == Kind::Embedding && shape.len() == 2 {
        return Role::Embedding;
    }
    let module = tensor.strip_suffix(".weight").unwrap_or(tensor);
    let is_router = kind == Kind::Mlp && ROUTERS.contains(&short(module));
    match shape.len() == 2 && kind != Kind::Norm && !is_router {
        true => Role::Linear,
        false => Role::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_go_by_names_and_shapes() {
        let check = |name: &str, shape: &[usize], expected| assert_eq!(role(name, shape), expected);
        check("model.embed_tokens.weight", &[9, 4], Role::Embedding);
        check("transformer.wpe.weight", &[9, 4], Role::Embedding);
        check("lm_head.weight", &[9, 4], Role::Head);
        check(
            "model.layers.0.self_attn.q_proj.weight",
            &[4, 4],
            Role::Linear,
        );
        check("model.layers.0.input_layernorm.weight", &[4], Role::Other);
        check("model.layers.0.mlp.gate.weight", &[2, 4], Role::Other);
        check("model.layers.0.mlp.gate_proj.weight", &[2, 4], Role::Linear);
        check("score.weight", &[2, 4], Role::Linear);
        check("visual.patch_embed.proj.weight", &[4, 3, 2, 2], Role::Other);
    }
}
