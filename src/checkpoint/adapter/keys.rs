//! The names of tensors in `adapter_model.safetensors`, taken apart.

use super::kinds::Method;
use crate::checkpoint::names::PEFT_PREFIX;

/// What one stored tensor is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    /// One of the tensors that change the module at this path.
    Part {
        module: String,
        /// How many `base_layer` stand between the module and the part: adapted parameters of
        /// one module are wrapped one in the other.
        depth: usize,
        part: Part,
    },
    /// Takes the place of the base tensor of this name.
    Replacement(String),
    /// One of the two matrices that all modules of VeRA share.
    Shared(Part),
    /// Helps while training, and counts only with the setting that says so.
    Helper,
}

/// What a stored tensor does for its module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    A,
    B,
    EmbeddingA,
    EmbeddingB,
    BiasB,
    Magnitude,
    /// AdaLoRA's singular values.
    E,
    HadaW1A,
    HadaW1B,
    HadaW2A,
    HadaW2B,
    LokrW1,
    LokrW1A,
    LokrW1B,
    LokrW2,
    LokrW2A,
    LokrW2B,
    Ia3,
    VeraA,
    VeraB,
    VeraLambdaB,
    VeraLambdaD,
    Oft,
    TokenRows,
    BaseWeight,
    BaseBias,
}

impl Part {
    /// Its word in the names of tensors.
    pub(super) fn word(self) -> &'static str {
        let known = MARKERS.iter().find(|(_, part, _)| *part == self);
        known.map_or("partner", |(word, ..)| word)
    }
}

/// What may stand between a marker and the end of a name, but for the name of the adapter.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Nothing,
    Weight,
    Either,
}

/// All markers: their word, the part, and how their names end.
const MARKERS: &[(&str, Part, End)] = &[
    ("lora_A", Part::A, End::Weight),
    ("lora_B", Part::B, End::Weight),
    ("lora_embedding_A", Part::EmbeddingA, End::Nothing),
    ("lora_embedding_B", Part::EmbeddingB, End::Nothing),
    ("lora_magnitude_vector", Part::Magnitude, End::Either),
    ("lora_E", Part::E, End::Nothing),
    ("hada_w1_a", Part::HadaW1A, End::Nothing),
    ("hada_w1_b", Part::HadaW1B, End::Nothing),
    ("hada_w2_a", Part::HadaW2A, End::Nothing),
    ("hada_w2_b", Part::HadaW2B, End::Nothing),
    ("lokr_w1", Part::LokrW1, End::Nothing),
    ("lokr_w1_a", Part::LokrW1A, End::Nothing),
    ("lokr_w1_b", Part::LokrW1B, End::Nothing),
    ("lokr_w2", Part::LokrW2, End::Nothing),
    ("lokr_w2_a", Part::LokrW2A, End::Nothing),
    ("lokr_w2_b", Part::LokrW2B, End::Nothing),
    ("ia3_l", Part::Ia3, End::Nothing),
    ("vera_lambda_b", Part::VeraLambdaB, End::Nothing),
    ("vera_lambda_d", Part::VeraLambdaD, End::Nothing),
    ("oft_R", Part::Oft, End::Weight),
    ("trainable_tokens_delta", Part::TokenRows, End::Nothing),
];

/// Markers of tensors that are not read, each with a clause that starts after the name.
const REFUSED: &[(&str, &str)] = &[
    ("lora_diag", "belongs to a KaSA adapter"),
    (
        "hada_t1",
        "is the core of a convolution, which is not computed with",
    ),
    (
        "hada_t2",
        "is the core of a convolution, which is not computed with",
    ),
    (
        "lokr_t2",
        "is the core of a convolution, which is not computed with",
    ),
    ("oft_r", "is of an OFT that PEFT itself has given up"),
];

/// Words in front of what VeLoRA and MonteCLoRA keep.
const HELPERS: &[&str] = &["lora_velora_embed", "lora_monteclora_sampler"];

const NOT_UNDERSTOOD: &str = "is not understood";

/// Takes a stored name apart; the error is a clause that starts after the name.
pub(super) fn parse(name: &str, method: Method) -> Result<Key, String> {
    if let Some(part) = shared(name) {
        return Ok(Key::Shared(part));
    }
    let Some(path) = name.strip_prefix(PEFT_PREFIX) else {
        return Err(format!("does not begin with `{PEFT_PREFIX}`"));
    };
    let words: Vec<&str> = path.split('.').collect();
    let Some(at) = words.iter().position(|word| is_marker(word)) else {
        return replacement(&words);
    };
    let (module, rest) = (words[..at].join("."), &words[at..]);
    if module.is_empty() {
        return Err(NOT_UNDERSTOOD.to_owned());
    }
    let wrapped = ["base_layer", "token_adapter"];
    let depth = rest.iter().take_while(|w| wrapped.contains(w)).count();
    let inner = rest[..depth].iter().filter(|w| **w == "base_layer").count();
    match rest[depth..] {
        ["modules_to_save", leaf] if depth == 0 => replacement(&[module.as_str(), leaf]),
        ["modules_to_save", _adapter, ref rest @ ..] if depth == 0 => {
            replacement(&[&[module.as_str()], rest].concat())
        }
        ["weight"] | ["original_module", "weight"] => Ok(part(module, 0, Part::BaseWeight)),
        ["bias"] | ["original_module", "bias"] => Ok(part(module, 0, Part::BaseBias)),
        ["lora_B", "bias"] | ["lora_B", _, "bias"] => Ok(part(module, inner, Part::BiasB)),
        [marker, ..] if HELPERS.contains(&marker) => Ok(Key::Helper),
        [marker, ref end @ ..] => marked(marker, end, method).map(|own| part(module, inner, own)),
        [] => Err(NOT_UNDERSTOOD.to_owned()),
    }
}

