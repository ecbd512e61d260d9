//! What a checkpoint's files may do while they are open: be cut short, change in place, be half
//! there or be made to fill the memory. Named after the faults that were found.

#![cfg(unix)]

mod refused;
mod while_merging;

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use kinfolk::checkpoint::Checkpoint;
use kinfolk::jobs::Ticket;
use kinfolk::kinship::{Kinship, MeasureError, Precision, TensorGram, measure};
use kinfolk::merge::run::{Options, RunError, run};
use kinfolk::workbench::{Folders, NoticeKind, Workbench, opening};

use crate::common::merging::{options, planned, tiny_model_of, weight_files};
use crate::common::{self, f32_part, write_safetensors};

/// Tensors of a large model, a quarter of a megabyte each.
const TENSORS: usize = 8;
const SHAPE: [usize; 2] = [256, 256];

/// A model of two megabytes, so that most of its pages are read after the first tensor.
fn large_model(path: &Path, seed: u64) {
    let names: Vec<String> = (0..TENSORS)
        .map(|k| format!("model.layers.{k}.mlp.up_proj.weight"))
        .collect();
    let number = |k: usize| {
        let x = (seed ^ k as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (x >> 40) as f32 / (1 << 24) as f32 + seed as f32
    };
    let parts: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(k, name)| {
            let numbers: Vec<f32> = (0..SHAPE[0] * SHAPE[1])
                .map(|i| number(i * 9 + k))
                .collect();
            f32_part(name, &SHAPE, &numbers)
        })
        .collect();
    write_safetensors(path, &parts);
    long_ago(path);
}

/// Gives a file a time that no later change has by accident.
fn long_ago(path: &Path) {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000);
    writable(path).set_modified(time).unwrap();
}

fn writable(path: &Path) -> File {
    File::options().write(true).open(path).unwrap()
}

fn cut(path: &Path, len: u64) {
    writable(path).set_len(len).unwrap();
}

/// Three large models in a folder: base, b and c.
fn shelf() -> (tempfile::TempDir, [PathBuf; 3]) {
    let dir = tempfile::tempdir().unwrap();
    let paths = ["base", "b", "c"].map(|name| dir.path().join(format!("{name}.safetensors")));
    for (seed, path) in (1..).zip(&paths) {
        large_model(path, seed);
    }
    (dir, paths)
}

fn open(paths: &[PathBuf; 3]) -> [Checkpoint; 3] {
    paths.each_ref().map(|path| Checkpoint::open(path).unwrap())
}

/// Measures b and c on a, on one thread, and calls `meanwhile` after the first tensor.
fn measured(
    models: &[Checkpoint; 3],
    meanwhile: impl Fn() + Sync,
) -> Result<Kinship, MeasureError> {
    let pool = rayon_pool();
    let [a, b, c] = models;
    let after = |index: usize, _: &TensorGram| {
        if index == 0 {
            meanwhile();
        }
    };
    pool.install(|| {
        measure(
            a,
            &[b, c],
            Precision::Full,
            None,
            &Ticket::default(),
            &after,
        )
    })
}

fn rayon_pool() -> rayon::ThreadPool {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    pool.unwrap()
}

/// Whether a sentence says all of this, and ends with the path.
fn says(sentence: &str, words: &[&str], path: &Path) {
    for word in words {
        assert!(sentence.contains(word), "{sentence}");
    }
    assert!(
        sentence.ends_with(&path.display().to_string()),
        "{sentence}"
    );
}

fn sentence<T: std::fmt::Debug>(result: Result<T, MeasureError>) -> String {
    match result {
        Err(MeasureError::Failed(sentence)) => sentence,
        other => panic!("{other:?}"),
    }
}

#[test]
fn fault_9_what_a_cut_file_has_lost_reads_as_zeros_and_is_known() {
    let (_dir, paths) = shelf();
    let [a, b, _] = open(&paths);
    cut(&paths[0], 600_000);
    assert!(a.is_whole());
    let sum = |model: &Checkpoint| -> u64 {
        let bytes = model.tensors().iter().flat_map(|own| own.bytes().unwrap());
        bytes.map(|&byte| u64::from(byte)).sum()
    };
    let first = a.tensors()[0]
        .bytes()
        .unwrap()
        .iter()
        .any(|&byte| byte != 0);
    assert!(sum(&a) > 0 && first && !a.is_whole());
    let last = a.tensors().last().unwrap();
    assert!(last.bytes().unwrap().iter().all(|&byte| byte == 0));
    assert!(sum(&b) > 0 && b.is_whole());
    // Opened and closed many times over, the same addresses come again for other files.
    drop(a);
    for _ in 0..200 {
        let again = Checkpoint::open(&paths[1]).unwrap();
        assert!(sum(&again) == sum(&b) && again.is_whole());
    }
}

