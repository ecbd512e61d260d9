//! `adapter_config.json`: of which kind an adapter is, how strongly it counts, and what cannot
//! be done with it.
//!
//! What PEFT can write changes from version to version. Settings that are known to change the
//! result and are not done here are refused; settings unknown here become a remark.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::kinds::{Cayley, Method};
use super::patterns::Patterns;
use super::settings::{is_olora, is_set, refusal, remarks};
use crate::checkpoint::error::CheckpointError;
use crate::checkpoint::identity::FileIdentity;
use crate::checkpoint::json::{Pairs, read_text};
use crate::checkpoint::limits;
use crate::checkpoint::map::metadata;

const MAX_BYTES: u64 = 16 << 20;

/// PEFT's own value where the file is silent, for both the rank and alpha.
const DEFAULT: u32 = 8;

/// AdaLoRA's own value for the rank that it starts with.
const DEFAULT_FIRST_RANK: u32 = 12;

/// Terms of the series that OFT uses in place of an inverse, where the file is silent.
const DEFAULT_TERMS: u32 = 5;

/// The settings that are needed to apply an adapter.
#[derive(Debug)]
pub(super) struct AdapterConfig {
    pub(super) method: Method,
    pub(super) base_name: Option<String>,
    pub(super) fan_in_fan_out: bool,
    pub(super) dora: bool,
    /// Whether the base lost its first columns to the factors.
    pub(super) olora: bool,
    /// Whether LoRA's second factors have biases that count.
    pub(super) factor_bias: bool,
    /// Whether extra tensors of VeLoRA or MonteCLoRA are to be passed over.
    pub(super) has_helpers: bool,
    /// Which parameters without a module of their own are adapted, by the ends of their names.
    pub(super) parameters: Vec<String>,
    pub(super) tokens: Tokens,
    pub(super) cayley: Cayley,
    /// Whether one block of OFT serves for all.
    pub(super) block_share: bool,
    pub(super) identity: FileIdentity,
    pub(super) remarks: Vec<String>,
    rank: u32,
    first_rank: u32,
    alpha: f64,
    rank_stabilized: bool,
    ranks: Patterns<u32>,
    alphas: Patterns<f64>,
}

/// Which rows of which embeddings are trained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tokens {
    /// The same of all.
    All(Vec<usize>),
    /// By the name of the embedding, or its end.
    Of(Vec<(String, Vec<usize>)>),
}

type Pattern<V> = Pairs<String, V, { limits::PATTERNS }>;

#[derive(Deserialize)]
struct Stored {
    base_model_name_or_path: Option<String>,
    fan_in_fan_out: Option<bool>,
    r: Option<u32>,
    init_r: Option<u32>,
    lora_alpha: Option<f64>,
    alpha: Option<f64>,
    use_rslora: Option<bool>,
    use_dora: Option<bool>,
    lora_bias: Option<bool>,
    rank_pattern: Option<Pattern<Value>>,
    alpha_pattern: Option<Pattern<f64>>,
    target_parameters: Option<Vec<String>>,
    trainable_token_indices: Option<StoredTokens>,
    token_indices: Option<Vec<usize>>,
    use_cayley_neumann: Option<bool>,
    num_cayley_neumann_terms: Option<u32>,
    block_share: Option<bool>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum StoredTokens {
    All(Vec<usize>),
    Of(Pairs<String, Vec<usize>, { limits::PATTERNS }>),
}

impl AdapterConfig {
    /// Reads and checks the file at `path`.
    pub(super) fn read(path: &Path) -> Result<Self, CheckpointError> {
        let metadata = metadata(path)?;
        let invalid = |reason| CheckpointError::AdapterConfig {
            path: path.to_owned(),
            reason,
        };
        let text = read_text(path, MAX_BYTES)?.map_err(invalid)?;
        let identity = FileIdentity::new(path, &metadata, text.as_bytes());
        let syntax = |error: serde_json::Error| invalid(error.to_string());
        let object: Map<String, Value> = serde_json::from_str(&text).map_err(syntax)?;
        let method = refusal(&object).map_err(|reason| CheckpointError::AdapterUnsupported {
            path: path.to_owned(),
            reason,
        })?;
        let stored: Stored = serde_json::from_str(&text).map_err(syntax)?;
        let mut config = Self::new(method, stored, identity).map_err(invalid)?;
        config.has_helpers = ["velora_config", "monteclora_config"]
            .iter()
            .any(|key| is_set(object.get(*key)));
        config.olora = is_olora(&object);
        config.remarks = remarks(&object);
        Ok(config)
    }

