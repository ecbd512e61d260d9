//! Every way in which a file can be wrong has a message that names the file and the wrong.

mod adapters;
mod folders;

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

// The index.

// Adapters.
