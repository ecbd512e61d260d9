//! GGUF, the format of llama.cpp: one file with metadata, vocabulary and weights.
//!
//! ```text
//! file ─▶ header (claims) ─▶ layout (checked) ─▶ tensors (Hugging Face's names and orders)
//!                                 types ─┘             └─ architectures, names, rows
//! ```
//!
//! A file is brought to what Hugging Face's checkpoint of the same model has, so that it stands
//! beside safetensors: names, dimensions, the order of rows, one tensor an expert, norms without
//! the one that some are stored with. What the tables do not know is refused by its name: a
//! tensor that is taken for another gives numbers without a sign of it.

mod adapter;
mod architectures;
mod blocks;
mod config;
mod header;
mod layout;
mod names;
mod rows;
mod tensors;
mod types;
mod value;

mod metadata;
mod template;
mod write;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::architectures::Architecture;
use self::header::Header;
use self::layout::Entry;
pub use self::template::{GgufTemplate, is_ours};
use self::tensors::Reading;
pub use self::write::{GgufKind, GgufLayout, GgufWish, Wanted};
use super::adapter::Adapter;
use super::config::Config;
use super::error::CheckpointError;
use super::tensor::Tensor;
use super::weights::{Opening, Weights};
use crate::files;

/// What was found in the files of a model.
pub(super) struct Found {
    pub(super) files: Vec<Arc<Weights>>,
    pub(super) tensors: Vec<Tensor>,
    pub(super) config: Config,
    pub(super) adapter: Option<Adapter>,
}

/// Whether a file that is to be written at `path` is to be GGUF, by its name.
pub fn is_gguf_name(path: &Path) -> bool {
    let end = path.extension();
    end.is_some_and(|end| end.eq_ignore_ascii_case("gguf"))
}

/// Whether the file at `path` begins as GGUF does; `false` if it cannot be read.
pub(super) fn is_gguf(path: &Path) -> bool {
    files::read_start(path, 4).is_ok_and(|start| start == b"GGUF")
}

/// One opened file.
struct Part<'p> {
    path: &'p Path,
    file: Arc<Weights>,
    header: Header,
    entries: Vec<Entry>,
}

/// Opens the files of one model, in the order of their numbers.
pub(super) fn open(paths: &[PathBuf]) -> Result<Found, CheckpointError> {
    let parts = open_parts(paths)?;
    let Some(first) = parts.first() else {
        let path = PathBuf::new();
        return Err(CheckpointError::NoWeights { path });
    };
    let architecture = architecture(first.path, &first.header)?;
    let mut adapter = None;
    let mut tensors = Vec::new();
    if adapter::is_adapter(&first.header) {
        let (own, factors) =
            adapter::read(&first.reading(architecture, &first.header), &first.entries)?;
        adapter = Some(own);
        tensors = factors;
    } else {
        for part in &parts {
            let reading = part.reading(architecture, &first.header);
            tensors.extend(reading.tensors(&part.entries)?);
        }
        no_doubles(first.path, &tensors)?;
    }
    let config = config::config(architecture, &first.header, &tensors);
    let files = parts.iter().map(|part| Arc::clone(&part.file)).collect();
    Ok(Found {
        files,
        tensors,
        config,
        adapter,
    })
}

fn open_parts(paths: &[PathBuf]) -> Result<Vec<Part<'_>>, CheckpointError> {
    let parts: Result<Vec<Part<'_>>, _> = paths.iter().map(|path| Part::open(path)).collect();
    let parts = parts?;
    check_split(&parts)?;
    Ok(parts)
}

impl<'p> Part<'p> {
    /// What its tensors are read with; `header` is the one with the metadata.
    fn reading<'r>(
        &'r self,
        architecture: &'static Architecture,
        header: &'r Header,
    ) -> Reading<'r> {
        Reading {
            path: self.path,
            file: &self.file,
            architecture,
            header,
        }
    }

    fn open(path: &'p Path) -> Result<Self, CheckpointError> {
        let (file, metadata) =
            files::open(path).map_err(|error| CheckpointError::unreadable(path, error))?;
        let mut opening = Opening {
            path,
            file,
            metadata,
        };
        let len = opening.metadata.len();
        let header =
            Header::read(&mut opening.file, len).map_err(|reason| invalid(path, reason))?;
        let place = 0..header.bytes.len() as u64;
        let file = opening.map(std::slice::from_ref(&place), &header.bytes)?;
        let mapped = usize::try_from(file.size_bytes()).unwrap_or(usize::MAX);
        Ok(Self {
            path,
            entries: layout::check(path, &header, mapped)?,
            file,
            header,
        })
    }
}

fn invalid(path: &Path, reason: String) -> CheckpointError {
    CheckpointError::Gguf {
        path: path.to_owned(),
        reason,
    }
}

/// The architecture, if it is one whose tensors are known.
fn architecture(path: &Path, header: &Header) -> Result<&'static Architecture, CheckpointError> {
    let unsupported = |reason: String| CheckpointError::GgufUnsupported {
        path: path.to_owned(),
        reason,
    };
    if let Some(kind) = header.text("general.type")
        && !["model", "adapter"].contains(&kind)
    {
        return Err(unsupported(format!("it holds `{kind}` and not a model")));
    }
    let Some(name) = header.text("general.architecture") else {
        return Err(unsupported(
            "it does not name its `general.architecture`".to_owned(),
        ));
    };
    Architecture::of(name)
        .ok_or_else(|| unsupported(format!("its architecture `{name}` is not known")))
}

/// The parts of a split model must be all of it, in their order.
fn check_split(parts: &[Part<'_>]) -> Result<(), CheckpointError> {
    for (k, part) in parts.iter().enumerate() {
        let total = part.header.number("split.count").unwrap_or(1).max(1);
        if parts.len() == 1 && total > 1 {
            let path = part.path.to_owned();
            return Err(CheckpointError::OneShard { path, total });
        }
        let number = part.header.number("split.no").unwrap_or(0);
        if (number, total) != (k as u64, parts.len() as u64) {
            let reason = format!(
                "by its name it is part {} of {}, and it says part {} of {total}",
                k + 1,
                parts.len(),
                number.saturating_add(1),
            );
            return Err(invalid(part.path, reason));
        }
    }
    let found: usize = parts.iter().map(|part| part.entries.len()).sum();
    let first = parts.first().filter(|_| parts.len() > 1);
    if let Some(first) = first
        && let Some(claimed) = first.header.number("split.tensors.count")
        && claimed != found as u64
    {
        let reason = format!("all parts should have {claimed} tensors, and they have {found}");
        return Err(invalid(first.path, reason));
    }
    Ok(())
}

/// No two stored tensors may become the same one.
fn no_doubles(path: &Path, tensors: &[Tensor]) -> Result<(), CheckpointError> {
    let mut seen: BTreeMap<&str, ()> = BTreeMap::new();
    for tensor in tensors {
        if seen.insert(&tensor.name, ()).is_some() {
            return Err(CheckpointError::GgufTensor {
                path: path.to_owned(),
                tensor: tensor.name.clone(),
                reason: "is stored twice; take another file".to_owned(),
            });
        }
    }
    Ok(())
}
