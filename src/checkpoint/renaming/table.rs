//! The known ways to name and to store the same tensors, as data.

use std::borrow::Cow;

/// What wrappers put before the names of the model that they hold, in any order and number:
/// data-parallel training, `torch.compile`, PEFT, models that also see, and classes with a head
/// around those without.
const WRAPPERS: &[&str] = &[
    "module.",
    "_orig_mod.",
    "base_model.model.",
    "model.",
    "language_model.",
    "transformer.",
    "bert.",
    "roberta.",
    "gpt_neox.",
    "backbone.",
];

/// Words that a family has renamed, each as it stands between dots.
const WORDS: &[(&str, &str)] = &[
    (".block_sparse_moe.", ".mlp."),
    (".LayerNorm.gamma", ".LayerNorm.weight"),
    (".LayerNorm.beta", ".LayerNorm.bias"),
];

/// Mixtral's names of an expert's matrices, after the expert's number.
const EXPERT_WORDS: &[(&str, &str)] = &[
    (".w1.", ".gate_proj."),
    (".w2.", ".down_proj."),
    (".w3.", ".up_proj."),
];

/// A matrix whose rows are those of several, one after the other.
pub(super) struct Fused {
    pub(super) whole: &'static str,
    pub(super) parts: &'static [&'static str],
}

pub(super) const FUSED: &[Fused] = &[
    Fused {
        whole: "qkv_proj",
        parts: &["q_proj", "k_proj", "v_proj"],
    },
    // Baichuan's.
    Fused {
        whole: "W_pack",
        parts: &["q_proj", "k_proj", "v_proj"],
    },
    Fused {
        whole: "gate_up_proj",
        parts: &["gate_proj", "up_proj"],
    },
];

/// All experts of a layer in one tensor `[experts, rows, columns]`: as transformers 5 has them.
pub(super) const STACKED: &[Fused] = &[
    Fused {
        whole: "gate_up_proj",
        parts: &["gate_proj", "up_proj"],
    },
    Fused {
        whole: "down_proj",
        parts: &["down_proj"],
    },
];

/// Families whose stacked experts are transposed or interleaved: there the parts are not rows.
pub(super) const OTHER_STACKS: &[&str] = &["gpt_oss", "llama4", "llama4_text"];

/// The name that a tensor has without wrappers and in the newest words: equal for what is the
/// same tensor by one of the renamings above.
pub(super) fn canonical(name: &str) -> String {
    let mut rest = name;
    while let Some(inner) = WRAPPERS.iter().find_map(|w| rest.strip_prefix(w)) {
        rest = inner;
    }
    let mut name = Cow::Borrowed(rest);
    for (old, new) in WORDS {
        if name.contains(old) {
            name = Cow::Owned(name.replacen(old, new, 1));
        }
    }
    if let Some(at) = name.find(".experts.") {
        let (before, expert) = name.split_at(at);
        for (old, new) in EXPERT_WORDS {
            if expert.contains(old) {
                return format!("{before}{}", expert.replacen(old, new, 1));
            }
        }
    }
    name.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_tensor_has_one_name_in_every_wrapper() {
        let same = [
            "layers.0.self_attn.q_proj.weight",
            "model.layers.0.self_attn.q_proj.weight",
            "model.language_model.layers.0.self_attn.q_proj.weight",
            "language_model.model.layers.0.self_attn.q_proj.weight",
            "module._orig_mod.model.layers.0.self_attn.q_proj.weight",
            "base_model.model.model.layers.0.self_attn.q_proj.weight",
        ];
        for name in same {
            assert_eq!(canonical(name), same[0]);
        }
        assert_eq!(canonical("language_model.lm_head.weight"), "lm_head.weight");
        assert_eq!(
            canonical("model.layers.3.block_sparse_moe.experts.1.w2.weight"),
            "layers.3.mlp.experts.1.down_proj.weight"
        );
        // A tower of its own keeps its name, and so does what only looks alike.
        assert_eq!(
            canonical("model.vision_tower.layers.0.w1.weight"),
            "vision_tower.layers.0.w1.weight"
        );
        assert_eq!(canonical("models.0.weight"), "models.0.weight");
    }
}
