//! One table a family: tensor name, stack, layer, kind.

use super::Kind::*;
use super::Stack::*;
use super::*;

fn check(rows: &[(&str, Stack, Option<u32>, Kind)]) {
    for &(name, stack, layer, kind) in rows {
        assert_eq!(place(name), TensorLocation { stack, layer, kind }, "{name}");
    }
}

#[test]
fn llama_and_mistral() {
    check(&[
        ("model.embed_tokens.weight", Main, None, Embedding),
        (
            "model.layers.0.self_attn.q_proj.weight",
            Main,
            Some(0),
            Attention,
        ),
        (
            "model.layers.31.self_attn.o_proj.weight",
            Main,
            Some(31),
            Attention,
        ),
        ("model.layers.7.mlp.gate_proj.weight", Main, Some(7), Mlp),
        ("model.layers.7.mlp.down_proj.bias", Main, Some(7), Mlp),
        ("model.layers.7.input_layernorm.weight", Main, Some(7), Norm),
        (
            "model.layers.7.post_attention_layernorm.weight",
            Main,
            Some(7),
            Norm,
        ),
        (
            "model.layers.0.self_attn.rotary_emb.inv_freq",
            Main,
            Some(0),
            Attention,
        ),
        ("model.norm.weight", Main, None, Norm),
        ("lm_head.weight", Main, None, Head),
        ("output.weight", Main, None, Head),
        ("tok_embeddings.weight", Main, None, Embedding),
        ("layers.0.feed_forward.w1.weight", Main, Some(0), Mlp),
    ]);
}

#[test]
fn qwen_and_gemma() {
    check(&[
        (
            "model.layers.3.self_attn.q_norm.weight",
            Main,
            Some(3),
            Norm,
        ),
        (
            "model.layers.3.self_attn.k_norm.weight",
            Main,
            Some(3),
            Norm,
        ),
        (
            "model.layers.3.self_attn.k_proj.bias",
            Main,
            Some(3),
            Attention,
        ),
        (
            "model.layers.3.pre_feedforward_layernorm.weight",
            Main,
            Some(3),
            Norm,
        ),
        (
            "model.layers.3.post_feedforward_layernorm.weight",
            Main,
            Some(3),
            Norm,
        ),
        (
            "model.language_model.layers.3.mlp.up_proj.weight",
            Main,
            Some(3),
            Mlp,
        ),
    ]);
}

#[test]
fn phi() {
    check(&[
        (
            "model.layers.1.self_attn.dense.weight",
            Main,
            Some(1),
            Attention,
        ),
        ("model.layers.1.mlp.fc1.weight", Main, Some(1), Mlp),
        ("model.layers.1.mlp.fc2.bias", Main, Some(1), Mlp),
        ("model.final_layernorm.weight", Main, None, Norm),
        (
            "model.layers.1.self_attn.qkv_proj.weight",
            Main,
            Some(1),
            Attention,
        ),
        ("model.layers.1.mlp.gate_up_proj.weight", Main, Some(1), Mlp),
    ]);
}

#[test]
fn gpt_2() {
    check(&[
        ("wte.weight", Main, None, Embedding),
        ("transformer.wpe.weight", Main, None, Embedding),
        ("h.0.attn.c_attn.weight", Main, Some(0), Attention),
        ("h.0.attn.c_proj.weight", Main, Some(0), Attention),
        ("h.11.mlp.c_fc.weight", Main, Some(11), Mlp),
        ("h.11.mlp.c_proj.weight", Main, Some(11), Mlp),
        ("h.11.ln_1.weight", Main, Some(11), Norm),
        ("ln_f.bias", Main, None, Norm),
    ]);
}

#[test]
fn gpt_neox() {
    check(&[
        ("gpt_neox.embed_in.weight", Main, None, Embedding),
        ("embed_out.weight", Main, None, Head),
        (
            "gpt_neox.layers.5.attention.query_key_value.weight",
            Main,
            Some(5),
            Attention,
        ),
        (
            "gpt_neox.layers.5.attention.dense.weight",
            Main,
            Some(5),
            Attention,
        ),
        (
            "gpt_neox.layers.5.mlp.dense_h_to_4h.weight",
            Main,
            Some(5),
            Mlp,
        ),
        (
            "gpt_neox.layers.5.mlp.dense_4h_to_h.bias",
            Main,
            Some(5),
            Mlp,
        ),
        ("gpt_neox.final_layer_norm.weight", Main, None, Norm),
    ]);
}

#[test]
fn bert() {
    check(&[
        (
            "bert.embeddings.word_embeddings.weight",
            Main,
            None,
            Embedding,
        ),
        (
            "embeddings.position_embeddings.weight",
            Main,
            None,
            Embedding,
        ),
        ("bert.embeddings.LayerNorm.weight", Main, None, Norm),
        (
            "encoder.layer.0.attention.self.query.weight",
            Main,
            Some(0),
            Attention,
        ),
        (
            "encoder.layer.0.attention.output.dense.weight",
            Main,
            Some(0),
            Attention,
        ),
        (
            "encoder.layer.0.attention.output.LayerNorm.weight",
            Main,
            Some(0),
            Norm,
        ),
        (
            "encoder.layer.0.intermediate.dense.weight",
            Main,
            Some(0),
            Mlp,
        ),
        ("encoder.layer.0.output.dense.weight", Main, Some(0), Mlp),
        ("encoder.layer.0.output.LayerNorm.bias", Main, Some(0), Norm),
        ("cls.predictions.transform.dense.weight", Main, None, Head),
        (
            "cls.predictions.transform.LayerNorm.weight",
            Main,
            None,
            Norm,
        ),
        ("cls.predictions.decoder.weight", Main, None, Head),
        ("cls.predictions.bias", Main, None, Head),
        ("bert.pooler.dense.weight", Main, None, Head),
        ("classifier.weight", Main, None, Head),
    ]);
}

