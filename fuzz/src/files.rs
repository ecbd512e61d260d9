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
