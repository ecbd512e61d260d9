//! Every way in which a file can be wrong has a message that names the file and the wrong.

use std::path::Path;

use kinfolk::checkpoint::Checkpoint;
use tempfile::TempDir;

use crate::common::{Part, f32_part, raw, safetensors, write_safetensors, zeros};

/// Opening `path` must fail with one message that has all of `words` and ends with a path
/// that contains `file`.
fn check(path: &Path, file: &str, words: &[&str]) {
    let message = Checkpoint::open(path).unwrap_err().to_string();
    for word in words {
        assert!(message.contains(word), "no {word:?} in {message:?}");
    }
    let (_, at) = message.rsplit_once(": ").unwrap();
    assert!(at.contains(file), "no {file:?} at the end of {message:?}");
}

/// As `check`, for a single file of these bytes.
fn check_bytes(bytes: &[u8], words: &[&str]) {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("weights.safetensors");
    std::fs::write(&path, bytes).unwrap();
    check(&path, "weights.safetensors", words);
}

/// As `check`, for a file of this header and this many bytes of data.
fn check_header(header: &str, data_len: usize, words: &[&str]) {
    check_bytes(&raw(header, &vec![0; data_len]), words);
}

/// A header field for a tensor of U8.
fn field(name: &str, begin: u64, end: u64) -> String {
    let shape = end.saturating_sub(begin);
    format!(r#""{name}":{{"dtype":"U8","shape":[{shape}],"data_offsets":[{begin},{end}]}}"#)
}

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

// The file as a whole.

#[test]
fn nothing_at_the_path() {
    check(
        Path::new("/no/such/model"),
        "/no/such/model",
        &["nothing here"],
    );
}

#[test]
fn empty_file() {
    check_bytes(b"", &["0 bytes", "too few"]);
}

#[test]
fn file_shorter_than_the_length_field() {
    check_bytes(b"\x02\0\0", &["3 bytes", "too few"]);
}

#[test]
fn header_longer_than_the_file() {
    check_bytes(b"\x0a\0\0\0\0\0\0\0{}", &["claims 10", "at most 2"]);
}

#[test]
fn header_of_more_than_a_hundred_megabytes() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("weights.safetensors");
    let mut file = std::fs::File::create(&path).unwrap();
    std::io::Write::write_all(&mut file, &100_000_001_u64.to_le_bytes()).unwrap();
    file.set_len(200_000_000).unwrap();
    check(&path, "weights", &["claims 100000001", "at most 100000000"]);
}

#[test]
fn header_length_of_all_ones() {
    check_bytes(&[0xff; 64], &["claims 18446744073709551615"]);
}

#[test]
fn git_lfs_pointer() {
    check_bytes(
        b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n",
        &["Git LFS pointer", "git lfs pull"],
    );
}

#[test]
fn file_cut_short() {
    let mut bytes = safetensors(&[zeros("first", &[4]), zeros("last", &[4])]);
    bytes.truncate(bytes.len() - 3);
    check_bytes(&bytes, &["`last`", "byte 32", "only 29", "cut short"]);
}

#[test]
fn bytes_after_the_last_tensor() {
    let mut bytes = safetensors(&[zeros("last", &[4])]);
    bytes.push(0);
    check_bytes(&bytes, &["`last`", "end at byte 16", "to 17"]);
}

// The JSON of the header.

#[test]
fn header_is_not_utf8() {
    check_bytes(b"\x03\0\0\0\0\0\0\0{\xff}", &["not UTF-8 at byte 1"]);
}

#[test]
fn header_is_not_an_object() {
    check_header("[1]", 0, &["expected `{`"]);
}

#[test]
fn header_is_empty() {
    check_header("", 0, &["expected `{`"]);
}