#[test]
fn t5() {
    check(&[
        ("shared.weight", Main, None, Embedding),
        ("encoder.embed_tokens.weight", Encoder, None, Embedding),
        (
            "encoder.block.2.layer.0.SelfAttention.q.weight",
            Encoder,
            Some(2),
            Attention,
        ),
        (
            "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
            Encoder,
            Some(0),
            Attention,
        ),
        (
            "encoder.block.2.layer.1.DenseReluDense.wi_0.weight",
            Encoder,
            Some(2),
            Mlp,
        ),
        (
            "decoder.block.4.layer.1.EncDecAttention.k.weight",
            Decoder,
            Some(4),
            Attention,
        ),
        (
            "decoder.block.4.layer.2.DenseReluDense.wo.weight",
            Decoder,
            Some(4),
            Mlp,
        ),
        (
            "decoder.block.4.layer.2.layer_norm.weight",
            Decoder,
            Some(4),
            Norm,
        ),
        ("decoder.final_layer_norm.weight", Decoder, None, Norm),
        ("lm_head.weight", Main, None, Head),
    ]);
}

#[test]
fn vit_alone_and_as_the_eyes_of_a_language_model() {
    check(&[
        ("vit.embeddings.cls_token", Main, None, Embedding),
        ("vit.embeddings.position_embeddings", Main, None, Embedding),
        (
            "vit.embeddings.patch_embeddings.projection.weight",
            Main,
            None,
            Embedding,
        ),
        (
            "vit.encoder.layer.3.attention.attention.query.weight",
            Main,
            Some(3),
            Attention,
        ),
        (
            "vit.encoder.layer.3.attention.output.dense.weight",
            Main,
            Some(3),
            Attention,
        ),
        (
            "vit.encoder.layer.3.intermediate.dense.weight",
            Main,
            Some(3),
            Mlp,
        ),
        (
            "vit.encoder.layer.3.output.dense.weight",
            Main,
            Some(3),
            Mlp,
        ),
        (
            "vit.encoder.layer.3.layernorm_before.weight",
            Main,
            Some(3),
            Norm,
        ),
        ("vit.layernorm.weight", Main, None, Norm),
        (
            "vision_tower.vision_model.encoder.layers.2.self_attn.out_proj.weight",
            Vision,
            Some(2),
            Attention,
        ),
        (
            "vision_tower.vision_model.embeddings.patch_embedding.weight",
            Vision,
            None,
            Embedding,
        ),
        ("visual.blocks.2.mlp.fc1.weight", Vision, Some(2), Mlp),
    ]);
}

#[test]
fn experts_and_their_routers() {
    check(&[
        (
            "model.layers.1.block_sparse_moe.experts.3.w1.weight",
            Main,
            Some(1),
            Mlp,
        ),
        (
            "model.layers.1.block_sparse_moe.gate.weight",
            Main,
            Some(1),
            Mlp,
        ),
        (
            "model.layers.1.mlp.experts.12.up_proj.weight",
            Main,
            Some(1),
            Mlp,
        ),
        ("model.layers.1.mlp.gate.weight", Main, Some(1), Mlp),
        (
            "model.layers.1.mlp.shared_expert_gate.weight",
            Main,
            Some(1),
            Mlp,
        ),
    ]);
}

#[test]
fn peft() {
    check(&[
        (
            "base_model.model.model.layers.9.self_attn.q_proj.lora_A.weight",
            Main,
            Some(9),
            Attention,
        ),
        (
            "base_model.model.model.layers.9.mlp.down_proj.lora_B.default.weight",
            Main,
            Some(9),
            Mlp,
        ),
        (
            "base_model.model.model.embed_tokens.lora_embedding_A",
            Main,
            None,
            Embedding,
        ),
        (
            "base_model.model.lm_head.modules_to_save.default.weight",
            Main,
            None,
            Head,
        ),
    ]);
}

#[test]
fn strange_names_have_a_place_too() {
    check(&[
        ("", Main, None, Other),
        ("...", Main, None, Other),
        ("重み", Main, None, Other),
        ("layers.99999999999999999999.x", Main, None, Other),
        ("layers.-1.x", Main, None, Other),
        ("backbone.layers.0.mixer.A_log", Main, Some(0), Other),
    ]);
}

#[test]
fn titles_are_unique() {
    let titles: std::collections::BTreeSet<_> = Kind::ALL.iter().map(|kind| kind.title()).collect();
    assert_eq!(titles.len(), Kind::ALL.len());
}

#[test]
fn a_tensor_is_renamed_to_another_layer() {
    let check = |name: &str, expected: &str| assert_eq!(in_layer(name, 12), expected);
    check(
        "model.layers.3.mlp.up_proj.weight",
        "model.layers.12.mlp.up_proj.weight",
    );
    check("encoder.block.3.layer.0.x", "encoder.block.12.layer.0.x");
    check(
        "transformer.h.0.attn.c_attn.weight",
        "transformer.h.12.attn.c_attn.weight",
    );
    check(
        "model.layers.3.mlp.experts.3.w1",
        "model.layers.12.mlp.experts.3.w1",
    );
    check("lm_head.weight", "lm_head.weight");
}
