//! The plan: which module becomes factors, which is saved whole and why, from the headers alone.

mod decide;
mod modules;

use serde::Serialize;

use self::decide::Decider;
use self::modules::{Found, modules};
use super::model::Pair;
use super::names;
use super::wish::Wish;
use crate::checkpoint::{Difference, Dtype, TensorLocation};

/// What will be done, checked as far as headers go.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The two models.
    pub pair: Pair,
    /// What was asked for.
    pub wish: Wish,
    /// In the order of the base's tensors.
    pub modules: Vec<ModulePlan>,
    /// Names that PEFT is to save whole, in the order in which they came up.
    pub saved: Vec<String>,
    /// What is odd, a sentence each.
    pub notes: Vec<String>,
    /// Whether the factors belong to layers that store their matrices transposed.
    pub fan_in_fan_out: bool,
}

/// One module of the base.
#[derive(Clone, Debug)]
pub struct ModulePlan {
    /// Its name as PEFT finds it, such as `model.layers.0.self_attn.q_proj`.
    pub name: String,
    /// Layer and kind.
    pub place: TensorLocation,
    /// Its weight.
    pub weight: TensorPlan,
    /// What it adds, if it does.
    pub bias: Option<TensorPlan>,
    /// What becomes of it.
    pub work: Work,
}

/// A tensor of a module, by its names in the two models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorPlan {
    /// In the base, which may be without it.
    pub base: Option<String>,
    /// In the fine-tune.
    pub own: String,
    /// The fine-tune's dimensions.
    pub shape: Vec<usize>,
    /// The format that its whole weights are written in.
    pub dtype: Dtype,
}

/// What becomes of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// It gets factors.
    Factors {
        /// The largest rank.
        most: usize,
        /// How its matrix is stored.
        shape: Shape,
        /// The format that they are written in.
        dtype: Dtype,
        /// The format that the change is rounded to.
        rounded_to: Option<Dtype>,
    },
    /// Its weights are saved as they are; why, as a clause.
    Whole(&'static str),
    /// It stays as in the base; why, as a clause.
    LeftOut(&'static str),
}

/// How a matrix is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// [outputs, inputs]
    Linear,
    /// [inputs, outputs], as in GPT-2.
    Conv1D,
    /// [tokens, width]
    Embedding,
}

/// Checks a wish against two models.
///
/// # Errors
/// A sentence for what cannot be done; nothing was read but headers.
pub fn plan(pair: Pair, wish: Wish) -> Result<Plan, String> {
    check_wish(&wish)?;
    if pair.base.adapter().is_some() {
        let shown = pair.base.path().display();
        return Err(format!(
            "the base is an adapter, which is nothing without its own base; name that one: {shown}"
        ));
    }
    let found = modules(&pair)?;
    check_saved(&wish, &found)?;
    let decider = Decider::new(&pair, &wish, &found);
    let (modules, saved) = decider.decide(&found)?;
    let is_adapted = |m: &ModulePlan| !matches!(m.work, Work::LeftOut(_));
    if !modules.iter().any(is_adapted) {
        return Err(format!(
            "no module is left to be extracted; loosen --include-regex or --exclude-regex: {}",
            pair.model.path().display()
        ));
    }
    let across = |m: &ModulePlan| {
        matches!(
            m.work,
            Work::Factors {
                shape: Shape::Conv1D,
                ..
            }
        )
    };
    Ok(Plan {
        fan_in_fan_out: modules.iter().any(across),
        notes: notes(&pair, &found, &modules),
        modules,
        saved,
        pair,
        wish,
    })
}

fn check_wish(wish: &Wish) -> Result<(), String> {
    if wish.max_rank == Some(0) {
        return Err("the largest rank is 0; choose 1 or more".to_owned());
    }
    if !(wish.epsilon.is_finite() && wish.epsilon >= 0.0) {
        return Err(format!(
            "the threshold of singular values is {}; choose 0 or more",
            wish.epsilon
        ));
    }
    Ok(())
}

