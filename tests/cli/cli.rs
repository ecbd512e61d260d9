//! The program as scripts meet it: arguments, standard output, files, exit status.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::common;

/// The program with folders of its own and no display.
fn kinfolk(home: &Path, args: &[&str]) -> Output {
    command(home, args).output().unwrap()
}

fn command(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kinfolk"));
    command
        .args(args)
        .env("KINFOLK_HOME", home)
        .stdin(Stdio::null());
    for name in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"] {
        command.env_remove(name);
    }
    command
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn cedar(model: &str) -> String {
    common::oracle(&format!("cedar/{model}"))
        .to_string_lossy()
        .into_owned()
}

#[test]
fn without_a_display_the_demo_is_measured_in_text_and_picture() {
    let home = tempfile::tempdir().unwrap();
    let output = kinfolk(home.path(), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(text.starts_with("No display was found"), "{text}");
    assert!(text.contains("0.931623"), "abacus and arith: {text}");
    let picture = text
        .lines()
        .find_map(|l| l.strip_prefix("The same as a picture: "))
        .unwrap();
    let picture = image::open(picture).unwrap();
    assert!(picture.width() > 400 && picture.height() > 300);
}

fn demo_of(home: &Path, to: &Path) {
    assert!(
        kinfolk(home, &["demo", &to.to_string_lossy()])
            .status
            .success()
    );
}

/// The texts of the pictures that lie in a page.
fn texts_of_pictures(page: &str) -> Vec<Vec<String>> {
    const START: &str = "data:image/svg+xml;base64,";
    let data = page.split(START).skip(1);
    data.map(|rest| {
        let (encoded, _) = rest.split_once('"').unwrap();
        let svg = STANDARD.decode(encoded).unwrap();
        let svg = String::from_utf8(svg).unwrap();
        let drawing = roxmltree::Document::parse(&svg).unwrap();
        let texts = drawing.descendants().filter_map(|node| node.text());
        texts.map(str::to_owned).collect()
    })
    .collect()
}

#[test]
fn a_report_holds_matrix_lineage_charts_and_tables_in_one_file() {
    let home = tempfile::tempdir().unwrap();
    let [demo, page] = ["demo", "page.html"].map(|name| home.path().join(name));
    demo_of(home.path(), &demo);
    let study = demo.join("demo.kinfolk.json");
    let [study, out] = [&study, &page].map(|path| path.to_str().unwrap());
    let output = kinfolk(home.path(), &["report", study, out, "--measure"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let html = std::fs::read_to_string(&page).unwrap();
    let pictures = texts_of_pictures(&html);
    assert!(
        pictures[0].contains(&"0.932".to_owned()),
        "{:?}",
        pictures[0]
    );
    assert!(pictures[1].contains(&"Lineage of Demo family".to_owned()));
    assert_eq!(pictures.len(), html.matches("<figure>").count());
    assert!(pictures.len() > 2, "the charts");
    assert!(html.contains("<li>ledger has the best average, 74.92 points, +4.25 beside arith"));
    assert!(html.contains("<td>mirror</td><td>fine-tune</td><td>base</td>"));
}

#[test]
fn a_report_says_what_was_not_measured() {
    let home = tempfile::tempdir().unwrap();
    let [demo, page] = ["demo", "page.html"].map(|name| home.path().join(name));
    demo_of(home.path(), &demo);
    let study = demo.join("demo.kinfolk.json");
    let [study, out] = [&study, &page].map(|path| path.to_str().unwrap());
    assert!(
        kinfolk(home.path(), &["report", study, out])
            .status
            .success()
    );
    let html = std::fs::read_to_string(&page).unwrap();
    assert!(html.contains("The kinship of 7 of 7 models of base was not measured."));
    let nowhere = kinfolk(home.path(), &["report", "nowhere.kinfolk.json", out]);
    assert_eq!(nowhere.status.code(), Some(1));
}

#[test]
fn a_window_asked_for_by_name_is_refused_in_one_sentence() {
    let home = tempfile::tempdir().unwrap();
    for args in [&["window"][..], &["some.kinfolk.json"]] {
        let output = kinfolk(home.path(), args);
        assert_eq!(output.status.code(), Some(1));
        assert!(stdout(&output).is_empty());
        let message = stderr(&output);
        assert_eq!(message.lines().count(), 1, "{message}");
        assert!(message.contains("no display"), "{message}");
    }
}

#[test]
fn a_display_that_does_not_answer_is_one_sentence() {
    let home = tempfile::tempdir().unwrap();
    let output = command(home.path(), &[])
        .env("DISPLAY", ":9876")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = stderr(&output);
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(
        message.starts_with("kinfolk: the window could not be opened"),
        "{message}"
    );
}

#[test]
fn the_demo_is_written_where_it_is_wanted() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("a folder");
    let dir = dir.to_str().unwrap();
    let output = kinfolk(home.path(), &["demo", dir, "--json", "-"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["base"], "base");
    assert_eq!(report["models"][0], "abacus");
    assert_eq!(report["parameters"], 739_200);
    assert!(Path::new(dir).join("demo.kinfolk.json").is_file());
}

#[test]
fn kinship_has_the_documented_shape() {
    let home = tempfile::tempdir().unwrap();
    let (base, c1, twin, wide) = (cedar("base"), cedar("c1"), cedar("twin"), cedar("wide"));
    let file = home.path().join("out.json");
    let args = [
        "kinship",
        "--base",
        &base,
        &c1,
        &twin,
        &wide,
        "--by",
        "kind",
        "--json",
        file.to_str().unwrap(),
    ];
    let output = kinfolk(home.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(report["models"], serde_json::json!(["c1", "twin", "wide"]));
    for aggregate in ["whole", "mean_over_tensors"] {
        for metric in ["pearson", "cosine", "euclidean"] {
            let matrix = report[aggregate][metric].as_array().unwrap();
            assert_eq!(matrix.len(), 3);
            assert!(matrix.iter().all(|row| row.as_array().unwrap().len() == 3));
        }
    }
    assert!(
        report["whole"]["pearson"][0][1].is_null(),
        "a copy of the base has no direction"
    );
    assert!(report["whole"]["euclidean"][0][1].as_f64().unwrap() > 0.0);
    let kinds: Vec<&str> = report["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|g| g["name"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["embedding", "attention", "mlp", "norm", "head"]);
    let left_out = report["left_out"].as_array().unwrap();
    assert!(
        left_out
            .iter()
            .all(|l| l["model"] == "wide" && l["tensor"].is_string())
    );
    assert_eq!(left_out.len(), 2);
}

#[test]
fn the_number_of_threads_changes_no_digit() {
    let home = tempfile::tempdir().unwrap();
    let (base, c1, c2) = (cedar("base"), cedar("c1"), cedar("c2"));
    let run = |threads: &str| {
        let args = [
            "kinship",
            "--base",
            &base,
            &c1,
            &c2,
            "--threads",
            threads,
            "--by",
            "tensor",
            "--json",
            "-",
        ];
        stdout(&kinfolk(home.path(), &args))
    };
    let one = run("1");
    assert!(one.contains("pearson"));
    assert_eq!(one, run("2"));
}

#[test]
fn inspect_lists_every_tensor() {
    let home = tempfile::tempdir().unwrap();
    let output = kinfolk(home.path(), &["inspect", &cedar("base"), "--json", "-"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["dtypes"], "F16");
    assert_eq!(report["layers"], 2);
    assert_eq!(report["tensors"].as_array().unwrap().len(), 21);
    let text = stdout(&kinfolk(home.path(), &["inspect", &cedar("base")]));
    assert!(text.contains("model.layers.1.mlp.up_proj.weight"), "{text}");
}

#[test]
fn failures_are_one_sentence_and_status_one() {
    let home = tempfile::tempdir().unwrap();
    let bad = home.path().join("bad.safetensors");
    std::fs::write(&bad, [1, 2, 3]).unwrap();
    let bad = bad.to_str().unwrap();
    for args in [
        &["inspect", "/nowhere"][..],
        &["inspect", bad],
        &["kinship", "--base", bad, bad],
    ] {
        let output = kinfolk(home.path(), args);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        let message = stderr(&output);
        assert_eq!(message.trim_end().lines().count(), 1, "{message}");
        assert!(message.starts_with("kinfolk: "), "{message}");
    }
}

#[test]
fn wrong_usage_is_status_two() {
    let home = tempfile::tempdir().unwrap();
    for args in [
        &["kinship"][..],
        &["inspect"],
        &["kinship", "--base", "b", "m", "--by", "colour"],
    ] {
        assert_eq!(
            kinfolk(home.path(), args).status.code(),
            Some(2),
            "{args:?}"
        );
    }
}

#[test]
fn a_merge_can_tell_the_kinship_of_its_parents() {
    let home = tempfile::tempdir().unwrap();
    let oracle = common::oracle("alder")
        .parent()
        .unwrap()
        .parent()
        .unwrap()
        .to_owned();
    let recipe = oracle.join("configs/ta-default.yaml");
    let out = home.path().join("child");
    let args = [
        "merge",
        recipe.to_str().unwrap(),
        out.to_str().unwrap(),
        "--root",
        oracle.to_str().unwrap(),
        "--kinship",
    ];
    let output = kinfolk(home.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let card = std::fs::read_to_string(out.join("README.md")).unwrap();
    assert!(card.contains("inship") && card.contains("c1"), "{card}");
    let inspected = kinfolk(home.path(), &["inspect", out.to_str().unwrap()]);
    assert_eq!(inspected.status.code(), Some(0));
}

#[cfg(unix)]
#[test]
fn commands_for_mergekit_are_taken_and_what_has_no_effect_is_said() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name).to_string_lossy().into_owned();
    common::merging::tiny_model(&home.path().join("a"), 1);
    common::merging::tiny_model(&home.path().join("b"), 2);
    let recipe = "name: first\nmerge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}]\n\
                  ---\nmerge_method: dare_linear\nbase_model: b\n\
                  models: [{model: first, parameters: {weight: 1, density: 0.5}}]\n";
    std::fs::write(at("r.yaml"), recipe).unwrap();
    let (out, steps) = (at("out"), at("steps"));
    let args = [
        "merge",
        &at("r.yaml"),
        "--out-path",
        &out,
        "-I",
        &steps,
        "--cuda",
        "--no-lazy-unpickle",
        "--lora-merge-cache",
        "cache",
        "--out-shard-size",
        "1B",
        "--random-seed",
        "3",
        "-j",
        "1",
        "-vv",
        "--quiet",
        "--no-allow-crimes",
    ];
    let output = kinfolk(home.path(), &args);
    let message = stderr(&output);
    assert_eq!(output.status.code(), Some(0), "{message}");
    for name in ["--cuda", "--no-lazy-unpickle", "--lora-merge-cache"] {
        assert!(
            message.contains(&format!("{name} has no effect: ")),
            "{message}"
        );
    }
    assert!(!message.contains("--quiet"), "{message}");
    let saved = std::fs::read_to_string(Path::new(&out).join("mergekit_config.yml")).unwrap();
    assert!(saved.contains("seed: 3"), "{saved}");
    assert!(Path::new(&steps).join("first/model.safetensors").is_file());
    // The help does not list them.
    let help = stdout(&kinfolk(home.path(), &["merge", "--help"]));
    assert!(
        help.contains("--intermediates") && !help.contains("--cuda"),
        "{help}"
    );
    // A document without a name needs a place.
    let output = kinfolk(home.path(), &["merge", &at("r.yaml"), "-I", &at("other")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("give OUT"), "{}", stderr(&output));
    assert!(!Path::new(&at("other")).exists());
}

#[test]
fn ctrl_c_ends_a_measurement_cleanly() {
    let home = tempfile::tempdir().unwrap();
    let base = home.path().join("base.safetensors");
    let model = home.path().join("model.safetensors");
    for path in [&base, &model] {
        let header = r#"{"a.weight":{"dtype":"BF16","shape":[200000,100000],"data_offsets":[0,40000000000]}}"#;
        common::write_sparse(path, header, 40_000_000_000);
    }
    let args = [
        "kinship",
        "--base",
        base.to_str().unwrap(),
        model.to_str().unwrap(),
    ];
    let child = command(home.path(), &args)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Twenty billion numbers take minutes.
    common::until_interrupts_are_heard(child.id());
    common::interrupt(child.id());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert_eq!(stderr(&output), "kinfolk: cancelled\n");
}

#[test]
fn a_folder_s_lineage_and_tree_are_written_for_scripts() {
    let home = tempfile::tempdir().unwrap();
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("resources/demo");
    let demo = demo.to_str().unwrap();
    let lineage = kinfolk(home.path(), &["lineage", demo, "--json", "-"]);
    assert!(lineage.status.success(), "{}", stderr(&lineage));
    let value: Value = serde_json::from_str(&stdout(&lineage)).unwrap();
    let edges = value["edges"].as_array().unwrap();
    assert_eq!(edges.len(), 7);
    let arith = |e: &&Value| e["from"] == "arith";
    assert_eq!(edges.iter().filter(arith).count(), 2);
    assert!(
        edges
            .iter()
            .all(|e| e["confidence"].as_f64().unwrap() > 0.5 && e["why"].is_string())
    );
    let empty = tempfile::tempdir().unwrap();
    let none = kinfolk(home.path(), &["lineage", empty.path().to_str().unwrap()]);
    assert_eq!(none.status.code(), Some(1));
    let base = format!("{demo}/base");
    let models = ["arith", "abacus", "mirror"].map(|name| format!("{demo}/{name}"));
    let tree = [
        "kinship", "--base", &base, &models[0], &models[1], &models[2], "--newick", "-", "--tree",
        "ward",
    ];
    let tree = kinfolk(home.path(), &tree);
    assert!(tree.status.success(), "{}", stderr(&tree));
    let text = stdout(&tree);
    assert!(
        text.starts_with("((arith:") && text.trim_end().ends_with(");"),
        "{text}"
    );
}
