//! `kinfolk advise` as scripts meet it.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

#[cfg(feature = "built-in-evaluator")]
use crate::common::demo_of_few_items;

fn kinfolk(home: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kinfolk"))
        .arg("advise")
        .args(args)
        .env("KINFOLK_HOME", home)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn inside(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn advice(home: &Path, study: &Path) -> Value {
    let output = kinfolk(home, &[study.to_str().unwrap(), "--json", "-"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Laws of every answer.
fn check(advice: &Value) {
    assert_eq!(advice["level"], 0.9);
    for one in advice["predictors"].as_array().unwrap() {
        assert!(one["key"].is_string() && one["n"].is_u64());
        let how = one["how"].as_str().unwrap();
        assert!(["random folds", "leave one model out"].contains(&how));
    }
    let pairs = advice["pairs"].as_array().unwrap();
    for pair in pairs {
        let number = |key: &str| pair[key].as_f64().unwrap();
        let [low, high] = [0, 1].map(|k| pair["interval"][k].as_f64().unwrap());
        assert!(
            low < number("expected") && number("expected") < high,
            "{pair}"
        );
        assert!(
            (0.0..=1.0).contains(&number("chance_of_a_new_best")),
            "{pair}"
        );
        assert_eq!(pair["models"].as_array().unwrap().len(), 2);
        assert!(pair["recipe"] == "slerp" && pair["of_task_vectors"] == false);
        assert!(pair["why"].is_string() && !pair["why_recipe"].as_str().unwrap().is_empty());
        let best = advice["best"].as_f64().unwrap();
        let says_so = pair["why"].as_str().unwrap().contains("below the best");
        assert_eq!(number("expected") < best, says_so, "{pair}");
    }
}

#[test]
fn a_study_of_merges_says_what_predicts_and_which_pairs_are_left() {
    let home = tempfile::tempdir().unwrap();
    let study = home.path().join("demo.kinfolk.json");
    std::fs::copy(
        inside("resources/record/demo-evolution.kinfolk.json"),
        &study,
    )
    .unwrap();
    let advice = advice(home.path(), &study);
    check(&advice);
    assert!(advice["n"].as_u64().unwrap() > 20, "{}", advice["n"]);
    let used = advice["used"].as_str().unwrap();
    let keys = advice["predictors"].as_array().unwrap().iter();
    assert!(keys.map(|one| &one["key"]).any(|key| key == used));
    let pairs = advice["pairs"].as_array().unwrap();
    assert!(pairs.len() > 100);
    let is_merged = |pair: &Value| {
        let names = [0, 1].map(|k| pair["models"][k].as_str().unwrap());
        names == ["ledger", "abacus"] || names == ["abacus", "ledger"]
    };
    assert!(!pairs.iter().any(is_merged));
    let printed = kinfolk(home.path(), &[study.to_str().unwrap()]);
    let said = text(&printed.stdout);
    assert!(said.contains("on held-out merges (n = "), "{said}");
    assert!(
        said.contains("leave one model out") && said.contains(" 1. "),
        "{said}"
    );
}

#[test]
fn a_folder_of_models_with_its_tables_is_a_study() {
    let home = tempfile::tempdir().unwrap();
    let first = advice(home.path(), &inside("resources/demo"));
    check(&first);
    assert_eq!((&first["n"], &first["used"]), (&0.into(), &Value::Null));
    assert_eq!(first["pairs"].as_array().unwrap().len(), 21);
    // Dev selects: ledger's average over the dev tasks.
    let best = first["best"].as_f64().unwrap();
    assert!((best - 74.9167).abs() < 1e-3, "{best}");
    assert!(
        !home.path().join("data/studies").exists(),
        "no study is left behind"
    );
}

#[test]
fn tables_alone_are_a_study_too() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("family");
    std::fs::create_dir(&folder).unwrap();
    let mut table = "model,parent_a,parent_b,gsm8k,mmlu,arc,bbh\n".to_owned();
    for k in 0..4 {
        let score = |t: usize| 40 + (k * 7 + t * 11) % 30;
        writeln!(
            table,
            "m{k},,,{},{},{},{}",
            score(0),
            score(1),
            score(2),
            score(3)
        )
        .unwrap();
    }
    table += "child,m0,m1,55,54,53,52\n";
    std::fs::write(folder.join("scores.csv"), table).unwrap();
    let found = advice(home.path(), &folder);
    check(&found);
    assert_eq!(
        (&found["n"], found["pairs"].as_array().unwrap().len()),
        (&1.into(), 9)
    );
}

#[test]
fn without_scores_it_says_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("empty");
    std::fs::create_dir(&folder).unwrap();
    let output = kinfolk(home.path(), &[folder.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("table of scores"), "{said}");
    let missing = kinfolk(home.path(), &["nothing.kinfolk.json"]);
    assert_eq!(missing.status.code(), Some(1));
}

/// Without options two ways to merge are compared on the same two, by expected improvement.
#[cfg(feature = "built-in-evaluator")]
#[test]
fn an_evolution_without_options_finds_out_which_way_to_merge_gains_more() {
    let home = tempfile::tempdir().unwrap();
    let demo = home.path().join("demo");
    let study = demo_of_few_items(&demo, 2);
    let study = study.to_str().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_kinfolk"))
        .args([
            "evolve",
            study,
            "--founders",
            "mirror,order",
            "--merges",
            "2",
        ])
        .args(["--json", "-"])
        .env("KINFOLK_HOME", home.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let run: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(run["strategy"], "improvement");
    let models = run["models"].as_array().unwrap();
    let children: Vec<&Value> = models.iter().filter(|m| m["generation"] == 1).collect();
    let methods: Vec<&Value> = children.iter().map(|m| &m["method"]).collect();
    assert_eq!(methods, ["slerp", "nuslerp"]);
    assert_eq!(children[0]["parents"], children[1]["parents"]);
    let turned = children[1]["model"].as_str().unwrap();
    let recipe = demo.join("evolutions/improvement").join(turned);
    let recipe = std::fs::read_to_string(recipe.join("mergekit_config.yml")).unwrap();
    assert!(recipe.contains("/demo/base"), "of task vectors: {recipe}");
    let best = &run["best"];
    assert!(
        best["score"].is_number() && best["within_error"].is_u64(),
        "{best}"
    );
    // It goes on as it was, though no option says so again.
    let again = Command::new(env!("CARGO_BIN_EXE_kinfolk"))
        .args(["evolve", study])
        .env("KINFOLK_HOME", home.path())
        .output()
        .unwrap();
    assert_eq!(again.status.code(), Some(0), "{}", text(&again.stderr));
    // What the two ways gained is advice from then on.
    let advice = advice(home.path(), Path::new(study));
    let mut pairs = advice["pairs"].as_array().unwrap().iter();
    assert!(pairs.any(|pair| pair["why_recipe"].as_str().unwrap().contains("gained")));
}

/// Without its base NuSLERP is another method: it turns the weights and not the changes.
#[cfg(feature = "built-in-evaluator")]
#[test]
fn the_way_to_merge_of_an_evolution_keeps_its_base() {
    let home = tempfile::tempdir().unwrap();
    let demo = home.path().join("demo");
    let folder = home.path().join("children");
    let way = home.path().join("way.yaml");
    let recipe =
        "merge_method: nuslerp\nbase_model: base\nparameters:\n  weight: 0.5\ndtype: float32\n";
    std::fs::write(&way, recipe).unwrap();
    let run = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_kinfolk"))
            .args(args)
            .env("KINFOLK_HOME", home.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    };
    let study = demo_of_few_items(&demo, 2);
    run(&[
        "evolve",
        study.to_str().unwrap(),
        "--name",
        "turned",
        "--strategy",
        "greedy",
        "--founders",
        "mirror,order",
        "--k",
        "2",
        "--merges",
        "1",
        "--recipe",
        way.to_str().unwrap(),
        "--folder",
        folder.to_str().unwrap(),
    ]);
    let child = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap();
    let recipe = std::fs::read_to_string(child.path().join("mergekit_config.yml")).unwrap();
    let base = recipe.lines().find(|line| line.starts_with("base_model:"));
    let is_family_s = |line: &str| line.trim_end_matches(['"', '\'']).ends_with("/demo/base");
    assert!(base.is_some_and(is_family_s), "{recipe}");
}
