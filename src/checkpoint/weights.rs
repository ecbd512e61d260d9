//! One opened safetensors file: its map and its checked table of tensors.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::identity::FileIdentity;
use super::layout::{self, Entry};
use super::map::Map;
use super::{CheckpointError, header};

/// A mapped safetensors file.
#[derive(Debug)]
pub(super) struct Weights {
    path: PathBuf,
    map: Map,
    identity: FileIdentity,
}

/// A file together with its checked table of tensors.
pub(super) type Listed = (Arc<Weights>, Vec<Entry>);

impl Weights {
    /// Maps the file and checks its header; no other page of it is touched.
    ///
    /// Shared, because an adapter reads the same file as the checkpoint that it belongs to.
    pub(super) fn open(path: &Path) -> Result<Listed, CheckpointError> {
        let map = Map::open(path)?;
        let file = map.bytes();
        let json = header::json_bytes(path, file)?;
        let data_start = 8 + json.len();
        let claims = header::claims(path, json)?;
        let entries = layout::check(path, claims, data_start, file.len() - data_start)?;
        let identity = FileIdentity::new(path, map.metadata(), json);
        let weights = Self {
            path: path.to_owned(),
            map,
            identity,
        };
        Ok((Arc::new(weights), entries))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn identity(&self) -> &FileIdentity {
        &self.identity
    }

    /// The bytes in `range`; none if it is not a range of this file.
    pub(super) fn bytes(&self, range: &Range<usize>) -> &[u8] {
        self.map.bytes().get(range.clone()).unwrap_or_default()
    }

    pub(super) fn size_bytes(&self) -> u64 {
        self.map.bytes().len() as u64
    }

    pub(super) fn advise_soon(&self, range: &Range<usize>) {
        self.map.advise_soon(range);
    }

    pub(super) fn advise_sequential(&self) {
        self.map.advise_sequential();
    }
}
