//! What a checkpoint's files may do while they are open: be cut short, change in place, be half
//! there or be made to fill the memory. Named after the faults that were found.

#![cfg(unix)]

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

/// The merge of what lies there now, made in one go.
fn fresh(
    recipe: &str,
    dir: &Path,
    options: &Options,
) -> std::collections::BTreeMap<String, Vec<u8>> {
    let out = dir.join("fresh");
    let options = Options {
        out: out.clone(),
        ..options.clone()
    };
    let plan = planned(recipe, dir, Some(&out));
    run(&plan, &options, &Ticket::default()).unwrap();
    weight_files(&out)
}

#[test]
fn fault_9a_a_file_that_is_cut_short_while_it_is_merged_fails_the_merge_and_nothing_else() {
    for recipe in [RECIPE, COPY] {
        let (dir, options) = merge_desk();
        let path = dir.path().join("a/model.safetensors");
        let whole = std::fs::read(&path).unwrap();
        let expected = fresh(recipe, dir.path(), &options);
        let result = merged(recipe, dir.path(), &options, || {
            cut(&path, whole.len() as u64 / 3);
        });
        let Err(RunError::Failed(error)) = result else {
            panic!("{result:?}");
        };
        says(&error, &["was cut short", "tensor `"], &path);
        assert!(!options.out.exists());
        // What was finished before is used again, and no zeros are in it.
        std::fs::write(&path, &whole).unwrap();
        long_ago(&path);
        let again = merged(recipe, dir.path(), &options, || {}).unwrap();
        assert!(again >= 1);
        assert!(weight_files(&options.out) == expected);
    }
}

#[test]
fn fault_9b_a_file_that_is_changed_in_place_while_it_is_merged_fails_the_merge() {
    let (dir, options) = merge_desk();
    let path = dir.path().join("a/model.safetensors");
    let last = std::fs::metadata(&path).unwrap().len() - 1;
    let middle = last / 2;
    for (at, keeps_time) in [(middle, false), (last, true)] {
        // What the first has left would look like the second at work.
        std::fs::remove_dir_all(dir.path().join(".out.kinfolk-merge")).ok();
        let result = merged(RECIPE, dir.path(), &options, || {
            let file = writable(&path);
            file.write_all_at(&[0x41], at).unwrap();
            if keeps_time {
                long_ago(&path);
            }
        });
        let Err(RunError::Failed(error)) = result else {
            panic!("{result:?}");
        };
        says(&error, &["was changed while it was read"], &path);
        assert!(!options.out.exists());
        long_ago(&path);
    }
    // Nothing of the old input is in the child of the new one.
    let reused = merged(RECIPE, dir.path(), &options, || {}).unwrap();
    assert_eq!(reused, 0);
    let child = weight_files(&options.out);
    assert!(child == fresh(RECIPE, dir.path(), &options));
}

#[test]
fn fault_9_a_base_is_not_guessed_from_what_a_file_has_lost() {
    let (_dir, paths) = shelf();
    let four = || {
        let models = [&paths[0], &paths[1], &paths[2], &paths[0]].into_iter();
        let open = |path: &PathBuf| Arc::new(Checkpoint::open(path).unwrap());
        models
            .map(|path| ("x".to_owned(), open(path)))
            .collect::<Vec<_>>()
    };
    let models = four();
    cut(&paths[1], 100_000);
    assert_eq!(opening::guess_base(&models), None);
    assert!(!models[1].1.is_whole() && models[0].1.is_whole());
}

#[cfg(feature = "built-in-evaluator")]
#[test]
fn fault_9a_a_file_that_is_cut_short_before_it_is_evaluated_fails_the_evaluation() {
    use kinfolk::evaluate::{EvaluateError, Model};
    let dir = tempfile::tempdir().unwrap();
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("resources/demo/base");
    for entry in std::fs::read_dir(demo).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), dir.path().join(entry.file_name())).unwrap();
    }
    let path = dir.path().join("model.safetensors");
    let checkpoint = Checkpoint::open(dir.path()).unwrap();
    assert!(Model::load(&checkpoint, &Ticket::default()).is_ok());
    cut(&path, 500_000);
    match Model::load(&checkpoint, &Ticket::default()) {
        Err(EvaluateError::Files(error)) => says(&error, &["was cut short", "tensor `"], &path),
        other => panic!("{:?}", other.map(|_| ())),
    }
}

