//! What the built-in evaluator does not run, in sentences.

use std::path::Path;

use kinfolk::checkpoint::Checkpoint;
use kinfolk::evaluate::{EvaluateError, Model, evaluate, read_tasks};
use kinfolk::jobs::Ticket;

use super::families::{Draw, plain, write};
use super::logits::load;
use super::naive::Naive;
use crate::common::{oracle, write_sparse};

/// The sentence about the model in `dir`.
fn refusal(dir: &Path) -> String {
    let checkpoint = match Checkpoint::open(dir) {
        Ok(checkpoint) => checkpoint,
        Err(error) => return error.to_string(),
    };
    let error = Model::load(&checkpoint, &Ticket::default()).unwrap_err();
    assert!(!matches!(error, EvaluateError::Inference { .. }), "{error}");
    error.to_string()
}

fn check(naive: &Naive, more: &str, wanted: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), naive, "LlamaForCausalLM", more);
    let error = refusal(dir.path());
    let folder = dir.path().to_string_lossy();
    for word in wanted.iter().chain([&&*folder]) {
        assert!(error.contains(word), "{error}");
    }
}

#[test]
fn settings_that_would_change_the_numbers_are_refused() {
    let plain = plain(1);
    check(
        &plain,
        r#", "hidden_act": "gelu""#,
        &["gelu", "config.json"],
    );
    check(
        &plain,
        r#", "rope_scaling": {"rope_type": "yarn"}"#,
        &["yarn"],
    );
    check(
        &plain,
        r#", "quantization_config": {"bits": 4}"#,
        &["quantised"],
    );
    check(
        &plain,
        r#", "tie_word_embeddings": 1 ] "#,
        &["config.json", "line"],
    );
}

#[test]
fn weights_that_do_not_fit_the_settings_are_refused() {
    let mut missing = plain(1);
    missing.weights.remove("model.layers.1.mlp.up_proj.weight");
    check(
        &missing,
        "",
        &["`model.layers.1.mlp.up_proj.weight` is missing"],
    );
    let mut odd = plain(1);
    Draw(1).tensor(&mut odd, "model.norm.weight", &[31]);
    check(&odd, "", &["`model.norm.weight` has shape [31]", "[32]"]);
    let mut more = plain(1);
    Draw(1).tensor(&mut more, "model.layers.0.mlp.router.weight", &[4, 32]);
    check(
        &more,
        "",
        &["`model.layers.0.mlp.router.weight` has no place"],
    );
}

#[test]
fn a_model_without_its_files_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &plain(1), "LlamaForCausalLM", "");
    let file = |name: &str| dir.path().join(name);
    std::fs::write(file("tokenizer.json"), "{}").unwrap();
    assert!(refusal(dir.path()).contains("tokenizer.json"));
    std::fs::remove_file(file("tokenizer.json")).unwrap();
    assert!(refusal(dir.path()).contains("there is no tokenizer.json"));
    std::fs::remove_file(file("config.json")).unwrap();
    assert!(refusal(dir.path()).contains("there is no config.json"));
}

#[test]
fn another_architecture_is_refused_by_its_name() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &plain(1), "MixtralForCausalLM", "");
    let error = refusal(dir.path());
    assert!(
        error.contains("is MixtralForCausalLM and Llama, Mistral"),
        "{error}"
    );
}

#[test]
fn an_adapter_is_refused() {
    let folders = std::fs::read_dir(oracle("")).unwrap();
    let below = folders.flat_map(|family| std::fs::read_dir(family.unwrap().path()).unwrap());
    let adapter = below
        .map(|entry| entry.unwrap().path())
        .find(|path| path.join("adapter_config.json").is_file())
        .unwrap();
    assert!(refusal(&adapter).contains("adapter without its base"));
}

/// A file of 400 GB, all of it a hole.
#[cfg(target_os = "linux")]
#[test]
fn a_model_too_large_for_memory_is_refused_with_figures() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &plain(1), "LlamaForCausalLM", "");
    let elements: u64 = 200_000_000_000;
    let header = format!(
        r#"{{"model.embed_tokens.weight":{{"dtype":"BF16","shape":[{elements}],"data_offsets":[0,{}]}}}}"#,
        2 * elements
    );
    write_sparse(&dir.path().join("model.safetensors"), &header, 2 * elements);
    let error = refusal(dir.path());
    assert!(error.contains("takes 800.5 GB of memory"), "{error}");
}

#[test]
fn a_prompt_longer_than_the_model_reads_is_refused_with_its_line() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &plain(1), "LlamaForCausalLM", "");
    let path = dir.path().join("long.jsonl");
    let line = |prompt: &str| format!(r#"{{"prompt": "{prompt}", "answer": "a"}}"#);
    let lines = [line("a"), line(&"a".repeat(24))].join("\n");
    std::fs::write(&path, lines).unwrap();
    let tasks = read_tasks(&[path]).unwrap();
    let error = evaluate(&load(dir.path()), &tasks, &Ticket::default()).unwrap_err();
    let error = error.to_string();
    assert!(error.starts_with("line 2 of the tasks"), "{error}");
    assert!(
        error.contains("25 tokens") && error.contains("at most 24"),
        "{error}"
    );
}

#[test]
fn a_model_of_nan_has_no_perplexity() {
    let dir = tempfile::tempdir().unwrap();
    let mut broken = plain(1);
    let norm = broken.weights.get_mut("model.norm.weight").unwrap();
    norm.1.fill(f32::NAN);
    write(dir.path(), &broken, "LlamaForCausalLM", "");
    let path = dir.path().join("text.txt");
    std::fs::write(&path, "some text").unwrap();
    let tasks = read_tasks(&[path]).unwrap();
    let error = evaluate(&load(dir.path()), &tasks, &Ticket::default()).unwrap_err();
    assert!(error.to_string().contains("`text` is NaN"), "{error}");
}
