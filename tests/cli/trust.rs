//! What a program may be trusted with: results are never lost in silence, files of others stay
//! what they are, and nothing from a file reaches the terminal as it is. Named after the faults
//! that were found.

#![cfg(unix)]

mod studies;

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::common::merging::tiny_model;
use crate::common::{self, f32_part, write_safetensors};

/// Far above what any call here takes.
const PATIENCE: Duration = Duration::from_secs(60);

const RECIPE: &str = "merge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}, {model: b, parameters: {weight: 3}}]\n";

/// A folder with two small models and a recipe.
fn desk() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    tiny_model(&dir.path().join("a"), 1);
    tiny_model(&dir.path().join("b"), 2);
    std::fs::write(dir.path().join("recipe.yml"), RECIPE).unwrap();
    dir
}

fn kinfolk(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kinfolk"));
    command
        .current_dir(dir)
        .env("KINFOLK_HOME", dir.join("home"))
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .args(args)
        .stdin(Stdio::null());
    command
}

/// Runs to the end, which must come by itself.
fn output(command: &mut Command) -> Output {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if started.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("{command:?} does not end");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn demo_study(dir: &Path) -> PathBuf {
    common::demo_of_few_items(&dir.join("demo"), 6)
}

const SHORT: [&str; 8] = [
    "--name",
    "Short",
    "--strategy",
    "greedy",
    "--generations",
    "1",
    "--k",
    "2",
];

fn evolve(dir: &Path, study: &Path, more: &[&str]) -> Command {
    let mut command = kinfolk(dir, &["evolve"]);
    command.arg(study).args(SHORT).args(more);
    command
}

#[test]
fn fault_2_a_run_is_interrupted_wherever_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let study = demo_study(dir.path());
    let mut child = evolve(dir.path(), &study, &[])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Its first word is said when it has begun.
    let mut first = [0];
    child
        .stderr
        .as_mut()
        .unwrap()
        .read_exact(&mut first)
        .unwrap();
    common::interrupt(child.id());
    let started = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(started.elapsed() < PATIENCE, "it does not hear Ctrl C");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn fault_3_a_study_that_cannot_be_saved_is_a_failure() {
    let dir = tempfile::tempdir().unwrap();
    let study = demo_study(dir.path());
    let before = std::fs::read(&study).unwrap();
    let mut rights = std::fs::metadata(&study).unwrap().permissions();
    rights.set_readonly(true);
    std::fs::set_permissions(&study, rights).unwrap();
    let ended = output(&mut evolve(dir.path(), &study, &[]));
    assert_eq!(ended.status.code(), Some(1), "{}", stderr(&ended));
    let said = stderr(&ended);
    assert!(
        said.contains("could not be saved") && said.contains("read-only"),
        "{said}"
    );
    assert!(
        ended.stdout.is_empty(),
        "no table of what is not written down"
    );
    assert_eq!(std::fs::read(&study).unwrap(), before);
}

#[test]
fn fault_3_a_result_that_cannot_be_printed_is_a_failure() {
    let dir = desk();
    for args in [&["inspect", "a"][..], &["inspect", "a", "--json", "-"]] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let ended = kinfolk(dir.path(), args)
            .stdout(full)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
            .wait_with_output()
            .unwrap();
        assert_eq!(ended.status.code(), Some(1));
        assert!(
            stderr(&ended).contains("could not be printed"),
            "{}",
            stderr(&ended)
        );

        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child = kinfolk(dir.path(), args)
            .stdout(writer)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(141));
        assert_eq!(stderr(&ended), "", "a broken pipe is quiet");
    }
}

