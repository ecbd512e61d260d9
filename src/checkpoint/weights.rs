//! One opened safetensors file: its map and its checked table of tensors.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::CheckpointError;
use super::header;
use super::identity::FileIdentity;
use super::layout::{self, Entry};
use super::map::Map;
use crate::files;

#[derive(Debug)]
pub(super) struct Weights {
    path: PathBuf,
    map: Map,
    identity: FileIdentity,
}

/// A file together with its checked table of tensors.
pub(super) type Listed = (Arc<Weights>, Vec<Entry>);

impl Weights {
    /// Reads and checks the header and maps the file; no other page of it is touched.
    ///
    /// Shared, because an adapter reads the same file as the checkpoint that it belongs to.
    pub(super) fn open(path: &Path) -> Result<Listed, CheckpointError> {
        let (mut file, metadata) =
            files::open(path).map_err(|error| CheckpointError::unreadable(path, error))?;
        let json = header::read(path, &mut file, metadata.len())?;
        let map = Map::new(path, &file)?;
        let data_start = 8 + json.len();
        let claims = header::claims(path, &json)?;
        let data_len = map.bytes().len().saturating_sub(data_start);
        let entries = layout::check(path, claims, data_start, data_len)?;
        let identity = FileIdentity::new(path, &metadata, &json);
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

    /// Where zeros stand in for what could not be read; `None` if nothing was lost.
    pub(super) fn lost(&self) -> Option<usize> {
        self.map.lost()
    }

    pub(super) fn advise_soon(&self, range: &Range<usize>) {
        self.map.advise_soon(range);
    }

    pub(super) fn advise_sequential(&self) {
        self.map.advise_sequential();
    }
}
