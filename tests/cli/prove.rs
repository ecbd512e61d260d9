//! `kinfolk prove` and `kinfolk verify` as scripts meet them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn kinfolk(home: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kinfolk"))
        .args(args)
        .current_dir(demo())
        .env("KINFOLK_HOME", home)
        .output()
        .unwrap()
}

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("resources/demo")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Writes a SLERP of two of the demo's models; its path.
fn child(home: &Path) -> String {
    let recipe = home.join("slerp.yaml");
    let yaml = "merge_method: slerp\nbase_model: arith\nmodels: [{model: arith}, {model: sorter}]\n\
                parameters: {t: 0.3}\n";
    std::fs::write(&recipe, yaml).unwrap();
    let out = home.join("child").to_str().unwrap().to_owned();
    let merged = kinfolk(home, &["merge", recipe.to_str().unwrap(), &out]);
    assert!(merged.status.success(), "{}", text(&merged.stderr));
    out
}

#[test]
fn a_proof_is_printed_as_a_sentence_and_as_json_with_a_recipe_that_runs() {
    let home = tempfile::tempdir().unwrap();
    let child = child(home.path());
    let args = ["prove", "--base", "base", &child, "arith", "sorter"];
    let told = kinfolk(home.path(), &args);
    assert_eq!(told.status.code(), Some(0), "{}", text(&told.stderr));
    let said = text(&told.stdout);
    assert!(
        said.contains("SLERP, t = 0.3, of arith and sorter"),
        "{said}"
    );
    assert!(said.contains("attention"), "{said}");
    let json = kinfolk(
        home.path(),
        &[&args[..], &["--all", "--json", "-"]].concat(),
    );
    let report: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(report["method"], "slerp");
    assert_eq!(report["equal_bytes"], 1.0);
    assert_eq!(report["largest_difference"], 0.0);
    let again = home.path().join("again.yaml");
    std::fs::write(&again, report["recipe"].as_str().unwrap()).unwrap();
    let out = home.path().join("again").to_str().unwrap().to_owned();
    let merged = kinfolk(home.path(), &["merge", again.to_str().unwrap(), &out]);
    assert!(merged.status.success(), "{}", text(&merged.stderr));
}

#[test]
fn a_fine_tune_is_claimed_for_no_method_and_ends_with_one() {
    let home = tempfile::tempdir().unwrap();
    let args = [
        "prove", "--base", "base", "ledger", "arith", "sorter", "--json", "-",
    ];
    let told = kinfolk(home.path(), &args);
    assert_eq!(told.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(report["method"], Value::Null);
    assert!(text(&told.stderr).contains("Nothing is claimed"));
}

#[test]
fn a_merge_verifies_and_a_model_without_a_record_does_not() {
    let home = tempfile::tempdir().unwrap();
    let child = child(home.path());
    let good = kinfolk(home.path(), &["verify", &child]);
    assert_eq!(good.status.code(), Some(0), "{}", text(&good.stderr));
    assert!(text(&good.stdout).contains("is what its record says"));
    let none = kinfolk(home.path(), &["verify", "arith"]);
    assert_eq!(none.status.code(), Some(1));
    assert!(text(&none.stderr).contains("no record of its making"));
}