/// Names of modules to be saved must be names of modules: PEFT would find nothing either.
fn check_saved(wish: &Wish, found: &[Found]) -> Result<(), String> {
    for wanted in &wish.save_modules {
        let is_it = |f: &Found| f.name == *wanted || names::short(&f.name) == wanted;
        if found.iter().any(is_it) {
            continue;
        }
        let known = found.iter().map(|f| names::short(&f.name));
        let distance = |name: &&str| strsim::damerau_levenshtein(name, wanted);
        let nearest = known.min_by_key(distance).unwrap_or_default();
        return Err(format!(
            "--save-module: no module is called `{wanted}`; give a whole name or its last word, \
             such as `{nearest}`"
        ));
    }
    Ok(())
}

fn notes(pair: &Pair, found: &[Found], modules: &[ModulePlan]) -> Vec<String> {
    let mut notes = pair.renamings().to_vec();
    if pair.model.adapter().is_none() {
        let settings = pair.model.config().differences(pair.base.config());
        notes.extend(settings.into_iter().map(|Difference { what, values, .. }| {
            let [own, base] = values;
            format!(
                "{what} is {own} in the fine-tune and {base} in the base; an adapter does not \
                 carry it"
            )
        }));
    }
    if let Some(rows) = found.iter().find_map(|f| f.grown(pair)) {
        notes.push(format!(
            "the fine-tune has {rows} rows of tokens and the base has another number; call \
             resize_token_embeddings({rows}) before the adapter is loaded"
        ));
    }
    if pair.has_other_tokens() {
        notes.push(
            "the tokenizers number tokens otherwise; embedding and head are saved whole, and the \
             fine-tune's tokenizer belongs to the adapter"
                .to_owned(),
        );
    }
    let adapted = modules
        .iter()
        .filter(|m| matches!(m.work, Work::Factors { .. }));
    let (with, without): (Vec<_>, Vec<_>) = adapted.partition(|m| m.bias.is_some());
    if !with.is_empty() && !without.is_empty() {
        notes.push(
            "some adapted layers have biases and others have none; PEFT runs such an adapter, but \
             its merge_and_unload refuses it (merging it here works)"
                .to_owned(),
        );
    }
    notes
}

impl Plan {
    /// Bytes of the two models that are read.
    pub fn bytes_read(&self) -> u64 {
        self.modules.iter().map(|m| self.bytes_of(m)).sum()
    }

    /// Bytes that a module's tensors have in both models.
    pub(super) fn bytes_of(&self, module: &ModulePlan) -> u64 {
        let tensors = [Some(&module.weight), module.bias.as_ref()];
        let size = |t: &TensorPlan| {
            let base = t
                .base
                .as_deref()
                .and_then(|name| self.pair.base.tensor(name));
            t.dtype.stored_bytes(t.elements())
                + base.map_or(0, crate::checkpoint::Tensor::size_bytes)
        };
        tensors.into_iter().flatten().map(size).sum()
    }

    /// Bytes of weights that the adapter has at most.
    pub fn bytes_written(&self) -> u64 {
        self.modules.iter().map(ModulePlan::bytes_written).sum()
    }
}

impl TensorPlan {
    /// Numbers in it.
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }
}

impl ModulePlan {
    /// Bytes that it takes in the adapter, at most.
    pub fn bytes_written(&self) -> u64 {
        let whole = |t: &TensorPlan| t.dtype.stored_bytes(t.elements());
        let bias = self.bias.as_ref().map_or(0, whole);
        match &self.work {
            Work::Factors { most, dtype, .. } => {
                let sides: usize = self.weight.shape.iter().sum();
                dtype.stored_bytes(sides * most) + bias
            }
            Work::Whole(_) => whole(&self.weight) + bias,
            Work::LeftOut(_) => 0,
        }
    }
}
