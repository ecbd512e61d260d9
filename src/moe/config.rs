//! The `config.json` of a mixture: the base's, as one of the new architecture.

use serde_json::{Map, Value, json};

use super::architecture::Architecture;

/// What a configuration says of experts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mixture {
    pub(super) architecture: Architecture,
    /// How many tokens are sent to.
    pub(super) experts: usize,
    pub(super) per_token: i64,
    /// Width inside an expert.
    pub(super) width: usize,
    /// Width inside the shared one.
    pub(super) shared_width: Option<usize>,
}

/// Code of DeepSeek's that loads the architecture, which transformers has none for.
const DEEPSEEK_CODE: &str = "deepseek-ai/deepseek-moe-16b-base--";

impl Mixture {
    /// Makes the configuration of a dense model that of the mixture.
    pub(super) fn apply(&self, object: &mut Map<String, Value>) {
        let facts = self.architecture.facts();
        // Code of the base's is for another architecture.
        object.remove("auto_map");
        let mut set = |key: &str, value: Value| object.insert(key.to_owned(), value);
        set("architectures", json!([facts.class]));
        set("model_type", json!(facts.model_type));
        set("intermediate_size", json!(self.width));
        set("num_experts_per_tok", json!(self.per_token));
        match self.architecture {
            Architecture::Mixtral => {
                set("num_local_experts", json!(self.experts));
                set("output_router_logits", json!(false));
                set("router_aux_loss_coef", json!(0.001));
                set("router_jitter_noise", json!(0.0));
                set("sliding_window", Value::Null);
            }
            Architecture::DeepSeek => self.deepseek(object),
            Architecture::Qwen2 => self.qwen2(object),
            Architecture::Qwen3 => {
                // Transformers has it under the first name since version 5, and before under the
                // second.
                set("num_local_experts", json!(self.experts));
                set("num_experts", json!(self.experts));
                self.qwen(object);
            }
        }
    }

    fn deepseek(&self, object: &mut Map<String, Value>) {
        let shared = self.shared_width.map(|_| 1);
        let class =
            |file: &str, class: &str| json!(format!("{DEEPSEEK_CODE}{file}_deepseek.{class}"));
        let mut set = |key: &str, value: Value| object.insert(key.to_owned(), value);
        set("n_routed_experts", json!(self.experts));
        set("n_shared_experts", json!(shared));
        set("moe_intermediate_size", json!(self.width));
        set("first_k_dense_replace", json!(0));
        set("moe_layer_freq", json!(1));
        set("scoring_func", json!("softmax"));
        set("norm_topk_prob", json!(true));
        set(
            "auto_map",
            json!({
                "AutoConfig": class("configuration", "DeepseekConfig"),
                "AutoModel": class("modeling", "DeepseekModel"),
                "AutoModelForCausalLM": class("modeling", "DeepseekForCausalLM"),
            }),
        );
    }

    fn qwen2(&self, object: &mut Map<String, Value>) {
        // Attention sees all that is before, as mergekit writes it; a list of layers would say
        // otherwise.
        object.remove("layer_types");
        let mut set = |key: &str, value: Value| object.insert(key.to_owned(), value);
        set("num_experts", json!(self.experts));
        let shared = self.shared_width.unwrap_or(self.width);
        set("shared_expert_intermediate_size", json!(shared));
        set("qkv_bias", json!(true));
        set("sliding_window", Value::Null);
        set("use_sliding_window", json!(false));
        self.qwen(object);
    }

    fn qwen(&self, object: &mut Map<String, Value>) {
        let mut set = |key: &str, value: Value| object.insert(key.to_owned(), value);
        set("moe_intermediate_size", json!(self.width));
        set("decoder_sparse_step", json!(1));
        set("mlp_only_layers", json!([]));
        set("norm_topk_prob", json!(true));
        set("output_router_logits", json!(false));
        set("router_aux_loss_coef", json!(0.001));
    }
}

/// What of a base's configuration a mixture of this architecture would not compute with, a
/// sentence each: with an error, the weights would mean something else.
pub(super) fn losses(
    architecture: Architecture,
    config: &Map<String, Value>,
) -> (Vec<String>, Vec<String>) {
    let (mut errors, mut warnings) = (Vec::new(), Vec::new());
    let number = |key: &str| config.get(key).and_then(Value::as_u64);
    let uses_window = config.get("use_sliding_window").and_then(Value::as_bool) != Some(false);
    let window = number("sliding_window").filter(|_| uses_window);
    if let Some(window) = window.filter(|_| architecture != Architecture::Qwen3) {
        warnings.push(format!(
            "the base's attention looks back over {window} positions, and that of the mixture \
             over all, as mergekit writes it"
        ));
    }
    if architecture != Architecture::DeepSeek {
        return (errors, warnings);
    }
    let (hidden, heads) = (number("hidden_size"), number("num_attention_heads"));
    let dim = number("head_dim");
    if let (Some(hidden), Some(heads), Some(dim)) = (hidden, heads, dim)
        && heads.checked_mul(dim) != Some(hidden)
    {
        errors.push(format!(
            "DeepSeek MoE has heads of {hidden} / {heads} numbers, and the base's have {dim}; take \
             another architecture"
        ));
    }
    let rope = ["rope_scaling", "rope_parameters"].into_iter();
    let rope = rope.filter_map(|key| config.get(key)?.as_object()).next();
    let kind = rope.and_then(|rope| rope.get("rope_type").or_else(|| rope.get("type")));
    let kind = kind.and_then(Value::as_str).unwrap_or("default");
    if !matches!(kind, "default" | "linear" | "dynamic") {
        errors.push(format!(
            "DeepSeek MoE cannot stretch positions by `{kind}`, as the base does; take another \
             architecture"
        ));
    }
    (errors, warnings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(architecture: Architecture, json: &str) -> (usize, usize) {
        let (errors, warnings) = losses(architecture, &serde_json::from_str(json).unwrap());
        (errors.len(), warnings.len())
    }

    #[test]
    fn what_the_mixture_would_lose_is_said() {
        use Architecture::{DeepSeek, Mixtral, Qwen3};
        assert_eq!(said(Mixtral, r#"{"sliding_window": 64}"#), (0, 1));
        assert_eq!(said(Mixtral, r#"{"sliding_window": null}"#), (0, 0));
        let off = r#"{"sliding_window": 64, "use_sliding_window": false}"#;
        assert_eq!(said(Mixtral, off), (0, 0));
        assert_eq!(said(Qwen3, r#"{"sliding_window": 64}"#), (0, 0));
        let wide = r#"{"hidden_size": 32, "num_attention_heads": 4, "head_dim": 16}"#;
        assert_eq!(
            (said(DeepSeek, wide), said(Mixtral, wide)),
            ((1, 0), (0, 0))
        );
        let rope = r#"{"rope_scaling": {"rope_type": "llama3"}}"#;
        assert_eq!(
            (said(DeepSeek, rope), said(Mixtral, rope)),
            ((1, 0), (0, 0))
        );
    }
}
