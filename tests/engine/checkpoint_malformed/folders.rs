//! Folders and their index.

use super::*;

/// As `check`, for a folder with two good shards, "a" in one.safetensors and "b" in
/// two.safetensors, and this index.
fn check_index(index: &str, file: &str, words: &[&str]) {
    let dir = two_shards();
    std::fs::write(dir.path().join("model.safetensors.index.json"), index).unwrap();
    check(dir.path(), file, words);
}

fn two_shards() -> TempDir {
    let dir = TempDir::new().unwrap();
    write_safetensors(&dir.path().join("one.safetensors"), &[zeros("a", &[2])]);
    write_safetensors(&dir.path().join("two.safetensors"), &[zeros("b", &[2])]);
    dir
}

const INDEX: &str = "model.safetensors.index.json";

#[test]
fn empty_folder() {
    let dir = TempDir::new().unwrap();
    check(
        dir.path(),
        "",
        &["no safetensors, GGUF or PyTorch weights in this folder"],
    );
}

#[test]
fn folder_with_another_format() {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("tf_model.h5"), b"x").unwrap();
    check(dir.path(), "", &["a .h5 file", "only safetensors"]);
}

#[test]
fn folder_with_several_files_and_no_index() {
    check(
        two_shards().path(),
        "",
        &["2 safetensors files", "no index"],
    );
}

#[test]
fn folder_in_the_place_of_the_weights() {
    let dir = TempDir::new().unwrap();
    std::fs::create_dir(dir.path().join("model.safetensors")).unwrap();
    check(dir.path(), "model.safetensors", &["found a folder"]);
}

#[cfg(unix)]
#[test]
fn pipe_does_not_block() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("model.safetensors");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    check(dir.path(), "model.safetensors", &["a pipe or a device"]);
}

#[cfg(unix)]
#[test]
fn link_into_nothing() {
    let dir = TempDir::new().unwrap();
    let link = dir.path().join("model.safetensors");
    std::os::unix::fs::symlink("../../blobs/gone", link).unwrap();
    check(
        dir.path(),
        "model.safetensors",
        &["nothing here", "download"],
    );
}

#[test]
fn hub_folder_whose_main_leads_out_of_it() {
    let dir = TempDir::new().unwrap();
    let model = dir.path().join("models--org--name");
    std::fs::create_dir_all(model.join("snapshots/1")).unwrap();
    std::fs::create_dir_all(model.join("refs")).unwrap();
    std::fs::write(model.join("refs/main"), "../../elsewhere").unwrap();
    check(&model, "models--org--name", &["refs/main"]);
}

#[test]
fn index_is_not_json() {
    check_index("<html>", INDEX, &["index is not valid", "expected value"]);
}

#[test]
fn index_without_a_weight_map() {
    check_index(r#"{"metadata":{}}"#, INDEX, &["missing field `weight_map`"]);
}

#[test]
fn index_with_an_empty_weight_map() {
    check_index(r#"{"weight_map":{}}"#, INDEX, &["names no tensor"]);
}

#[test]
fn index_whose_file_name_is_a_number() {
    check_index(r#"{"weight_map":{"a":1}}"#, INDEX, &["`a`", "integer `1`"]);
}

#[test]
fn index_that_names_a_tensor_twice() {
    check_index(
        r#"{"weight_map":{"a":"one.safetensors","a":"two.safetensors"}}"#,
        INDEX,
        &["`a`", "twice"],
    );
}

#[test]
fn index_that_leads_out_of_the_folder() {
    for name in [
        "../one.safetensors",
        "/etc/passwd",
        "sub/one.safetensors",
        r"..\\one.safetensors",
        "C:one.safetensors",
        "..",
        ".",
        "",
    ] {
        let index = format!(r#"{{"weight_map":{{"a":"{name}"}}}}"#);
        check_index(&index, INDEX, &["`a`", "plain name"]);
    }
}

#[test]
fn index_that_names_a_missing_shard() {
    check_index(
        r#"{"weight_map":{"a":"one.safetensors","c":"three.safetensors"}}"#,
        "three.safetensors",
        &["`c`", "missing"],
    );
}

#[test]
fn index_that_names_nothing_that_is_there() {
    check_index(
        r#"{"weight_map":{"c":"one.safetensors","d":"two.safetensors"}}"#,
        "one.safetensors",
        &["`c`", "lacks"],
    );
}

#[test]
fn tensor_in_two_shards() {
    let dir = two_shards();
    write_safetensors(
        &dir.path().join("two.safetensors"),
        &[zeros("a", &[1]), zeros("b", &[1])],
    );
    let index = r#"{"weight_map":{"a":"one.safetensors","b":"two.safetensors"}}"#;
    std::fs::write(dir.path().join(INDEX), index).unwrap();
    check(
        dir.path(),
        "two.safetensors",
        &["`a`", "one.safetensors", "twice"],
    );
}
