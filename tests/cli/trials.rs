//! Evolutions and sweeps whose children are merged and judged by other processes, some of which
//! are killed.

#![cfg(all(unix, feature = "built-in-evaluator"))]
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::{demo_of_few_items, write_program};

const PATIENCE: Duration = Duration::from_secs(300);

fn kinfolk(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kinfolk"));
    command
        .current_dir(home)
        .env("KINFOLK_HOME", home.join("home"))
        .stdin(Stdio::null());
    command
}

fn run(home: &Path, args: &[&str]) -> Output {
    kinfolk(home).args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The demo below `home`, judged on two items of each task and without scores.
fn study(home: &Path) -> PathBuf {
    let study = demo_of_few_items(&home.join("demo"), 2);
    let mut doc = json(&study);
    for model in doc["models"].as_array_mut().unwrap() {
        model.as_object_mut().unwrap().remove("scores");
    }
    std::fs::write(&study, doc.to_string()).unwrap();
    study
}

const EVOLUTION: [&str; 11] = [
    "evolve",
    "demo/demo.kinfolk.json",
    "--name",
    "small",
    "--founders",
    "abacus,mirror,order,tally",
    "--generations",
    "2",
    "--keep-best",
    "--json",
    "run.json",
];

fn worker(home: &Path) -> Child {
    let mut command = kinfolk(home);
    command
        .args([
            "cluster",
            "work",
            "out",
            "--threads",
            "1",
            "--lease",
            "5",
            "--wait",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Waits until `is_so`.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "never {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn count(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

#[test]
fn an_evolution_of_four_workers_one_of_them_killed_ends_with_the_table_of_one_process() {
    let alone = tempfile::tempdir().unwrap();
    study(alone.path());
    let out = run(alone.path(), &EVOLUTION);
    assert!(out.status.success(), "{}", text(&out.stderr));
    let expected = json(&alone.path().join("run.json"));
    assert!(expected["merges"].as_u64().unwrap() > 3);

    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    study(home);
    // Workers may be there before there is anything to do.
    let mut first = worker(home);
    let mut leader = kinfolk(home);
    let leader = leader.args(EVOLUTION).args(["--cluster", "out"]);
    let leader = leader.stderr(Stdio::piped()).stdout(Stdio::null());
    let leader = leader.spawn().unwrap();
    until("a result", || count(&home.join("out/results")) > 0);
    first.kill().unwrap();
    first.wait().unwrap();
    let others = [worker(home), worker(home), worker(home)];
    let led = leader.wait_with_output().unwrap();
    assert!(led.status.success(), "{}", text(&led.stderr));
    assert!(
        text(&led.stderr).contains("worker"),
        "{}",
        text(&led.stderr)
    );
    assert_eq!(json(&home.join("run.json")), expected);
    let mut done = 0;
    for other in others {
        let out = other.wait_with_output().unwrap();
        assert!(
            out.status.success(),
            "workers go home when the run has ended"
        );
        done += text(&out.stdout).matches("\"event\":\"done\"").count();
    }
    let trials = std::fs::read_to_string(home.join("out/manifest.jsonl")).unwrap();
    assert!(done > 0 && done < trials.lines().count());
    // Once more there is nothing left to do, and the table is the same.
    let again = run(home, &[&EVOLUTION[..], &["--cluster", "out"]].concat());
    assert!(again.status.success(), "{}", text(&again.stderr));
    assert_eq!(json(&home.join("run.json")), expected);
}

/// A recipe beside the demo, and its tasks.
fn recipe(home: &Path) {
    demo_of_few_items(&home.join("demo"), 2);
    let text = "merge_method: slerp\nbase_model: demo/arith\nmodels:\n- model: demo/arith\n\
                - model: demo/mirror\nparameters:\n  t: 0.5\n";
    std::fs::write(home.join("mix.yaml"), text).unwrap();
}

const SWEEP: [&str; 10] = [
    "sweep",
    "mix.yaml",
    "--set",
    "parameters.t=0.1..0.5/0.2",
    "--set",
    "dtype=float32,bfloat16",
    "--json",
    "table.json",
    "--tasks",
    "demo/tasks",
];

#[test]
fn a_sweep_that_was_killed_goes_on_and_ends_with_the_table_of_an_undisturbed_one() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    recipe(home);
    let mut first = kinfolk(home);
    let mut first = first.args(SWEEP).stderr(Stdio::null()).spawn().unwrap();
    let results = home.join("mix.sweep/results");
    until("a result", || count(&results) > 1);
    first.kill().unwrap();
    first.wait().unwrap();
    let before = count(&results);
    assert!(before < 6, "it was killed in the middle");
    let args = [
        &SWEEP[..],
        &["--csv", "t.csv", "--study", "new.kinfolk.json"],
    ]
    .concat();
    // What the dead process held is free when its lease has run out.
    for claim in std::fs::read_dir(home.join("mix.sweep/claims")).unwrap() {
        let claim = claim.unwrap().path();
        std::fs::write(claim, "{\"worker\": \"dead\", \"until_ms\": 1}").unwrap();
    }
    let out = run(home, &args);
    assert!(out.status.success(), "{}", text(&out.stderr));
    let resumed = json(&home.join("table.json"));
    let run_of_few = ["--folder", "other"];
    let out = run(home, &[&SWEEP[..], &run_of_few].concat());
    assert!(out.status.success(), "{}", text(&out.stderr));
    assert_eq!(json(&home.join("table.json")), resumed);

    let cells = resumed["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 6);
    let first = serde_json::json!({"parameters.t": 0.1, "dtype": "float32"});
    assert_eq!(cells[0]["values"], first);
    let best = resumed["best"].as_u64().unwrap() as usize;
    let score = |cell: &Value| cell["score"].as_f64().unwrap();
    assert!(cells.iter().all(|cell| score(cell) <= score(&cells[best])));
    let mean = |cell: &Value| {
        let tasks = cell["tasks"].as_array().unwrap();
        tasks
            .iter()
            .map(|t| t["value"].as_f64().unwrap())
            .sum::<f64>()
            / tasks.len() as f64
    };
    assert!((mean(&cells[3]) - score(&cells[3])).abs() < 1e-9);
    // The scores are those of the same merge, made and judged by hand.
    std::fs::write(home.join("one.yaml"), cells[2]["recipe"].as_str().unwrap()).unwrap();
    assert!(run(home, &["merge", "one.yaml", "one"]).status.success());
    let tasks = std::fs::read_dir(home.join("demo/tasks")).unwrap();
    let tasks = tasks.map(|t| t.unwrap().path().to_string_lossy().into_owned());
    let tasks: Vec<String> = tasks.collect();
    let mut args = vec!["evaluate", "one", "--json", "one.json"];
    args.extend(tasks.iter().map(String::as_str));
    assert!(run(home, &args).status.success());
    let by_hand = json(&home.join("one.json"))["average"].as_f64().unwrap() * 100.0;
    assert!((by_hand - score(&cells[2])).abs() < 1e-9);

    // Children are gone, the study has them with their scores, and the table is a table.
    let children = home.join("mix.sweep/children");
    let left = std::fs::read_dir(children)
        .unwrap()
        .map(|e| count(&e.unwrap().path()));
    assert_eq!(left.sum::<usize>(), 0);
    let csv = std::fs::read_to_string(home.join("t.csv")).unwrap();
    assert!(csv.starts_with("parameters.t,dtype,score,best,"), "{csv}");
    assert_eq!(csv.lines().count(), 7);
    let doc = json(&home.join("new.kinfolk.json"));
    let models = doc["models"].as_array().unwrap();
    let scored = models.iter().filter(|m| m["scores"].is_array());
    assert_eq!((models.len(), scored.count()), (8, 6));
}

/// A sweep that a command judges.
fn judged<'a>(rest: &[&'a str]) -> Vec<&'a str> {
    let args = [
        "sweep",
        "mix.yaml",
        "--set",
        "parameters.t=0.2,0.4",
        "--json",
        "table.json",
        "--evaluator",
        "./judge.sh {model} {output}",
    ];
    [&args[..], rest].concat()
}

#[test]
fn a_sweep_on_workers_by_a_command_is_that_of_one_machine() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    recipe(home);
    // As many points as the child's weights have bytes that are odd, or so.
    let script = "#!/bin/sh\nn=$(cksum < \"$1/model.safetensors\" | cut -c1-3)\n\
                  printf '{\"points\": %s}' \"$n\" > \"$2/results.json\"\n";
    write_program(&home.join("judge.sh"), script);
    let out = run(home, &judged(&[]));
    assert!(out.status.success(), "{}", text(&out.stderr));
    let expected = json(&home.join("table.json"));
    assert_eq!(expected["cells"][0]["tasks"][0]["task"], "points");

    let stranger = home.join("stranger");
    std::fs::create_dir(&stranger).unwrap();
    let leader = kinfolk(home)
        .args(judged(&["--cluster", "out"]))
        .stderr(Stdio::null())
        .spawn();
    let leader = leader.unwrap();
    until("trials", || home.join("out/manifest.jsonl").exists());
    let mut refused = kinfolk(home);
    refused
        .env("KINFOLK_HOME", &stranger)
        .args(["cluster", "work", "out"]);
    let refused = refused.output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        text(&refused.stderr).contains("--trust-command"),
        "{}",
        text(&refused.stderr)
    );
    let worked = run(home, &["cluster", "work", "out"]);
    assert!(worked.status.success(), "{}", text(&worked.stderr));
    assert!(leader.wait_with_output().unwrap().status.success());
    assert_eq!(json(&home.join("table.json")), expected);
    let state = run(home, &["cluster", "state", "out", "--json", "-"]);
    let state: Value = serde_json::from_slice(&state.stdout).unwrap();
    assert_eq!((&state["tasks"], &state["done"]), (&2.into(), &2.into()));
    assert_eq!(state["seen"].as_array().unwrap().len(), 2);

    // A result that was tampered with is not taken for one.
    let results = home.join("out/results");
    let one = std::fs::read_dir(&results)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let text_of_one = std::fs::read_to_string(&one).unwrap();
    std::fs::write(&one, text_of_one.replace("slerp", "lerp")).unwrap();
    let out = run(home, &judged(&["--cluster", "out", "--work"]));
    assert_eq!(out.status.code(), Some(1));
    assert!(
        text(&out.stderr).contains("of another trial"),
        "{}",
        text(&out.stderr)
    );
    // Without it, it is made again by the leader itself.
    std::fs::remove_file(&one).unwrap();
    let out = run(home, &judged(&["--cluster", "out", "--work"]));
    assert!(out.status.success(), "{}", text(&out.stderr));
    assert_eq!(json(&home.join("table.json")), expected);
}

#[test]
fn what_cannot_be_swept_is_told_before_anything_is_merged() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    recipe(home);
    let check = |set: &str, words: &str| {
        let args = ["sweep", "mix.yaml", "--set", set, "--tasks", "demo/tasks"];
        let out = run(home, &args);
        let told = text(&out.stderr);
        assert_eq!(out.status.code(), Some(1), "{set}: {told}");
        assert!(told.contains(words), "{set}: {told}");
        assert!(!home.join("mix.sweep/results").exists());
    };
    check("parameters.t", "has no values");
    check("models.5.parameters.weight=1", "items 0 to 1");
    check("parameters.tt=0.1,0.2", "tt");
    check("parameters.t=0..1", "no range");
    check("merge_method=slurp", "slurp");
    check("models.1.model=nowhere", "nowhere");
}
