//! `kinfolk related` and `kinfolk scan` as scripts meet them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("resources/demo")
}

fn kinfolk(home: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kinfolk"))
        .args(args)
        .env("KINFOLK_HOME", home)
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{told}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Weights that no training has made, in the demo's shapes.
fn stranger(dir: &Path) {
    std::fs::create_dir_all(dir).unwrap();
    let base = demo().join("base");
    std::fs::copy(base.join("config.json"), dir.join("config.json")).unwrap();
    let mut bytes = std::fs::read(base.join("model.safetensors")).unwrap();
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    // All numbers change places.
    let mut state = 1u64;
    let data = &mut bytes[8 + header..];
    for k in (1..data.len() / 2).rev() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let other = ((u128::from(state) * (k as u128 + 1)) >> 64) as usize;
        data.swap(2 * k, 2 * other);
        data.swap(2 * k + 1, 2 * other + 1);
    }
    std::fs::write(dir.join("model.safetensors"), bytes).unwrap();
}

#[test]
fn related_tells_kin_from_strangers() {
    let home = tempfile::tempdir().unwrap();
    let root = demo();
    let root = root.to_str().unwrap();
    let args = ["related", "base", "tally", "--root", root];
    let found = json(&kinfolk(
        home.path(),
        &[&args[..], &["--json", "-"]].concat(),
    ));
    assert_eq!(found["verdict"], "related");
    assert!(found["p"].as_f64().unwrap() < 0.001, "{found}");
    assert!(found["cka"].as_f64().unwrap() > 0.9, "{found}");
    let said = kinfolk(home.path(), &args);
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(
        said.starts_with("Related: base and tally, p < 1e-9"),
        "{said}"
    );
    let other = home.path().join("stranger");
    stranger(&other);
    let args = [
        "related",
        "base",
        other.to_str().unwrap(),
        "--root",
        root,
        "--json",
        "-",
    ];
    let found = json(&kinfolk(home.path(), &args));
    assert_eq!(found["verdict"], "unrelated", "{found}");
    assert!(found["p"].as_f64().unwrap() >= 0.01, "{found}");
}

#[test]
fn a_scan_lists_families_their_base_and_what_is_broken() {
    let home = tempfile::tempdir().unwrap();
    let models = home.path().join("models");
    for (from, to) in [
        ("base", "x/zero"),
        ("mirror", "x/one"),
        ("order", "two"),
        ("tally", "y/three"),
    ] {
        let to = models.join(to);
        std::fs::create_dir_all(&to).unwrap();
        for name in ["config.json", "model.safetensors"] {
            std::fs::copy(demo().join(from).join(name), to.join(name)).unwrap();
        }
    }
    stranger(&models.join("other/stranger"));
    std::fs::create_dir_all(models.join("broken")).unwrap();
    std::fs::write(models.join("broken/model.safetensors"), b"no header").unwrap();
    let args = ["scan", models.to_str().unwrap()];
    let found = json(&kinfolk(
        home.path(),
        &[&args[..], &["--json", "-"]].concat(),
    ));
    let families = found["families"].as_array().unwrap();
    assert_eq!(families.len(), 2, "{found}");
    assert_eq!(families[0]["base"], "zero", "{found}");
    assert_eq!(families[0]["models"].as_array().unwrap().len(), 4);
    assert_eq!(families[1]["models"][0]["name"], "stranger");
    let broken = found["broken"].as_array().unwrap();
    assert!(
        broken[0]["path"].as_str().unwrap().ends_with("broken"),
        "{found}"
    );
    let said = String::from_utf8(kinfolk(home.path(), &args).stdout).unwrap();
    assert!(said.starts_with("5 models in 2 families"), "{said}");
    let args = ["scan", "/no/such/folder"];
    let output = kinfolk(home.path(), &args);
    assert_eq!(output.status.code(), Some(1));
}