/// `base_model.vera_A`, with or without the name of the adapter.
fn shared(name: &str) -> Option<Part> {
    let words: Vec<&str> = name.split('.').collect();
    match words[..] {
        ["base_model", "vera_A"] | ["base_model", "vera_A", _] => Some(Part::VeraA),
        ["base_model", "vera_B"] | ["base_model", "vera_B", _] => Some(Part::VeraB),
        _ => None,
    }
}

fn is_marker(word: &str) -> bool {
    word.starts_with("lora_")
        || MARKERS.iter().any(|(marker, ..)| *marker == word)
        || REFUSED.iter().any(|(marker, _)| *marker == word)
        || [
            "modules_to_save",
            "base_layer",
            "original_module",
            "token_adapter",
        ]
        .contains(&word)
}

fn marked(marker: &str, end: &[&str], method: Method) -> Result<Part, String> {
    if let Some((_, reason)) = REFUSED.iter().find(|(word, _)| *word == marker) {
        return Err((*reason).to_owned());
    }
    let known = MARKERS.iter().find(|(word, ..)| *word == marker);
    let &(_, part, ending) = known.ok_or(NOT_UNDERSTOOD)?;
    // AdaLoRA's factors are parameters, and not modules with a weight.
    let ending = match (method, ending) {
        (Method::AdaLora, End::Weight) => End::Nothing,
        _ => ending,
    };
    let fits = match end {
        ["weight"] | [_, "weight"] => ending != End::Nothing,
        [] | [_] => ending != End::Weight,
        _ => false,
    };
    if fits {
        Ok(part)
    } else {
        Err(NOT_UNDERSTOOD.to_owned())
    }
}

fn part(module: String, depth: usize, part: Part) -> Key {
    Key::Part {
        module,
        depth,
        part,
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

    fn check_part(name: &str, module: &str, depth: usize, part: Part) {
        let module = module.to_owned();
        let expected = Key::Part {
            module,
            depth,
            part,
        };
        assert_eq!(parse(name, Method::Lora), Ok(expected), "{name}");
    }

    #[test]
    fn factors_with_and_without_the_name_of_the_adapter() {
        let p = "base_model.model.model.layers.0.q_proj";
        let module = "model.layers.0.q_proj";
        check_part(&format!("{p}.lora_A.weight"), module, 0, Part::A);
        check_part(&format!("{p}.lora_B.my-one.weight"), module, 0, Part::B);
        check_part(&format!("{p}.lora_B.bias"), module, 0, Part::BiasB);
        let magnitude = format!("{p}.lora_magnitude_vector");
        for end in ["", ".weight", ".default", ".default.weight"] {
            check_part(&format!("{magnitude}{end}"), module, 0, Part::Magnitude);
        }
        let p = "base_model.model.wte";
        check_part(&format!("{p}.lora_embedding_A"), "wte", 0, Part::EmbeddingA);
        check_part(
            &format!("{p}.lora_embedding_B.x"),
            "wte",
            0,
            Part::EmbeddingB,
        );
        check_part(
            &format!("{p}.base_layer.weight"),
            "wte",
            0,
            Part::BaseWeight,
        );
        check_part(
            &format!("{p}.token_adapter.trainable_tokens_delta"),
            "wte",
            0,
            Part::TokenRows,
        );
        check_part(
            &format!("{p}.token_adapter.base_layer.weight"),
            "wte",
            0,
            Part::BaseWeight,
        );
        check_part(
            "base_model.model.mlp.experts.base_layer.lora_A.weight",
            "mlp.experts",
            1,
            Part::A,
        );
    }

    #[test]
    fn names_of_adalora_have_no_end() {
        let name = "base_model.model.q.lora_A";
        assert!(parse(name, Method::Lora).is_err());
        assert!(parse(name, Method::AdaLora).is_ok());
    }

    #[test]
    fn replacements_in_all_their_spellings() {
        for (name, base) in [
            ("lm_head.weight", "lm_head.weight"),
            ("score.modules_to_save.default.weight", "score.weight"),
            ("score.modules_to_save.weight", "score.weight"),
            ("cls.modules_to_save.default.dense.bias", "cls.dense.bias"),
            ("h.0.ln.bias", "h.0.ln.bias"),
        ] {
            let key = parse(&format!("base_model.model.{name}"), Method::Lora);
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
            "base_model.model.q_proj.lora_diag.a.b",
            "base_model.model.q_proj.oft_r",
            "base_model.model.q_proj.base_layer",
            "base_model.model.q_proj.hada_t1",
            "base_model.model.q_proj.quant_state",
            "base_model.model.score.modules_to_save",
            "base_model.vera_C",
            "",
        ] {
            assert!(parse(name, Method::Lora).is_err(), "{name}");
        }
    }
}