#[test]
fn header_is_cut_short() {
    check_header(r#"{"a":{"dtype":"F32""#, 0, &["`a`", "EOF"]);
}

#[test]
fn header_goes_on_after_its_object() {
    check_header("{} {}", 0, &["trailing characters"]);
}

#[test]
fn header_is_nested_deeply() {
    let deep = format!(r#"{{"a":{}"#, "[".repeat(100_000));
    check_header(&deep, 0, &["`a`"]);
}

#[test]
fn tensor_is_not_an_object() {
    check_header(r#"{"a":3}"#, 0, &["`a`", "integer `3`"]);
}

#[test]
fn dtype_is_missing() {
    check_header(
        r#"{"a":{"shape":[],"data_offsets":[0,4]}}"#,
        4,
        &["`a`", "missing field `dtype`"],
    );
}

#[test]
fn shape_is_missing() {
    check_header(
        r#"{"a":{"dtype":"F32","data_offsets":[0,4]}}"#,
        4,
        &["`a`", "missing field `shape`"],
    );
}

#[test]
fn offsets_are_missing() {
    check_header(
        r#"{"a":{"dtype":"F32","shape":[1]}}"#,
        4,
        &["`a`", "missing field `data_offsets`"],
    );
}

#[test]
fn only_one_offset() {
    check_header(
        r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#,
        4,
        &["`a`", "tuple of size 2"],
    );
}

#[test]
fn shape_is_negative() {
    check_header(
        r#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#,
        4,
        &["`a`", "integer `-1`"],
    );
}

#[test]
fn shape_is_a_fraction() {
    check_header(
        r#"{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}"#,
        4,
        &["`a`", "1.5"],
    );
}

#[test]
fn tensor_is_named_twice() {
    let header = format!("{{{},{}}}", field("a", 0, 2), field("a", 2, 4));
    check_header(&header, 4, &["`a`", "twice"]);
}

#[test]
fn field_is_given_twice() {
    check_header(
        r#"{"a":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}}"#,
        1,
        &["`a`", "duplicate field `dtype`"],
    );
}

#[test]
fn metadata_is_not_a_map_of_strings() {
    check_header(
        r#"{"__metadata__":{"epoch":3}}"#,
        0,
        &["`__metadata__`", "`epoch`", "expected a string"],
    );
}

#[test]
fn metadata_is_a_list() {
    check_header(
        r#"{"__metadata__":[]}"#,
        0,
        &["`__metadata__`", "an object"],
    );
}

// What the header claims.

#[test]
fn dtype_is_unknown() {
    check_header(
        r#"{"a":{"dtype":"Q4_K","shape":[1],"data_offsets":[0,1]}}"#,
        1,
        &["`a`", "`Q4_K`"],
    );
}

#[test]
fn tensor_ends_before_it_begins() {
    check_header(
        r#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[4,3]}}"#,
        4,
        &["`a`", "begins at byte 4", "at 3"],
    );
}

#[test]
fn tensor_ends_at_the_end_of_the_numbers() {
    let header = format!("{{{}}}", field("a", 0, u64::MAX));
    check_header(&header, 4, &["`a`", "18446744073709551615", "only 4"]);
}

#[test]
fn tensors_overlap() {
    let header = format!("{{{},{}}}", field("first", 0, 3), field("second", 2, 4));
    check_header(&header, 4, &["`first`", "`second`", "byte 3", "at 2"]);
}

#[test]
fn two_tensors_share_their_bytes() {
    let header = format!("{{{},{}}}", field("first", 0, 4), field("second", 0, 4));
    check_header(&header, 4, &["`first`", "`second`", "overlap"]);
}

#[test]
fn hole_between_tensors() {
    let header = format!("{{{},{}}}", field("a", 0, 1), field("b", 3, 4));
    check_header(&header, 4, &["hole", "`b`", "byte 1", "at 3"]);
}

#[test]
fn hole_before_the_first_tensor() {
    let header = format!("{{{}}}", field("a", 1, 4));
    check_header(&header, 4, &["hole", "`a`", "byte 0", "at 1"]);
}

#[test]
fn data_without_a_tensor() {
    check_header("{}", 4, &["end at byte 0", "no tensors", "to 4"]);
}

#[test]
fn fewer_bytes_than_the_shape_needs() {
    check_header(
        r#"{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,20]}}"#,
        20,
        &["`a`", "F32 [2, 3]", "24 bytes", "20 bytes"],
    );
}

#[test]
fn bytes_for_an_empty_tensor() {
    check_header(
        r#"{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,4]}}"#,
        4,
        &["`a`", "0 bytes", "4 bytes"],
    );
}

#[test]
fn half_a_byte_of_packed_numbers() {
    check_header(
        r#"{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}"#,
        2,
        &["`a`", "F4 [3]", "not whole"],
    );
}

#[test]
fn shape_of_more_numbers_than_can_be_counted() {
    check_header(
        r#"{"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,0]}}"#,
        0,
        &["`a`", "4294967296", "more numbers than can be counted"],
    );
}

#[test]
fn empty_shape_whose_other_dimensions_cannot_be_counted() {
    for shape in [
        "[4294967296,4294967296,0]",
        "[0,4294967296,4294967296]",
        "[0,1152921504606846976]",
    ] {
        let header = format!(r#"{{"a":{{"dtype":"F32","shape":{shape},"data_offsets":[0,0]}}}}"#);
        let words = &["`a`", "more numbers than can be counted"];
        check_header(&header, 0, words);
    }
}

#[test]
fn shape_whose_bytes_overflow() {
    let header = format!(
        r#"{{"a":{{"dtype":"F64","shape":[{}],"data_offsets":[0,8]}}}}"#,
        usize::MAX / 4
    );
    check_header(&header, 8, &["`a`", "8 bytes"]);
}

// Folders.

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

// The index.

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

// Adapters.

/// As `check`, for an adapter with this configuration, beside `peft_type`, and these tensors.
fn check_adapter(config: &str, parts: &[Part<'_>], file: &str, words: &[&str]) {
    let dir = TempDir::new().unwrap();
    let comma = if config.is_empty() { "" } else { "," };
    let config = format!(r#"{{"peft_type":"LORA","r":2,"lora_alpha":4{comma}{config}}}"#);
    std::fs::write(dir.path().join("adapter_config.json"), config).unwrap();
    write_safetensors(&dir.path().join("adapter_model.safetensors"), parts);
    check(dir.path(), file, words);
}

const A: &str = "base_model.model.q_proj.lora_A.weight";
const B: &str = "base_model.model.q_proj.lora_B.weight";
const WEIGHTS: &str = "adapter_model.safetensors";

#[test]
fn adapter_without_a_configuration() {
    let dir = TempDir::new().unwrap();
    write_safetensors(&dir.path().join(WEIGHTS), &[zeros(A, &[2, 3])]);
    check(dir.path(), "adapter_config.json", &["nothing here"]);
}

#[test]
fn adapter_configuration_is_not_json() {
    let dir = TempDir::new().unwrap();
    write_safetensors(&dir.path().join(WEIGHTS), &[]);
    std::fs::write(dir.path().join("adapter_config.json"), "r: 4").unwrap();
    check(
        dir.path(),
        "adapter_config.json",
        &["not valid", "expected value"],
    );
}

#[test]
fn adapter_settings_that_cannot_be_done() {
    for (setting, word) in [
        (r#""use_qalora":true"#, "use_qalora"),
        (r#""layer_replication":[[0,2],[1,3]]"#, "layer_replication"),
        (r#""megatron_config":{"a":1}"#, "megatron_config"),
        (
            r#""init_lora_weights":"pissa_niter_16""#,
            "`pissa_niter_16`",
        ),
        (r#""init_lora_weights":"corda""#, "`corda`"),
        (r#""init_lora_weights":"loftq""#, "`loftq`"),
        (r#""init_lora_weights":"magic""#, "`magic`"),
    ] {
        check_adapter(
            setting,
            &[],
            "adapter_config.json",
            &[word, "cannot be used"],
        );
    }
}

#[test]
fn adapter_of_another_kind() {
    let dir = TempDir::new().unwrap();
    write_safetensors(&dir.path().join(WEIGHTS), &[]);
    std::fs::write(
        dir.path().join("adapter_config.json"),
        r#"{"peft_type":"BOFT"}"#,
    )
    .unwrap();
    check(dir.path(), "adapter_config.json", &["BOFT", "only LORA"]);
}

#[test]
fn adapter_pattern_that_is_no_regular_expression() {
    check_adapter(
        r#""rank_pattern":{"layers\\.[0-3\\.q_proj":4}"#,
        &[],
        "adapter_config.json",
        &["`layers\\.[0-3\\.q_proj`", "regular expression"],
    );
}

#[test]
fn adapter_of_rank_zero() {
    check_adapter(
        r#""rank_pattern":{"q":0}"#,
        &[],
        "adapter_config.json",
        &["rank is 0"],
    );
}

#[test]
fn adapter_factor_without_its_partner() {
    check_adapter("", &[zeros(A, &[2, 3])], WEIGHTS, &[A, "no lora_B"]);
    check_adapter("", &[zeros(B, &[3, 2])], WEIGHTS, &[B, "no lora_A"]);
}

#[test]
fn adapter_factor_of_another_rank_than_configured() {
    check_adapter(
        "",
        &[zeros(A, &[3, 5]), zeros(B, &[5, 3])],
        WEIGHTS,
        &[A, "rank 2", "[3, 5]"],
    );
}

#[test]
fn adapter_factors_of_two_ranks() {
    check_adapter(
        "",
        &[zeros(A, &[2, 5]), zeros(B, &[5, 3])],
        WEIGHTS,
        &[B, "rank 2", "[5, 3]"],
    );
}

#[test]
fn adapter_factor_that_is_no_matrix() {
    check_adapter(
        "",
        &[zeros(A, &[2]), zeros(B, &[5, 2])],
        WEIGHTS,
        &[A, "found [2]"],
    );
    check_adapter(
        "",
        &[zeros(A, &[2, 5, 3, 3]), zeros(B, &[5, 2, 3, 1])],
        WEIGHTS,
        &[B, "[5, 2, 3, 1]"],
    );
}

#[test]
fn adapter_factor_of_integers() {
    let a = Part {
        name: A,
        dtype: "I8",
        shape: &[2, 1],
        bytes: vec![0; 2],
    };
    check_adapter("", &[a, zeros(B, &[5, 2])], WEIGHTS, &[A, "I8", "float"]);
}

#[test]
fn adapter_tensor_that_is_not_understood() {
    let name = "base_model.model.q_proj.lora_magnitude_vector.weight";
    check_adapter("", &[zeros(name, &[2])], WEIGHTS, &[name, "use_dora"]);
    check_adapter(
        "",
        &[f32_part("prompt", &[1], &[0.0])],
        WEIGHTS,
        &["`prompt`"],
    );
}

#[test]
fn adapter_with_two_factors_for_one_side() {
    let named = "base_model.model.q_proj.lora_A.mine.weight";
    check_adapter(
        "",
        &[zeros(A, &[2, 3]), zeros(named, &[2, 3])],
        WEIGHTS,
        &[A, named, "same module"],
    );
}

#[test]
fn adapter_that_both_adds_to_a_tensor_and_replaces_it() {
    let whole = "base_model.model.q_proj.weight";
    check_adapter(
        "",
        &[zeros(A, &[2, 3]), zeros(B, &[3, 2]), zeros(whole, &[3, 3])],
        WEIGHTS,
        &["`q_proj.weight`", "twice"],
    );
}
