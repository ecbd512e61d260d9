//! Paths that are none, but names of what lies on a store or a web server.

use std::path::Path;

/// How such names begin.
pub const SCHEMES: [&str; 6] = ["s3://", "gs://", "az://", "https://", "http://", "hf://"];

/// Whether `path` is the name of something elsewhere.
pub fn is_elsewhere(path: &Path) -> bool {
    let text = path.to_str().unwrap_or_default();
    SCHEMES.iter().any(|start| text.starts_with(start))
}