#[test]
fn fault_9a_a_file_that_is_cut_short_while_it_is_measured_fails_the_job_and_nothing_else() {
    let (_dir, paths) = shelf();
    let whole = measured(&open(&paths), || {}).unwrap();
    for len in [0, 300_000, 1_500_000] {
        let models = open(&paths);
        let before = std::fs::read(&paths[1]).unwrap();
        let error = sentence(measured(&models, || cut(&paths[1], len)));
        let tensor = format!("`model.layers.{}.mlp", len / (256 * 256 * 4));
        says(&error, &["was cut short", &tensor, "download"], &paths[1]);
        // The very same maps serve a job that does not need the lost file.
        let [a, _, c] = &models;
        let alone = measure(
            a,
            &[c],
            Precision::Full,
            None,
            &Ticket::default(),
            &|_, _| {},
        );
        assert_eq!(alone.unwrap(), whole.select(&[1]));
        std::fs::write(&paths[1], before).unwrap();
        long_ago(&paths[1]);
        assert_eq!(measured(&open(&paths), || {}).unwrap(), whole);
    }
}

/// A run keeps measuring with children whose files it has removed.
#[test]
fn a_file_that_is_removed_stays_whole_for_who_has_opened_it() {
    let (_dir, paths) = shelf();
    let models = open(&paths);
    let whole = measured(&models, || {}).unwrap();
    let during = measured(&models, || std::fs::remove_file(&paths[2]).unwrap());
    assert_eq!(during.unwrap(), whole);
    assert_eq!(measured(&models, || {}).unwrap(), whole);
}

#[test]
fn fault_9a_all_threads_may_meet_the_end_of_a_cut_file_at_once() {
    let (_dir, paths) = shelf();
    let before = std::fs::read(&paths[2]).unwrap();
    for _ in 0..20 {
        let models = open(&paths);
        cut(&paths[2], 100_000);
        std::thread::scope(|scope| {
            for k in 0..8 {
                let tensor = &models[2].tensors()[TENSORS - 1 - k];
                scope.spawn(|| assert!(tensor.bytes().unwrap().iter().step_by(512).count() > 0));
                scope.spawn(|| assert!(tensor.bytes().unwrap().ends_with(&[0, 0])));
            }
        });
        assert!(!models[2].is_whole());
        std::fs::write(&paths[2], &before).unwrap();
    }
}

#[test]
fn fault_9a_an_end_that_is_cut_within_the_last_page_is_noticed() {
    let (_dir, paths) = shelf();
    let len = std::fs::metadata(&paths[1]).unwrap().len();
    let error = sentence(measured(&open(&paths), || cut(&paths[1], len - 4)));
    says(&error, &["was cut short", "`model.layers.7."], &paths[1]);
}

#[test]
fn fault_9a_any_other_bus_error_ends_the_program_as_it_would_have() {
    use nix::sys::signal::Signal;
    use std::os::unix::process::ExitStatusExt;
    let test = "trust_checkpoints::fault_9a_any_other_bus_error_ends_the_program_as_it_would_have";
    let Some(output) = common::alone(test) else {
        let (_dir, paths) = shelf();
        // Installs the handler, and goes through it once.
        let models = open(&paths);
        let file = File::open(&paths[0]).unwrap();
        // SAFETY: that it is not safe is what is tested.
        let foreign = unsafe { memmap2::Mmap::map(&file) }.unwrap();
        cut(&paths[0], 100_000);
        assert!(models[0].tensors()[7].bytes().unwrap().ends_with(&[0]));
        // Not zero, so that the child has failed in another way if it comes so far.
        std::process::exit(i32::from(foreign[foreign.len() - 1]) + 1);
    };
    let status = output.status;
    assert_eq!(status.signal(), Some(Signal::SIGBUS as i32), "{status:?}");
}

