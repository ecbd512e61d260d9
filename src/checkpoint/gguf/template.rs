//! A GGUF file whose metadata and vocabulary another is written with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::architectures::Architecture;
use super::header::Header;
use super::layout::Entry;
use super::{architecture, open_parts};
use crate::checkpoint::error::CheckpointError;
use crate::checkpoint::locate::{CheckpointFiles, locate};
use crate::files;

/// An opened template: its metadata, and its tensors as they are stored.
#[derive(Debug)]
pub struct GgufTemplate {
    pub(super) path: PathBuf,
    pub(super) header: Header,
    pub(super) architecture: &'static Architecture,
    /// In the order of the file.
    pub(super) tensors: Vec<TemplateTensor>,
    /// Which of them has a name.
    places: BTreeMap<String, usize>,
}

#[derive(Debug)]
pub(super) struct TemplateTensor {
    pub(super) entry: Entry,
    /// The bytes, of tensors that are computed and are copied.
    pub(super) bytes: Option<Vec<u8>>,
}

/// The longest tensor that is copied: frequencies, of which a head has some dozens.
const MOST_COPIED_BYTES: usize = 1 << 20;

impl GgufTemplate {
    /// Opens the file, a split model by any of its parts, or the folder of either.
    ///
    /// # Errors
    /// If it is not GGUF, if anything of its header is in doubt, or if it is not a model.
    pub fn open(path: &Path) -> Result<Self, CheckpointError> {
        let paths = match locate(path)?.files {
            CheckpointFiles::File(path) => vec![path],
            CheckpointFiles::Parts(paths) => paths,
            CheckpointFiles::Index(_)
            | CheckpointFiles::Shards(_)
            | CheckpointFiles::Adapter { .. } => {
                let path = path.to_owned();
                let reason = "it is not a GGUF file, which a template must be".to_owned();
                return Err(CheckpointError::Gguf { path, reason });
            }
        };
        let parts = open_parts(&paths)?;
        let mut tensors = Vec::new();
        let mut header = None;
        for part in parts {
            for entry in part.entries {
                let is_copied = super::names::is_computed(&entry.name)
                    && entry.range.len() <= MOST_COPIED_BYTES;
                let bytes = is_copied.then(|| part.file.bytes(&entry.range).to_vec());
                tensors.push(TemplateTensor { entry, bytes });
            }
            header.get_or_insert(part.header);
        }
        let path = path.to_owned();
        let Some(header) = header else {
            return Err(CheckpointError::NoWeights { path });
        };
        if super::adapter::is_adapter(&header) {
            let reason = "it is an adapter, and a template must be a model".to_owned();
            return Err(CheckpointError::Gguf { path, reason });
        }
        let named = tensors.iter().enumerate();
        let named = named.map(|(k, own): (usize, &TemplateTensor)| (own.entry.name.clone(), k));
        Ok(Self {
            places: named.rev().collect(),
            architecture: architecture(&path, &header)?,
            header,
            tensors,
            path,
        })
    }

    pub(super) fn tensor(&self, name: &str) -> Option<&Entry> {
        Some(&self.stored(name)?.entry)
    }

    pub(super) fn stored(&self, name: &str) -> Option<&TemplateTensor> {
        self.tensors.get(*self.places.get(name)?)
    }
}

/// The key that files written by this program have, with the hash of the recipe.
pub(super) const MADE_KEY: &str = "kinfolk.recipe_sha256";

/// Whether the file at `path` is GGUF that this program has written.
pub fn is_ours(path: &Path) -> bool {
    let Ok((mut file, metadata)) = files::open(path) else {
        return false;
    };
    let header = Header::read(&mut file, metadata.len());
    header.is_ok_and(|header| header.text(MADE_KEY).is_some())
}
