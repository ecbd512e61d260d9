//! Finds out what lies at a path that a user chose: which files make up the checkpoint.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::error::CheckpointError;
use super::map::metadata;
use super::torch;
use crate::files::is_plain_name;

pub(super) const INDEX_NAME: &str = "model.safetensors.index.json";
pub(super) const ADAPTER_CONFIG: &str = "adapter_config.json";
const SINGLE_NAME: &str = "model.safetensors";
const ADAPTER_NAME: &str = "adapter_model.safetensors";
const TORCH_SINGLE: &str = "pytorch_model.bin";
const TORCH_INDEX: &str = "pytorch_model.bin.index.json";
const TORCH_ADAPTER: &str = "adapter_model.bin";
/// What a merge keeps in its folder while it works.
const MERGE_STATE: &str = "kinfolk-merge.json";
const MERGE_LOCK: &str = "kinfolk-merge.lock";
const INDEX_SUFFIXES: [&str; 2] = [".safetensors.index.json", ".bin.index.json"];
const OTHER_FORMATS: &[&str] = &["ggml", "h5", "onnx"];
/// How names of PyTorch files end, most of which hold something else than a model.
const TORCH_ENDINGS: &[&str] = &["bin", "pt", "pth", "ckpt"];
/// How the names begin that trainers give to what is no model.
const BESIDE_A_MODEL: &[&str] = &[
    "training_args",
    "trainer",
    "optim",
    "scheduler",
    "lr_scheduler",
    "rng_state",
    "random_states",
    "scaler",
    "sampler",
];

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
    /// The parts of a split GGUF model, in their order.
    Parts(Vec<PathBuf>),
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
    let is_index = INDEX_SUFFIXES.iter().any(|end| name.ends_with(end));
    let (form, files) = if let Some(part) = PartName::of(&name) {
        (Form::SingleFile, CheckpointFiles::Parts(part.all(&folder)))
    } else if is_index {
        (Form::Sharded, CheckpointFiles::Index(path.to_owned()))
    } else if name == ADAPTER_NAME || name == TORCH_ADAPTER {
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
    if is_unfinished_merge(folder) {
        return Err(CheckpointError::UnfinishedMerge {
            path: folder.to_owned(),
        });
    }
    if let Some(shards) = without_index(folder)? {
        let note = format!(
            "there is no index; all {} shards are here and are taken together",
            shards.len()
        );
        return Ok(Located {
            form: Form::Sharded,
            folder: folder.to_owned(),
            files: CheckpointFiles::Shards(shards),
            problems: vec![note],
        });
    }
    if let Some(files) = only_gguf(folder)? {
        return Ok(Located {
            form: Form::Folder,
            folder: folder.to_owned(),
            files,
            problems: Vec::new(),
        });
    }
    let Choice { chosen, others } = Choice::of(folder)?;
    let name = file_name(&chosen);
    let problems = others
        .iter()
        .map(|other| format!("{other} is left out, {name} is there"));
    let path = chosen;
    let (form, files) = match name.as_str() {
        INDEX_NAME | TORCH_INDEX => (Form::Sharded, CheckpointFiles::Index(path)),
        ADAPTER_NAME | TORCH_ADAPTER => (Form::Adapter, adapter(folder, &path)),
        _ => (Form::Folder, CheckpointFiles::File(path)),
    };
    Ok(Located {
        form,
        folder: folder.to_owned(),
        files,
        problems: problems.collect(),
    })
}

/// The usual names of weights, the preferred first.
const USUAL_NAMES: [&str; 3] = [SINGLE_NAME, INDEX_NAME, ADAPTER_NAME];

/// Those of PyTorch, of which the same weights are often there as safetensors, too.
const TORCH_NAMES: [&str; 3] = [TORCH_SINGLE, TORCH_INDEX, TORCH_ADAPTER];

/// What is opened of a folder.
struct Choice {
    chosen: PathBuf,
    /// Usual names that are there, too.
    others: Vec<&'static str>,
}

/// A whole set of shards in a folder where no usual name says what is to be opened.
fn without_index(folder: &Path) -> Result<Option<Vec<PathBuf>>, CheckpointError> {
    let mut usual = USUAL_NAMES.into_iter().chain(TORCH_NAMES);
    if usual.any(|name| is_named(&folder.join(name))) {
        return Ok(None);
    }
    complete_set(folder)
}