#[test]
fn fault_4_output_files_stay_what_they_are() {
    let dir = desk();
    let inspect = |to: &str| output(&mut kinfolk(dir.path(), &["inspect", "a", "--json", to]));
    assert!(inspect("/dev/null").status.success());
    let null = std::fs::symlink_metadata("/dev/null").unwrap();
    assert!(null.file_type().is_char_device());
    let full = inspect("/dev/full");
    assert_eq!(full.status.code(), Some(1));
    assert!(
        stderr(&full).contains("the disk is full"),
        "{}",
        stderr(&full)
    );

    symlink("real.json", dir.path().join("link.json")).unwrap();
    for _ in 0..2 {
        assert!(inspect("link.json").status.success());
        assert!(
            dir.path()
                .join("link.json")
                .symlink_metadata()
                .unwrap()
                .is_symlink()
        );
        assert!(
            std::fs::read_to_string(dir.path().join("real.json"))
                .unwrap()
                .contains("tensors")
        );
    }

    let pipe = dir.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::read_to_string(pipe).unwrap()
    });
    assert!(inspect("pipe").status.success());
    assert!(reader.join().unwrap().contains("tensors"));
    assert!(pipe.symlink_metadata().unwrap().file_type().is_fifo());
    let alone = inspect("pipe");
    assert!(
        stderr(&alone).contains("nobody reads from this pipe"),
        "{}",
        stderr(&alone)
    );

    // What was there before stays before it.
    let log = dir.path().join("log");
    let ended = kinfolk(dir.path(), &["inspect", "a", "--json", "/dev/stdout"])
        .stdout(File::create(&log).unwrap())
        .status()
        .unwrap();
    assert!(ended.success());
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(
        text.starts_with('{') && text.contains("parameters in"),
        "{text}"
    );
}

#[test]
fn fault_4_a_study_behind_a_link_keeps_its_link() {
    let dir = tempfile::tempdir().unwrap();
    let real = demo_study(dir.path());
    let link = dir.path().join("link.kinfolk.json");
    symlink(&real, &link).unwrap();
    let folder = dir.path().join("children");
    let ended = output(&mut evolve(
        dir.path(),
        &link,
        &["--folder", folder.to_str().unwrap()],
    ));
    assert!(ended.status.success(), "{}", stderr(&ended));
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert!(
        std::fs::read_to_string(&real)
            .unwrap()
            .contains("\"Short\"")
    );
}

#[test]
fn fault_7_no_character_of_a_file_moves_the_cursor() {
    let dir = tempfile::tempdir().unwrap();
    let evil = "x\u{1b}[2J\u{202e}\nkinfolk: all is well\u{9b}1m.weight";
    let folder = dir.path().join("m\u{1b}]0;t\u{7}\u{202e}");
    std::fs::create_dir(&folder).unwrap();
    let name = folder.to_str().unwrap();
    write_safetensors(
        &folder.join("model.safetensors"),
        &[f32_part(evil, &[2], &[1.0, 2.0])],
    );
    let recipe = dir.path().join("r.yml");
    std::fs::write(
        &recipe,
        "merge_method: \"a\\e[31m\"\nmodels: [{model: \"\\e[1m\"}]\n",
    )
    .unwrap();
    let table = dir.path().join("t.csv");
    std::fs::write(&table, "x\u{1b}[1m,y\u{202e}\n1,2\n2,3\n3,5\n4,4\n").unwrap();
    let study = dir.path().join("s.kinfolk.json");
    std::fs::write(&study, "{\"kinfolk\": \"study\\u001b[1m\", \"version\": 1}").unwrap();
    let calls: [&[&str]; 9] = [
        &["inspect", name],
        &["inspect", name, "--json", "-"],
        &["kinship", "--base", name, name, name],
        &["kinship", "--base", name, name, "--json", "-"],
        &["merge", recipe.to_str().unwrap(), "out"],
        &[
            "stats",
            table.to_str().unwrap(),
            "--x",
            "x\u{1b}[1m",
            "--y",
            "y\u{202e}",
        ],
        &["stats", table.to_str().unwrap(), "--x", "no", "--y", "y"],
        &["evolve", study.to_str().unwrap()],
        &["inspect", name, "\u{1b}[1m\u{202e}"],
    ];
    for args in calls {
        let ended = output(&mut kinfolk(dir.path(), args));
        for bytes in [&ended.stdout, &ended.stderr] {
            let text = std::str::from_utf8(bytes).unwrap();
            let is_active = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            assert!(!text.contains(is_active), "{args:?}: {text:?}");
            let forged = text
                .lines()
                .any(|line| line.starts_with("kinfolk: all is well"));
            assert!(!forged, "{args:?}: {text}");
        }
        assert!(
            !ended.stdout.is_empty() || !ended.stderr.is_empty(),
            "{args:?}"
        );
    }
}

