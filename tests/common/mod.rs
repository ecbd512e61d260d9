//! Files for tests: safetensors written from parts, right ones and wrong ones.

// Every integration test compiles this file and uses a part of it.
#![allow(dead_code, clippy::unwrap_used)]

pub mod merging;
pub mod methods;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// One tensor to be written: name, dtype as headers spell it, shape, bytes.
pub struct Part<'a> {
    pub name: &'a str,
    pub dtype: &'a str,
    pub shape: &'a [usize],
    pub bytes: Vec<u8>,
}

/// A tensor of F32 numbers.
pub fn f32_part<'a>(name: &'a str, shape: &'a [usize], values: &[f32]) -> Part<'a> {
    Part {
        name,
        dtype: "F32",
        shape,
        bytes: values.iter().flat_map(|v| v.to_le_bytes()).collect(),
    }
}

/// A tensor of F32 zeros.
pub fn zeros<'a>(name: &'a str, shape: &'a [usize]) -> Part<'a> {
    f32_part(name, shape, &vec![0.0; shape.iter().product()])
}

/// Writes a valid safetensors file; the tensors lie in the order given.
pub fn write_safetensors(path: &Path, parts: &[Part<'_>]) {
    std::fs::write(path, safetensors(parts)).unwrap();
}

/// The bytes of a valid safetensors file.
pub fn safetensors(parts: &[Part<'_>]) -> Vec<u8> {
    let data: Vec<u8> = parts.iter().flat_map(|p| p.bytes.clone()).collect();
    raw(&header(parts), &data)
}

/// The JSON header for `parts`.
pub fn header(parts: &[Part<'_>]) -> String {
    let mut begin = 0;
    let mut fields = vec![r#""__metadata__":{"format":"pt"}"#.to_owned()];
    for part in parts {
        let end = begin + part.bytes.len();
        let name = serde_json::to_string(part.name).unwrap();
        fields.push(format!(
            r#"{name}:{{"dtype":"{}","shape":{:?},"data_offsets":[{begin},{end}]}}"#,
            part.dtype, part.shape
        ));
        begin = end;
    }
    format!("{{{}}}", fields.join(","))
}

/// A file with this header and data, whatever they say.
pub fn raw(header: &str, data: &[u8]) -> Vec<u8> {
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(header.as_bytes());
    file.extend_from_slice(data);
    file
}

/// A file of which only the header takes room on disk; its data are one hole of zeros.
pub fn write_sparse(path: &Path, header: &str, data_len: u64) {
    let mut file = File::create(path).unwrap();
    file.write_all(&raw(header, &[])).unwrap();
    file.set_len(8 + header.len() as u64 + data_len).unwrap();
}

/// A folder of the oracle set, such as "cedar/base".
pub fn oracle(model: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/oracle/models")
        .join(model)
}

/// Sends Ctrl C to a process, by the shell's own `kill`: a bare machine need not have the
/// program of that name.
#[cfg(unix)]
pub fn interrupt(process: u32) {
    let command = format!("kill -INT {process}");
    let status = std::process::Command::new("sh")
        .args(["-c", &command])
        .status();
    assert!(status.unwrap().success());
}

/// Runs a test of this binary once more, in a process of its own. `test` is its name with its
/// modules. In that process this gives nothing, and the test does its work.
pub fn alone(test: &str) -> Option<std::process::Output> {
    const CHILD: &str = "KINFOLK_TEST_ALONE";
    if std::env::var_os(CHILD).is_some() {
        return None;
    }
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test])
        .env(CHILD, test)
        .output();
    Some(output.unwrap())
}