#[test]
fn fault_9b_a_file_that_is_changed_in_place_while_it_is_measured_fails_the_job() {
    let (_dir, paths) = shelf();
    let change = |path: &Path, at: u64| {
        writable(path).write_all_at(&[77], at).unwrap();
    };
    // The time tells of it.
    let error = sentence(measured(&open(&paths), || change(&paths[1], 1_000_000)));
    says(&error, &["was changed while it was read"], &paths[1]);
    long_ago(&paths[1]);
    // The time is put back, and some bytes tell of it.
    let last = std::fs::metadata(&paths[1]).unwrap().len() - 1;
    let error = sentence(measured(&open(&paths), || {
        change(&paths[1], last);
        long_ago(&paths[1]);
    }));
    says(&error, &["was changed while it was read"], &paths[1]);
    // Another file in its place.
    let error = sentence(measured(&open(&paths), || {
        let beside = paths[1].with_extension("new");
        std::fs::copy(&paths[1], &beside).unwrap();
        long_ago(&beside);
        std::fs::rename(beside, &paths[1]).unwrap();
    }));
    says(&error, &["was changed while it was read"], &paths[1]);
    // Before the job, it would be kept under the key of what was opened.
    let models = open(&paths);
    change(&paths[1], 1_000_000);
    let error = sentence(measured(&models, || {}));
    says(&error, &["has changed since it was opened"], &paths[1]);
    assert!(measured(&open(&paths), || {}).is_ok());
}

#[test]
fn fault_9_the_workbench_says_it_and_keeps_nothing() {
    let (dir, paths) = shelf();
    let mut bench = Workbench::new(Folders::below(&dir.path().join("home")), || {});
    bench.add_paths(paths.to_vec());
    bench.wait(|_| {});
    let models = bench.study().doc().models.clone();
    let base = models.iter().find(|model| model.name == "base").unwrap().id;
    bench.take_notices();
    cut(&paths[1], 100_000);
    bench.measure(base, false);
    bench.wait(|_| {});
    let notices = bench.take_notices();
    let failed = notices.iter().find(|n| n.kind == NoticeKind::Failed);
    says(&failed.unwrap().detail, &["was cut short"], &paths[1]);
    assert!(bench.measured(base).is_none());
}

/// Two models of many small tensors, and a merge of them into many files.
fn merge_desk() -> (tempfile::TempDir, Options) {
    let dir = tempfile::tempdir().unwrap();
    for (seed, name) in [(1, "a"), (2, "b")] {
        tiny_model_of(&dir.path().join(name), seed, 300, 12);
        long_ago(&dir.path().join(name).join("model.safetensors"));
    }
    let options = Options {
        shard_bytes: 3_000,
        ..options(&dir.path().join("out"))
    };
    (dir, options)
}

const RECIPE: &str = "merge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}, {model: b, parameters: {weight: 3}}]\n";
const COPY: &str = "merge_method: passthrough\nmodels: [{model: a}]\n";

/// Merges, and calls `meanwhile` when two of its hundreds of files are finished.
fn merged(
    recipe: &str,
    dir: &Path,
    options: &Options,
    meanwhile: impl Fn(),
) -> Result<usize, RunError> {
    let staging = dir.join(".out.kinfolk-merge");
    let finished = || {
        let entries = std::fs::read_dir(&staging).into_iter().flatten().flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter(|name| name.ends_with(".safetensors")).count()
    };
    let plan = planned(recipe, dir, Some(&options.out));
    std::thread::scope(|scope| {
        let merge = scope.spawn(|| run(&plan, options, &Ticket::default()));
        while finished() < 2 && !merge.is_finished() {
            std::thread::yield_now();
        }
        meanwhile();
        merge.join().unwrap().map(|outcome| outcome.reused_files)
    })
}

#[test]
fn a_merge_of_several_steps_opens_its_own_steps() {
    let (dir, options) = merge_desk();
    let recipe = "name: half\nmerge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}, {model: b, parameters: {weight: 3}}]\n---\nmerge_method: passthrough\nmodels: [{model: half}]\n";
    assert_eq!(merged(recipe, dir.path(), &options, || {}).unwrap(), 0);
    assert!(weight_files(&options.out).len() > 2);
}

#[test]
fn what_keeps_a_file_from_being_read_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (
        dir.path().join("one.safetensors"),
        dir.path().join("two.safetensors"),
    );
    std::os::unix::fs::symlink(&one, &two).unwrap();
    std::os::unix::fs::symlink(&two, &one).unwrap();
    let error = Checkpoint::open(&one).unwrap_err().to_string();
    says(&error, &["its links lead in a ring"], &one);
    // A map as large as a file needs as much of the address space.
    let large = dir.path().join("large.safetensors");
    let header = r#"{"a":{"dtype":"U8","shape":[8000000000],"data_offsets":[0,8000000000]}}"#;
    common::write_sparse(&large, header, 8_000_000_000);
    let output = std::process::Command::new("sh")
        .args(["-c", r#"ulimit -v 4000000; exec "$0" inspect "$1""#])
        .arg(env!("CARGO_BIN_EXE_kinfolk"))
        .arg(&large)
        .output()
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    says(error.trim_end(), &["no address space", "ulimit -v"], &large);
}
