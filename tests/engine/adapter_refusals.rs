//! Adapters that are wrong or not read: a sentence that names the tensor and what was expected.

use std::path::Path;

use kinfolk::checkpoint::Checkpoint;
use tempfile::TempDir;

use crate::common::{Part, write_safetensors, zeros};

type Parts<'p> = [(&'p str, &'p [usize])];

fn folder(config: &str, parts: &Parts<'_>) -> TempDir {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("adapter_config.json"), config).unwrap();
    let names: Vec<String> = parts
        .iter()
        .map(|(name, _)| match name.starts_with("base_model") {
            true => (*name).to_owned(),
            false => format!("base_model.model.{name}"),
        })
        .collect();
    let parts: Vec<Part<'_>> = parts
        .iter()
        .zip(&names)
        .map(|((_, shape), name)| zeros(name, shape))
        .collect();
    write_safetensors(&dir.path().join("adapter_model.safetensors"), &parts);
    dir
}

fn assert_words(message: &str, words: &[&str]) {
    for word in words {
        assert!(message.contains(word), "no {word:?} in {message:?}");
    }
    assert!(message.contains("adapter_"), "no file in {message:?}");
}

/// Opening an adapter of this configuration must fail with these words.
fn check(config: &str, parts: &Parts<'_>, words: &[&str]) {
    let dir = folder(config, parts);
    let error = Checkpoint::open(dir.path()).unwrap_err();
    assert_words(&error.to_string(), words);
}

/// It opens, and must not fit a base with this tensor.
fn check_fit(config: &str, parts: &Parts<'_>, (name, shape): (&str, &[usize]), words: &[&str]) {
    let dir = folder(config, parts);
    let adapter = Checkpoint::open(dir.path()).unwrap();
    let base = dir.path().join("base.safetensors");
    write_safetensors(&base, &[zeros(name, shape)]);
    let base = open(&base);
    let change = adapter.adapter().unwrap().change(&base, &base.tensors()[0]);
    assert_words(&change.unwrap_err().to_string(), words);
}

fn open(path: &Path) -> Checkpoint {
    Checkpoint::open(path).unwrap()
}

const LORA: &str = r#"{"peft_type":"LORA","r":2}"#;
const DORA: &str = r#"{"peft_type":"LORA","r":2,"use_dora":true}"#;
const LOHA: &str = r#"{"peft_type":"LOHA","r":2}"#;
const LOKR: &str = r#"{"peft_type":"LOKR","r":2}"#;
const IA3: &str = r#"{"peft_type":"IA3"}"#;
const VERA: &str = r#"{"peft_type":"VERA","r":2}"#;
const OFT: &str = r#"{"peft_type":"OFT"}"#;
const ADALORA: &str = r#"{"peft_type":"ADALORA","init_r":2}"#;
const TOKENS: &str = r#"{"peft_type":"LORA","r":2,"trainable_token_indices":[1,4]}"#;
const OLORA: &str = r#"{"peft_type":"LORA","r":2,"init_lora_weights":"olora"}"#;
const KASA: &str = r#"{"peft_type":"LORA","r":2,"kasa_config":{"beta":1}}"#;
const EXPERTS: &str = r#"{"peft_type":"LORA","r":2,"target_parameters":["experts.down_proj"]}"#;

const A: (&str, &[usize]) = ("q.lora_A.weight", &[2, 3]);
const B: (&str, &[usize]) = ("q.lora_B.weight", &[4, 2]);

#[test]
fn dora() {
    let m = "q.lora_magnitude_vector";
    check(DORA, &[A, B], &[B.0, "no lora_magnitude_vector"]);
    check(DORA, &[A, B, (m, &[3])], &[m, "[4]", "[3]"]);
    check(DORA, &[(m, &[4])], &[m, "alone"]);
    check(LORA, &[A, B, (m, &[4])], &[m, "use_dora"]);
    check_fit(
        DORA,
        &[A, B, (m, &[4])],
        ("q.weight", &[4, 4]),
        &["[4, 3]", "[4, 4]"],
    );
}

#[test]
fn lora_biases() {
    let bias = "q.lora_B.bias";
    check(LORA, &[A, B, (bias, &[4])], &[bias, "lora_bias"]);
    let config = r#"{"peft_type":"LORA","r":2,"lora_bias":true}"#;
    check(config, &[A, B, (bias, &[4, 1])], &[bias, "[outputs]"]);
    check_fit(
        config,
        &[A, B, (bias, &[4])],
        ("q.bias", &[3]),
        &["q.bias", "[4]", "[3]"],
    );
}

