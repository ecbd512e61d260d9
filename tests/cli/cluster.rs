//! Plans that are worked on by processes, which are killed at any moment.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// How often workers are killed; `KINFOLK_TEST_KILLS` has another number.
const KILLS: u64 = 6;

fn kinfolk(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kinfolk"));
    command
        .current_dir(dir)
        .env("KINFOLK_HOME", dir.join("home"));
    command
}

fn run(dir: &Path, args: &[&str]) -> Output {
    kinfolk(dir).args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The demo family in a folder, and its kinship by one process.
fn family() -> (tempfile::TempDir, Vec<u8>) {
    let dir = tempfile::tempdir().unwrap();
    assert!(run(dir.path(), &["demo", "demo"]).status.success());
    let names = ["abacus", "arith", "ledger", "mirror", "order"].map(|n| format!("demo/{n}"));
    let list = format!("# a line each\n\n{}\n", names.join("\n"));
    std::fs::write(dir.path().join("list"), list).unwrap();
    let mut args = vec!["kinship", "--base", "demo/base", "--json", "whole.json"];
    args.extend(names.iter().map(String::as_str));
    assert!(run(dir.path(), &args).status.success());
    let whole = std::fs::read(dir.path().join("whole.json")).unwrap();
    (dir, whole)
}

fn plan(dir: &Path, bytes: &str, block: &str) -> Output {
    let args = [
        "cluster",
        "plan",
        "--base",
        "demo/base",
        "--models",
        "list",
        "out",
    ];
    let mut command = kinfolk(dir);
    command
        .args(args)
        .args(["--task-bytes", bytes, "--block", block]);
    command.output().unwrap()
}

fn joined(dir: &Path) -> Vec<u8> {
    let out = run(dir, &["cluster", "join", "out", "--json", "joined.json"]);
    assert!(out.status.success(), "{}", text(&out.stderr));
    std::fs::read(dir.join("joined.json")).unwrap()
}

#[test]
fn two_workers_give_what_one_process_gives_and_a_study_that_opens_with_it() {
    let (dir, whole) = family();
    let dir = dir.path();
    let planned = plan(dir, "200KB", "2");
    assert!(
        text(&planned.stdout).contains("5 models on base"),
        "{}",
        text(&planned.stdout)
    );
    let early = run(dir, &["cluster", "join", "out"]);
    assert_eq!(early.status.code(), Some(1));
    assert!(text(&early.stderr).contains("parts are missing"));
    let worker = || {
        let mut command = kinfolk(dir);
        command.args(["cluster", "work", "out", "--threads", "1", "--wait"]);
        command.stdout(Stdio::piped()).spawn().unwrap()
    };
    let done: Vec<String> = [worker(), worker()]
        .map(|worker| text(&worker.wait_with_output().unwrap().stdout))
        .concat()
        .lines()
        .filter(|line| line.contains("\"event\":\"done\""))
        .map(str::to_owned)
        .collect();
    let manifest = std::fs::read_to_string(dir.join("out/manifest.jsonl")).unwrap();
    assert_eq!(done.len(), manifest.lines().count(), "each task once");
    assert_eq!(joined(dir), whole);
    let study = run(
        dir,
        &["cluster", "join", "out", "--study", "s.kinfolk.json"],
    );
    assert!(study.status.success(), "{}", text(&study.stderr));
    let doc = std::fs::read_to_string(dir.join("s.kinfolk.json")).unwrap();
    assert!(doc.contains("\"abacus\"") && doc.contains("demo/abacus"));
    let kept = std::fs::read_dir(dir.join("home/cache")).unwrap().count();
    assert!(kept > 0, "the kinship is kept for the window");
}

#[test]
fn workers_killed_at_any_moment_leave_nothing_wrong() {
    let (dir, whole) = family();
    let dir = dir.path();
    let kills = std::env::var("KINFOLK_TEST_KILLS").ok();
    let kills = kills.and_then(|n| n.parse().ok()).unwrap_or(KILLS);
    let mut state = 17u64;
    for _ in 0..kills {
        std::fs::remove_dir_all(dir.join("out")).ok();
        assert!(plan(dir, "100KB", "2").status.success());
        for _ in 0..2 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let mut worker = kinfolk(dir);
            worker
                .args(["cluster", "work", "out", "--threads", "1"])
                .stdout(Stdio::null());
            let mut worker = worker.spawn().unwrap();
            std::thread::sleep(Duration::from_millis(5 + (state >> 33) % 60));
            worker.kill().unwrap();
            worker.wait().unwrap();
        }
        // A dead worker's task is free when its lease has run out.
        let last = [
            "cluster",
            "work",
            "out",
            "--lease",
            "1",
            "--wait",
            "--threads",
            "2",
        ];
        let mut claims: Vec<PathBuf> = Vec::new();
        for entry in std::fs::read_dir(dir.join("out/claims"))
            .into_iter()
            .flatten()
        {
            claims.push(entry.unwrap().path());
        }
        for claim in claims {
            std::fs::write(claim, "{\"worker\": \"dead\", \"until_ms\": 1}").unwrap();
        }
        let out = run(dir, &last);
        assert!(out.status.success(), "{}", text(&out.stderr));
        assert_eq!(joined(dir), whole);
    }
}

