//! `kinfolk moe` as scripts meet it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn set() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/moe")
}

/// The program in the folder of the set.
fn kinfolk(home: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kinfolk"));
    command.args(args).current_dir(set()).stdin(Stdio::null());
    command.env("KINFOLK_HOME", home).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A folder of its own, and the path of an output in it.
fn home() -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out").to_string_lossy().into_owned();
    (dir, out)
}

#[test]
fn a_mixture_is_planned_written_and_replaced_when_that_is_said() {
    let (home, out) = home();
    let recipe = "configs/moe-deepseek-shared.yaml";
    let plan = kinfolk(home.path(), &["moe", recipe, "--dry-run", "--json", "-"]);
    assert!(plan.status.success(), "{}", text(&plan.stderr));
    let plan: Value = serde_json::from_slice(&plan.stdout).unwrap();
    assert_eq!(plan["architecture"], "deepseek");
    assert_eq!(plan["experts_per_token"], 1);
    assert_eq!(plan["tensors"].as_array().unwrap().len(), 35);
    assert_eq!(
        plan["prompts"][1]["tokens"],
        serde_json::json!([0, 27, 24, 69])
    );
    assert_eq!(plan["result"], Value::Null);
    assert!(!Path::new(&out).exists());
    let made = kinfolk(home.path(), &["moe", recipe, &out, "--shard-size", "20kB"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    assert!(text(&made.stdout).contains("The mixture is in"));
    assert!(
        Path::new(&out)
            .join("model.safetensors.index.json")
            .is_file()
    );
    let again = kinfolk(home.path(), &["moe", recipe, &out]);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("there is something already"));
    let again = kinfolk(home.path(), &["moe", recipe, &out, "--force"]);
    assert!(again.status.success(), "{}", text(&again.stderr));
    assert!(Path::new(&out).join("model.safetensors").is_file());
}

#[test]
fn what_is_for_training_and_what_is_odd_is_let_through_when_that_is_said() {
    let (home, out) = home();
    let recipe = home.path().join("same.yaml");
    let models = set().join("models/maplet");
    let same = format!(
        "base_model: {0}/base\ngate_mode: cheap_embed\nfoo: 1\nexperts:\n- source_model: {0}/e1\n  \
         positive_prompts: [a]\n- source_model: {0}/e1\n  positive_prompts: [b]\n",
        models.display()
    );
    std::fs::write(&recipe, same).unwrap();
    let recipe = recipe.to_string_lossy().into_owned();
    let refused = kinfolk(home.path(), &["moe", &recipe, &out]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("all experts are the same model"));
    let train = "--i-understand-this-is-not-useful-without-training";
    let strict = kinfolk(home.path(), &["moe", &recipe, &out, train, "--strict"]);
    assert!(text(&strict.stderr).contains("recipes have no key `foo` here"));
    assert_eq!(strict.status.code(), Some(1));
    let made = kinfolk(home.path(), &["moe", &recipe, &out, train]);
    assert!(made.status.success(), "{}", text(&made.stderr));
}

#[test]
fn each_command_names_the_other_for_its_recipes() {
    let (home, out) = home();
    let merge = kinfolk(home.path(), &["merge", "configs/moe-qwen3.yaml", &out]);
    assert_eq!(merge.status.code(), Some(1));
    assert!(text(&merge.stderr).contains("make it with `kinfolk moe`"));
    let recipe = home.path().join("merge.yaml");
    std::fs::write(&recipe, "merge_method: linear\nmodels: [{model: a}]\n").unwrap();
    let moe = kinfolk(home.path(), &["moe", &recipe.to_string_lossy(), &out]);
    assert!(text(&moe.stderr).contains("carry it out with `kinfolk merge`"));
    let gguf = kinfolk(home.path(), &["moe", "configs/moe-qwen3.yaml", "x.gguf"]);
    assert!(
        text(&gguf.stderr).contains("is the name of a GGUF"),
        "{}",
        text(&gguf.stderr)
    );
    assert!(!Path::new(&out).exists());
}