#[test]
fn loha() {
    let (w1a, w1b) = ("q.hada_w1_a", "q.hada_w1_b");
    let (w2a, w2b) = ("q.hada_w2_a", "q.hada_w2_b");
    let one: [(&str, &[usize]); 2] = [(w1a, &[4, 2]), (w1b, &[2, 3])];
    check(LOHA, &[one[0]], &[w1a, "no hada_w1_b"]);
    check(LOHA, &one, &[w1b, "partner"]);
    let two = [one[0], one[1], (w2a, &[4, 2]), (w2b, &[2, 4])];
    check(LOHA, &two, &[w2b, "[4, 3]"]);
    check(LOHA, &[(w1a, &[4, 3]), (w1b, &[3, 3])], &["rank 2"]);
    check(LOHA, &[("q.hada_t1", &[2, 2, 3, 3])], &["convolution"]);
    check(LORA, &one, &[w1a, "another kind"]);
    let whole = [one[0], one[1], (w2a, &[4, 2]), (w2b, &[2, 3])];
    check_fit(LOHA, &whole, ("q.weight", &[3, 4]), &["[4, 3]", "[3, 4]"]);
}

#[test]
fn lokr() {
    let (w1, w2) = ("q.lokr_w1", "q.lokr_w2");
    check(LOKR, &[(w1, &[2, 2])], &["lokr_w1", "not the other"]);
    check(LOKR, &[(w1, &[2]), (w2, &[2, 2])], &[w1, "matrix"]);
    check(LOKR, &[("q.lokr_w2_a", &[2, 2])], &["no lokr_w2_b"]);
    let both = [
        (w1, &[2, 2][..]),
        ("q.lokr_w1_a", &[2, 2]),
        ("q.lokr_w1_b", &[2, 2]),
    ];
    check(LOKR, &both, &[w1, "whole and as a product"]);
    let whole = [(w1, &[2, 2][..]), (w2, &[3, 1])];
    check_fit(LOKR, &whole, ("q.weight", &[6, 3]), &["[6, 2]", "[6, 3]"]);
}

#[test]
fn ia3() {
    let l = "q.ia3_l";
    check(IA3, &[(l, &[2, 2])], &[l, "[outputs, 1]"]);
    check_fit(IA3, &[(l, &[4, 1])], ("q.weight", &[3, 4]), &["4 outputs"]);
    check_fit(IA3, &[(l, &[1, 4])], ("q.weight", &[4, 3]), &["4 inputs"]);
}

#[test]
fn vera() {
    let (d, b) = ("q.vera_lambda_d", "q.vera_lambda_b");
    let (va, vb) = ("base_model.vera_A", "base_model.vera_B");
    let own: [(&str, &[usize]); 2] = [(d, &[2]), (b, &[4])];
    check(VERA, &own[..1], &[d, "no vera_lambda_b"]);
    check(VERA, &own, &[d, "vera_A"]);
    check(
        VERA,
        &[own[0], own[1], (va, &[3, 5]), (vb, &[4, 2])],
        &[va, "rank 2"],
    );
    check(
        VERA,
        &[own[0], own[1], (va, &[2, 5]), (vb, &[3, 2])],
        &[vb, "4 or more"],
    );
    let unsaved = r#"{"peft_type":"VERA","r":2,"save_projection":false}"#;
    check(unsaved, &own, &["save_projection", "cannot be used"]);
    let whole = [own[0], own[1], (va, &[2, 5]), (vb, &[4, 2])];
    check_fit(
        VERA,
        &whole,
        ("q.weight", &[4, 6]),
        &["5 or fewer", "[4, 6]"],
    );
}

#[test]
fn oft() {
    let r = "q.oft_R.weight";
    check(OFT, &[(r, &[2, 5])], &[r, "size · (size − 1) / 2"]);
    check(OFT, &[("q.oft_r", &[2, 2, 2])], &["given up"]);
    let coft = r#"{"peft_type":"OFT","coft":true}"#;
    check(coft, &[(r, &[2, 1])], &["coft", "cannot be used"]);
    check_fit(
        OFT,
        &[(r, &[2, 3])],
        ("q.weight", &[4, 5]),
        &["2 · 3 inputs"],
    );
}

#[test]
fn adalora() {
    let (a, b, e) = (("q.lora_A", A.1), ("q.lora_B", B.1), "q.lora_E");
    check(ADALORA, &[a, b], &[a.0, "no lora_E"]);
    check(ADALORA, &[a, (e, &[2, 1])], &[a.0, "no lora_B"]);
    check(ADALORA, &[a, b, (e, &[3, 1])], &["rank 3", "[2, 3]"]);
    check(ADALORA, &[(e, &[2, 1])], &[e, "alone"]);
    check(LORA, &[A, B, (e, &[2, 1])], &[e, "another kind"]);
}

