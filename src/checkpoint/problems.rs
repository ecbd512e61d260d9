//! What is odd about a checkpoint that could be opened, in sentences.

use super::config::Config;
use super::tensor::Tensor;
use super::{dtype, names};

/// How many names a sentence lists.
const NAMES_SHOWN: usize = 3;

pub(super) struct Facts<'f> {
    pub(super) tensors: &'f [Tensor],
    pub(super) config: &'f Config,
    /// How many distinct layers there are.
    pub(super) layers: usize,
    pub(super) is_adapter: bool,
}

/// Looks at an opened checkpoint; what opening itself noticed is not repeated.
pub(super) fn find(facts: &Facts<'_>) -> Vec<String> {
    [
        no_tensors(facts),
        left_out(facts),
        tied_flag(facts),
        layer_count(facts),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn no_tensors(facts: &Facts<'_>) -> Option<String> {
    let empty = facts.tensors.is_empty();
    empty.then(|| "no tensors are stored here".to_owned())
}

fn left_out(facts: &Facts<'_>) -> Option<String> {
    let left_out = || facts.tensors.iter().filter(|t| !t.dtype.is_supported());
    let names: Vec<&str> = left_out().map(|t| t.name.as_str()).collect();
    if names.is_empty() {
        return None;
    }
    let dtypes = dtype::by_share(left_out().map(|t| (t.dtype, t.elements() as u64)));
    let dtypes: Vec<String> = dtypes.iter().map(|(dtype, _)| dtype.to_string()).collect();
    Some(format!(
        "{} not stored as floats ({}) and left out: {}",
        count(names.len(), "tensor is", "tensors are"),
        dtypes.join(", "),
        some_of(&names, NAMES_SHOWN)
    ))
}

fn tied_flag(facts: &Facts<'_>) -> Option<String> {
    let has = |rule: fn(&str) -> bool| facts.tensors.iter().any(|t| rule(&t.name));
    let config = facts.config;
    // Models without a task, and classifiers, have no head to be tied.
    let speaks = config
        .architectures
        .iter()
        .any(|name| name.contains("CausalLM") || name.contains("LMHead"));
    let head = has(names::is_language_head);
    match config.tie_word_embeddings {
        Some(true) if head => {
            Some("config.json says that embeddings are tied, but a head is stored".to_owned())
        }
        Some(false) if !head && speaks && !facts.is_adapter => {
            Some("config.json says that embeddings are not tied, but no head is stored".to_owned())
        }
        _ => None,
    }
}

/// Told for models with one stack only; what the number counts in others varies.
fn layer_count(facts: &Facts<'_>) -> Option<String> {
    let tensors = facts.tensors;
    let one_stack = (tensors.iter().map(|t| t.place.stack))
        .all(|stack| stack == names::Stack::Main || stack.is_optional());
    let expected = facts.config.num_hidden_layers?;
    let found = facts.layers;
    (one_stack && found != expected && found > 0 && !facts.is_adapter)
        .then(|| format!("config.json says {expected} layers, and tensors of {found} are stored"))
}

/// "1 tensor is" or "5 tensors are".
pub(super) fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// The first few names, and how many more there are.
pub(super) fn some_of(names: &[&str], shown: usize) -> String {
    let first = names[..names.len().min(shown)].join(", ");
    match names.len().saturating_sub(shown) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}
