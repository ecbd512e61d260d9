//! Finds out what lies at a path that a user chose: which files make up the checkpoint.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::error::CheckpointError;
use super::map::metadata;
use crate::files::is_plain_name;

pub(super) const INDEX_NAME: &str = "model.safetensors.index.json";
pub(super) const ADAPTER_CONFIG: &str = "adapter_config.json";
const SINGLE_NAME: &str = "model.safetensors";
const ADAPTER_NAME: &str = "adapter_model.safetensors";
/// What a merge keeps in its folder while it works.
const MERGE_STATE: &str = "kinfolk-merge.json";
const MERGE_LOCK: &str = "kinfolk-merge.lock";
const INDEX_SUFFIX: &str = ".safetensors.index.json";
const OTHER_FORMATS: &[&str] = &["bin", "gguf", "ggml", "pt", "pth", "ckpt", "h5", "onnx"];

/// How a checkpoint lies on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// One file, opened by its own name.
    SingleFile,
    /// A folder with one file of weights.
    Folder,
    /// A folder with an index and several files of weights.
    Sharded,
    /// A snapshot in the cache of the hub.
    HubSnapshot,
    /// A LoRA adapter, which is nothing without its base.
    Adapter,
}

impl Form {
    /// The words for it on screen.
    pub const fn title(self) -> &'static str {
        match self {
            Self::SingleFile => "single file",
            Self::Folder => "folder",
            Self::Sharded => "sharded folder",
            Self::HubSnapshot => "hub snapshot",
            Self::Adapter => "adapter",
        }
    }
}

/// The files of a checkpoint, chosen but not opened.
#[derive(Debug)]
pub(super) struct Located {
    pub(super) form: Form,
    /// Where the configuration lies.
    pub(super) folder: PathBuf,
    pub(super) files: CheckpointFiles,
    pub(super) problems: Vec<String>,
}

#[derive(Debug)]
pub(super) enum CheckpointFiles {
    File(PathBuf),
    Index(PathBuf),
    /// Without an index.
    Shards(Vec<PathBuf>),
    Adapter {
        config: PathBuf,
        weights: PathBuf,
    },
}

/// Looks at `path` without opening any weights.
pub(super) fn locate(path: &Path) -> Result<Located, CheckpointError> {
    if !metadata(path)?.is_dir() {
        return locate_file(path);
    }
    let folder = hub_snapshot(path)?.unwrap_or_else(|| path.to_owned());
    let mut located = locate_in_folder(&folder)?;
    if hub_name(&folder).is_some() && located.form != Form::Adapter {
        located.form = Form::HubSnapshot;
    }
    Ok(located)
}

/// "org/name" if `folder` is a snapshot in a hub cache.
pub(super) fn hub_name(folder: &Path) -> Option<String> {
    let folder = std::path::absolute(folder).ok()?;
    let snapshots = folder.parent()?;
    if snapshots.file_name()? != "snapshots" {
        return None;
    }
    let repository = snapshots.parent()?.file_name()?.to_str()?;
    Some(repository.strip_prefix("models--")?.replace("--", "/"))
}

fn locate_file(path: &Path) -> Result<Located, CheckpointError> {
    // A bare file name has an empty parent, which is the working folder.
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let name = file_name(path);
    if let Some(found) = other_format(path) {
        return Err(CheckpointError::OtherFormat {
            path: path.to_owned(),
            found,
        });
    }
    let (form, files) = if name.ends_with(INDEX_SUFFIX) {
        (Form::Sharded, CheckpointFiles::Index(path.to_owned()))
    } else if name == ADAPTER_NAME {
        (Form::Adapter, adapter(&folder, path))
    } else {
        (Form::SingleFile, CheckpointFiles::File(path.to_owned()))
    };
    if let Some(shard) = ShardName::of(&name).filter(|shard| shard.total > 1) {
        return Err(CheckpointError::OneShard {
            path: path.to_owned(),
            total: shard.total,
        });
    }
    Ok(Located {
        form,
        folder,
        files,
        problems: Vec::new(),
    })
}