#[test]
fn drivers_are_written_and_name_the_commands_that_there_are() {
    let dir = tempfile::tempdir().unwrap();
    for (engine, file) in [
        ("ray", "kinfolk_ray.py"),
        ("slurm", "kinfolk_slurm.sh"),
        ("parallel", "kinfolk_parallel.sh"),
    ] {
        let out = run(dir.path(), &["cluster", "driver", engine]);
        assert_eq!(text(&out.stdout).trim(), file);
        let written = std::fs::read_to_string(dir.path().join(file)).unwrap();
        assert!(
            written.contains("cluster") && written.contains("work"),
            "{file}"
        );
        assert_eq!(
            run(dir.path(), &["cluster", "driver", engine])
                .status
                .code(),
            Some(1)
        );
    }
    assert_eq!(
        run(dir.path(), &["cluster", "driver", "make"])
            .status
            .code(),
        Some(2)
    );
}

/// Two nodes on the loopback, one of which is killed when some tasks are done.
const TWO_NODES: &str = "
import pathlib, subprocess, sys, time
from ray.cluster_utils import Cluster
cluster = Cluster(initialize_head=True, head_node_args={'num_cpus': 1})
second = cluster.add_node(num_cpus=1)
call = [sys.executable, 'kinfolk_ray.py', 'out', '--cpus', '1', '--lease', '1']
run = subprocess.Popen(call + ['--address', cluster.address, '--kinfolk', sys.argv[1]])
parts = pathlib.Path('out/parts')
while run.poll() is None and (not parts.exists() or len(list(parts.iterdir())) < 3):
    time.sleep(0.02)
cluster.remove_node(second, allow_graceful=False)
code = run.wait()
cluster.shutdown()
sys.exit(code)
";

/// Skipped where Python has no Ray.
#[test]
fn ray_ends_a_plan_though_a_node_is_killed() {
    let python = std::env::var("KINFOLK_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has_ray = Command::new(&python).args(["-c", "import ray"]).output();
    if !has_ray.is_ok_and(|out| out.status.success()) {
        eprintln!("skipped: Python has no Ray; KINFOLK_TEST_PYTHON names another Python");
        return;
    }
    let (dir, whole) = family();
    let dir = dir.path();
    assert!(plan(dir, "200KB", "2").status.success());
    assert!(run(dir, &["cluster", "driver", "ray"]).status.success());
    let out = Command::new(&python)
        .current_dir(dir)
        .args(["-c", TWO_NODES, env!("CARGO_BIN_EXE_kinfolk")])
        .output()
        .unwrap();
    let told = text(&out.stdout) + &text(&out.stderr);
    assert!(out.status.success(), "{told}");
    assert_eq!(joined(dir), whole);
}
