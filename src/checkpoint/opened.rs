//! From the files that were located to one table of tensors.

use std::path::Path;
use std::sync::Arc;

use super::adapter::Adapter;
use super::config::Config;
use super::error::CheckpointError;
use super::identity::FileIdentity;
use super::listed::Listed;
use super::locate::CheckpointFiles;
use super::tensor::Tensor;
use super::weights::Weights;
use super::{gguf, quantised, shards};
use crate::store::Folder;
use crate::text::natural;

/// The opened files of a checkpoint.
pub(super) struct Opened {
    pub(super) files: Vec<Arc<Weights>>,
    pub(super) tensors: Vec<Tensor>,
    pub(super) adapter: Option<Adapter>,
    /// Files beside the weights that decide what the checkpoint is.
    pub(super) extra: Vec<FileIdentity>,
    /// What a GGUF file says beside its weights.
    pub(super) gguf: Option<Config>,
}

impl Opened {
    /// Opens them all; what is odd and harmless becomes a sentence in `problems`. Files in the
    /// copy of `folder` are read from its store.
    pub(super) fn open(
        files: &CheckpointFiles,
        folder: Option<&Folder>,
        problems: &mut Vec<String>,
    ) -> Result<Self, CheckpointError> {
        match files {
            CheckpointFiles::File(path) if gguf::is_gguf(path) => {
                Ok(Self::gguf(gguf::open(std::slice::from_ref(path))?))
            }
            CheckpointFiles::Parts(paths) => Ok(Self::gguf(gguf::open(paths)?)),
            CheckpointFiles::File(path) => {
                let opened = Listed::open(path, folder)?;
                problems.extend_from_slice(&opened.remarks);
                Ok(Self::new(vec![opened], Vec::new()))
            }
            CheckpointFiles::Shards(paths) => {
                let files = shards::open_all(paths, folder, problems)?;
                Ok(Self::new(files, Vec::new()))
            }
            CheckpointFiles::Index(path) => {
                let shards = shards::open(path, folder, problems)?;
                Ok(Self::new(shards.files, vec![shards.index]))
            }
            CheckpointFiles::Adapter { config, weights } => {
                let opened = Listed::open(weights, folder)?;
                problems.extend_from_slice(&opened.remarks);
                let adapter = Adapter::new(config, &opened)?;
                problems.extend_from_slice(adapter.remarks());
                let extra = adapter.config_identity().cloned().into_iter().collect();
                let mut opened = Self::new(vec![opened], extra);
                opened.adapter = Some(adapter);
                Ok(opened)
            }
        }
    }

    /// Puts weights in the place of the scales and codes that they are stored as.
    pub(super) fn resolve_quantised(
        &mut self,
        folder: &Path,
        config: &Config,
    ) -> Result<(), CheckpointError> {
        // Blocks of GGUF have their scales within.
        if self.adapter.is_some() || self.gguf.is_some() {
            return Ok(());
        }
        let stored = std::mem::take(&mut self.tensors);
        let resolved = quantised::resolve(folder, config, stored)?;
        self.tensors = resolved.tensors;
        self.extra.extend(resolved.beside);
        Ok(())
    }

    fn new(parts: Vec<Listed>, extra: Vec<FileIdentity>) -> Self {
        let mut files = Vec::new();
        let mut tensors = Vec::new();
        for part in parts {
            files.push(part.file);
            tensors.extend(part.tensors);
        }
        Self::sorted(files, tensors, extra)
    }

    fn gguf(found: gguf::Found) -> Self {
        Self {
            adapter: found.adapter,
            gguf: Some(found.config),
            ..Self::sorted(found.files, found.tensors, Vec::new())
        }
    }

    fn sorted(
        files: Vec<Arc<Weights>>,
        mut tensors: Vec<Tensor>,
        extra: Vec<FileIdentity>,
    ) -> Self {
        tensors.sort_by(|a, b| natural(&a.name, &b.name));
        Self {
            files,
            tensors,
            adapter: None,
            extra,
            gguf: None,
        }
    }
}
