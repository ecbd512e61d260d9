//! Where inputs become files: one folder a process, the same names again and again.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The folder of this process; `run` removes all of them.
pub fn home() -> &'static Path {
    static HOME: OnceLock<PathBuf> = OnceLock::new();
    HOME.get_or_init(|| tempfile::tempdir().unwrap().keep())
}

/// A folder in it.
pub fn folder(name: &str) -> PathBuf {
    let path = home().join(name);
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// Data of the repository's tests.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Two files in one input: what stands before the first zero byte, and what stands behind it.
pub fn two(data: &[u8]) -> (&[u8], &[u8]) {
    match data.iter().position(|&byte| byte == 0) {
        Some(at) => (&data[..at], &data[at + 1..]),
        None => (data, &[]),
    }
}

/// A safetensors file of a header and data, with the right length before them.
pub fn safetensors(header: &[u8], data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header, data].concat()
}

/// A zip archive of these records in a folder `archive`, not compressed.
pub fn archive(records: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in records {
        let name = format!("archive/{name}");
        let len = (bytes.len() as u32).to_le_bytes();
        // Flags, method, time and sum of both headers are zero.
        let fields = [&[0; 12][..], &len, &len, &(name.len() as u32).to_le_bytes()].concat();
        directory.extend_from_slice(b"PK\x01\x02\0\0\0\0");
        directory.extend_from_slice(&fields);
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&(out.len() as u32).to_le_bytes());
        directory.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"PK\x03\x04\0\0");
        out.extend_from_slice(&fields);
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(bytes);
    }
    let (start, count) = (out.len() as u32, (records.len() as u16).to_le_bytes());
    out.extend_from_slice(&directory);
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    out.extend_from_slice(&[count, count].concat());
    out.extend_from_slice(&(directory.len() as u32).to_le_bytes());
    out.extend_from_slice(&start.to_le_bytes());
    out.extend_from_slice(&[0; 2]);
    out
}
