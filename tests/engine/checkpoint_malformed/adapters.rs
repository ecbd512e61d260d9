//! Adapters that do not fit their base or themselves.

use super::*;

/// As `check`, for an adapter with this configuration, beside `peft_type`, and these tensors.
fn check_adapter(config: &str, parts: &[Part<'_>], file: &str, words: &[&str]) {
    let dir = TempDir::new().unwrap();
    let comma = if config.is_empty() { "" } else { "," };
    let config = format!(r#"{{"peft_type":"LORA","r":2,"lora_alpha":4{comma}{config}}}"#);
    std::fs::write(dir.path().join("adapter_config.json"), config).unwrap();
    write_safetensors(&dir.path().join("adapter_model.safetensors"), parts);
    check(dir.path(), file, words);
}

const A: &str = "base_model.model.q_proj.lora_A.weight";

const B: &str = "base_model.model.q_proj.lora_B.weight";

const WEIGHTS: &str = "adapter_model.safetensors";

#[test]
fn adapter_without_a_configuration() {
    let dir = TempDir::new().unwrap();
    write_safetensors(&dir.path().join(WEIGHTS), &[zeros(A, &[2, 3])]);
    check(dir.path(), "adapter_config.json", &["nothing here"]);
}

#[test]
fn adapter_configuration_is_not_json() {
    let dir = TempDir::new().unwrap();
    write_safetensors(&dir.path().join(WEIGHTS), &[]);
    std::fs::write(dir.path().join("adapter_config.json"), "r: 4").unwrap();
    check(
        dir.path(),
        "adapter_config.json",
        &["not valid", "expected value"],
    );
}

#[test]
fn adapter_settings_that_cannot_be_done() {
    for (setting, word) in [
        (r#""use_qalora":true"#, "use_qalora"),
        (r#""layer_replication":[[0,2],[1,3]]"#, "layer_replication"),
        (r#""megatron_config":{"a":1}"#, "megatron_config"),
        (
            r#""init_lora_weights":"pissa_niter_16""#,
            "`pissa_niter_16`",
        ),
        (r#""init_lora_weights":"corda""#, "`corda`"),
        (r#""init_lora_weights":"loftq""#, "`loftq`"),
        (r#""init_lora_weights":"magic""#, "`magic`"),
    ] {
        check_adapter(
            setting,
            &[],
            "adapter_config.json",
            &[word, "cannot be used"],
        );
    }
}

#[test]
fn adapter_of_another_kind() {
    let dir = TempDir::new().unwrap();
    write_safetensors(&dir.path().join(WEIGHTS), &[]);
    std::fs::write(
        dir.path().join("adapter_config.json"),
        r#"{"peft_type":"BOFT"}"#,
    )
    .unwrap();
    check(dir.path(), "adapter_config.json", &["BOFT", "only LORA"]);
}

#[test]
fn adapter_pattern_that_is_no_regular_expression() {
    check_adapter(
        r#""rank_pattern":{"layers\\.[0-3\\.q_proj":4}"#,
        &[],
        "adapter_config.json",
        &["`layers\\.[0-3\\.q_proj`", "regular expression"],
    );
}

#[test]
fn adapter_of_rank_zero() {
    check_adapter(
        r#""rank_pattern":{"q":0}"#,
        &[],
        "adapter_config.json",
        &["rank is 0"],
    );
}

#[test]
fn adapter_factor_without_its_partner() {
    check_adapter("", &[zeros(A, &[2, 3])], WEIGHTS, &[A, "no lora_B"]);
    check_adapter("", &[zeros(B, &[3, 2])], WEIGHTS, &[B, "no lora_A"]);
}

#[test]
fn adapter_factor_of_another_rank_than_configured() {
    check_adapter(
        "",
        &[zeros(A, &[3, 5]), zeros(B, &[5, 3])],
        WEIGHTS,
        &[A, "rank 2", "[3, 5]"],
    );
}

#[test]
fn adapter_factors_of_two_ranks() {
    check_adapter(
        "",
        &[zeros(A, &[2, 5]), zeros(B, &[5, 3])],
        WEIGHTS,
        &[B, "rank 2", "[5, 3]"],
    );
}

#[test]
fn adapter_factor_that_is_no_matrix() {
    check_adapter(
        "",
        &[zeros(A, &[2]), zeros(B, &[5, 2])],
        WEIGHTS,
        &[A, "found [2]"],
    );
    check_adapter(
        "",
        &[zeros(A, &[2, 5, 3, 3]), zeros(B, &[5, 2, 3, 1])],
        WEIGHTS,
        &[B, "[5, 2, 3, 1]"],
    );
}

#[test]
fn adapter_factor_of_integers() {
    let a = Part {
        name: A,
        dtype: "I8",
        shape: &[2, 1],
        bytes: vec![0; 2],
    };
    check_adapter("", &[a, zeros(B, &[5, 2])], WEIGHTS, &[A, "I8", "float"]);
}

#[test]
fn adapter_tensor_that_is_not_understood() {
    let name = "base_model.model.q_proj.lora_magnitude_vector.weight";
    check_adapter("", &[zeros(name, &[2])], WEIGHTS, &[name, "use_dora"]);
    check_adapter(
        "",
        &[f32_part("prompt", &[1], &[0.0])],
        WEIGHTS,
        &["`prompt`"],
    );
}

#[test]
fn adapter_with_two_factors_for_one_side() {
    let named = "base_model.model.q_proj.lora_A.mine.weight";
    check_adapter(
        "",
        &[zeros(A, &[2, 3]), zeros(named, &[2, 3])],
        WEIGHTS,
        &[A, named, "same module"],
    );
}

#[test]
fn adapter_that_both_adds_to_a_tensor_and_replaces_it() {
    let whole = "base_model.model.q_proj.weight";
    check_adapter(
        "",
        &[zeros(A, &[2, 3]), zeros(B, &[3, 2]), zeros(whole, &[3, 3])],
        WEIGHTS,
        &["`q_proj.weight`", "twice"],
    );
}
