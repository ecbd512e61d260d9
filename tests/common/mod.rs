//! Files for tests: safetensors written from parts, right ones and wrong ones.

// Every integration test compiles this file and uses a part of it.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

pub mod gguf;
pub mod merging;
pub mod methods;
pub mod store;

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

/// The demo below a folder, judged on this many items of each task, so that a run takes seconds;
/// gives its study.
pub fn demo_of_few_items(dir: &Path, items: usize) -> PathBuf {
    let study = kinfolk::workbench::demo::unpack(dir).unwrap();
    for entry in std::fs::read_dir(dir.join("tasks")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let few: Vec<&str> = text.lines().take(items).collect();
        std::fs::write(&path, few.join("\n") + "\n").unwrap();
    }
    study
}

/// A shell script that can be run as a program. Another program writes it: were it written here,
/// a child that another test starts meanwhile would hold it open, and it could not be run.
#[cfg(unix)]
pub fn write_program(path: &Path, script: &str) {
    let mut shell = std::process::Command::new("sh")
        .args(["-c", r#"cat > "$0"; chmod +x "$0""#])
        .arg(path)
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = shell.stdin.take().unwrap();
    input.write_all(script.as_bytes()).unwrap();
    drop(input);
    assert!(shell.wait().unwrap().success());
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

/// Waits until a process has a handler for Ctrl C; a second where the system does not tell.
#[cfg(unix)]
pub fn until_interrupts_are_heard(process: u32) {
    const SIGINT: u64 = 1 << 1;
    let status = format!("/proc/{process}/status");
    for _ in 0..3000 {
        let Ok(status) = std::fs::read_to_string(&status) else {
            std::thread::sleep(std::time::Duration::from_secs(1));
            return;
        };
        let caught = status.lines().find_map(|l| l.strip_prefix("SigCgt:"));
        let caught = u64::from_str_radix(caught.unwrap().trim(), 16).unwrap();
        if caught & SIGINT != 0 {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("it never listens to Ctrl C");
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
