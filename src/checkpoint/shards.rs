//! Several files as one model, by `model.safetensors.index.json` or the like of PyTorch.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::error::CheckpointError;
use super::identity::FileIdentity;
use super::json::{Pairs, Text, TotalSize, read_text, reason};
use super::listed::Listed;
use super::locate::complete_set;
use super::problems::{count, some_of};
use super::tensor::Tensor;
use super::{limits, map};
use crate::files::is_plain_name;
use crate::store::Folder;

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
///
/// An index that names files of another set, while a whole set lies in the folder, is left out;
/// so is what it says of tensors that no file has. Both are said.
pub(super) fn open(
    path: &Path,
    stored: Option<&Folder>,
    problems: &mut Vec<String>,
) -> Result<Shards, CheckpointError> {
    let metadata = map::metadata(path)?;
    let text = read_text(path, MAX_BYTES)?.map_err(|reason| invalid(path, reason))?;
    let index = read(path, &text)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let files = match other_set(folder, &index)? {
        Some(shards) => {
            problems.push(format!(
                "the index names files that are not here, such as {}; the {} shards in the folder \
                 are whole and are taken without it",
                index.entries().next().map_or("", |(_, file)| file),
                shards.len()
            ));
            open_all(&shards, stored, problems)?
        }
        None => {
            let files = open_files(folder, stored, &index)?;
            check_against(path, &index, &files, problems)?;
            remark_files(&files, problems);
            remark_unnamed(&index, &files, problems);
            remark_total(&index, &files, problems);
            files
        }
    };
    Ok(Shards {
        files,
        index: FileIdentity::new(path, &metadata, text.as_bytes()),
    })
}

/// Opens shards without an index.
pub(super) fn open_all(
    paths: &[PathBuf],
    stored: Option<&Folder>,
    problems: &mut Vec<String>,
) -> Result<Vec<Listed>, CheckpointError> {
    let files = paths.iter().map(|path| Listed::open(path, stored));
    let files = files.collect::<Result<Vec<_>, _>>()?;
    places(&files)?;
    remark_files(&files, problems);
    Ok(files)
}

/// What opening each file has noticed.
fn remark_files(files: &[Listed], problems: &mut Vec<String>) {
    for file in files {
        let name = name_of(file.file.path());
        let remarks = file.remarks.iter();
        problems.extend(remarks.map(|remark| format!("in {name} {remark}")));
    }
}

/// A whole set of shards in the folder, if the index names none of its files.
fn other_set(folder: &Path, index: &Index<'_>) -> Result<Option<Vec<PathBuf>>, CheckpointError> {
    let named: BTreeSet<&str> = index.entries().map(|(_, file)| file).collect();
    let is_here = |file: &&str| folder.join(file).symlink_metadata().is_ok();
    if named.iter().any(is_here) {
        return Ok(None);
    }
    complete_set(folder)
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

fn open_files(
    folder: &Path,
    stored: Option<&Folder>,
    index: &Index<'_>,
) -> Result<Vec<Listed>, CheckpointError> {
    let mut first_tensor: BTreeMap<&str, &str> = BTreeMap::new();
    for (tensor, file) in index.entries() {
        first_tensor.entry(file).or_insert(tensor);
    }
    first_tensor
        .into_iter()
        .map(|(name, tensor)| {
            Listed::open(&folder.join(name), stored).map_err(|error| match error {
                CheckpointError::Missing { path } => CheckpointError::ShardMissing {
                    path,
                    tensor: tensor.to_owned(),
                },
                other => other,
            })
        })
        .collect()
}

/// Each tensor with its file; none may be in two.
fn places(files: &[Listed]) -> Result<BTreeMap<&str, &Path>, CheckpointError> {
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
    Ok(found)
}

/// What an index says of tensors that lie elsewhere, or nowhere, is a remark: the files tell what
/// is there. An index of which nothing is true is not of these files.
fn check_against(
    path: &Path,
    index: &Index<'_>,
    files: &[Listed],
    problems: &mut Vec<String>,
) -> Result<(), CheckpointError> {
    let found = places(files)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let absent: Vec<(&str, &str)> = index
        .entries()
        .filter(|(tensor, _)| !found.contains_key(tensor))
        .collect();
    if let Some((tensor, file)) = absent
        .first()
        .filter(|_| absent.len() == index.entries().count())
    {
        return Err(CheckpointError::TensorNotInShard {
            path: folder.join(file),
            tensor: (*tensor).to_owned(),
        });
    }
    if !absent.is_empty() {
        let names: Vec<&str> = absent.iter().map(|(tensor, _)| *tensor).collect();
        problems.push(format!(
            "{} named by the index and in no shard: {}",
            count(names.len(), "tensor is", "tensors are"),
            some_of(&names, NAMES_SHOWN)
        ));
    }
    let is_elsewhere = |(tensor, file): &(&str, &str)| {
        let own = found.get(tensor);
        own.is_some_and(|own| own.file_name().is_none_or(|name| name != *file))
    };
    let elsewhere: Vec<&str> = index
        .entries()
        .filter(is_elsewhere)
        .map(|(tensor, _)| tensor)
        .collect();
    if !elsewhere.is_empty() {
        problems.push(format!(
            "{} in another shard than the index says: {}",
            count(elsewhere.len(), "tensor is", "tensors are"),
            some_of(&elsewhere, NAMES_SHOWN)
        ));
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
