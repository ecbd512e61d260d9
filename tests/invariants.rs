//! The four invariants of `lib.rs`, held by reading the sources.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot read the sources must fail"
)]

use std::path::{Path, PathBuf};

fn sources(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// Every source file below `src`, by its path from there, with comments taken out.
fn code() -> Vec<(String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&src, &mut paths);
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let name = path
                .strip_prefix(&src)
                .unwrap()
                .to_string_lossy()
                .replace('\\', "/");
            let text = std::fs::read_to_string(path).unwrap();
            let lines = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            (name, lines.collect::<Vec<_>>().join("\n"))
        })
        .collect()
}

/// Files in `within` whose code has one of `words`, except where `allowed` says so.
fn offenders(words: &[&str], within: impl Fn(&str) -> bool) -> Vec<String> {
    code()
        .into_iter()
        .filter(|(name, text)| within(name) && words.iter().any(|word| text.contains(word)))
        .map(|(name, _)| name)
        .collect()
}

fn none(found: &[String]) {
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn egui_is_named_only_in_the_window() {
    none(&offenders(&["egui"], |name| {
        !name.starts_with("ui/") && name != "main.rs"
    }));
}

#[test]
fn unsafe_stands_only_in_the_map_and_the_kernels() {
    let allowed = [
        "checkpoint/map.rs",
        // The handler for maps whose file is cut short.
        "checkpoint/sigbus.rs",
        "numeric/isa.rs",
        "numeric/dots.rs",
        "numeric/decode.rs",
    ];
    none(&offenders(&["unsafe "], |name| !allowed.contains(&name)));
}

#[test]
fn the_study_touches_no_file_no_thread_and_no_clock() {
    let words = [
        "std::fs",
        "std::thread",
        "Instant",
        "SystemTime",
        "std::process",
        "std::env",
    ];
    none(&offenders(&words, |name| name.starts_with("study/")));
}

#[test]
fn nothing_that_is_iterated_has_a_hash_order() {
    // A hash map is for looking up; the one place that needs one is an argument of a library.
    let words = ["HashMap", "HashSet"];
    none(&offenders(&words, |name| {
        !matches!(name, "kinship/store.rs")
    }));
}

/// Which modules a module may name; what is not listed here may name all.
const MAY_NAME: [(&str, &[&str]); 13] = [
    ("numeric/", &["numeric"]),
    ("jobs.rs", &[]),
    ("files/", &["files", "jobs"]),
    ("checkpoint/", &["checkpoint", "numeric", "files", "jobs"]),
    ("kinship/", &["kinship", "checkpoint", "numeric", "jobs"]),
    (
        "merge/",
        &["merge", "kinship", "checkpoint", "numeric", "jobs", "files"],
    ),
    (
        "evaluate/",
        &["evaluate", "checkpoint", "numeric", "jobs", "files"],
    ),
    ("stats/", &["stats"]),
    ("lineage/", &["lineage", "stats"]),
    (
        "study/",
        &[
            "study",
            "stats",
            "lineage",
            "evaluate",
            "kinship",
            "checkpoint",
        ],
    ),
    ("import/", &["import", "study", "kinship"]),
    (
        "charts/",
        &["charts", "lineage", "study", "stats", "kinship"],
    ),
    (
        "workbench/",
        &[
            "workbench",
            "charts",
            "import",
            "study",
            "stats",
            "lineage",
            "evaluate",
            "merge",
            "kinship",
            "checkpoint",
            "numeric",
            "jobs",
            "files",
        ],
    ),
];

#[test]
fn data_flow_one_way() {
    for (module, may) in MAY_NAME {
        for (name, text) in code().iter().filter(|(name, _)| name.starts_with(module)) {
            for part in text.split("crate::").skip(1) {
                let named: String = part
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                let modules = [
                    "ui",
                    "cli",
                    "workbench",
                    "charts",
                    "import",
                    "study",
                    "stats",
                    "lineage",
                    "merge",
                    "evaluate",
                    "kinship",
                    "checkpoint",
                    "files",
                ];
                let is_module = modules.contains(&named.as_str());
                assert!(
                    !is_module || may.contains(&named.as_str()),
                    "{name} names crate::{named}"
                );
            }
        }
    }
}

#[test]
fn views_touch_no_file_and_no_thread() {
    let words = ["std::fs", "std::thread", "std::process", "File::"];
    let allowed = |name: &str| name.starts_with("ui/dialogs");
    none(&offenders(&words, |name| {
        name.starts_with("ui/") && !allowed(name)
    }));
}
