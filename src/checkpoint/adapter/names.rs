//! Which tensor of a base an adapter means: names with and without what models are wrapped in.
//!
//! An adapter names tensors as the program did that trained it, a checkpoint as the program did
//! that wrote it; the two may differ by the wrappers around a model, and in a model of several
//! towers by the way to the one that speaks.

use super::targets::Targets;
use crate::checkpoint::heads::Heads;

/// What an adapter must know of a base, which need not exist yet.
pub trait Base {
    /// The shape of a tensor, if there is one of this name.
    fn shape_of(&self, name: &str) -> Option<Vec<usize>>;

    /// Whether the head is the token embedding; `None` if nothing says so.
    fn tied(&self) -> Option<bool>;

    /// The numbers of its attention heads; `None` if nothing says so.
    fn heads(&self) -> Option<Heads> {
        None
    }
}

/// What a base may have or lack in front of the names in an adapter.
const PREFIXES: &[&str] = &[
    "model.",
    "transformer.",
    "language_model.",
    "language_model.model.",
    "model.language_model.",
    "text_model.",
    "model.text_model.",
    "thinker.model.",
    "llm.model.",
    "llm.",
    "bert.",
    "roberta.",
    "distilbert.",
    "electra.",
    "deberta.",
    "gpt_neox.",
    "vit.",
    "esm.",
];

/// What a layer's mixture of experts is called by the classes and by the files of one family.
const MIXTURES: [&str; 2] = [".mlp.", ".block_sparse_moe."];

/// A name as it is, then with other prefixes in the place of its own, and with the other name of
/// a mixture of experts.
pub(super) fn spellings(name: &str) -> impl Iterator<Item = String> {
    let [one, two] = MIXTURES;
    let renamed = [(one, two), (two, one)]
        .into_iter()
        .find(|(from, _)| name.contains(from))
        .map(|(from, to)| name.replacen(from, to, 1));
    let names = std::iter::once(name.to_owned()).chain(renamed);
    names.flat_map(|name| wrapped(&name))
}

fn wrapped(name: &str) -> Vec<String> {
    let all = || [""].iter().chain(PREFIXES);
    let cores = all().filter_map(|prefix| name.strip_prefix(prefix));
    let others = cores.flat_map(|core| all().map(move |prefix| format!("{prefix}{core}")));
    let others = others.filter(|other| other != name);
    std::iter::once(name.to_owned()).chain(others).collect()
}

fn has(base: &dyn Base, name: &str) -> bool {
    base.shape_of(name).is_some()
}

/// The name under which the base has what an adapter calls `target`; `None` if it has none, or
/// several of which none is called so.
pub(super) fn owner(target: &str, base: &dyn Base) -> Option<String> {
    if has(base, target) {
        return Some(target.to_owned());
    }
    let mut found: Vec<String> = spellings(target).filter(|name| has(base, name)).collect();
    found.sort_unstable();
    found.dedup();
    match &found[..] {
        [_] => found.pop(),
        _ => None,
    }
}

/// The target that changes the base's tensor `name`.
pub(super) fn target_of<'t>(targets: &'t Targets, name: &str, base: &dyn Base) -> Option<&'t str> {
    let mut known = spellings(name).filter_map(|name| targets.get_key_value(&name));
    known
        .find(|(target, _)| owner(target, base).is_some_and(|own| own == name))
        .map(|(target, _)| target.as_str())
}

/// Which rows of a fused parameter an expert's own matrix is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    All,
    FirstHalf,
    SecondHalf,
}

/// One expert's matrix, as a part of a parameter of all experts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OneExpert {
    pub(super) fused: String,
    pub(super) expert: usize,
    pub(super) share: Share,
}

/// What an expert's own matrix is called, the parameter of all experts, and its share of that:
/// the gate lies above the other half.
const SHARES: &[(&str, &str, Share)] = &[
    ("w1", "gate_up_proj", Share::FirstHalf),
    ("w3", "gate_up_proj", Share::SecondHalf),
    ("w2", "down_proj", Share::All),
    ("gate_proj", "gate_up_proj", Share::FirstHalf),
    ("up_proj", "gate_up_proj", Share::SecondHalf),
    ("gate_proj", "gate_proj", Share::All),
    ("up_proj", "up_proj", Share::All),
    ("down_proj", "down_proj", Share::All),
];

/// What the part of a layer is called that holds experts; the first is the one of PEFT's models.
const PARENTS: &[&str] = &["mlp", "block_sparse_moe", "feed_forward"];

