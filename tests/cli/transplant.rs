//! `kinfolk transplant` as scripts meet it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tokens/models/fir")
}

fn transplant(more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kinfolk"));
    command.args(["transplant", "a", "b", "--root"]).arg(root());
    command.args(more).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_dry_run_counts_tokens_and_writes_nothing() {
    let output = transplant(&["--dry-run", "-k", "8", "-pm", "lm_head", "-bm", "no"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let shown = text(&output.stdout);
    assert!(shown.contains("109 tokens"), "{shown}");
    assert!(
        shown.contains("lm_head.weight: 35 shared, 35 matched by prefix, 39 made"),
        "{shown}"
    );
    assert!(
        shown.contains("embed_tokens.weight: 35 shared, 74 made"),
        "{shown}"
    );
}

#[test]
fn json_has_the_report_and_force_replaces() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let out = out.to_str().unwrap();
    let run = |more: &[&str]| transplant(&[&[out, "-k", "4", "--json", "-"], more].concat());
    let output = run(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&report["method"], &report["k"]),
        (&"omp".into(), &4.into())
    );
    assert_eq!(report["matrices"][1]["made"], 74);
    assert!(
        report["matrices"][1]["unexplained"]["median"]
            .as_f64()
            .unwrap()
            > 0.0
    );
    assert_eq!(report["matrices"][1]["worst"].as_array().unwrap().len(), 20);
    assert_eq!(report["result"]["tensors"], 21);
    let again = run(&[]);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("--force"));
    assert_eq!(run(&["--force"]).status.code(), Some(0));
}

#[test]
fn methods_of_mergekit_that_are_not_done_are_refused_by_name() {
    let output = transplant(&["--dry-run", "-a", "landmark_pca"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("`landmark_pca` of mergekit is not done"));
    let output = transplant(&["--dry-run", "-a", "nonsense"]);
    assert_eq!(output.status.code(), Some(2));
}
