//! Checkpoints on stores: opened by copies of their small files, and read by ranges.
//!
//! Only plain safetensors and adapters of them are read so: the numbers of other formats depend
//! on bytes that lie far from one another.

use std::path::{Path, PathBuf};

use super::error::CheckpointError;
use super::model::Checkpoint;
use crate::store::hub::{self, HubName};
use crate::store::{self, Folder};

impl Checkpoint {
    /// Opens a safetensors, GGUF or PyTorch file, a model folder with one file or with shards and an index, a
    /// snapshot or model folder of the hub cache, the folder of a LoRA adapter, or what has a
    /// name on a store or on the hub, such as `s3://bucket/model`.
    ///
    /// # Errors
    /// If nothing is there, if it is not a checkpoint, or if any byte of its headers is in doubt.
    pub fn open(path: &Path) -> Result<Self, CheckpointError> {
        match store::is_name(path) {
            true => open(path),
            false => Self::open_at(path, None),
        }
    }
}

/// Opens what has this name.
fn open(name: &Path) -> Result<Checkpoint, CheckpointError> {
    let Some(of_hub) = HubName::parse(name) else {
        return open_stored(name, name);
    };
    let failed = |reason| CheckpointError::Store {
        path: name.to_owned(),
        reason,
    };
    let found = of_hub
        .and_then(|of_hub| hub::located(&of_hub))
        .map_err(failed)?;
    match store::is_name(&found) {
        true => open_stored(&found, name),
        false => Ok(Checkpoint::open_at(&found, None)?.called(name)),
    }
}

/// Opens what lies at `place`, and calls it `name`.
fn open_stored(place: &Path, name: &Path) -> Result<Checkpoint, CheckpointError> {
    let folder = Folder::open(place).map_err(|error| {
        let path = PathBuf::from(&error.name);
        let reason = error.trouble.to_string();
        CheckpointError::Store { path, reason }
    })?;
    let opened = Checkpoint::open_at(&folder.path(), Some(&folder));
    let opened = opened.map_err(|error| CheckpointError::Copied {
        sentence: folder.said(&error.to_string()),
    })?;
    Ok(opened.lying_in(name, folder))
}