/// Puts each kind of thing that is not a file at `at`, and hears what `args` says of it.
fn special_files(dir: &Path, at: &Path, args: &[&str]) {
    let pipe: &dyn Fn(&Path) =
        &|at| nix::unistd::mkfifo(at, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let endless: &dyn Fn(&Path) = &|at| symlink("/dev/zero", at).unwrap();
    let folder: &dyn Fn(&Path) = &|at| std::fs::create_dir(at).unwrap();
    let ring: &dyn Fn(&Path) = &|at| symlink(at, at).unwrap();
    let huge: &dyn Fn(&Path) = &|at| File::create(at).unwrap().set_len(1 << 40).unwrap();
    for (what, make) in [
        ("a pipe", pipe),
        ("an endless file", endless),
        ("a folder", folder),
        ("a ring of links", ring),
        ("a terabyte", huge),
    ] {
        if at.is_dir() && at.symlink_metadata().unwrap().is_dir() {
            std::fs::remove_dir_all(at).unwrap();
        } else if at.symlink_metadata().is_ok() {
            std::fs::remove_file(at).unwrap();
        }
        make(at);
        let ended = output(&mut kinfolk(dir, args));
        assert_eq!(
            ended.status.code(),
            Some(1),
            "{what}, {args:?}: {}",
            stderr(&ended)
        );
        let name = at.file_name().unwrap().to_str().unwrap();
        assert!(
            stderr(&ended).contains(name),
            "{what}, {args:?}: {}",
            stderr(&ended)
        );
    }
}

#[test]
fn fault_10_nothing_but_a_file_is_read_as_one() {
    let dir = desk();
    let at = |name: &str| dir.path().join(name);
    special_files(
        dir.path(),
        &at("s.kinfolk.json"),
        &["evolve", "s.kinfolk.json"],
    );
    special_files(dir.path(), &at("r.yml"), &["merge", "r.yml", "out"]);
    special_files(
        dir.path(),
        &at("t.csv"),
        &["stats", "t.csv", "--x", "x", "--y", "y"],
    );
    special_files(dir.path(), &at("q.jsonl"), &["evaluate", "a", "q.jsonl"]);
    special_files(
        dir.path(),
        &at("w.safetensors"),
        &["inspect", "w.safetensors"],
    );
    for name in ["config.json", "tokenizer.json", "generation_config.json"] {
        special_files(
            dir.path(),
            &at("a").join(name),
            &["merge", "recipe.yml", "out"],
        );
        std::fs::remove_file(at("a").join(name)).unwrap();
    }
    assert!(!at("out").exists());
}

#[test]
fn fault_13_options_that_would_be_ignored_are_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let study = demo_study(dir.path());
    let first = output(&mut evolve(dir.path(), &study, &[]));
    assert!(first.status.success(), "{}", stderr(&first));
    // The same call again goes on, or finds that there is nothing left to do.
    let again = output(&mut evolve(dir.path(), &study, &[]));
    assert!(again.status.success(), "{}", stderr(&again));
    let other = output(&mut evolve(
        dir.path(),
        &study,
        &["--seed", "7", "--keep-best"],
    ));
    assert_eq!(other.status.code(), Some(1));
    let said = stderr(&other);
    assert!(said.contains("--seed, --keep-best"), "{said}");
    assert!(
        !said.contains("--k,") && !said.contains("--generations"),
        "{said}"
    );
}