#[test]
fn trained_tokens() {
    let rows = "wte.token_adapter.trainable_tokens_delta";
    check(TOKENS, &[(rows, &[3, 2])], &[rows, "[2, width]"]);
    let twice = r#"{"peft_type":"LORA","trainable_token_indices":[1,1]}"#;
    check(twice, &[(rows, &[2, 2])], &[rows, "token 1 twice"]);
    check_fit(
        TOKENS,
        &[(rows, &[2, 2])],
        ("wte.weight", &[5, 3]),
        &["[5 or more, 2]"],
    );
    check_fit(
        TOKENS,
        &[(rows, &[2, 2])],
        ("wte.weight", &[5]),
        &["[tokens, 2]"],
    );
}

#[test]
fn parts_taken_from_the_base() {
    let diagonal = "q.lora_diag";
    check(KASA, &[A, B], &["KaSA", "cannot be used"]);
    check(LORA, &[A, B, (diagonal, &[2])], &[diagonal, "KaSA"]);
    let pissa = r#"{"peft_type":"LORA","init_lora_weights":"pissa"}"#;
    check(pissa, &[A, B], &["PiSSA", "PEFT converts it"]);
    let embedding = [
        ("wte.lora_embedding_A", &[2, 3][..]),
        ("wte.lora_embedding_B", &[4, 2]),
    ];
    check(OLORA, &embedding, &["embedding", "cannot be used"]);
    let small = [("q.lora_A.weight", &[2, 1][..]), B];
    check_fit(OLORA, &small, ("q.weight", &[4, 1]), &["rank 2 or more"]);
}

#[test]
fn adapted_parameters() {
    let (a, b) = ("mlp.experts.lora_A.weight", "mlp.experts.lora_B.weight");
    let wrapped = "mlp.experts.base_layer.lora_A.weight";
    check(LORA, &[(wrapped, &[4, 3])], &[wrapped, "target_parameters"]);
    check(EXPERTS, &[(a, &[4, 3])], &[a, "no lora_B"]);
    check(
        EXPERTS,
        &[(a, &[5, 3]), (b, &[2, 4])],
        &[a, "2 experts", "[5, 3]"],
    );
    let pair = [(a, &[4, 3][..]), (b, &[5, 4])];
    let fused = "mlp.experts.down_proj";
    check_fit(
        EXPERTS,
        &pair,
        (fused, &[3, 5, 3]),
        &["[2, 5, 3]", "[3, 5, 3]"],
    );
    let one = "mlp.experts.7.down_proj.weight";
    check_fit(EXPERTS, &pair, (one, &[5, 3]), &["2 experts"]);
    check_fit(EXPERTS, &pair, (one, &[5, 4]), &["[5, 3]", "[5, 4]"]);
}

#[test]
fn keys_of_helpers_and_of_nothing() {
    let helper = "q.lora_velora_embed";
    check(LORA, &[A, B, (helper, &[2])], &[helper, "does not name"]);
    check(
        LORA,
        &[("q.lora_magic", &[2])],
        &["lora_magic", "not understood"],
    );
    check(
        LORA,
        &[("base_model.vera_A", &[2, 2])],
        &["vera_A", "another kind"],
    );
}

/// The numbers of experts and blocks follow from shapes, which nothing bounds where they are of
/// empty tensors.
#[test]
fn factors_without_inputs_or_outputs_are_refused() {
    let empty: &Parts<'_> = &[
        ("q_proj.lora_A.weight", &[2, 0]),
        ("q_proj.lora_B.weight", &[5, 2]),
    ];
    check(LORA, empty, &["lora_A", "one input or more", "[2, 0]"]);
    let empty: &Parts<'_> = &[
        ("q_proj.lora_A.weight", &[2, 3]),
        ("q_proj.lora_B.weight", &[0, 2]),
    ];
    check(LORA, empty, &["lora_B", "one output or more", "[0, 2]"]);
    let fused = r#"{"peft_type":"LORA","r":1,"target_parameters":["experts.w"]}"#;
    let experts: &Parts<'_> = &[
        ("experts.lora_A.weight", &[1 << 40, 0]),
        ("experts.lora_B.weight", &[0, 1 << 40]),
    ];
    check(fused, experts, &["lora_A", "one input or more"]);
    let skew: &Parts<'_> = &[("q_proj.oft_R.weight", &[0, (1 << 47) + 1])];
    check(OFT, skew, &["oft_R", "size · (size − 1) / 2"]);
}