    fn new(method: Method, stored: Stored, identity: FileIdentity) -> Result<Self, String> {
        let alpha = match method {
            Method::LoHa | Method::LoKr => stored.alpha,
            _ => stored.lora_alpha,
        };
        let series = stored.num_cayley_neumann_terms.unwrap_or(DEFAULT_TERMS);
        let tokens = stored.trainable_token_indices;
        let config = Self {
            method,
            base_name: stored.base_model_name_or_path,
            fan_in_fan_out: stored.fan_in_fan_out.unwrap_or(false),
            dora: stored.use_dora.unwrap_or(false),
            olora: false,
            factor_bias: stored.lora_bias.unwrap_or(false),
            has_helpers: false,
            parameters: stored.target_parameters.unwrap_or_default(),
            tokens: match tokens {
                Some(StoredTokens::Of(pairs)) => Tokens::Of(pairs.0),
                Some(StoredTokens::All(indices)) => Tokens::All(indices),
                None => Tokens::All(stored.token_indices.unwrap_or_default()),
            },
            cayley: match stored.use_cayley_neumann {
                Some(false) => Cayley::Exact,
                _ => Cayley::Series(series),
            },
            block_share: stored.block_share.unwrap_or(false),
            identity,
            remarks: Vec::new(),
            rank: stored.r.unwrap_or(DEFAULT),
            first_rank: stored.init_r.unwrap_or(DEFAULT_FIRST_RANK),
            alpha: alpha.unwrap_or(f64::from(DEFAULT)),
            rank_stabilized: stored.use_rslora.unwrap_or(false),
            ranks: Patterns::new(ranks(method, stored.rank_pattern.unwrap_or_default())?)?,
            alphas: Patterns::new(stored.alpha_pattern.unwrap_or_default().0)?,
        };
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        let is_ranked = matches!(self.method, Method::Lora | Method::LoHa | Method::LoKr);
        let mut ranks = self.ranks.values().chain([self.rank]);
        if is_ranked && ranks.any(|rank| rank == 0) {
            return Err("a rank is 0".to_owned());
        }
        if self.method == Method::AdaLora && (self.first_rank == 0 || self.alpha <= 0.0) {
            return Err("init_r or lora_alpha is 0".to_owned());
        }
        if matches!(self.cayley, Cayley::Series(terms) if terms > 100) {
            return Err("num_cayley_neumann_terms is above 100".to_owned());
        }
        Ok(())
    }

    /// The rank that the module at `path` should have.
    pub(super) fn rank(&self, path: &str) -> u32 {
        self.ranks.first_match(path).unwrap_or(self.rank)
    }

    /// What the product of the factors is multiplied by: α/r, or α/√r when rank-stabilised.
    ///
    /// AdaLoRA divides by the rank that it started with, whatever became of it.
    pub(super) fn scale(&self, path: &str) -> f32 {
        if self.method == Method::AdaLora {
            return (self.alpha / (f64::from(self.first_rank) + 1e-5)) as f32;
        }
        let alpha = self.alphas.first_match(path).unwrap_or(self.alpha);
        let rank = f64::from(self.rank(path));
        let divisor = if self.rank_stabilized {
            rank.sqrt()
        } else {
            rank
        };
        (alpha / divisor) as f32
    }

    /// The rows of the embedding at `module` that are trained; `None` if nothing says which.
    pub(super) fn rows_of(&self, module: &str) -> Option<&[usize]> {
        match &self.tokens {
            Tokens::All(indices) => Some(indices),
            Tokens::Of(pairs) => pairs
                .iter()
                .find(|(name, _)| ends_with_words(module, name))
                .map(|(_, indices)| &indices[..]),
        }
    }
}

/// Whether a path ends in these words.
pub(super) fn ends_with_words(path: &str, end: &str) -> bool {
    let before = path.strip_suffix(end);
    before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

/// AdaLoRA keeps there which ranks it has dropped; the stored factors are without them.
fn ranks(method: Method, pattern: Pattern<Value>) -> Result<Vec<(String, u32)>, String> {
    if method == Method::AdaLora {
        return Ok(Vec::new());
    }
    let number = |(key, value): (String, Value)| {
        let rank = value.as_u64().and_then(|rank| u32::try_from(rank).ok());
        let rank = rank.ok_or_else(|| format!("the rank of `{key}` is {value}"))?;
        Ok((key, rank))
    };
    pattern.0.into_iter().map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(json: &str) -> AdapterConfig {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("adapter_config.json");
        std::fs::write(&path, json).unwrap();
        AdapterConfig::read(&path).unwrap()
    }

    #[test]
    fn scale_is_alpha_over_rank() {
        let config = config(r#"{"peft_type": "LORA", "r": 4, "lora_alpha": 8}"#);
        assert_eq!(config.scale("model.layers.0.q_proj"), 2.0);
    }

    #[test]
    fn rank_stabilised_scale_is_alpha_over_its_root() {
        let config =
            config(r#"{"peft_type": "LORA", "r": 16, "lora_alpha": 8, "use_rslora": true}"#);
        assert_eq!(config.scale("x"), 2.0);
    }

    #[test]
    fn silent_file_means_the_defaults_of_peft() {
        let config = config(r#"{"peft_type": "LORA", "rank_pattern": null}"#);
        assert_eq!((config.rank("x"), config.scale("x")), (8, 1.0));
    }

    #[test]
    fn adalora_divides_by_the_rank_it_started_with() {
        let config = config(
            r#"{"peft_type": "ADALORA", "init_r": 4, "r": 8, "lora_alpha": 6,
                "rank_pattern": {"a.lora_E": [true, false]}}"#,
        );
        assert!((config.scale("a") - 1.5).abs() < 1e-5);
    }

    #[test]
    fn patterns_match_ends_of_module_paths_and_the_first_wins() {
        let config = config(
            r#"{"peft_type": "LORA", "r": 2, "lora_alpha": 4,
                "rank_pattern": {"^layers.0.q_proj": 1, "layers\\.1\\.q_proj": 4, "q_proj": 8},
                "alpha_pattern": {"v_proj": 6}}"#,
        );
        let rank = |path| config.rank(path);
        assert_eq!(rank("layers.0.q_proj"), 1);
        assert_eq!(rank("model.layers.0.q_proj"), 8);
        assert_eq!(rank("model.layers.1.q_proj"), 4);
        assert_eq!(rank("model.layers.1.seq_proj"), 2);
        assert_eq!(config.scale("a.v_proj"), 3.0);
        assert_eq!(config.scale("q_proj"), 0.5);
    }

    #[test]
    fn unknown_setting_is_remarked_only_when_it_is_set() {
        let config = config(r#"{"peft_type": "LORA", "use_magic": true, "use_more": false}"#);
        assert_eq!(config.remarks.len(), 1);
        assert!(config.remarks[0].contains("use_magic"));
    }
}
