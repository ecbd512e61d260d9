//! One opened file of weights: its bytes, and what it was when it was opened.

use std::fs::{File, Metadata};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::CheckpointError;
use super::identity::FileIdentity;
use super::map::Map;
use crate::store::Object;

/// An opened file.
///
/// Shared by the tensors that lie in it.
#[derive(Debug)]
pub(super) struct Weights {
    path: PathBuf,
    bytes: Bytes,
    identity: FileIdentity,
}

/// Where the bytes of a file are.
#[derive(Debug)]
enum Bytes {
    Mapped(Map),
    /// On a store, from where they are read when they are needed.
    Elsewhere(Arc<Object>),
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
            bytes: Bytes::Mapped(Map::new(self.path, &self.file)?),
            identity: identity.described_at(places),
        }))
    }
}

impl Weights {
    /// A file on a store, which the `header` from this place of it describes.
    pub(super) fn elsewhere(object: &Arc<Object>, place: Range<u64>, header: &[u8]) -> Arc<Self> {
        Arc::new(Self {
            path: PathBuf::from(object.name()),
            identity: FileIdentity::elsewhere(object, header).described_at(&[place]),
            bytes: Bytes::Elsewhere(Arc::clone(object)),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn identity(&self) -> &FileIdentity {
        &self.identity
    }

    /// The file on a store, if it is one.
    pub(super) fn object(&self) -> Option<&Object> {
        match &self.bytes {
            Bytes::Mapped(_) => None,
            Bytes::Elsewhere(object) => Some(object),
        }
    }

    /// The bytes in `range`; none if it is not a range of this file, or if it is on a store.
    pub(super) fn bytes(&self, range: &Range<usize>) -> &[u8] {
        match &self.bytes {
            Bytes::Mapped(map) => map.bytes().get(range.clone()).unwrap_or_default(),
            Bytes::Elsewhere(_) => &[],
        }
    }

    pub(super) fn size_bytes(&self) -> u64 {
        match &self.bytes {
            Bytes::Mapped(map) => map.bytes().len() as u64,
            Bytes::Elsewhere(object) => object.size_bytes(),
        }
    }

    /// Where zeros stand in for what could not be read; `None` if nothing was lost.
    pub(super) fn lost(&self) -> Option<usize> {
        match &self.bytes {
            Bytes::Mapped(map) => map.lost(),
            Bytes::Elsewhere(object) => object.lost().map(|loss| loss.at as usize),
        }
    }

    pub(super) fn advise_soon(&self, range: &Range<usize>) {
        match &self.bytes {
            Bytes::Mapped(map) => map.advise_soon(range),
            Bytes::Elsewhere(object) => object.advise_soon(range.start as u64..range.end as u64),
        }
    }

    pub(super) fn advise_sequential(&self) {
        // What is read from a store finds out for itself.
        if let Bytes::Mapped(map) = &self.bytes {
            map.advise_sequential();
        }
    }
}