fn locate_in_folder(folder: &Path) -> Result<Located, CheckpointError> {
    let (single, index) = (folder.join(SINGLE_NAME), folder.join(INDEX_NAME));
    let weights = folder.join(ADAPTER_NAME);
    if is_unfinished_merge(folder) {
        return Err(CheckpointError::UnfinishedMerge {
            path: folder.to_owned(),
        });
    }
    let mut problems = Vec::new();
    let (form, files) = if is_named(&single) {
        if is_named(&index) {
            problems.push(format!("{INDEX_NAME} is left out, {SINGLE_NAME} is there"));
        }
        if is_named(&weights) {
            problems.push(format!(
                "{ADAPTER_NAME} is left out, {SINGLE_NAME} is there"
            ));
        }
        (Form::Folder, CheckpointFiles::File(single))
    } else if is_named(&index) {
        (Form::Sharded, CheckpointFiles::Index(index))
    } else if is_named(&weights) {
        (Form::Adapter, adapter(folder, &weights))
    } else if let Some(shards) = complete_set(folder)? {
        problems.push(format!(
            "there is no index; all {} shards are here and are taken together",
            shards.len()
        ));
        (Form::Sharded, CheckpointFiles::Shards(shards))
    } else {
        (Form::Folder, CheckpointFiles::File(only_file(folder)?))
    };
    Ok(Located {
        form,
        folder: folder.to_owned(),
        files,
        problems,
    })
}

/// Whether a merge is writing here, or was when it was stopped. Its list of finished files is
/// removed before the folder gets its name; a lock alone, in a folder with a name, was left by an
/// earlier version in a model that is whole.
fn is_unfinished_merge(folder: &Path) -> bool {
    is_named(&folder.join(MERGE_STATE))
        || is_named(&folder.join(MERGE_LOCK)) && file_name(folder).starts_with('.')
}

/// Whether the folder has this entry, be it a link into nothing: then the link is the trouble
/// to report, not that there are no weights.
fn is_named(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

fn adapter(folder: &Path, weights: &Path) -> CheckpointFiles {
    CheckpointFiles::Adapter {
        config: folder.join(ADAPTER_CONFIG),
        weights: weights.to_owned(),
    }
}

/// The one safetensors file of a folder without the usual names.
fn only_file(folder: &Path) -> Result<PathBuf, CheckpointError> {
    let path = folder.to_owned();
    let entries = entries(folder)?;
    let is_weights = |entry: &&PathBuf| entry.extension().is_some_and(|end| end == "safetensors");
    let safetensors: Vec<&PathBuf> = entries.iter().filter(is_weights).collect();
    if let Some((found, total)) = part_of_a_download(&safetensors) {
        return Err(CheckpointError::HalfDownload { path, found, total });
    }
    let safetensors = without_variants(safetensors);
    match safetensors[..] {
        [only] => Ok(only.clone()),
        [_, _, ..] => Err(CheckpointError::SeveralFiles {
            path,
            found: safetensors.len(),
        }),
        [] => Err(match entries.iter().find_map(|entry| other_format(entry)) {
            Some(found) => CheckpointError::OtherFormat { path, found },
            None => CheckpointError::NoWeights { path },
        }),
    }
}

/// The files but for those that are a variant of another, as `x.fp16.safetensors` is of
/// `x.safetensors`.
fn without_variants(files: Vec<&PathBuf>) -> Vec<&PathBuf> {
    let plain = |file: &PathBuf| {
        let name = file_name(file);
        let stem = name.strip_suffix(".safetensors")?;
        let (stem, _) = stem.rsplit_once('.')?;
        Some(file.with_file_name(format!("{stem}.safetensors")))
    };
    let is_variant = |file: &PathBuf| plain(file).is_some_and(|plain| files.contains(&&plain));
    files
        .iter()
        .copied()
        .filter(|file| !is_variant(file))
        .collect()
}

/// The shards of a folder that has a whole set of them, in their order; of several sets the one
/// with the shortest name, since variants add to it.
pub(super) fn complete_set(folder: &Path) -> Result<Option<Vec<PathBuf>>, CheckpointError> {
    let entries = entries(folder)?;
    let mut sets: BTreeMap<(usize, String, u64), BTreeMap<u64, PathBuf>> = BTreeMap::new();
    for entry in &entries {
        if let Some(shard) = ShardName::of(&file_name(entry)) {
            let set = (shard.stem.len(), shard.stem.to_owned(), shard.total);
            sets.entry(set)
                .or_default()
                .insert(shard.number, entry.clone());
        }
    }
    let is_whole = |((_, _, total), shards): &(_, BTreeMap<u64, PathBuf>)| {
        shards.len() as u64 == *total && shards.keys().copied().eq(1..=*total)
    };
    let whole = sets.into_iter().find(is_whole);
    Ok(whole.map(|(_, shards)| shards.into_values().collect()))
}

/// How many shards there are and how many there should be, if all files are of one set of shards
/// that is not whole.
fn part_of_a_download(files: &[&PathBuf]) -> Option<(usize, u64)> {
    let names: Vec<String> = files.iter().map(|file| file_name(file)).collect();
    let shards: Option<Vec<ShardName<'_>>> = names.iter().map(|name| ShardName::of(name)).collect();
    let shards = shards?;
    let first = shards.first()?;
    let is_one_set = |shard: &ShardName<'_>| (shard.stem, shard.total) == (first.stem, first.total);
    let found = shards.len();
    let is_part = shards.iter().all(is_one_set) && (found as u64) < first.total;
    is_part.then_some((found, first.total))
}

/// The visible entries of a folder, sorted.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, CheckpointError> {
    let read = || -> std::io::Result<Vec<PathBuf>> {
        std::fs::read_dir(folder)?
            .map(|entry| Ok(entry?.path()))
            .collect()
    };
    let mut entries = read().map_err(|source| CheckpointError::Unreadable {
        path: folder.to_owned(),
        source,
    })?;
    // macOS leaves `._name` files beside the real ones on foreign disks.
    entries.retain(|entry| !file_name(entry).starts_with('.'));
    entries.sort();
    Ok(entries)
}

