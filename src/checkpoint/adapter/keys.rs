//! The names of tensors in `adapter_model.safetensors`, taken apart.

use crate::checkpoint::names::PEFT_PREFIX;

/// What one stored tensor is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    /// One of the two factors of the module at this path.
    Factor {
        module: String,
        side: Side,
        embedding: bool,
    },
    /// Takes the place of the base tensor of this name.
    Replacement(String),
}

/// Which of the two factors: δ = scale · B·A.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    A,
    B,
}

/// Takes a stored name apart; the error is a clause that starts after the name.
pub(super) fn parse(name: &str) -> Result<Key, String> {
    let Some(path) = name.strip_prefix(PEFT_PREFIX) else {
        return Err(format!("does not begin with `{PEFT_PREFIX}`"));
    };
    let words: Vec<&str> = path.split('.').collect();
    let marker = words.iter().position(|word| is_marker(word));
    let Some((at, marker)) = marker.and_then(|at| Some((at, *words.get(at)?))) else {
        return replacement(&words);
    };
    let (module, rest) = (words[..at].join("."), &words[at + 1..]);
    if module.is_empty() {
        return Err(NOT_UNDERSTOOD.to_owned());
    }
    match (marker, rest) {
        ("lora_A" | "lora_B", ["weight"] | [_, "weight"]) => Ok(factor(module, marker, false)),
        ("lora_embedding_A" | "lora_embedding_B", [] | [_]) => Ok(factor(module, marker, true)),
        ("modules_to_save", [leaf]) => replacement(&[module.as_str(), leaf]),
        ("modules_to_save", [_adapter, rest @ ..]) => {
            replacement(&[&[module.as_str()], rest].concat())
        }
        ("base_layer", ["bias"]) => replacement(&[module.as_str(), "bias"]),
        ("base_layer", _) => Err("is a copy of a base tensor that has factors too".to_owned()),
        ("lora_magnitude_vector", _) => Err("belongs to a DoRA adapter".to_owned()),
        ("lora_A" | "lora_B", [.., "bias"]) => Err("is a bias of a factor".to_owned()),
        _ => Err(NOT_UNDERSTOOD.to_owned()),
    }
}

const NOT_UNDERSTOOD: &str = "is not understood";

fn is_marker(word: &str) -> bool {
    word.starts_with("lora_")
        || ["modules_to_save", "base_layer", "original_module"].contains(&word)
}

fn factor(module: String, marker: &str, embedding: bool) -> Key {
    let side = if marker.ends_with('A') {
        Side::A
    } else {
        Side::B
    };
    Key::Factor {
        module,
        side,
        embedding,
    }
}

fn replacement(words: &[&str]) -> Result<Key, String> {
    match words {
        [_, .., "weight" | "bias"] => Ok(Key::Replacement(words.join("."))),
        _ => Err(NOT_UNDERSTOOD.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_factor(name: &str, module: &str, side: Side, embedding: bool) {
        let module = module.to_owned();
        let expected = Key::Factor {
            module,
            side,
            embedding,
        };
        assert_eq!(parse(name), Ok(expected), "{name}");
    }

    #[test]
    fn factors_with_and_without_the_name_of_the_adapter() {
        let p = "base_model.model.model.layers.0.q_proj";
        let module = "model.layers.0.q_proj";
        check_factor(&format!("{p}.lora_A.weight"), module, Side::A, false);
        check_factor(&format!("{p}.lora_B.my-one.weight"), module, Side::B, false);
        let p = "base_model.model.wte";
        check_factor(&format!("{p}.lora_embedding_A"), "wte", Side::A, true);
        check_factor(&format!("{p}.lora_embedding_B.x"), "wte", Side::B, true);
    }

    #[test]
    fn replacements_in_all_their_spellings() {
        for (name, base) in [
            ("lm_head.weight", "lm_head.weight"),
            ("score.modules_to_save.default.weight", "score.weight"),
            ("score.modules_to_save.weight", "score.weight"),
            ("cls.modules_to_save.default.dense.bias", "cls.dense.bias"),
            ("h.0.q_proj.base_layer.bias", "h.0.q_proj.bias"),
            ("h.0.ln.bias", "h.0.ln.bias"),
        ] {
            let key = parse(&format!("base_model.model.{name}"));
            assert_eq!(key, Ok(Key::Replacement(base.to_owned())), "{name}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for name in [
            "model.q_proj.lora_A.weight",
            "base_model.model.weight",
            "base_model.model.lora_A.weight",
            "base_model.model.q_proj.lora_A.a.b.weight",
            "base_model.model.q_proj.lora_A.bias",
            "base_model.model.q_proj.lora_C.weight",
            "base_model.model.q_proj.lora_magnitude_vector.weight",
            "base_model.model.wte.base_layer.weight",
            "base_model.model.wte.original_module.weight",
            "base_model.model.q_proj.quant_state",
            "base_model.model.score.modules_to_save",
            "",
        ] {
            assert!(parse(name).is_err(), "{name}");
        }
    }
}
