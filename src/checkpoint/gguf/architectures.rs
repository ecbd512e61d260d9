//! The architectures whose tensors are known: names, orders of rows and constants, as data.
//!
//! From the converter and the name tables of llama.cpp (`convert_hf_to_gguf.py`,
//! `gguf-py/gguf/tensor_mapping.py`). A pair is a name in GGUF and the one that Hugging Face's
//! checkpoints have for the same tensor, both without `.weight` or `.bias`; the first that fits
//! counts. Names of layers leave out `blk.N.` and the architecture's own prefix. `{e}` stands for
//! the number of an expert: such tensors are one in GGUF and one an expert in Hugging Face's.

/// Names in GGUF and in Hugging Face's checkpoints.
pub(super) type Names = &'static [(&'static str, &'static str)];

/// What is known of an architecture.
#[derive(Debug)]
pub(super) struct Architecture {
    /// `general.architecture`.
    pub(super) name: &'static str,
    /// What `config.json` calls it, and its class there.
    pub(super) model_type: &'static str,
    pub(super) class: &'static str,
    pub(super) outside: &'static [Names],
    /// What Hugging Face's names of layers begin with, such as `model.layers.`.
    pub(super) layers: &'static str,
    pub(super) inside: &'static [Names],
    /// Order of rows.
    pub(super) order: Order,
    /// Whether norms are stored plus one.
    pub(super) norms_plus_one: bool,
}

/// In which order rows or numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// As in Hugging Face's.
    Same,
    /// Rows of Q and K by pairs instead of halves: row 2·j + h for row h·d/2 + j of a head of d.
    Rotated,
    /// Rows of the fused Q, K and V first all of Q, then of K and V; in Hugging Face's those of a
    /// group of heads stand together.
    Ungrouped,
    /// Matrices of layers as their transposes: Hugging Face's have inputs first.
    Transposed,
}

/// Tensors that are computed from the configuration and are no weights.
pub(super) const COMPUTED: [&str; 4] = [
    "rope_freqs.weight",
    "rope_factors_long.weight",
    "rope_factors_short.weight",
    "attn_rot_embd.weight",
];

const USUAL_OUTSIDE: Names = &[
    ("token_embd", "model.embed_tokens"),
    ("output_norm", "model.norm"),
    ("output", "lm_head"),
];

const ATTENTION: Names = &[
    ("attn_norm", "input_layernorm"),
    ("attn_q", "self_attn.q_proj"),
    ("attn_k", "self_attn.k_proj"),
    ("attn_v", "self_attn.v_proj"),
    ("attn_output", "self_attn.o_proj"),
    ("attn_q_norm", "self_attn.q_norm"),
    ("attn_k_norm", "self_attn.k_norm"),
];

const GATED: Names = &[
    ("ffn_gate", "mlp.gate_proj"),
    ("ffn_up", "mlp.up_proj"),
    ("ffn_down", "mlp.down_proj"),
];

/// The norm before the feed-forward network is named after what it follows.
const NORM_AFTER: Names = &[("ffn_norm", "post_attention_layernorm")];

const NORMS_AROUND: Names = &[
    ("post_attention_norm", "post_attention_layernorm"),
    ("ffn_norm", "pre_feedforward_layernorm"),
    ("post_ffw_norm", "post_feedforward_layernorm"),
];

const NORMS_BEHIND: Names = &[
    ("post_attention_norm", "post_attention_layernorm"),
    ("post_ffw_norm", "post_feedforward_layernorm"),
];

const MIXTRAL: Names = &[
    ("ffn_gate_inp", "block_sparse_moe.gate"),
    ("ffn_gate_exps", "block_sparse_moe.experts.{e}.w1"),
    ("ffn_down_exps", "block_sparse_moe.experts.{e}.w2"),
    ("ffn_up_exps", "block_sparse_moe.experts.{e}.w3"),
];

