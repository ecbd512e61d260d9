//! `kinfolk stats` as scripts meet it: standard output, JSON, exit status.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::tables::paper;

fn kinfolk(args: &[&str]) -> Output {
    let home = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_kinfolk"))
        .arg("stats")
        .args(args)
        .env("KINFOLK_HOME", home.path())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A run that must be fine, and its JSON.
fn json(args: &[&str]) -> Value {
    let output = kinfolk(&[args, &["--json", "-"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn table(file: &str) -> String {
    paper(file).to_string_lossy().into_owned()
}

fn written(dir: &Path, content: &str) -> String {
    let path = dir.join("a table.csv");
    std::fs::write(&path, content).unwrap();
    path.to_string_lossy().into_owned()
}

#[test]
fn the_result_has_the_documented_shape() {
    let file = table("evolution_paths.csv");
    let report = json(&[
        &file,
        "--x",
        "pcc",
        "--y",
        "merge_gain",
        "--where",
        "path=1",
    ]);
    assert_eq!(report["n"], 14);
    assert_eq!(report["missing"], 0);
    // Beside each other in the paper's table of printed values: −0.5108 and 0.0620.
    let near = |value: &Value, expected: f64| (value.as_f64().unwrap() - expected).abs() < 5e-5;
    assert!(near(&report["pearson"]["r"], -0.5108), "{report}");
    assert!(near(&report["pearson"]["p"], 0.0620), "{report}");
    for (part, keys) in [
        ("spearman", &["r", "p"][..]),
        ("permutation", &["p", "pairings"]),
        ("bootstrap", &["draws", "undefined"]),
        ("line", &["slope", "intercept", "p", "residual"]),
        ("robust_line", &["slope", "intercept"]),
    ] {
        for key in keys {
            assert!(report[part][key].is_number(), "{part} {key}: {report}");
        }
    }
    for (part, key) in [
        ("pearson", "ci"),
        ("bootstrap", "ci"),
        ("line", "slope_ci"),
        ("robust_line", "slope_ci"),
    ] {
        let ends = report[part][key].as_array().unwrap();
        assert!(ends.len() == 2 && ends[0].as_f64() < ends[1].as_f64());
    }
    assert_eq!(report["permutation"]["exact"], false);
}

#[test]
fn the_seed_decides_what_is_drawn_and_nothing_else() {
    let file = table("figure2_scatter_points.csv");
    let with = |seed| json(&[&file, "--x", "cs", "--y", "merge_gain", "--seed", seed]);
    let (one, two) = (with("1"), with("2"));
    assert_eq!(one, with("1"));
    assert_ne!(one["bootstrap"], two["bootstrap"]);
    assert_eq!(one["pearson"], two["pearson"]);
    assert_eq!(one["robust_line"], two["robust_line"]);
}

#[test]
fn magnitudes_of_y_are_taken_where_asked_for() {
    let file = table("figure2_scatter_points.csv");
    let report = json(&[&file, "--x", "pcc", "--y", "merge_gain", "--absolute-y"]);
    assert_eq!(report["y"], "|merge_gain|");
    let r = report["pearson"]["r"].as_f64().unwrap();
    assert!((r + 0.7464).abs() < 5e-5, "{r}");
}

#[test]
fn people_read_n_missing_r_p_and_intervals() {
    let file = table("evolution_paths.csv");
    let conditions = [
        "--where",
        "path=2",
        "--where",
        "stage_by_figure3_line=improving",
    ];
    let args = [
        &[file.as_str(), "--x", "pcc", "--y", "merge_gain"],
        &conditions[..],
    ]
    .concat();
    let output = kinfolk(&args);
    let text = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        text.starts_with("merge_gain against pcc where path = 2, stage_by_figure3_line = improving\nn 9, missing 0\n"),
        "{text}"
    );
    for part in [
        "Pearson r",
        "Fisher",
        "bootstrap",
        "permutation",
        "Spearman r",
        "least squares",
        "Theil–Sen",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.contains("merge_gain = "), "{text}");
}

#[test]
fn missing_cells_are_counted_and_what_is_not_defined_is_null() {
    let dir = tempfile::tempdir().unwrap();
    let file = written(dir.path(), "a;b\n1;2\n–;3\n2;n/a\n4;2\n");
    let report = json(&[&file, "--x", "a", "--y", "b"]);
    assert_eq!((&report["n"], &report["missing"]), (&2.into(), &2.into()));
    for pointer in [
        "/pearson/r",
        "/pearson/ci",
        "/spearman/p",
        "/line/slope",
        "/permutation/p",
    ] {
        assert_eq!(report.pointer(pointer), Some(&Value::Null), "{pointer}");
    }
    let output = kinfolk(&[&file, "--x", "a", "--y", "b"]);
    assert!(text(&output.stderr).contains("fewer than three points"));
    let constant = written(dir.path(), "a,b\n1,2\n1,3\n1,4\n");
    let output = kinfolk(&[&constant, "--x", "a", "--y", "b"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stderr).contains("are the same"));
}

#[test]
fn failures_are_one_sentence_with_the_place_and_status_one() {
    let dir = tempfile::tempdir().unwrap();
    let paths = table("evolution_paths.csv");
    let latin = dir.path().join("latin.csv");
    std::fs::write(&latin, b"x,y\n1,\xe9\n").unwrap();
    let latin = latin.to_string_lossy().into_owned();
    let bad = written(dir.path(), "x,y\n1,2\n2,about 3\n");
    for (args, part) in [
        (
            &["/nowhere.csv", "--x", "x", "--y", "y"][..],
            "cannot be read",
        ),
        (&[&latin, "--x", "x", "--y", "y"], "UTF-8"),
        (
            &[&bad, "--x", "x", "--y", "y"],
            "line 3, column 2 (y): `about 3`",
        ),
        (
            &[&paths, "--x", "pc", "--y", "merge_gain"],
            "the nearest is `pcc`",
        ),
        (
            &[&paths, "--x", "parent_count", "--y", "atp"],
            "line 13, column 8",
        ),
        (
            &[&paths, "--x", "pcc", "--y", "atp", "--where", "path=3"],
            "no row has path = 3",
        ),
    ] {
        let output = kinfolk(args);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert!(output.stdout.is_empty());
        let message = text(&output.stderr);
        assert_eq!(message.trim_end().lines().count(), 1, "{message}");
        assert!(
            message.starts_with("kinfolk: ") && message.contains(part),
            "{message}"
        );
    }
}

#[test]
fn wrong_usage_is_status_two() {
    let file = table("evolution_paths.csv");
    for args in [
        &[file.as_str(), "--x", "pcc"][..],
        &["--x", "pcc", "--y", "atp"],
        &[&file, "--x", "pcc", "--y", "atp", "--where", "path"],
        &[&file, "--x", "pcc", "--y", "atp", "--seed", "-1"],
    ] {
        assert_eq!(kinfolk(args).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn json_goes_to_a_file_beside_the_text() {
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().join("out.json");
    let file = table("task_difference.csv");
    let args = [
        &file,
        "--x",
        "kinship_ed",
        "--y",
        "atpd",
        "--json",
        to.to_str().unwrap(),
    ];
    let output = kinfolk(&args);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).starts_with("atpd against kinship_ed\nn 26, "));
    let report: Value = serde_json::from_slice(&std::fs::read(&to).unwrap()).unwrap();
    assert_eq!(report["n"], 26);
    let r = report["pearson"]["r"].as_f64().unwrap();
    assert!((r - 0.8097).abs() < 5e-5, "{r}");
}
