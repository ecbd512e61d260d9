//! The formats of files of weights: which one a file is of is told by its first bytes.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;
use std::sync::Arc;

use super::error::CheckpointError;
use super::header::Claim;
use super::listed::Listed;
use super::source::Stored;
use super::tensor::Tensor;
use super::weights::{Opening, Weights};
use super::{header, layout, torch};
use crate::files;
use crate::store::{Folder, Object};

impl Listed {
    /// Reads and checks what describes the tensors and maps the file; no other page of it is
    /// touched. What lies in the copy of `folder` is read from its store.
    pub(super) fn open(path: &Path, folder: Option<&Folder>) -> Result<Self, CheckpointError> {
        if let Some(object) = folder.and_then(|folder| folder.object(path)) {
            return stored_safetensors(object);
        }
        let unreadable = |error| CheckpointError::unreadable(path, error);
        let (file, metadata) = files::open(path).map_err(unreadable)?;
        let opening = Opening {
            path,
            file,
            metadata,
        };
        let start = start(&opening.file).map_err(|error| unreadable(error.into()))?;
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
    let file = opening.map(std::slice::from_ref(&(8..data_start as u64)), &json)?;
    listed(file, claims, data_start)
}

/// A file that is read from its store.
fn stored_safetensors(object: &Arc<Object>) -> Result<Listed, CheckpointError> {
    let path = Path::new(object.name());
    if torch::is_torch(object.start()) {
        return Err(CheckpointError::only_plain(path, "it is a PyTorch file"));
    }
    let json = header::read(path, &mut object.reader(), object.size_bytes())?;
    let data_start = 8 + json.len();
    let claims = header::claims(path, &json)?;
    let file = Weights::elsewhere(object, 8..data_start as u64, &json);
    listed(file, claims, data_start)
}

/// The table of a safetensors file, by what its header claims.
fn listed(
    file: Arc<Weights>,
    claims: Vec<(String, Claim<'_>)>,
    data_start: usize,
) -> Result<Listed, CheckpointError> {
    let data_len = (file.size_bytes() as usize).saturating_sub(data_start);
    let entries = layout::check(file.path(), claims, data_start, data_len)?;
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

/// The first bytes of a file, which is left at its start.
fn start(mut file: &File) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    let most = torch::START_BYTES as u64;
    file.take(most).read_to_end(&mut start)?;
    file.rewind()?;
    Ok(start)
}