impl Choice {
    fn of(folder: &Path) -> Result<Self, CheckpointError> {
        let is_there = |name: &&str| is_named(&folder.join(name));
        let torch: Vec<&str> = TORCH_NAMES.into_iter().filter(is_there).collect();
        let named = USUAL_NAMES.into_iter().filter(is_there);
        let named: Vec<&str> = named.chain(torch.iter().copied()).collect();
        let Some((first, others)) = named.split_first() else {
            let chosen = only_weights(folder)?;
            let others = Vec::new();
            return Ok(Self { chosen, others });
        };
        if torch.contains(first)
            && let Ok(Some(chosen)) = only_file(folder, SAFETENSORS)
        {
            let others = torch;
            return Ok(Self { chosen, others });
        }
        Ok(Self {
            chosen: folder.join(first),
            others: others.to_vec(),
        })
    }
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

/// A kind of files, and how to tell one.
type FileKind = (&'static str, fn(&Path) -> bool);

const SAFETENSORS: FileKind = ("safetensors", |path| {
    path.extension().is_some_and(|end| end == "safetensors")
});
const TORCH: FileKind = ("PyTorch", is_torch_weights);

/// Whether it is a file of PyTorch, by its first bytes, and none that trainers keep beside a
/// model, by its name.
fn is_torch_weights(path: &Path) -> bool {
    let name = file_name(path);
    let ending = path.extension().and_then(|ending| ending.to_str());
    let is_beside =
        BESIDE_A_MODEL.iter().any(|start| name.starts_with(start)) || name.contains("optim_states");
    if is_beside || !ending.is_some_and(|ending| TORCH_ENDINGS.contains(&ending)) {
        return false;
    }
    let start = crate::files::read_start(path, torch::START_BYTES as u64);
    start.is_ok_and(|start| torch::is_torch(&start))
}

/// The one file of weights in a folder without the usual names.
fn only_weights(folder: &Path) -> Result<PathBuf, CheckpointError> {
    for kind in [SAFETENSORS, TORCH] {
        if let Some(only) = only_file(folder, kind)? {
            return Ok(only);
        }
    }
    let path = folder.to_owned();
    let entries = entries(folder)?;
    Err(match entries.iter().find_map(|entry| other_format(entry)) {
        Some(found) => CheckpointError::OtherFormat { path, found },
        None => CheckpointError::NoWeights { path },
    })
}

/// The one file of a kind in a folder; `None` if there is none.
fn only_file(folder: &Path, (kind, is_one): FileKind) -> Result<Option<PathBuf>, CheckpointError> {
    let path = folder.to_owned();
    let entries = entries(folder)?;
    let files: Vec<&PathBuf> = entries.iter().filter(|entry| is_one(entry)).collect();
    if let Some((found, total)) = part_of_a_download(&files) {
        return Err(CheckpointError::HalfDownload { path, found, total });
    }
    let files = without_variants(&files);
    match files[..] {
        [] => Ok(None),
        [only] => Ok(Some(only.clone())),
        [_, _, ..] => Err(CheckpointError::SeveralFiles {
            path,
            found: files.len(),
            kind,
        }),
    }
}

/// The GGUF model, in one file or in parts, of a folder that has no other weights.
fn only_gguf(folder: &Path) -> Result<Option<CheckpointFiles>, CheckpointError> {
    let mut usual = USUAL_NAMES.into_iter().chain(TORCH_NAMES);
    if usual.any(|name| is_named(&folder.join(name))) {
        return Ok(None);
    }
    for kind in [SAFETENSORS, TORCH] {
        if only_file(folder, kind)?.is_some() {
            return Ok(None);
        }
    }
    let is_gguf = |entry: &PathBuf| {
        let end = entry.extension();
        end.is_some_and(|end| end.eq_ignore_ascii_case("gguf"))
    };
    let mut found = entries(folder)?;
    found.retain(is_gguf);
    let names: Vec<String> = found.iter().map(|path| file_name(path)).collect();
    let parts: Vec<Option<PartName<'_>>> = names.iter().map(|name| PartName::of(name)).collect();
    match (&found[..], &parts[..]) {
        ([], _) => Ok(None),
        ([only], [None]) => Ok(Some(CheckpointFiles::File(only.clone()))),
        (_, [Some(first), rest @ ..])
            if (rest.iter()).all(|own| own.as_ref().is_some_and(|own| first.is_with(own))) =>
        {
            Ok(Some(CheckpointFiles::Parts(first.all(folder))))
        }
        _ => Err(CheckpointError::SeveralFiles {
            path: folder.to_owned(),
            found: found.len(),
            kind: "GGUF",
        }),
    }
}

/// The files but for those that are a variant of another, as `x.fp16.safetensors` is of
/// `x.safetensors`.
fn without_variants<'p>(files: &[&'p PathBuf]) -> Vec<&'p PathBuf> {
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
    // Safetensors first, then the shortest stem.
    type Set = (bool, usize, String, u64);
    let mut sets: BTreeMap<Set, BTreeMap<u64, PathBuf>> = BTreeMap::new();
    for entry in &entries {
        if let Some(shard) = ShardName::of(&file_name(entry)) {
            let is_other = entry.extension().is_none_or(|end| end != "safetensors");
            let stem = shard.stem.to_owned();
            let set = (is_other, stem.len(), stem, shard.total);
            sets.entry(set)
                .or_default()
                .insert(shard.number, entry.clone());
        }
    }
    let is_whole = |((_, _, _, total), shards): &(Set, BTreeMap<u64, PathBuf>)| {
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

/// `model-00001-of-00002.safetensors`, `pytorch_model-00001-of-00002.bin` and the like.
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
        let stem = name.strip_suffix(".safetensors");
        let stem = stem.or_else(|| name.strip_suffix(".bin"))?;
        let (before, total) = stem.rsplit_once("-of-")?;
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

/// `name-00001-of-00003.gguf`, as llama.cpp calls the parts of a split model.
struct PartName<'a> {
    stem: &'a str,
    total: u32,
}

impl<'a> PartName<'a> {
    /// `None` for any other name, and for the only part of a model.
    fn of(name: &'a str) -> Option<Self> {
        let number = |text: &str| {
            let is_number = text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit());
            is_number.then(|| text.parse::<u32>().ok())?
        };
        let (before, total) = name.strip_suffix(".gguf")?.rsplit_once("-of-")?;
        let (stem, part) = before.rsplit_once('-')?;
        let (part, total) = (number(part)?, number(total)?);
        (total > 1 && (1..=total).contains(&part)).then_some(Self { stem, total })
    }

    fn is_with(&self, other: &PartName<'_>) -> bool {
        (self.stem, self.total) == (other.stem, other.total)
    }

    /// The paths of all parts, whether they are there or not.
    fn all(&self, folder: &Path) -> Vec<PathBuf> {
        let Self { stem, total } = self;
        let name = |part: u32| format!("{stem}-{part:05}-of-{total:05}.gguf");
        (1..=*total).map(|part| folder.join(name(part))).collect()
    }
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}