/// The fused parameters that the matrix `name` of one expert may be a part of.
pub(super) fn one_expert(name: &str) -> Vec<OneExpert> {
    let words: Vec<&str> = name.split('.').collect();
    let [before @ .., parent, "experts", number, own, "weight"] = &words[..] else {
        return Vec::new();
    };
    let Ok(expert) = number.parse() else {
        return Vec::new();
    };
    let parents = [parent].into_iter().chain(PARENTS.iter().take(1));
    let shares = SHARES.iter().filter(|(word, ..)| word == own);
    let with = |parent: &str, param: &str, share: Share| OneExpert {
        fused: [before, &[parent, "experts", param]].concat().join("."),
        expert,
        share,
    };
    let both = shares.flat_map(|(_, param, share)| {
        let parents = parents.clone();
        parents.map(move |parent| (parent, param, share))
    });
    both.map(|(parent, param, share)| with(parent, param, *share))
        .collect()
}

/// Whether the base has a fused parameter expert by expert.
pub(super) fn has_experts(fused: &str, base: &dyn Base) -> bool {
    let words: Vec<&str> = fused.split('.').collect();
    let [before @ .., parent, "experts", param] = &words[..] else {
        return false;
    };
    let parents = [parent].into_iter().chain(PARENTS);
    let own = SHARES.iter().filter(|(_, of, _)| of == param);
    let mut names = own.flat_map(|(word, ..)| {
        parents.clone().map(move |parent| {
            let words: [&str; 5] = [parent, "experts", "0", word, "weight"];
            [before, &words[..]].concat().join(".")
        })
    });
    names.any(|name| spellings(&name).any(|name| has(base, &name)))
}

/// Names of GPT-2's Conv1D, which stores [inputs, outputs].
const CONV1D: &[&str] = &["c_attn", "q_attn", "c_proj", "c_fc"];

/// Whether the tensor `name` may belong to a Conv1D, by its name.
pub(super) fn may_be_conv1d(name: &str) -> bool {
    let module = name.strip_suffix(".weight").unwrap_or(name);
    CONV1D.iter().any(|word| module.ends_with(word))
}

/// Whether a square matrix belongs to a Conv1D: told by a relative in its layer that is not
/// square and has a bias, which is as long as it has outputs; `None` if there is none.
pub(super) fn is_conv1d(name: &str, base: &dyn Base) -> Option<bool> {
    let words: Vec<&str> = name.split('.').collect();
    let number = words.iter().rposition(|word| word.parse::<u32>().is_ok())?;
    let layer = words[..=number].join(".");
    let relatives = [
        "attn.c_attn",
        "mlp.c_fc",
        "mlp.c_proj",
        "crossattention.c_attn",
    ];
    relatives.iter().find_map(|relative| {
        let shape = base.shape_of(&format!("{layer}.{relative}.weight"))?;
        let bias = base.shape_of(&format!("{layer}.{relative}.bias"))?;
        match (&shape[..], &bias[..]) {
            ([rows, columns], [outputs]) if rows != columns => Some(columns == outputs),
            _ => None,
        }
    })
}

/// Whether a matrix of `base` is stored [inputs, outputs], as GPT-2's Conv1D has it.
pub fn is_stored_across(name: &str, base: &dyn Base) -> bool {
    may_be_conv1d(name) && is_conv1d(name, base).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names of tensors.
    struct Names<'n>(&'n [&'n str]);

    impl Base for Names<'_> {
        fn shape_of(&self, name: &str) -> Option<Vec<usize>> {
            self.0.contains(&name).then(Vec::new)
        }

        fn tied(&self) -> Option<bool> {
            None
        }
    }

    #[test]
    fn wrappers_are_taken_for_each_other() {
        let found = |target: &str, names: &[&str]| owner(target, &Names(names));
        let is =
            |target: &str, name: &str| assert_eq!(found(target, &[name]).as_deref(), Some(name));
        is("model.layers.0.q", "language_model.model.layers.0.q");
        is(
            "model.language_model.layers.0.q",
            "language_model.model.layers.0.q",
        );
        is("model.language_model.layers.0.q", "model.layers.0.q");
        is("model.visual.blocks.0.q", "visual.blocks.0.q");
        is("lm_head.weight", "language_model.lm_head.weight");
        assert_eq!(
            found("model.layers.0.q", &["vision_model.layers.0.q"]),
            None
        );
        let two = ["language_model.a", "transformer.a"];
        assert_eq!(found("model.a", &two), None);
        assert_eq!(
            found("transformer.a", &two).as_deref(),
            Some("transformer.a")
        );
    }

    #[test]
    fn an_expert_is_a_part_of_all() {
        let found = one_expert("model.layers.0.block_sparse_moe.experts.2.w3.weight");
        let fused = "model.layers.0.mlp.experts.gate_up_proj".to_owned();
        assert!(found.contains(&OneExpert {
            fused,
            expert: 2,
            share: Share::SecondHalf
        }));
        assert!(one_expert("model.layers.0.mlp.shared_expert.up_proj.weight").is_empty());
    }
}
