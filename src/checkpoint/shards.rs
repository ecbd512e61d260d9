//! Several files as one model, by `model.safetensors.index.json` or the like of PyTorch.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

use super::error::CheckpointError;
use super::identity::FileIdentity;
use super::json::{Pairs, Text, TotalSize, read_text, reason};
use super::listed::Listed;
use super::problems::{count, some_of};
use super::tensor::Tensor;
use super::{limits, map};
use crate::files::is_plain_name;

/// As long as the longest header: an index says less than the headers it describes.
const MAX_BYTES: u64 = 100_000_000;

/// How many names a remark lists.
const NAMES_SHOWN: usize = 3;

/// What an index says; parts of its text.
#[derive(Deserialize)]
struct Index<'a> {
    #[serde(default)]
    metadata: TotalSize,
    #[serde(borrow)]
    weight_map: WeightMap<'a>,
}

/// Each tensor with its file.
type WeightMap<'a> = Pairs<
    Text<'a, { limits::NAME_BYTES }>,
    Text<'a, { limits::FILE_NAME_BYTES }>,
    { limits::TENSORS },
>;

impl Index<'_> {
    /// Names of tensors, each with the name of its file.
    fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        let entries = self.weight_map.0.iter();
        entries.map(|(tensor, file)| (tensor.as_ref(), file.as_ref()))
    }
}

/// The opened files of an index, in the order of their names.
pub(super) struct Shards {
    pub(super) files: Vec<Listed>,
    pub(super) index: FileIdentity,
}

/// Opens every shard that the index at `path` names, and checks that the two agree.
pub(super) fn open(path: &Path, problems: &mut Vec<String>) -> Result<Shards, CheckpointError> {
    let metadata = map::metadata(path)?;
    let text = read_text(path, MAX_BYTES)?.map_err(|reason| invalid(path, reason))?;
    let index = read(path, &text)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let files = open_files(folder, &index)?;
    check_against(path, &index, &files)?;
    for file in &files {
        let name = name_of(file.file.path());
        let remarks = file.remarks.iter();
        problems.extend(remarks.map(|remark| format!("in {name} {remark}")));
    }
    remark_unnamed(&index, &files, problems);
    remark_total(&index, &files, problems);
    Ok(Shards {
        files,
        index: FileIdentity::new(path, &metadata, text.as_bytes()),
    })
}

fn invalid(path: &Path, reason: String) -> CheckpointError {
    let path = path.to_owned();
    CheckpointError::Index { path, reason }
}

fn read<'a>(path: &Path, text: &'a str) -> Result<Index<'a>, CheckpointError> {
    let index: Index<'_> =
        serde_json::from_str(text).map_err(|error| invalid(path, reason(&error)))?;
    if index.weight_map.0.is_empty() {
        let reason = "its weight_map names no tensor".to_owned();
        return Err(invalid(path, reason));
    }
    if let Some((tensor, file)) = index.entries().find(|(_, file)| !is_plain_name(file)) {
        return Err(CheckpointError::IndexEntry {
            path: path.to_owned(),
            tensor: tensor.to_owned(),
            found: file.to_owned(),
        });
    }
    Ok(index)
}

fn open_files(folder: &Path, index: &Index<'_>) -> Result<Vec<Listed>, CheckpointError> {
    let mut first_tensor: BTreeMap<&str, &str> = BTreeMap::new();
    for (tensor, file) in index.entries() {
        first_tensor.entry(file).or_insert(tensor);
    }
    first_tensor
        .into_iter()
        .map(|(name, tensor)| {
            Listed::open(&folder.join(name)).map_err(|error| match error {
                CheckpointError::Missing { path } => CheckpointError::ShardMissing {
                    path,
                    tensor: tensor.to_owned(),
                },
                other => other,
            })
        })
        .collect()
}

/// Every tensor of the index must be in its shard, and no tensor in two shards.
fn check_against(path: &Path, index: &Index<'_>, files: &[Listed]) -> Result<(), CheckpointError> {
    let mut found: BTreeMap<&str, &Path> = BTreeMap::new();
    for Listed { file, tensors, .. } in files {
        for tensor in tensors {
            if let Some(other) = found.insert(&tensor.name, file.path()) {
                return Err(CheckpointError::TensorTwice {
                    path: file.path().to_owned(),
                    tensor: tensor.name.clone(),
                    other: name_of(other),
                });
            }
        }
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    for (tensor, file) in index.entries() {
        let expected = folder.join(file);
        if found.get(tensor) != Some(&expected.as_path()) {
            return Err(CheckpointError::TensorNotInShard {
                path: expected,
                tensor: tensor.to_owned(),
            });
        }
    }
    Ok(())
}

/// Such tensors are part of the model: other programs load whole shards.
fn remark_unnamed(index: &Index<'_>, files: &[Listed], problems: &mut Vec<String>) {
    let named: BTreeSet<&str> = index.entries().map(|(tensor, _)| tensor).collect();
    let unnamed: Vec<&str> = files
        .iter()
        .flat_map(|file| &file.tensors)
        .map(|tensor| tensor.name.as_str())
        .filter(|name| !named.contains(name))
        .collect();
    if !unnamed.is_empty() {
        problems.push(format!(
            "{} stored in the shards but not named by the index: {}",
            count(unnamed.len(), "tensor is", "tensors are"),
            some_of(&unnamed, NAMES_SHOWN)
        ));
    }
}

fn remark_total(index: &Index<'_>, files: &[Listed], problems: &mut Vec<String>) {
    let found: u64 = files
        .iter()
        .flat_map(|file| &file.tensors)
        .map(Tensor::size_bytes)
        .sum();
    if let Some(claimed) = index.metadata.0.filter(|&claimed| claimed != found) {
        problems.push(format!(
            "the index gives a total_size of {claimed} bytes, the shards hold {found}"
        ));
    }
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
