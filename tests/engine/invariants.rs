//! The four invariants of `lib.rs`, held by reading the sources.

use crate::house::House;

/// Files in `within` whose code has one of `words`, except where `allowed` says so.
fn offenders(words: &[&str], within: impl Fn(&str) -> bool) -> Vec<String> {
    let files = House::new().files.into_iter();
    files
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
    ];
    none(&offenders(&["unsafe "], |name| !allowed.contains(&name)));
}

/// How numbers are stored is known to the two modules that read and write them; everyone else
/// speaks of elements. So a further format is a matter of `checkpoint` alone.
#[test]
fn stored_numbers_are_read_in_one_place() {
    let outside = |name: &str| !name.starts_with("checkpoint/") && !name.starts_with("numeric/");
    // Who names one format decides by it; but for F32, in which everything is computed.
    let named = |text: &str| {
        let mut names = text.split("Dtype::").skip(1);
        names.any(|rest| rest.starts_with(char::is_uppercase) && !rest.starts_with("F32"))
    };
    // A cached result is a file of its own kind.
    let ours = |name: &str| outside(name) && name != "kinship/store.rs";
    let house = House::new();
    let found = (house.files.iter()).filter(|(name, text)| ours(name) && named(text));
    let found: Vec<String> = found.map(|(name, _)| name.clone()).collect();
    none(&found);
    none(&offenders(
        &["Float", "numeric::decode", "Plain {"],
        outside,
    ));
    none(&offenders(&["safetensors::"], |name| {
        // A test compares our names with theirs.
        name != "kinship/store.rs" && name != "checkpoint/dtype.rs"
    }));
    // The bytes of a tensor are for copying it as it is.
    none(&offenders(
        &["model.bytes(", "weights.bytes(", "checkpoint.bytes("],
        |name| outside(name) && name != "merge/run/shard.rs",
    ));
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

/// Which rooms a room may name. A room that is not listed fails the test.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("numeric/", &["numeric"]),
    ("text.rs", &["text"]),
    ("text/", &["text"]),
    ("html.rs", &[]),
    ("guide.rs", &[]),
    ("glossary.rs", &["kinship"]),
    ("jobs.rs", &[]),
    ("parallel.rs", &["jobs"]),
    ("files/", &["files", "jobs"]),
    ("store/", &["store", "jobs", "files", "parallel", "text"]),
    (
        "checkpoint/",
        &["checkpoint", "store", "numeric", "files", "text"],
    ),
    (
        "kinship/",
        &["kinship", "checkpoint", "numeric", "jobs", "parallel"],
    ),
    (
        "cluster/",
        &[
            "cluster",
            "kinship",
            "checkpoint",
            "numeric",
            "jobs",
            "parallel",
            "files",
        ],
    ),
    (
        "diff/",
        &["diff", "checkpoint", "jobs", "parallel", "files", "html"],
    ),
    (
        "merge/",
        &[
            "merge",
            "kinship",
            "checkpoint",
            "store",
            "numeric",
            "jobs",
            "parallel",
            "files",
            "text",
        ],
    ),
    (
        "transplant/",
        &[
            "transplant",
            "merge",
            "checkpoint",
            "numeric",
            "jobs",
            "parallel",
            "files",
            "text",
        ],
    ),
    (
        "extract/",
        &[
            "extract",
            "merge",
            "checkpoint",
            "numeric",
            "jobs",
            "parallel",
            "files",
        ],
    ),
    (
        "evaluate/",
        &[
            "evaluate",
            "checkpoint",
            "numeric",
            "jobs",
            "parallel",
            "files",
        ],
    ),
    (
        "moe/",
        &[
            "moe",
            "merge",
            "evaluate",
            "checkpoint",
            "numeric",
            "jobs",
            "files",
            "text",
        ],
    ),
    ("stats/", &["stats"]),
    (
        "origin/",
        &[
            "origin",
            "merge",
            "kinship",
            "checkpoint",
            "numeric",
            "jobs",
            "parallel",
            "files",
            "stats",
            "text",
        ],
    ),
    ("advice/", &["advice", "stats", "text"]),
    ("lineage/", &["lineage", "advice", "stats", "text"]),
    (
        "study/",
        &["study", "stats", "lineage", "evaluate", "kinship", "text"],
    ),
    ("import/", &["import", "study", "kinship", "stats", "text"]),
    (
        "figures/",
        &["figures", "lineage", "study", "stats", "kinship", "text"],
    ),
    (
        "findings/",
        &["findings", "study", "stats", "kinship", "text"],
    ),
    (
        "workbench/",
        &[
            "workbench",
            "cluster",
            "figures",
            "findings",
            "import",
            "study",
            "stats",
            "advice",
            "lineage",
            "evaluate",
            "extract",
            "moe",
            "origin",
            "merge",
            "transplant",
            "diff",
            "kinship",
            "checkpoint",
            "store",
            "jobs",
            "parallel",
            "files",
            "text",
            "html",
        ],
    ),
    (
        "report/",
        &["report", "workbench", "study", "kinship", "text", "html"],
    ),
];

/// What may name every room.
const TOP: [&str; 3] = ["cli", "ui", "lib.rs"];

#[test]
fn data_flow_one_way() {
    let house = House::new();
    let room = |file: &str| file.split('/').next().unwrap().to_owned();
    for (file, path) in house.imports() {
        let (from, to) = (room(file), room(house.file(&path)));
        if from == to || TOP.contains(&from.as_str()) {
            continue;
        }
        let (_, may) = MAY_NAME
            .iter()
            .find(|(listed, _)| listed.trim_end_matches('/') == from)
            .unwrap_or_else(|| panic!("{from} is not in the list"));
        let to = to.trim_end_matches(".rs");
        assert!(
            to == "lib" || may.contains(&to),
            "{file} names crate::{}",
            path.join("::")
        );
    }
}

/// Files that name each other in a circle. To open one is to delete it here.
const CIRCLES: &[&[&str]] = &[
    &[
        "merge/plan/mod.rs",
        "merge/plan/output.rs",
        "merge/plan/places.rs",
        "merge/plan/steps.rs",
        "merge/write/card.rs",
        "merge/write/config.rs",
        "merge/write/hash.rs",
        "merge/write/layout.rs",
        "merge/write/mod.rs",
        "merge/write/origin.rs",
    ],
    &["merge/write/names.rs", "merge/write/staging.rs"],
    &[
        "workbench/composing/mod.rs",
        "workbench/evolving/mod.rs",
        "workbench/measuring.rs",
        "workbench/merging.rs",
        "workbench/mixing.rs",
        "workbench/queue.rs",
        "workbench/session.rs",
        "workbench/tokens.rs",
        "workbench/write_check.rs",
    ],
    &[
        "workbench/evolving/evaluating.rs",
        "workbench/evolving/evaluator.rs",
        "workbench/evolving/evaluators.rs",
    ],
];

#[test]
fn files_name_each_other_in_no_new_circle() {
    let house = House::new();
    let circles: Vec<Vec<&str>> = (house.circles().into_iter())
        .map(|circle| circle.into_iter().collect())
        .collect();
    assert_eq!(circles, CIRCLES);
}

#[test]
fn views_touch_no_file_and_no_thread() {
    let words = ["std::fs", "std::thread", "std::process", "File::"];
    let allowed = |name: &str| name.starts_with("ui/dialogs");
    none(&offenders(&words, |name| {
        name.starts_with("ui/") && !allowed(name)
    }));
}
