//! One opened file of weights: its map, and what it was when it was opened.

use std::fs::{File, Metadata};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::CheckpointError;
use super::identity::FileIdentity;
use super::map::Map;

/// An opened file.
///
/// Shared by the tensors that lie in it.
#[derive(Debug)]
pub(super) struct Weights {
    path: PathBuf,
    map: Map,
    identity: FileIdentity,
}

/// A file that is being opened.
pub(super) struct Opening<'p> {
    pub(super) path: &'p Path,
    pub(super) file: File,
    pub(super) metadata: Metadata,
}

impl Opening<'_> {
    /// Maps the file, which `description` from these places of it describes.
    pub(super) fn map(
        &self,
        places: &[Range<u64>],
        description: &[u8],
    ) -> Result<Arc<Weights>, CheckpointError> {
        let identity = FileIdentity::new(self.path, &self.metadata, description);
        Ok(Arc::new(Weights {
            path: self.path.to_owned(),
            map: Map::new(self.path, &self.file)?,
            identity: identity.described_at(places),
        }))
    }
}

impl Weights {
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
