//! Several safetensors files as one model, by `model.safetensors.index.json`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

use super::identity::FileIdentity;
use super::json::{Pairs, read_text};
use super::locate::is_plain_name;
use super::problems::{count, some_of};
use super::weights::{Listed, Weights};
use super::{CheckpointError, map};

/// As long as the longest header: an index says less than the headers it describes.
const MAX_BYTES: u64 = 100_000_000;

/// How many names a remark lists.
const NAMES_SHOWN: usize = 3;

#[derive(Deserialize)]
struct Index {
    metadata: Option<serde_json::Value>,
    weight_map: Pairs<String>,
}

/// The opened files of an index, in the order of their names.
pub(super) struct Shards {
    pub(super) files: Vec<Listed>,
    pub(super) index: FileIdentity,
}

/// Opens every shard that the index at `path` names, and checks that the two agree.
pub(super) fn open(path: &Path, problems: &mut Vec<String>) -> Result<Shards, CheckpointError> {
    let (index, identity) = read(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let files = open_files(folder, &index)?;
    check_against(path, &index, &files)?;
    remark_unnamed(&index, &files, problems);
    remark_total(&index, &files, problems);
    Ok(Shards {
        files,
        index: identity,
    })
}

fn read(path: &Path) -> Result<(Index, FileIdentity), CheckpointError> {
    let invalid = |reason| CheckpointError::Index {
        path: path.to_owned(),
        reason,
    };
    let metadata = map::metadata(path)?;
    let text = read_text(path, MAX_BYTES)?.map_err(invalid)?;
    let index: Index = serde_json::from_str(&text).map_err(|error| invalid(error.to_string()))?;
    if index.weight_map.0.is_empty() {
        return Err(invalid("its weight_map names no tensor".to_owned()));
    }
    for (tensor, file) in &index.weight_map.0 {
        if !is_plain_name(file) {
            return Err(CheckpointError::IndexEntry {
                path: path.to_owned(),
                tensor: tensor.clone(),
                found: file.clone(),
            });
        }
    }
    let identity = FileIdentity::new(path, &metadata, text.as_bytes());
    Ok((index, identity))
}

fn open_files(folder: &Path, index: &Index) -> Result<Vec<Listed>, CheckpointError> {
    let mut first_tensor: BTreeMap<&str, &str> = BTreeMap::new();
    for (tensor, file) in &index.weight_map.0 {
        first_tensor.entry(file).or_insert(tensor);
    }
    let names: BTreeSet<&str> = first_tensor.keys().copied().collect();
    names
        .into_iter()
        .map(|name| {
            Weights::open(&folder.join(name)).map_err(|error| match error {
                CheckpointError::Missing { path } => CheckpointError::ShardMissing {
                    path,
                    tensor: first_tensor[name].to_owned(),
                },
                other => other,
            })
        })
        .collect()
}

/// Every tensor of the index must be in its shard, and no tensor in two shards.
fn check_against(path: &Path, index: &Index, files: &[Listed]) -> Result<(), CheckpointError> {
    let mut found: BTreeMap<&str, &Path> = BTreeMap::new();
    for (file, entries) in files {
        for entry in entries {
            if let Some(other) = found.insert(&entry.name, file.path()) {
                return Err(CheckpointError::TensorTwice {
                    path: file.path().to_owned(),
                    tensor: entry.name.clone(),
                    other: name_of(other),
                });
            }
        }
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    for (tensor, file) in &index.weight_map.0 {
        let expected = folder.join(file);
        if found.get(tensor.as_str()) != Some(&expected.as_path()) {
            return Err(CheckpointError::TensorNotInShard {
                path: expected,
                tensor: tensor.clone(),
            });
        }
    }
    Ok(())
}

/// Such tensors are part of the model: other programs load whole shards.
fn remark_unnamed(index: &Index, files: &[Listed], problems: &mut Vec<String>) {
    let named: BTreeSet<&str> = index.weight_map.0.iter().map(|(t, _)| t.as_str()).collect();
    let unnamed: Vec<&str> = files
        .iter()
        .flat_map(|(_, entries)| entries)
        .map(|entry| entry.name.as_str())
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

fn remark_total(index: &Index, files: &[Listed], problems: &mut Vec<String>) {
    let claimed = index
        .metadata
        .as_ref()
        .and_then(|metadata| metadata.get("total_size")?.as_u64());
    let found: u64 = files
        .iter()
        .flat_map(|(_, entries)| entries)
        .map(|entry| entry.range.len() as u64)
        .sum();
    if let Some(claimed) = claimed.filter(|&claimed| claimed != found) {
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
