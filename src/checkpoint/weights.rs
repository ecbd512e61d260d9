//! One opened safetensors file: its map and its checked table of tensors.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::identity::FileIdentity;
use super::layout::{self, Entry};
use super::map::Map;
use super::{CheckpointError, header};
use crate::files;

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
        let (mut file, metadata) =
            files::open(path).map_err(|error| CheckpointError::unreadable(path, error))?;
        // Not through the map: what is parsed must not change while it is.
        let json = header::read(path, &mut file)?;
        let map = Map::new(path, &file, metadata)?;
        let data_start = header::PREFIX + json.len();
        let Some(data_len) = map.bytes().len().checked_sub(data_start) else {
            return Err(CheckpointError::Changed {
                path: path.to_owned(),
            });
        };
        let claims = header::claims(path, &json)?;
        let entries = layout::check(path, claims, data_start, data_len)?;
        let start = header::PREFIX as u64;
        let identity = FileIdentity::new(path, map.metadata(), start, &json);
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

    /// The first byte that was read and is not in the file any more.
    pub(super) fn cut_at(&self) -> Option<usize> {
        self.map.cut_at()
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