/// The snapshot that a hub-cache folder `models--org--name` stands for.
fn hub_snapshot(folder: &Path) -> Result<Option<PathBuf>, CheckpointError> {
    let snapshots = folder.join("snapshots");
    if !file_name(folder).starts_with("models--") || !snapshots.is_dir() {
        return Ok(None);
    }
    let refused = |reason: &str| CheckpointError::HubCache {
        path: folder.to_owned(),
        reason: reason.to_owned(),
    };
    let revision = super::json::read_text(&folder.join("refs/main"), 1024);
    if let Ok(Ok(text)) = revision {
        let revision = text.trim();
        if !is_plain_name(revision) {
            return Err(refused("refs/main does not hold the name of a snapshot"));
        }
        let named = snapshots.join(revision);
        if named.is_dir() {
            return Ok(Some(named));
        }
    }
    match entries(&snapshots)?.as_slice() {
        [only] => Ok(Some(only.clone())),
        [] => Err(refused("it has no snapshot")),
        _ => Err(refused(
            "it has several snapshots and refs/main names none of them",
        )),
    }
}

/// "a .gguf file" for the formats that people try to open.
fn other_format(path: &Path) -> Option<String> {
    let extension = path.extension()?.to_str()?.to_lowercase();
    OTHER_FORMATS
        .contains(&extension.as_str())
        .then(|| format!("a .{extension} file"))
}

/// `model-00001-of-00002.safetensors` and the like.
struct ShardName<'a> {
    /// "model".
    stem: &'a str,
    /// Which of them it is, from 1.
    number: u64,
    /// How many shards the whole has.
    total: u64,
}

impl<'a> ShardName<'a> {
    fn of(name: &'a str) -> Option<Self> {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let (before, total) = name.strip_suffix(".safetensors")?.rsplit_once("-of-")?;
        let (stem, number) = before.rsplit_once('-').unwrap_or(("", before));
        if !is_number(number) || !is_number(total) {
            return None;
        }
        let whole = |text: &str| text.parse().unwrap_or(u64::MAX);
        Some(Self {
            stem,
            number: whole(number),
            total: whole(total),
        })
    }
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}
