//! `kinfolk evaluate` as scripts meet it.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::logits::demo;

fn kinfolk(home: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kinfolk"))
        .arg("evaluate")
        .args(args)
        .env("KINFOLK_HOME", home)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn path(name: &str) -> String {
    demo(name).to_string_lossy().into_owned()
}

#[test]
fn scores_are_a_table_json_and_a_list_of_answers() {
    let home = tempfile::tempdir().unwrap();
    let prose = home.path().join("prose.txt");
    std::fs::write(&prose, "abc abc abc").unwrap();
    let file = |name: &str| home.path().join(name).to_string_lossy().into_owned();
    let (model, tasks) = (path("arith"), path("tasks/sub.dev.jsonl"));
    let (json, items) = (file("out.json"), file("items.csv"));
    let args = [&model, &tasks, &file("prose.txt"), "--threads", "1"];
    let more = ["--json", &json, "--items", &items];
    let output = kinfolk(home.path(), &[&args[..], &more[..]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let table = text(&output.stdout);
    assert!(
        table.contains("sub (dev)") && table.contains("132 of 150"),
        "{table}"
    );
    assert!(table.contains("over 11 tokens"), "{table}");
    let json: Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    assert_eq!(json["model"], "arith");
    let wanted =
        serde_json::json!({"task": "sub (dev)", "n": 150, "correct": 132, "accuracy": 0.88});
    assert_eq!(json["tasks"][0], wanted);
    assert_eq!(json["average"], 0.88, "a perplexity is no part of it");
    let prose = json["tasks"][1].as_object().unwrap();
    assert_eq!(
        prose.keys().collect::<Vec<_>>(),
        ["n", "perplexity", "task"]
    );
    assert!(prose["perplexity"].as_f64().unwrap() > 1.0);
    let mut items = csv::Reader::from_path(&items).unwrap();
    assert_eq!(
        items.headers().unwrap(),
        ["task", "prompt", "expected", "got", "right"].as_slice()
    );
    let rows: Vec<csv::StringRecord> = items.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 150);
    let right = rows.iter().filter(|row| row[2] == row[3] && &row[4] == "1");
    assert_eq!(right.count(), 132);
}

#[test]
fn what_fails_is_one_sentence_and_no_result() {
    let home = tempfile::tempdir().unwrap();
    let (model, tasks) = (path("base"), path("tasks/sub.dev.jsonl"));
    let missing = path("tasks/none.jsonl");
    for (args, status) in [
        (&[&model, &missing][..], 1),
        (&[&missing, &tasks][..], 1),
        (&[&model][..], 2),
    ] {
        let args: Vec<&str> = args.iter().map(|arg| arg.as_str()).collect();
        let output = kinfolk(home.path(), &args);
        assert_eq!(output.status.code(), Some(status));
        assert!(output.stdout.is_empty());
        let message = text(&output.stderr);
        assert!(status == 2 || message.lines().count() == 1, "{message}");
    }
}
