//! `kinfolk extract` as scripts meet it.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn kinfolk(home: &Path, args: &[&str]) -> Output {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/extract");
    Command::new(env!("CARGO_BIN_EXE_kinfolk"))
        .arg("extract")
        .args(args)
        .args([
            "--model",
            "models/maplet/e2",
            "--base-model",
            "models/maplet/base",
        ])
        .arg("--root")
        .arg(data)
        .env("KINFOLK_HOME", home)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn an_extraction_tells_what_it_kept_and_its_json_the_same() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("out");
    let json = home.path().join("report.json");
    let args = [
        out.to_str().unwrap(),
        "--energy",
        "90%",
        "-e",
        "mlp",
        "--json",
        json.to_str().unwrap(),
    ];
    let output = kinfolk(home.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert!(said.contains("left out, excluded"), "{said}");
    assert!(said.contains("The adapter is in"), "{said}");
    let report: Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    let modules = report["result"]["modules"].as_array().unwrap();
    let factors = modules.iter().filter(|m| m["saved"] == "factors");
    for module in factors.clone() {
        let (energy, residual) = (&module["energy"], &module["residual"]);
        let (energy, residual) = (energy.as_f64().unwrap(), residual.as_f64().unwrap());
        assert!(energy >= 0.899_99, "{module}");
        assert!(
            (1.0 - energy - residual * residual).abs() < 1e-4,
            "{module}"
        );
    }
    assert!(factors.count() > 2);
    let kinship = report["kinship"].as_f64().unwrap();
    assert!(kinship > 0.3 && kinship < 1.0);
    // A second time it is in the way, and it may be replaced.
    let again = kinfolk(home.path(), &args[..1]);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("--force"));
    let forced = kinfolk(home.path(), &[args[0], "--force"]);
    assert_eq!(forced.status.code(), Some(0), "{}", text(&forced.stderr));
}

#[test]
fn a_dry_run_shows_the_plan_and_writes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let output = kinfolk(home.path(), &["--dry-run", "--max-rank", "4"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert!(said.contains("rank 4 at most"), "{said}");
    assert!(said.contains("whole, embedding or head"), "{said}");
    assert!(said.contains("writes"), "{said}");
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn wrong_calls_and_wrong_wishes_are_told_apart() {
    let home = tempfile::tempdir().unwrap();
    let status = |args: &[&str]| {
        let output = kinfolk(home.path(), args);
        (output.status.code(), text(&output.stderr))
    };
    assert_eq!(status(&["out", "--energy", "95"]).0, Some(2));
    assert_eq!(status(&["out", "--max-rank", "0"]).0, Some(2));
    assert_eq!(status(&[]).0, Some(2));
    let (code, said) = status(&["out", "-i", "("]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("not a regular expression"), "{said}");
}