/// The sentence for a file with this header and one byte of data.
fn refused_header(header: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.safetensors");
    std::fs::write(&path, common::raw(header, &[0])).unwrap();
    let error = Checkpoint::open(&path).unwrap_err().to_string();
    says(&error, &["more than"], &path);
    assert!(error.len() < 4_000, "{} bytes", error.len());
    error
}

#[test]
fn fault_11_a_header_holds_no_more_than_real_files_do() {
    let entry = |name: &str, shape: &str| {
        format!(r#""{name}":{{"dtype":"U8","shape":[{shape}],"data_offsets":[0,1]}}"#)
    };
    let many = |n: usize, one: &dyn Fn(usize) -> String| -> String {
        (0..n).map(one).collect::<Vec<_>>().join(",")
    };
    let dimensions = |n| many(n, &|_| "1".to_owned());
    let error = refused_header(&format!("{{{}}}", entry("a", &dimensions(65))));
    assert!(
        error.contains("tensor `a`: a shape has more than 64"),
        "{error}"
    );
    let keys = many(10_001, &|k| format!(r#""{k}":"""#));
    let error = refused_header(&format!(r#"{{"__metadata__":{{{keys}}}}}"#));
    assert!(
        error.contains("`__metadata__`") && error.contains("more than 10000"),
        "{error}"
    );
    let long = "é".repeat(513);
    assert!(refused_header(&format!("{{{}}}", entry(&long, "1"))).contains("a name has 1026"));
    let tensors = many(500_001, &|k| {
        format!(r#""{k}":{{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#)
    });
    assert!(refused_header(&format!("{{{tensors}}}")).contains("more than 500000 tensors"));
    // Right up to the bounds all is well.
    let (dir, name) = (tempfile::tempdir().unwrap(), "é".repeat(512));
    let path = dir.path().join("x.safetensors");
    let keys = many(10_000, &|k| format!(r#""{k}":"""#));
    let header = format!(
        r#"{{"__metadata__":{{{keys}}},{}}}"#,
        entry(&name, &dimensions(64))
    );
    std::fs::write(&path, common::raw(&header, &[0])).unwrap();
    assert_eq!(Checkpoint::open(&path).unwrap().tensors()[0].name, name);
}

#[test]
fn fault_11_an_index_holds_no_more_than_real_ones_do() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.safetensors.index.json");
    let refused = |text: &str| {
        std::fs::write(&path, text).unwrap();
        Checkpoint::open(dir.path()).unwrap_err().to_string()
    };
    let entries: Vec<String> = (0..500_001)
        .map(|k| format!(r#""{k}":"a.safetensors""#))
        .collect();
    let error = refused(&format!(r#"{{"weight_map":{{{}}}}}"#, entries.join(",")));
    says(&error, &["more than 500000 entries"], &path);
    let error = refused(&format!(
        r#"{{"weight_map":{{"a":"{}"}}}}"#,
        "x".repeat(256)
    ));
    says(&error, &["a name has 256 bytes"], &path);
    // Its metadata may be anything, as before; only one number of it is looked at.
    write_safetensors(
        &dir.path().join("a.safetensors"),
        &[f32_part("a", &[1], &[1.0])],
    );
    for (metadata, remarks) in [
        ("null", 0),
        ("7", 0),
        (r#"[{"total_size":9}]"#, 0),
        (r#"{"total_size":"9","x":{"total_size":9}}"#, 0),
        (r#"{"total_size":4.0,"x":[1,-2,true,null]}"#, 0),
        (r#"{"x":[[]],"total_size":9}"#, 1),
    ] {
        let text = format!(r#"{{"metadata":{metadata},"weight_map":{{"a":"a.safetensors"}}}}"#);
        std::fs::write(&path, text).unwrap();
        let problems = Checkpoint::open(dir.path()).unwrap().problems().len();
        assert_eq!(problems, remarks, "{metadata}");
    }
}

/// Opens what lies at a path by the program, and gives its peak of memory in megabytes.
#[cfg(target_os = "linux")]
fn peak_of_inspect(path: &Path) -> (String, u64) {
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_kinfolk"))
        .arg("inspect")
        .arg(path)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        peak = peak.max(kilobytes.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(1));
    }
    let output = child.wait_with_output().unwrap();
    (String::from_utf8(output.stderr).unwrap(), peak / 1024)
}

#[cfg(target_os = "linux")]
#[test]
fn fault_11_a_forged_header_takes_about_its_own_length_of_memory() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.safetensors");
    let shape = "1,".repeat(20_000_000);
    let header = format!(r#"{{"a":{{"dtype":"U8","shape":[{shape}1],"data_offsets":[0,1]}}}}"#);
    std::fs::write(&path, common::raw(&header, &[0])).unwrap();
    let (error, peak) = peak_of_inspect(&path);
    assert!(error.contains("more than 64 dimensions"), "{error}");
    assert!((10..100).contains(&peak), "{peak} MB for 40");
    let index = dir.path().join("model.safetensors.index.json");
    let text = format!(
        r#"{{"metadata":[{}[]],"weight_map":{{}}}}"#,
        "[],".repeat(13_000_000)
    );
    std::fs::write(&index, text).unwrap();
    let (error, peak) = peak_of_inspect(&index);
    assert!(error.contains("names no tensor"), "{error}");
    assert!((10..130).contains(&peak), "{peak} MB for 39");
}

#[test]
fn fault_12_a_part_of_a_download_is_not_a_model() {
    let dir = tempfile::tempdir().unwrap();
    let shard = |k: usize| {
        dir.path()
            .join(format!("model-0000{k}-of-00003.safetensors"))
    };
    let write = |k: usize| {
        let name = format!("t{k}");
        write_safetensors(&shard(k), &[f32_part(&name, &[1], &[1.0])]);
    };
    let error = || Checkpoint::open(dir.path()).unwrap_err().to_string();
    write(1);
    let words = ["1 of 3 files", "finish the download"];
    says(&error(), &words, dir.path());
    let alone = Checkpoint::open(&shard(1)).unwrap_err().to_string();
    says(&alone, &["one of 3 files", "open its folder"], &shard(1));
    write(3);
    says(&error(), &["2 of 3 files"], dir.path());
    // All are there: the files leave no doubt, and it is said that no index does.
    write(2);
    let whole = Checkpoint::open(dir.path()).unwrap();
    assert_eq!(whole.tensors().len(), 3);
    assert!(whole.problems()[0].contains("there is no index"));
    let map: Vec<String> = (1..4)
        .map(|k| format!(r#""t{k}":"model-0000{k}-of-00003.safetensors""#))
        .collect();
    let index = format!(r#"{{"weight_map":{{{}}}}}"#, map.join(","));
    std::fs::write(dir.path().join("model.safetensors.index.json"), index).unwrap();
    assert_eq!(Checkpoint::open(dir.path()).unwrap().tensors().len(), 3);
    // The library does not offer it either.
    let shelf = tempfile::tempdir().unwrap();
    std::fs::create_dir(shelf.path().join("half")).unwrap();
    std::fs::copy(
        shard(1),
        shelf.path().join("half/model-00001-of-00003.safetensors"),
    )
    .unwrap();
    let found = opening::open_all(shelf.path());
    assert!(found.iter().all(|found| found.result.is_err()));
}

#[test]
fn fault_12_an_unfinished_merge_is_not_a_model() {
    let (dir, options) = merge_desk();
    let staging = dir.path().join(".out.kinfolk-merge");
    let path = dir.path().join("a/model.safetensors");
    let at_work = std::cell::OnceCell::new();
    let result = merged(RECIPE, dir.path(), &options, || {
        at_work.get_or_init(|| Checkpoint::open(&staging).unwrap_err().to_string());
        cut(&path, 100);
    });
    assert!(result.is_err());
    let words = ["an unfinished merge", "start the same merge again"];
    says(at_work.get().unwrap(), &words, &staging);
    let left = Checkpoint::open(&staging).unwrap_err().to_string();
    says(&left, &words, &staging);
    assert!(
        opening::open_all(dir.path())
            .iter()
            .all(|found| found.path != staging)
    );
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
