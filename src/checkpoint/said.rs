//! What a safetensors file says of itself beside its tensors.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use serde::Deserialize;

use super::error::CheckpointError;
use super::header;

/// Texts by their keys, as whoever wrote the file has put them there; nothing of it is checked.
pub type Said = BTreeMap<String, String>;

#[derive(Deserialize)]
struct Header {
    #[serde(rename = "__metadata__", default)]
    metadata: Said,
}

/// The metadata in the header of the safetensors file at `path`; empty if it has none, or one
/// that holds other things than text.
///
/// # Errors
/// If the file cannot be read or is no safetensors file.
pub fn said(path: &Path) -> Result<Said, CheckpointError> {
    let unreadable = |error: std::io::Error| CheckpointError::unreadable(path, error.into());
    let mut file = File::open(path).map_err(unreadable)?;
    let len = file.metadata().map_err(unreadable)?.len();
    let json = header::read(path, &mut file, len)?;
    let read: Result<Header, _> = serde_json::from_slice(&json);
    Ok(read.map(|header| header.metadata).unwrap_or_default())
}
