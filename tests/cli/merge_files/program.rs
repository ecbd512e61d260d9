//! The program as it is called: dry runs, JSON, names of the hub, predictions, memory.

use super::*;

#[test]
fn a_dry_run_writes_nothing_and_shows_the_values() {
    let dir = desk();
    std::fs::write(dir.path().join("recipe.yml"), RECIPE).unwrap();
    let output = program(dir.path(), &["--dry-run"])
        .stdout(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("weight 1 3") && text.contains("Linear of 2 models"),
        "{text}"
    );
    assert_eq!(names(dir.path()), ["a", "b", "recipe.yml"]);
}

#[test]
fn json_has_plan_and_result() {
    let dir = desk();
    std::fs::write(dir.path().join("recipe.yml"), RECIPE).unwrap();
    let output = program(dir.path(), &["--json", "-"])
        .stdout(Stdio::piped())
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["steps"][0]["method"], "linear");
    assert_eq!(
        report["steps"][0]["tensors"][0]["inputs"][1]["parameters"]["weight"],
        3.0
    );
    assert_eq!(report["problems"], serde_json::json!([]));
    assert_eq!(report["result"]["tensors"], 7);
    assert!(report["cost"]["bytes_read"].as_u64().unwrap() > 0);
}

#[test]
fn a_name_of_the_hub_is_found_in_its_cache() {
    let dir = tempfile::tempdir().unwrap();
    for (k, name) in ["one", "two"].iter().enumerate() {
        let snapshot = dir
            .path()
            .join(format!("hub/models--org--{name}/snapshots/abc"));
        tiny_model(&snapshot, k as u64);
    }
    let yaml = "merge_method: linear\nparameters: {weight: 1}\n\
                models: [{model: org/one}, {model: org/two@abc}]\n";
    std::fs::write(dir.path().join("recipe.yml"), yaml).unwrap();
    let output = program(dir.path(), &[])
        .env("HF_HUB_CACHE", dir.path().join("hub"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let card = std::fs::read_to_string(dir.path().join("out/README.md")).unwrap();
    assert!(
        card.contains("base_model:\n- \"org/one\"\n- \"org/two\"\n---"),
        "{card}"
    );
    assert!(card.contains("https://arxiv.org/abs/2203.05482"), "{card}");
}

#[test]
fn a_prediction_is_the_kinship_of_the_child_that_is_written() {
    let root = oracle_root();
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    merge(&root, &oracle_recipe("ta-default"), &options(&out)).unwrap();
    let alder = |name: &str| root.join(format!("models/alder/{name}"));
    let kinfolk = |args: &[&std::ffi::OsStr]| {
        let program = Command::new(env!("CARGO_BIN_EXE_kinfolk"))
            .args(args)
            .output()
            .unwrap();
        assert!(
            program.status.success(),
            "{}",
            String::from_utf8_lossy(&program.stderr)
        );
        serde_json::from_slice::<Value>(&program.stdout).unwrap()
    };
    let (base, c1, c2) = (alder("base"), alder("c1"), alder("c2"));
    let recipe = root.join("configs/ta-default.yaml");
    let predicted = kinfolk(&[
        "predict".as_ref(),
        "--base".as_ref(),
        base.as_ref(),
        recipe.as_ref(),
        c1.as_ref(),
        c2.as_ref(),
        "--root".as_ref(),
        root.as_ref(),
        "--json".as_ref(),
        "-".as_ref(),
    ]);
    let measured = kinfolk(&[
        "kinship".as_ref(),
        "--base".as_ref(),
        base.as_ref(),
        c1.as_ref(),
        c2.as_ref(),
        out.as_ref(),
        "--json".as_ref(),
        "-".as_ref(),
    ]);
    assert_eq!(predicted["exact"], true);
    for metric in ["pearson", "cosine", "euclidean"] {
        for (k, name) in ["c1", "c2"].iter().enumerate() {
            let predicted = predicted["child"][metric][name].as_f64().unwrap();
            let found = measured["whole"][metric][k][2].as_f64().unwrap();
            assert!(
                (predicted - found).abs() < 1e-6,
                "{metric} {name}: {predicted} {found}"
            );
        }
    }
}

/// Anonymous memory of a merge stays far below its largest tensor.
#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_tensors() {
    let dir = tempfile::tempdir().unwrap();
    let n: u64 = 1 << 25;
    for name in ["a", "b"] {
        std::fs::create_dir(dir.path().join(name)).unwrap();
        let header = format!(
            r#"{{"x.weight":{{"dtype":"BF16","shape":[4096,8192],"data_offsets":[0,{}]}}}}"#,
            2 * n
        );
        common::write_sparse(
            &dir.path().join(name).join("model.safetensors"),
            &header,
            2 * n,
        );
    }
    std::fs::write(dir.path().join("recipe.yml"), RECIPE).unwrap();
    let mut child = program(dir.path(), &["--threads", "2"]).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kb = 0;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let own = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        peak_kb = peak_kb.max(own.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(child.wait().unwrap().success());
    assert!(peak_kb > 0 && peak_kb < 40_000, "{peak_kb} kB");
}
