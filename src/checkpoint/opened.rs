//! From the files that were located to one table of tensors.

use std::sync::Arc;

use super::adapter::Adapter;
use super::error::CheckpointError;
use super::identity::FileIdentity;
use super::layout::Entry;
use super::locate::CheckpointFiles;
use super::names::place;
use super::tensor::Tensor;
use super::weights::{Listed, Weights};
use super::{order, shards};

/// The opened files of a checkpoint.
pub(super) struct Opened {
    pub(super) files: Vec<Arc<Weights>>,
    pub(super) tensors: Vec<Tensor>,
    pub(super) adapter: Option<Adapter>,
    /// Files beside the weights that decide what the checkpoint is.
    pub(super) extra: Vec<FileIdentity>,
}

impl Opened {
    /// Opens them all; what is odd and harmless becomes a sentence in `problems`.
    pub(super) fn open(
        files: &CheckpointFiles,
        problems: &mut Vec<String>,
    ) -> Result<Self, CheckpointError> {
        match files {
            CheckpointFiles::File(path) => Ok(Self::new(vec![Weights::open(path)?], Vec::new())),
            CheckpointFiles::Index(path) => {
                let shards = shards::open(path, problems)?;
                Ok(Self::new(shards.files, vec![shards.index]))
            }
            CheckpointFiles::Adapter { config, weights } => {
                let (file, entries) = Weights::open(weights)?;
                let adapter = Adapter::new(config, Arc::clone(&file), entries.clone())?;
                problems.extend_from_slice(adapter.remarks());
                let extra = vec![adapter.config_identity().clone()];
                let mut opened = Self::new(vec![(file, entries)], extra);
                opened.adapter = Some(adapter);
                Ok(opened)
            }
        }
    }

    fn new(parts: Vec<Listed>, extra: Vec<FileIdentity>) -> Self {
        let mut files = Vec::new();
        let mut tensors = Vec::new();
        for (file, (weights, entries)) in parts.into_iter().enumerate() {
            files.push(weights);
            tensors.extend(entries.into_iter().map(|entry| tensor(file, entry)));
        }
        tensors.sort_by(|a, b| order::natural(&a.name, &b.name));
        Self {
            files,
            tensors,
            adapter: None,
            extra,
        }
    }
}

fn tensor(file: usize, entry: Entry) -> Tensor {
    Tensor {
        place: place(&entry.name),
        // The product was checked when the file was opened.
        elements: entry.shape.iter().product(),
        name: entry.name,
        dtype: entry.dtype,
        shape: entry.shape,
        file,
        range: entry.range,
    }
}
