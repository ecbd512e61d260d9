//! Names of tensors, from GGUF's to Hugging Face's and back, by the table of the architecture.

use super::architectures::{Architecture, COMPUTED, Names, Order};

/// The number of an expert in a pattern.
const EXPERT: &str = "{e}";

/// What a tensor of a GGUF file is in Hugging Face's checkpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Its name there; with `{e}` where each expert is a tensor of its own.
    pub(super) name: String,
    /// Its layer.
    pub(super) layer: Option<u32>,
    /// Its name in the table, such as `attn_q`.
    pub(super) stem: &'static str,
    /// Whether it is a weight and not a bias.
    pub(super) is_weight: bool,
}

impl Place {
    /// The tensor of GGUF name `name`; `None` if the architecture has no such tensor.
    pub(super) fn of(architecture: &Architecture, name: &str) -> Option<Self> {
        let (path, leaf) = name.rsplit_once('.')?;
        let is_weight = match leaf {
            "weight" => true,
            "bias" => false,
            _ => return None,
        };
        let Some(rest) = path.strip_prefix("blk.") else {
            let (stem, own) = forward(architecture.outside, path)?;
            return Some(Self {
                name: format!("{own}.{leaf}"),
                layer: None,
                stem,
                is_weight,
            });
        };
        let (number, rest) = rest.split_once('.')?;
        let layer = canonical(number)?;
        // Files of 2023 have a tensor for each expert: `ffn_gate.3`.
        let (rest, expert) = match rest.rsplit_once('.') {
            Some((stem, expert)) => (format!("{stem}_exps"), Some(canonical(expert)?)),
            None => (rest.to_owned(), None),
        };
        let (stem, own) = forward(architecture.inside, &rest)?;
        let own = match expert {
            Some(expert) => own.replace(EXPERT, &expert.to_string()),
            None => own.to_owned(),
        };
        Some(Self {
            name: format!("{}{layer}.{own}.{leaf}", architecture.layers),
            layer: Some(layer),
            stem,
            is_weight,
        })
    }

    /// The same of an expert of a stack.
    pub(super) fn of_expert(&self, expert: usize) -> String {
        self.name.replace(EXPERT, &expert.to_string())
    }

    pub(super) fn is_stack(&self) -> bool {
        self.name.contains(EXPERT)
    }

    /// Whether its rows are rotated, for a model with heads.
    pub(super) fn is_rotated(&self, architecture: &Architecture) -> bool {
        architecture.order == Order::Rotated && matches!(self.stem, "attn_q" | "attn_k")
    }

    pub(super) fn is_ungrouped(&self, architecture: &Architecture) -> bool {
        architecture.order == Order::Ungrouped && self.stem == "attn_qkv" && self.is_weight
    }

    pub(super) fn is_transposed(&self, architecture: &Architecture) -> bool {
        architecture.order == Order::Transposed
            && self.is_weight
            && matches!(
                self.stem,
                "attn_qkv" | "attn_output" | "ffn_up" | "ffn_down"
            )
    }

    pub(super) fn is_plus_one(&self, architecture: &Architecture) -> bool {
        architecture.norms_plus_one && self.is_weight && self.stem.ends_with("_norm")
    }
}

/// Whether a tensor of GGUF is computed from the configuration and no weight.
pub(super) fn is_computed(name: &str) -> bool {
    let last = name.strip_prefix("blk.").and_then(|n| n.split_once('.'));
    COMPUTED.contains(&last.map_or(name, |(_, last)| last))
}

/// A tensor of Hugging Face's checkpoint in GGUF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Back {
    /// Its name there.
    pub(super) name: String,
    /// Which part of a stack it is.
    pub(super) expert: Option<usize>,
}

impl Back {
    /// The tensor that Hugging Face's checkpoints call `name`.
    pub(super) fn of(architecture: &Architecture, name: &str) -> Option<Self> {
        let (path, leaf) = name.rsplit_once('.')?;
        if !matches!(leaf, "weight" | "bias") {
            return None;
        }
        if let Some(rest) = path.strip_prefix(architecture.layers) {
            let (layer, rest) = rest.split_once('.')?;
            let layer = canonical(layer)?;
            let (stem, expert) = backward(architecture.inside, rest)?;
            let name = format!("blk.{layer}.{stem}.{leaf}");
            return Some(Self { name, expert });
        }
        let (stem, expert) = backward(architecture.outside, path)?;
        let name = format!("{stem}.{leaf}");
        Some(Self { name, expert })
    }
}

/// A number as it is written, without signs and zeros before it.
fn canonical(text: &str) -> Option<u32> {
    let number: u32 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

fn forward(names: &'static [Names], own: &str) -> Option<(&'static str, &'static str)> {
    let mut all = names.iter().copied().flatten();
    all.find(|(stem, _)| *stem == own).copied()
}

fn backward(names: &'static [Names], theirs: &str) -> Option<(&'static str, Option<usize>)> {
    let mut all = names.iter().copied().flatten();
    all.find_map(|(stem, pattern)| {
        let Some((before, after)) = pattern.split_once(EXPERT) else {
            return (*pattern == theirs).then_some((*stem, None));
        };
        let expert = theirs.strip_prefix(before)?.strip_suffix(after)?;
        Some((*stem, Some(canonical(expert)? as usize)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_every_table_comes_back() {
        for architecture in Architecture::all() {
            let outside = architecture.outside.iter().copied().flatten();
            let inside = architecture.inside.iter().copied().flatten();
            let names = outside.map(|(stem, _)| format!("{stem}.weight"));
            for name in names.chain(inside.map(|(stem, _)| format!("blk.7.{stem}.bias"))) {
                let place = Place::of(architecture, &name).unwrap();
                let theirs = place.of_expert(3);
                let back = Back::of(architecture, &theirs).unwrap();
                assert_eq!(back.name, name, "{} {theirs}", architecture.name);
                assert_eq!(back.expert, place.is_stack().then_some(3));
            }
        }
    }

    #[test]
    fn what_is_not_in_the_table_is_not_guessed() {
        let llama = Architecture::of("llama").unwrap();
        for name in [
            "blk.0.attn_sinks.weight",
            "blk.01.attn_q.weight",
            "blk.x.attn_q.weight",
            "blk.0.attn_q.scale",
            "blk.0.attn_q",
            "attn_q.weight",
            "",
        ] {
            assert_eq!(Place::of(llama, name), None, "{name}");
        }
        assert!(is_computed("rope_freqs.weight") && is_computed("blk.3.attn_rot_embd.weight"));
        assert!(Architecture::of("mamba").is_none());
    }

    #[test]
    fn one_tensor_an_expert_is_understood_too() {
        let llama = Architecture::of("llama").unwrap();
        let place = Place::of(llama, "blk.1.ffn_up.2.weight").unwrap();
        assert_eq!(
            place.name,
            "model.layers.1.block_sparse_moe.experts.2.w3.weight"
        );
        assert!(!place.is_stack());
    }
}
