//! A run that is killed again and again, and taken up again, ends as one that was let alone.

#![cfg(unix)]
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::common::demo_of_few_items;

/// How often the run is killed; `KINFOLK_TEST_KILLS` has another number.
const KILLS: u64 = 4;

/// The demo below `home`, judged on a few items of each task, so that a run takes seconds.
fn study(home: &Path) -> PathBuf {
    let study = demo_of_few_items(&home.join("demo"), 12);
    // All have to be judged anew on these items, founders included.
    let text = std::fs::read_to_string(&study).unwrap();
    let mut doc: Value = serde_json::from_str(&text).unwrap();
    for model in doc["models"].as_array_mut().unwrap() {
        model.as_object_mut().unwrap().remove("scores");
    }
    std::fs::write(&study, doc.to_string()).unwrap();
    study
}

fn evolve(home: &Path, study: &Path, json: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kinfolk"));
    command
        .env("KINFOLK_HOME", home.join("home"))
        .arg("evolve")
        .arg(study)
        .args(["--name", "With kinship", "--json"])
        .arg(json)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn finished(home: &Path, study: &Path) -> Value {
    let json = home.join("run.json");
    assert!(evolve(home, study, &json).status().unwrap().success());
    serde_json::from_str(&std::fs::read_to_string(json).unwrap()).unwrap()
}

/// Numbers that differ from run to run, without a clock.
fn random(state: &mut u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1);
    *state >> 33
}

#[test]
fn a_run_killed_again_and_again_ends_with_the_table_of_an_undisturbed_one() {
    let whole = tempfile::tempdir().unwrap();
    let undisturbed = finished(whole.path(), &study(whole.path()));
    assert!(undisturbed["merges"].as_u64().unwrap() > 10);

    let home = tempfile::tempdir().unwrap();
    let study = study(home.path());
    let mut seed = u64::from(std::process::id());
    println!("killed at times drawn from {seed}");
    let mut was_under_way = 0;
    let kills = std::env::var("KINFOLK_TEST_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    for _ in 0..kills {
        let mut child = evolve(home.path(), &study, &home.path().join("no.json"))
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(200 + random(&mut seed) % 1500));
        was_under_way += u64::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(was_under_way > 0, "no kill came before the end");
    let disturbed = finished(home.path(), &study);
    assert_eq!(disturbed, undisturbed);
    // Nothing is left half done beside the children.
    let folder = home.path().join("demo/evolutions/with-kinship");
    let names = std::fs::read_dir(&folder).unwrap();
    let names: Vec<String> = names
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    let children = disturbed["models"].as_array().unwrap().iter();
    let children = children.filter(|m| m["generation"] != 0).count();
    assert_eq!(names.len(), children, "{names:?}");
}
