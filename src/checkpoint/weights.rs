//! One opened file of weights: its map and its checked table of tensors.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::CheckpointError;
use super::header;
use super::identity::FileIdentity;
use super::layout;
use super::map::Map;
use super::source::Stored;
use super::tensor::Tensor;
use super::torch;
use crate::files;

/// An opened file.
///
/// Shared by the tensors that lie in it.
#[derive(Debug)]
pub(super) struct Weights {
    path: PathBuf,
    map: Map,
    identity: FileIdentity,
}

/// A file together with its checked table of tensors.
pub(super) struct Listed {
    pub(super) file: Arc<Weights>,
    pub(super) tensors: Vec<Tensor>,
    /// Sentences about what was left out.
    pub(super) remarks: Vec<String>,
}

/// A file that is being opened.
pub(super) struct Opening<'p> {
    pub(super) path: &'p Path,
    pub(super) file: File,
    pub(super) metadata: Metadata,
}

impl Listed {
    /// Reads and checks what describes the tensors and maps the file; no other page of it is
    /// touched.
    pub(super) fn open(path: &Path) -> Result<Self, CheckpointError> {
        let unreadable = |error| CheckpointError::unreadable(path, error);
        let (file, metadata) = files::open(path).map_err(unreadable)?;
        let opening = Opening {
            path,
            file,
            metadata,
        };
        let start = opening.start().map_err(|error| unreadable(error.into()))?;
        if torch::is_torch(&start) {
            return torch::open(&opening, start.starts_with(b"PK"));
        }
        safetensors(opening)
    }
}

fn safetensors(mut opening: Opening<'_>) -> Result<Listed, CheckpointError> {
    let path = opening.path;
    let json = header::read(path, &mut opening.file, opening.metadata.len())?;
    let data_start = 8 + json.len();
    let claims = header::claims(path, &json)?;
    let file = opening.map(&[8..data_start as u64], &json)?;
    let data_len = file.map.bytes().len().saturating_sub(data_start);
    let entries = layout::check(path, claims, data_start, data_len)?;
    let tensors = entries.into_iter().map(|entry| {
        let stored = Stored {
            file: Arc::clone(&file),
            range: entry.range,
        };
        Tensor::plain(entry.name, entry.dtype, entry.shape, stored)
    });
    Ok(Listed {
        tensors: tensors.collect(),
        remarks: Vec::new(),
        file,
    })
}

impl Opening<'_> {
    /// The first bytes of the file, which is left at its start.
    fn start(&self) -> io::Result<Vec<u8>> {
        let mut start = Vec::new();
        let mut file = &self.file;
        file.take(torch::START_BYTES as u64)
            .read_to_end(&mut start)?;
        file.rewind()?;
        Ok(start)
    }

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
