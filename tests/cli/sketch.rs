//! Sketches on the command line: near the exact kinship, kept, and the same from a plan.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const NAMES: [&str; 5] = ["abacus", "arith", "ledger", "mirror", "order"];

fn run(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kinfolk"));
    command
        .current_dir(dir)
        .env("KINFOLK_HOME", dir.join("home"));
    let out = command.args(args).output().unwrap();
    let told = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{args:?}: {told}");
    out
}

fn demo() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), &["demo", "demo"]);
    let list: String = NAMES.iter().map(|name| format!("demo/{name}\n")).collect();
    std::fs::write(dir.path().join("list"), list).unwrap();
    dir
}

fn json(dir: &Path, file: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(dir.join(file)).unwrap()).unwrap()
}

#[test]
fn a_sketch_is_near_the_exact_kinship_kept_and_the_same_from_a_plan() {
    let dir = demo();
    let dir = dir.path();
    let models = NAMES.map(|name| format!("demo/{name}"));
    let with = |start: &[&str]| -> Vec<String> {
        let start = start.iter().map(|arg| (*arg).to_owned());
        start.chain(models.clone()).collect()
    };
    let call = |args: Vec<String>| {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        run(dir, &args)
    };
    call(with(&[
        "kinship",
        "--base",
        "demo/base",
        "--json",
        "exact.json",
    ]));
    let start = ["sketch", "--base", "demo/base", "--json", "one.json"];
    let said = call(with(&start));
    assert!(said.stdout.starts_with(b"5 models in "), "{said:?}");
    let (exact, found) = (json(dir, "exact.json"), json(dir, "one.json"));
    assert_eq!(found["of"], "task vectors");
    assert_eq!(found["bytes_per_sketch"], 16384);
    for a in 0..5 {
        for b in 0..a {
            let of = |report: &Value| report[a][b].as_f64().unwrap();
            let error = of(&found["error"]);
            let off = of(&found["cosine"]) - of(&exact["whole"]["cosine"]);
            assert!(
                error <= 1.0 / 64.0 && off.abs() < 4.5 * error,
                "{off} {error}"
            );
        }
    }
    let kept = std::fs::read_dir(dir.join("home/cache/sketches")).unwrap();
    assert_eq!(kept.count(), 5);
    call(with(&[
        "sketch",
        "--base",
        "demo/base",
        "--json",
        "two.json",
    ]));
    assert_eq!(
        json(dir, "two.json"),
        found,
        "what is kept is what was made"
    );

    let plan = [
        "cluster",
        "plan",
        "--sketch",
        "--base",
        "demo/base",
        "--models",
        "list",
    ];
    run(dir, &[&plan[..], &["--task-bytes", "1", "out"]].concat());
    assert!(
        !Command::new(env!("CARGO_BIN_EXE_kinfolk"))
            .current_dir(dir)
            .args(["cluster", "join", "out"])
            .status()
            .unwrap()
            .success()
    );
    run(dir, &["cluster", "work", "out"]);
    let state = run(dir, &["cluster", "state", "out"]);
    assert!(state.stdout.starts_with(b"5 of 5 tasks"));
    run(dir, &["cluster", "join", "out", "--json", "three.json"]);
    let mut joined = json(dir, "three.json");
    for (k, model) in NAMES.iter().enumerate() {
        // A plan holds whole paths.
        let path = joined["sketches"][k]["path"].as_str().unwrap().to_owned();
        assert!(path.ends_with(model), "{path}");
        joined["sketches"][k]["path"] = found["sketches"][k]["path"].clone();
    }
    assert_eq!(joined, found);
}

#[test]
fn families_are_found_without_a_base_and_planned() {
    let dir = demo();
    let dir = dir.path();
    run(
        dir,
        &[
            "sketch",
            "demo/base",
            "--models",
            "list",
            "--plans",
            "plans",
            "--json",
            "f.json",
        ],
    );
    let found = json(dir, "f.json");
    assert_eq!(found["of"], "weights");
    assert_eq!(found["families"][0]["base"], "base");
    assert_eq!(found["families"].as_array().unwrap().len(), 1);
    assert_eq!(
        found["families"][0]["changes"]["cosine"]
            .as_array()
            .unwrap()
            .len(),
        5
    );
    run(dir, &["cluster", "work", "plans/family-1"]);
    run(
        dir,
        &["cluster", "join", "plans/family-1", "--json", "joined.json"],
    );
    let joined = json(dir, "joined.json");
    assert_eq!(joined["models"].as_array().unwrap().len(), 5);
}
