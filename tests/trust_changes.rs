//! Files that somebody cuts short or writes into while they are read: the job fails with a
//! sentence that names file and tensor, and everything else lives.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::SystemTime;

use common::merging::options;
use common::{f32_part, write_safetensors};
use kinfolk::checkpoint::Checkpoint;
use kinfolk::jobs::Ticket;
use kinfolk::kinship::{MeasureError, Precision, measure};
use kinfolk::merge::plan::{Surroundings, plan};
use kinfolk::merge::recipe::parse;
use kinfolk::merge::run::{Outcome, RunError, run};

/// Numbers of each tensor: many pages, and more than a chunk of the pass.
const NUMBERS: usize = (1 << 20) + 4096;
const TENSORS: [&str; 3] = ["a.weight", "b.weight", "c.weight"];

fn model(dir: &Path, name: &str, seed: u32) -> PathBuf {
    let folder = dir.join(name);
    std::fs::create_dir(&folder).unwrap();
    let number = |k: usize| ((k as u32).wrapping_mul(2_654_435_761) ^ seed) as f32 / 1e9;
    let values: Vec<f32> = (0..NUMBERS).map(number).collect();
    let parts: Vec<_> = TENSORS
        .iter()
        .map(|t| f32_part(t, &[NUMBERS], &values))
        .collect();
    write_safetensors(&folder.join("model.safetensors"), &parts);
    folder
}

/// A base and two models.
fn desk() -> (tempfile::TempDir, [PathBuf; 3]) {
    let dir = tempfile::tempdir().unwrap();
    let made =
        [("base", 0), ("one", 1), ("two", 2)].map(|(name, seed)| model(dir.path(), name, seed));
    (dir, made)
}

fn weights(folder: &Path) -> PathBuf {
    folder.join("model.safetensors")
}

/// Leaves the first tensor and a part of the second.
fn cut_short(folder: &Path) {
    let file = File::options().write(true).open(weights(folder)).unwrap();
    file.set_len((NUMBERS * 6) as u64).unwrap();
}

/// Changes one number of the second tensor and sets the time back, as a careful thief would.
fn write_into(folder: &Path) {
    let path = weights(folder);
    let before = std::fs::metadata(&path).unwrap().modified().unwrap();
    let file = File::options().write(true).open(&path).unwrap();
    // Over all of the file, so that the places that are looked at are among them.
    let len = file.metadata().unwrap().len();
    for at in (4096..len - 8).step_by(64) {
        file.write_all_at(&[7; 4], at).unwrap();
    }
    file.set_modified(before).unwrap();
}

fn measured(paths: &[PathBuf; 3], when: &(dyn Fn() + Sync)) -> Result<(), MeasureError> {
    let opened: Vec<Checkpoint> = paths.iter().map(|p| Checkpoint::open(p).unwrap()).collect();
    let models: Vec<&Checkpoint> = opened[1..].iter().collect();
    let ticket = Ticket::default();
    let first = Once::new();
    let on_tensor = |_: usize, _: &kinfolk::kinship::TensorGram| first.call_once(when);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    let result = pool.install(|| {
        measure(
            &opened[0],
            &models,
            Precision::Full,
            None,
            &ticket,
            &on_tensor,
        )
    });
    result.map(drop)
}

#[test]
fn fault_9_a_file_that_is_cut_short_while_it_is_measured_fails_the_job_and_nothing_else() {
    for at in 0..3 {
        let (_dir, paths) = desk();
        let error = measured(&paths, &|| cut_short(&paths[at])).unwrap_err();
        let MeasureError::Files(sentence) = error else {
            panic!("{error}");
        };
        assert!(
            sentence.contains("cut short while it was read"),
            "{sentence}"
        );
        assert!(sentence.contains("`b.weight`"), "{sentence}");
        assert!(
            sentence.contains(weights(&paths[at]).to_str().unwrap()),
            "{sentence}"
        );
    }
    // The same program goes on with other files.
    let (_other, paths) = desk();
    measured(&paths, &|| {}).unwrap();
}

#[test]
fn fault_9_a_file_that_changes_in_place_is_not_measured() {
    let (_dir, paths) = desk();
    let error = measured(&paths, &|| write_into(&paths[1])).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("has changed while it was in use"),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains(weights(&paths[1]).to_str().unwrap()),
        "{error}"
    );
}

/// Merges on one thread; `when` is called as soon as something was read.
fn merged(dir: &Path, when: &(dyn Fn() + Sync)) -> Result<Outcome, RunError> {
    let recipe = "merge_method: linear\nmodels: [{model: one, parameters: {weight: 1}}, \
                  {model: two, parameters: {weight: 3}}]\n";
    let out = dir.join("out");
    let surroundings = Surroundings {
        root: dir,
        hub: None,
        out: Some(&out),
        force: false,
        threads: 1,
        opened: &[],
    };
    let plan = plan(&parse(recipe), &surroundings);
    let ticket = Ticket::default();
    std::thread::scope(|scope| {
        let work = scope.spawn(|| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(1)
                .build()
                .unwrap();
            let mut options = options(&out);
            options.shard_bytes = 1;
            pool.install(|| run(&plan, &options, &ticket))
        });
        while ticket.progress().done == 0 && !work.is_finished() {
            std::thread::yield_now();
        }
        when();
        work.join().unwrap()
    })
}

fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap().flatten();
    let mut names: Vec<String> = entries
        .map(|e| e.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn fault_9_a_file_that_is_cut_short_while_it_is_merged_leaves_no_child() {
    let (dir, paths) = desk();
    let error = merged(dir.path(), &|| cut_short(&paths[1])).unwrap_err();
    assert!(
        error.to_string().contains("cut short while it was read"),
        "{error}"
    );
    assert_eq!(names(dir.path()), ["base", "one", "two"], "nothing is kept");
}

#[test]
fn fault_9_a_file_that_changes_in_place_while_it_is_merged_leaves_no_child() {
    let (dir, paths) = desk();
    let error = merged(dir.path(), &|| write_into(&paths[1])).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("has changed while it was in use"),
        "{error}"
    );
    assert_eq!(
        names(dir.path()),
        ["base", "one", "two"],
        "no shard is used again"
    );
    // Replaced by another file of the same name, length and time.
    let again = dir.path().join("again");
    let error = merged(dir.path(), &|| {
        let path = weights(&paths[1]);
        let time = std::fs::metadata(&path).unwrap().modified().unwrap();
        std::fs::copy(&path, &again).unwrap();
        File::options()
            .write(true)
            .open(&again)
            .unwrap()
            .set_modified(time)
            .unwrap();
        std::fs::rename(&again, &path).unwrap();
    });
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("has changed while it was in use")
    );
    assert!(merged(dir.path(), &|| {}).is_ok());
}

#[test]
fn a_file_that_only_gets_a_new_time_counts_as_changed() {
    let (_dir, paths) = desk();
    let error = measured(&paths, &|| {
        let file = File::options()
            .write(true)
            .open(weights(&paths[2]))
            .unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    });
    assert!(error.unwrap_err().to_string().contains("has changed"));
}