const QWEN_MOE: Names = &[
    ("ffn_gate_inp", "mlp.gate"),
    ("ffn_gate_exps", "mlp.experts.{e}.gate_proj"),
    ("ffn_up_exps", "mlp.experts.{e}.up_proj"),
    ("ffn_down_exps", "mlp.experts.{e}.down_proj"),
    ("ffn_gate_inp_shexp", "mlp.shared_expert_gate"),
    ("ffn_gate_shexp", "mlp.shared_expert.gate_proj"),
    ("ffn_up_shexp", "mlp.shared_expert.up_proj"),
    ("ffn_down_shexp", "mlp.shared_expert.down_proj"),
];

const PHI3: Names = &[
    ("attn_norm", "input_layernorm"),
    ("attn_qkv", "self_attn.qkv_proj"),
    ("attn_output", "self_attn.o_proj"),
    ("ffn_up", "mlp.gate_up_proj"),
    ("ffn_down", "mlp.down_proj"),
];

const STARCODER2: Names = &[("ffn_up", "mlp.c_fc"), ("ffn_down", "mlp.c_proj")];

const GPT2_OUTSIDE: Names = &[
    ("token_embd", "transformer.wte"),
    ("position_embd", "transformer.wpe"),
    ("output_norm", "transformer.ln_f"),
    ("output", "lm_head"),
];

const GPT2: Names = &[
    ("attn_norm", "ln_1"),
    ("attn_qkv", "attn.c_attn"),
    ("attn_output", "attn.c_proj"),
    ("ffn_norm", "ln_2"),
    ("ffn_up", "mlp.c_fc"),
    ("ffn_down", "mlp.c_proj"),
];

const FALCON_OUTSIDE: Names = &[
    ("token_embd", "transformer.word_embeddings"),
    ("output_norm", "transformer.ln_f"),
    ("output", "lm_head"),
];

/// Falcon-7B's; Falcon-40B has two norms where this has one, and is not read.
const FALCON: Names = &[
    ("attn_norm", "input_layernorm"),
    ("attn_qkv", "self_attention.query_key_value"),
    ("attn_output", "self_attention.dense"),
    ("ffn_up", "mlp.dense_h_to_4h"),
    ("ffn_down", "mlp.dense_4h_to_h"),
];

const BERT_OUTSIDE: Names = &[
    ("token_embd", "embeddings.word_embeddings"),
    ("token_types", "embeddings.token_type_embeddings"),
    ("position_embd", "embeddings.position_embeddings"),
    ("token_embd_norm", "embeddings.LayerNorm"),
];

const BERT: Names = &[
    ("attn_q", "attention.self.query"),
    ("attn_k", "attention.self.key"),
    ("attn_v", "attention.self.value"),
    ("attn_output", "attention.output.dense"),
    ("attn_output_norm", "attention.output.LayerNorm"),
    ("ffn_up", "intermediate.dense"),
    ("ffn_down", "output.dense"),
    ("layer_output_norm", "output.LayerNorm"),
];

/// The plan that most follow: Llama's names, its Q and K rotated.
const LLAMA: Architecture = Architecture {
    name: "llama",
    model_type: "llama",
    class: "LlamaForCausalLM",
    outside: &[USUAL_OUTSIDE],
    layers: "model.layers.",
    inside: &[ATTENTION, NORM_AFTER, GATED, MIXTRAL],
    order: Order::Rotated,
    norms_plus_one: false,
};

/// The same names with everything in Hugging Face's order.
const QWEN: Architecture = Architecture {
    name: "qwen2",
    model_type: "qwen2",
    class: "Qwen2ForCausalLM",
    inside: &[ATTENTION, NORM_AFTER, GATED],
    order: Order::Same,
    ..LLAMA
};

const GEMMA: Architecture = Architecture {
    name: "gemma",
    model_type: "gemma",
    class: "GemmaForCausalLM",
    norms_plus_one: true,
    ..QWEN
};

