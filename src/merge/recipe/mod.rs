//! Recipes: what the user wants of a merge, in mergekit's terms.
//!
//! A recipe is plain data. It is read from mergekit's YAML ([`parse`]) and written back to it
//! ([`to_yaml`]) without loss, comments aside. Whether its models exist and its values make
//! sense is the plan's business.
//!
//! Kinfolk adds one key of its own, which mergekit ignores: `kinfolk: {on_nan: refuse, seed: 1}`.

mod evaluate;
mod found;
mod modules;
mod nodes;
mod read;
mod read_values;
mod reader;
mod reference;
mod template;
mod tokenizer;
mod yaml;

use std::collections::BTreeSet;

use super::problem::Fix;
use super::version::Version;

pub use self::evaluate::{evaluate, evaluate_first};
pub use self::found::recipe_in_card;
pub(crate) use self::nodes::{Keys, list, model_ref, value_to_yaml};
pub use self::nodes::{to_yaml, way_to_yaml};
pub(crate) use self::read::documents;
pub use self::read::{Parsed, Positions, parse, parse_way};
pub(crate) use self::reader::{At, Group, Reader};
pub use self::reference::{AdapterRef, ModelRef};
pub use self::template::Template;
pub use self::tokenizer::{RowName, TokenRow, TokenRule, TokenizerOptions};
pub(crate) use self::yaml::What;

/// What one document of a recipe file asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// What other documents of the file call its result.
    pub name: Option<String>,
    /// Name of the method.
    pub merge_method: String,
    /// The base model.
    pub base_model: Option<ModelRef>,
    /// The models, or the slices that the child is stacked from.
    pub content: Content,
    /// Parameters for all of it.
    pub parameters: Parameters,
    /// Format that inputs are rounded to, and that is written.
    pub dtype: Option<String>,
    /// Format that is written, if not `dtype`.
    pub out_dtype: Option<String>,
    /// Where the tokenizer comes from.
    pub tokenizer_source: Option<TokenizerSource>,
    /// The same with more words; a recipe has at most one of both.
    pub tokenizer: Option<TokenizerOptions>,
    /// Name of a template, or the template itself.
    pub chat_template: Option<String>,
    /// What mergekit does not know.
    pub own: OwnOptions,
}

/// The keys under `kinfolk`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnOptions {
    /// What to do about NaN and infinities.
    pub on_nan: Option<OnNan>,
    /// Seed of random methods.
    pub seed: Option<u64>,
    /// Whether models of unlike architectures may be merged.
    pub allow_crimes: bool,
    /// What becomes of parts that some models lack: towers, layers that predict further tokens.
    pub missing_parts: MissingParts,
    /// Which version of mergekit is followed where versions differ.
    pub version: Version,
    /// Whether vocabularies of different sizes are cut to the smallest.
    pub truncate_embeddings: bool,
}

impl OwnOptions {
    /// Decides what a problem has left to the user.
    pub fn decide(&mut self, fix: Fix) {
        match fix {
            Fix::AllowCrimes => self.allow_crimes = true,
            Fix::LeaveOutParts => self.missing_parts = MissingParts::LeaveOut,
            Fix::TruncateEmbeddings => self.truncate_embeddings = true,
        }
    }
}

/// What becomes of a part that the lead has and another model lacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingParts {
    /// It is copied from the lead.
    #[default]
    Copy,
    /// The child does not have it.
    LeaveOut,
}

/// What is merged.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Whole models.
    Models(Vec<RecipeInput>),
    /// Ranges of layers, stacked in this order.
    Slices(Vec<Slice>),
    /// Parts of a model of several parts, each by itself.
    Modules(Vec<Module>),
}

/// How one part of a model is made.
#[derive(Clone, Debug, PartialEq)]
pub struct Module {
    /// mergekit's name of the part, such as `vision_tower`.
    pub name: String,
    /// Models or slices.
    pub content: Content,
    /// Parameters for this part.
    pub parameters: Parameters,
}

impl Content {
    /// Everything that names a model and its parameters, in order.
    pub fn inputs(&self) -> Vec<&RecipeInput> {
        match self {
            Self::Models(models) => models.iter().collect(),
            Self::Slices(slices) => slices.iter().flat_map(|slice| &slice.sources).collect(),
            Self::Modules(modules) => modules.iter().flat_map(|m| m.content.inputs()).collect(),
        }
    }

