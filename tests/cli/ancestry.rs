//! `kinfolk ancestry` as scripts meet it.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn kinfolk(args: &[&str]) -> Output {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("resources/demo");
    let home = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_kinfolk"))
        .args(args)
        .current_dir(demo)
        .env("KINFOLK_HOME", home.path())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn the_json_has_child_parts_residual_and_verdict() {
    let output = kinfolk(&[
        "ancestry", "--base", "base", "ledger", "arith", "mirror", "--by", "layer", "--json", "-",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["child"], "ledger");
    assert_eq!(found["verdict"], "fine_tune");
    assert_eq!(
        found["parts"],
        serde_json::json!([{ "model": "arith", "share": 1.0 }])
    );
    let residual = found["residual"].as_f64().unwrap();
    assert!((0.2..0.6).contains(&residual), "{found}");
    let groups = found["groups"].as_array().unwrap();
    assert!(groups.len() >= 4, "{found}");
    assert!(
        groups
            .iter()
            .all(|group| group["parts"][0]["model"] == "arith"),
        "{found}"
    );
}

#[test]
fn the_text_says_shares_and_a_sentence_and_wrong_use_is_refused() {
    let output = kinfolk(&["ancestry", "--base", "base", "arith", "arith", "tally"]);
    let said = text(&output.stdout);
    assert!(said.starts_with("100 % arith\n"), "{said}");
    assert!(said.contains("is a copy of"), "{said}");
    let output = kinfolk(&["ancestry", "--base", "base", "arith"]);
    assert_eq!(output.status.code(), Some(2));
    let output = kinfolk(&["ancestry", "--base", "base", "arith", "nobody"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
}
