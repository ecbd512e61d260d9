//! What the user wants of a mixture of experts, in the terms of mergekit-moe, and its YAML.

use crate::merge::recipe::{Keys, ModelRef, OwnOptions, What, list, model_ref, value_to_yaml};

/// A recipe for a mixture of experts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MoeRecipe {
    /// The model that everything but the experts is taken from, and the tokenizer.
    pub base_model: ModelRef,
    /// What the router's rows are made from.
    pub gate_mode: GateMode,
    /// Name of an architecture; if there is none, the first that fits is taken.
    pub architecture: Option<String>,
    /// The experts that tokens are sent to.
    pub experts: Vec<Expert>,
    /// Those that all tokens go through.
    pub shared_experts: Vec<Expert>,
    /// To how many experts a token is sent; 2, or as many as there are, if nothing is said.
    pub experts_per_token: Option<i64>,
    /// Name of the format that is written; that of the base if nothing is said.
    pub dtype: Option<String>,
    /// What mergekit does not know.
    pub own: OwnOptions,
}

/// A model that serves as the expert of every layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expert {
    /// The model.
    pub source_model: ModelRef,
    /// Texts that should go to it.
    pub positive_prompts: Vec<String>,
    /// Texts that should not.
    pub negative_prompts: Vec<String>,
    /// Deviation of the normal noise that is added to its weights.
    pub noise_scale: Option<f64>,
    /// What its results are multiplied by, by way of its last matrix.
    pub residual_scale: Option<f64>,
}

/// What the router's rows are made from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GateMode {
    /// What the base makes of each prompt in front of each layer, after its last token.
    #[default]
    Hidden,
    /// The mean of the same over the prompt's tokens.
    HiddenAvg,
    /// Another word for the first.
    HiddenLast,
    /// The sum of the prompts' token embeddings: the same in every layer.
    CheapEmbed,
    /// Normal random numbers, for a mixture that is to be trained.
    Random,
    /// Uniform random numbers, as fresh linear layers have them.
    UniformRandom,
}

impl GateMode {
    /// All of them, the default first.
    pub const ALL: [Self; 6] = [
        Self::Hidden,
        Self::HiddenAvg,
        Self::HiddenLast,
        Self::CheapEmbed,
        Self::Random,
        Self::UniformRandom,
    ];

    /// As in recipes.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Hidden => "hidden",
            Self::HiddenAvg => "hidden_avg",
            Self::HiddenLast => "hidden_last",
            Self::CheapEmbed => "cheap_embed",
            Self::Random => "random",
            Self::UniformRandom => "uniform_random",
        }
    }

    /// As on screen.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Hidden => "Hidden states",
            Self::HiddenAvg => "Hidden states, averaged",
            Self::HiddenLast => "Hidden states, last token",
            Self::CheapEmbed => "Token embeddings",
            Self::Random => "Random, normal",
            Self::UniformRandom => "Random, uniform",
        }
    }

    /// One sentence for who chooses.
    pub const fn help(self) -> &'static str {
        match self {
            Self::Hidden | Self::HiddenLast => {
                "What the base makes of each prompt in front of each layer, after its last token"
            }
            Self::HiddenAvg => {
                "What the base makes of each prompt in front of each layer, over all its tokens"
            }
            Self::CheapEmbed => {
                "The prompts' token embeddings, the same in every layer: nothing is computed"
            }
            Self::Random => "Normal random numbers, for a mixture that is trained afterwards",
            Self::UniformRandom => {
                "Uniform random numbers as in a fresh layer, for a mixture that is trained afterwards"
            }
        }
    }

    /// Whether prompts decide.
    pub const fn reads_prompts(self) -> bool {
        !matches!(self, Self::Random | Self::UniformRandom)
    }

    /// Whether the base is run on them.
    pub const fn runs_base(self) -> bool {
        matches!(self, Self::Hidden | Self::HiddenAvg | Self::HiddenLast)
    }
}

impl MoeRecipe {
    /// Routed experts, then shared ones.
    pub fn all_experts(&self) -> impl Iterator<Item = &Expert> {
        self.experts.iter().chain(&self.shared_experts)
    }

    /// To how many experts a token is sent.
    pub fn per_token(&self) -> i64 {
        let usual = 2.min(self.experts.len().max(1)) as i64;
        self.experts_per_token.unwrap_or(usual)
    }

    /// Its YAML, in mergekit's order of keys.
    ///
    /// # Errors
    /// A sentence; the library has none for values such as these, but could.
    pub fn to_yaml(&self) -> Result<String, String> {
        let mut keys = Keys::default();
        keys.put("base_model", model_ref(&self.base_model));
        keys.put("gate_mode", What::Text(self.gate_mode.key().to_owned()));
        keys.text("architecture", self.architecture.as_ref());
        keys.text("dtype", self.dtype.as_ref());
        let per_token = self.experts_per_token;
        keys.maybe(
            "experts_per_token",
            per_token.map(|n| What::Number(n as f64)),
        );
        keys.put("experts", list(self.experts.iter().map(expert)));
        if !self.shared_experts.is_empty() {
            keys.put(
                "shared_experts",
                list(self.shared_experts.iter().map(expert)),
            );
        }
        keys.own_options(self.own);
        value_to_yaml(&keys.group())
    }
}

fn expert(expert: &Expert) -> What {
    let mut keys = Keys::default();
    keys.put("source_model", model_ref(&expert.source_model));
    for (key, prompts) in [
        ("positive_prompts", &expert.positive_prompts),
        ("negative_prompts", &expert.negative_prompts),
    ] {
        let texts = prompts.iter().cloned().map(What::Text);
        keys.maybe(key, (!prompts.is_empty()).then(|| list(texts)));
    }
    keys.maybe("noise_scale", expert.noise_scale.map(What::Number));
    keys.maybe("residual_scale", expert.residual_scale.map(What::Number));
    keys.group()
}