/// All of them.
const ALL: &[Architecture] = &[
    LLAMA,
    Architecture {
        name: "mistral3",
        model_type: "mistral",
        class: "MistralForCausalLM",
        ..LLAMA
    },
    Architecture {
        name: "granite",
        model_type: "granite",
        class: "GraniteForCausalLM",
        inside: &[ATTENTION, NORM_AFTER, GATED],
        ..LLAMA
    },
    Architecture {
        name: "smollm3",
        model_type: "smollm3",
        class: "SmolLM3ForCausalLM",
        inside: &[ATTENTION, NORM_AFTER, GATED],
        ..LLAMA
    },
    Architecture {
        name: "arcee",
        model_type: "arcee",
        class: "ArceeForCausalLM",
        inside: &[ATTENTION, NORM_AFTER, GATED],
        ..LLAMA
    },
    Architecture {
        name: "xverse",
        model_type: "xverse",
        class: "XverseForCausalLM",
        inside: &[ATTENTION, NORM_AFTER, GATED],
        ..LLAMA
    },
    Architecture {
        name: "minicpm",
        model_type: "minicpm",
        class: "MiniCPMForCausalLM",
        inside: &[ATTENTION, NORM_AFTER, GATED],
        ..LLAMA
    },
    Architecture {
        name: "olmo",
        model_type: "olmo",
        class: "OlmoForCausalLM",
        inside: &[ATTENTION, NORM_AFTER, GATED],
        ..LLAMA
    },
    Architecture {
        name: "olmo2",
        model_type: "olmo2",
        class: "Olmo2ForCausalLM",
        inside: &[ATTENTION, NORMS_BEHIND, GATED],
        ..QWEN
    },
    QWEN,
    Architecture {
        name: "qwen2moe",
        model_type: "qwen2_moe",
        class: "Qwen2MoeForCausalLM",
        inside: &[ATTENTION, NORM_AFTER, GATED, QWEN_MOE],
        ..QWEN
    },
    Architecture {
        name: "qwen3",
        model_type: "qwen3",
        class: "Qwen3ForCausalLM",
        ..QWEN
    },
    Architecture {
        name: "qwen3moe",
        model_type: "qwen3_moe",
        class: "Qwen3MoeForCausalLM",
        inside: &[ATTENTION, NORM_AFTER, GATED, QWEN_MOE],
        ..QWEN
    },
    Architecture {
        name: "olmoe",
        model_type: "olmoe",
        class: "OlmoeForCausalLM",
        inside: &[ATTENTION, NORM_AFTER, QWEN_MOE],
        ..QWEN
    },
    GEMMA,
    Architecture {
        name: "gemma2",
        model_type: "gemma2",
        class: "Gemma2ForCausalLM",
        inside: &[ATTENTION, NORMS_AROUND, GATED],
        ..GEMMA
    },
    Architecture {
        name: "gemma3",
        model_type: "gemma3_text",
        class: "Gemma3ForCausalLM",
        inside: &[ATTENTION, NORMS_AROUND, GATED],
        ..GEMMA
    },
    Architecture {
        name: "phi3",
        model_type: "phi3",
        class: "Phi3ForCausalLM",
        inside: &[PHI3, NORM_AFTER],
        ..QWEN
    },
    Architecture {
        name: "starcoder2",
        model_type: "starcoder2",
        class: "Starcoder2ForCausalLM",
        inside: &[ATTENTION, NORM_AFTER, STARCODER2],
        ..QWEN
    },
    Architecture {
        name: "gpt2",
        model_type: "gpt2",
        class: "GPT2LMHeadModel",
        outside: &[GPT2_OUTSIDE],
        layers: "transformer.h.",
        inside: &[GPT2],
        order: Order::Transposed,
        norms_plus_one: false,
    },
    Architecture {
        name: "falcon",
        model_type: "falcon",
        class: "FalconForCausalLM",
        outside: &[FALCON_OUTSIDE],
        layers: "transformer.h.",
        inside: &[FALCON],
        order: Order::Ungrouped,
        norms_plus_one: false,
    },
    Architecture {
        name: "bert",
        model_type: "bert",
        class: "BertModel",
        outside: &[BERT_OUTSIDE],
        layers: "encoder.layer.",
        inside: &[BERT],
        order: Order::Same,
        norms_plus_one: false,
    },
];

impl Architecture {
    /// The architecture that a file calls `name`.
    pub(super) fn of(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|own| own.name == name)
    }

    /// All of them.
    #[cfg(test)]
    pub(super) const fn all() -> &'static [Self] {
        ALL
    }
}