    /// The same, to be changed.
    pub fn inputs_mut(&mut self) -> Vec<&mut RecipeInput> {
        match self {
            Self::Models(models) => models.iter_mut().collect(),
            Self::Slices(slices) => (slices.iter_mut())
                .flat_map(|slice| &mut slice.sources)
                .collect(),
            Self::Modules(modules) => (modules.iter_mut())
                .flat_map(|module| module.content.inputs_mut())
                .collect(),
        }
    }

    /// All slices, also those of modules.
    pub fn slices(&self) -> Vec<&Slice> {
        match self {
            Self::Models(_) => Vec::new(),
            Self::Slices(slices) => slices.iter().collect(),
            Self::Modules(modules) => modules.iter().flat_map(|m| m.content.slices()).collect(),
        }
    }

    /// The same, to be changed.
    pub fn slices_mut(&mut self) -> Vec<&mut Slice> {
        match self {
            Self::Models(_) => Vec::new(),
            Self::Slices(slices) => slices.iter_mut().collect(),
            Self::Modules(modules) => (modules.iter_mut())
                .flat_map(|module| module.content.slices_mut())
                .collect(),
        }
    }
}

/// Layers of the child, made from as many layers of each source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slice {
    /// What they are made from.
    pub sources: Vec<RecipeInput>,
    /// The base model of these layers, if not the recipe's.
    pub base_model: Option<ModelRef>,
    /// Parameters for these layers.
    pub parameters: Parameters,
    /// Read and written for mergekit, where it has no effect either.
    pub residual_weight: Option<f64>,
}

/// A model, or some layers of it.
#[derive(Clone, Debug, PartialEq)]
pub struct RecipeInput {
    /// Which model.
    pub model: ModelRef,
    /// First layer, and the layer after the last; slices need it.
    pub layer_range: Option<[i64; 2]>,
    /// Parameters for this model.
    pub parameters: Parameters,
}

/// Parameters by name, in the order of the recipe.
pub type Parameters = Vec<(String, Setting)>;

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// The same for every tensor.
    Value(Value),
    /// The first whose filter is part of the tensor's name.
    Filtered(Vec<Filtered>),
}

/// A value for some tensors.
#[derive(Clone, Debug, PartialEq)]
pub struct Filtered {
    /// Part of a tensor's name; `None` and `*` mean every tensor.
    pub filter: Option<String>,
    /// The value.
    pub value: Value,
}

/// One number, or numbers spread over the layers.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// Yes or no.
    Flag(bool),
    /// From the first layer to the last, straight lines between.
    Gradient(Vec<f64>),
}

/// Where the tokenizer comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum TokenizerSource {
    /// The base model.
    Base,
    /// The joined vocabularies of all models.
    Union,
    /// This model.
    Model(ModelRef),
}

/// What to do about NaN and infinities in the inputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnNan {
    /// Say how many and go on, as mergekit would in silence.
    #[default]
    Report,
    /// Stop.
    Refuse,
}

impl Recipe {
    /// Where the tokenizer comes from, by either key; `None` if the recipe says nothing of it.
    pub fn tokens_from(&self) -> Option<&TokenizerSource> {
        let options = self.tokenizer.as_ref();
        let of_options = options.map(|own| own.source.as_ref().unwrap_or(&TokenizerSource::Union));
        self.tokenizer_source.as_ref().or(of_options)
    }

    /// The models that it names for their tokens.
    pub fn token_models(&self) -> Vec<&ModelRef> {
        let rules = self.tokenizer.iter().flat_map(|own| &own.tokens);
        let of_rules = rules.filter_map(|(_, rule)| match &rule.source {
            TokenRow::Model(model) | TokenRow::Token { model, .. } => Some(model),
            TokenRow::Zero => None,
        });
        let source = match self.tokens_from() {
            Some(TokenizerSource::Model(model)) => Some(model),
            _ => None,
        };
        source.into_iter().chain(of_rules).collect()
    }

    /// Every model that it names, in order, each once.
    pub fn models(&self) -> Vec<&ModelRef> {
        let slices = self.content.slices();
        let all = self
            .base_model
            .iter()
            .chain(slices.iter().filter_map(|s| s.base_model.as_ref()))
            .chain(self.content.inputs().into_iter().map(|s| &s.model));
        let mut known: BTreeSet<&ModelRef> = BTreeSet::new();
        all.filter(|model| known.insert(model)).collect()
    }
}
