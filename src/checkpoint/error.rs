//! What can be wrong with a checkpoint, one variant a cause.
//!
//! Every message says what happened, then what to do, and ends with the path.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::dtype::Dtype;
use crate::files::ReadError;

/// Why a checkpoint cannot be opened.
///
/// The strings named `reason` are clauses that finish the sentence of their variant.
#[derive(Debug, Error)]
#[allow(missing_docs)] // The fields are the words of the messages, which stand beside them.
pub enum CheckpointError {
    #[error("there is nothing here; check the path, or finish the download: {}", path.display())]
    Missing { path: PathBuf },
    #[error("expected a file and found {found}; choose a file of weights or a model folder: {}", path.display())]
    NotAFile { path: PathBuf, found: &'static str },
    #[error("the file could not be read, {}: {}", cause(source), path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("this is a Git LFS pointer, not the weights; run `git lfs pull` in its folder: {}", path.display())]
    GitLfsPointer { path: PathBuf },
    #[error("this is {found}, whatever it is called, and holds no weights; download the file again: {}", path.display())]
    OtherThing { path: PathBuf, found: &'static str },
    #[error("found {found}, and only safetensors, GGUF and PyTorch files are read; convert it, or download the safetensors version: {}", path.display())]
    OtherFormat { path: PathBuf, found: String },
    #[error("there are no safetensors, GGUF or PyTorch weights in this folder; choose the folder that holds the weights: {}", path.display())]
    NoWeights { path: PathBuf },
    #[error("the folder holds {found} {kind} files and no index says which belong together; open one of them: {}", path.display())]
    SeveralFiles {
        path: PathBuf,
        found: usize,
        kind: &'static str,
    },
    #[error("{found} of {total} files of the model are here, and no index; finish the download: {}", path.display())]
    HalfDownload {
        path: PathBuf,
        found: usize,
        total: u64,
    },
    #[error("this is one of {total} files of a model; open its folder for the whole: {}", path.display())]
    OneShard { path: PathBuf, total: u64 },
    #[error("this is an unfinished merge; start the same merge again to finish it: {}", path.display())]
    UnfinishedMerge { path: PathBuf },
    #[error("the hub cache folder cannot be used: {reason}; open one of its snapshots: {}", path.display())]
    HubCache { path: PathBuf, reason: String },

    #[error("the file has {found} bytes, too few for a header; download it again: {}", path.display())]
    TooShort { path: PathBuf, found: usize },
    #[error("the header claims {found} bytes where at most {expected} are possible; this is not a safetensors file, or it is damaged: {}", path.display())]
    HeaderLength {
        path: PathBuf,
        expected: u64,
        found: u64,
    },
    #[error("the header is not valid, {reason}; download the file again: {}", path.display())]
    Header { path: PathBuf, reason: String },
    #[error("tensor `{tensor}` has dtype `{found}`, which safetensors does not define; a newer Kinfolk may know it: {}", path.display())]
    UnknownDtype {
        path: PathBuf,
        tensor: String,
        found: String,
    },
    #[error("tensor `{tensor}` has shape {}, more numbers than can be counted; the header is damaged: {}", dims(found), path.display())]
    ShapeTooLarge {
        path: PathBuf,
        tensor: String,
        found: Vec<usize>,
    },
    #[error("tensor `{tensor}` of {dtype} {} needs {}, but {found} bytes are given to it; the header is damaged: {}", dims(shape), bytes(*expected), path.display())]
    WrongSize {
        path: PathBuf,
        tensor: String,
        dtype: Dtype,
        shape: Vec<usize>,
        expected: Option<usize>,
        found: u64,
    },
    #[error("tensor `{tensor}` begins at byte {begin} and ends before that, at {end}; the header is damaged: {}", path.display())]
    EndBeforeBegin {
        path: PathBuf,
        tensor: String,
        begin: u64,
        end: u64,
    },
    #[error("tensor `{tensor}` should end at data byte {expected}, but the file has only {found}; it was cut short, download it again: {}", path.display())]
    BeyondEnd {
        path: PathBuf,
        tensor: String,
        expected: u64,
        found: u64,
    },
    #[error("tensors `{first}` and `{second}` overlap: the second should begin at data byte {expected} and begins at {found}; the header is damaged: {}", path.display())]
    Overlap {
        path: PathBuf,
        first: String,
        second: String,
        expected: u64,
        found: u64,
    },
    #[error("there is a hole before tensor `{tensor}`: it should begin at data byte {expected} and begins at {found}; the header is damaged: {}", path.display())]
    Hole {
        path: PathBuf,
        tensor: String,
        expected: u64,
        found: u64,
    },
    #[error("the data should end at byte {expected}, {after}, and goes on to {found}; the file is damaged: {}", path.display())]
    Trailing {
        path: PathBuf,
        after: String,
        expected: u64,
        found: u64,
    },

    #[error("the GGUF header is not valid, {reason}; download the file again, or convert the model anew: {}", path.display())]
    Gguf { path: PathBuf, reason: String },
    #[error("the GGUF file cannot be read because {reason}; take the safetensors version: {}", path.display())]
    GgufUnsupported { path: PathBuf, reason: String },
    #[error("tensor `{tensor}` {reason}: {}", path.display())]
    GgufTensor {
        path: PathBuf,
        tensor: String,
        reason: String,
    },
    #[error("the PyTorch file is damaged, {reason}; download it again: {}", path.display())]
    TorchDamaged { path: PathBuf, reason: String },
    #[error("the PyTorch file is not read because {reason}; save its state dict as safetensors with PyTorch: {}", path.display())]
    TorchUnsupported { path: PathBuf, reason: String },
    #[error("the file names `{found}`, which runs a program when PyTorch loads it; do not trust this file: {}", path.display())]
    TorchDangerous { path: PathBuf, found: String },
    #[error("tensor `{tensor}` {reason}; download the file again, or save it as safetensors with PyTorch: {}", path.display())]
    TorchTensor {
        path: PathBuf,
        tensor: String,
        reason: String,
    },
    #[error("tensor `{tensor}` is not as {scheme} stores weights: expected {expected}, found {found}; open the model as it was before it was quantised: {}", path.display())]
    Quantised {
        path: PathBuf,
        scheme: &'static str,
        tensor: String,
        expected: String,
        found: String,
    },
    #[error("the weights are quantised in a way that is not known, {found}; open the model as it was before it was quantised: {}", path.display())]
    UnknownQuantisation { path: PathBuf, found: String },

    #[error("the file was cut short while it was read; tensor `{tensor}` is not whole any more; download it again, then open the model anew: {}", path.display())]
    CutShort { path: PathBuf, tensor: String },
    #[error("a part of tensor `{tensor}` could not be read; check the disk that the file lies on: {}", path.display())]
    PartUnreadable { path: PathBuf, tensor: String },
    #[error("the file has changed since it was opened; open the model anew: {}", path.display())]
    ChangedSinceOpened { path: PathBuf },
    #[error("the file was changed while it was read; wait until nothing writes to it any more, and start again: {}", path.display())]
    ChangedWhileRead { path: PathBuf },

    #[error("{reason}: {}", path.display())]
    Store { path: PathBuf, reason: String },
    #[error("tensor `{tensor}` could not be read, {reason}: {}", path.display())]
    NotFetched {
        path: PathBuf,
        tensor: String,
        reason: String,
    },
    #[error("{sentence}")]
    Copied { sentence: String },

    #[error("the index is not valid, {reason}; download it again: {}", path.display())]
    Index { path: PathBuf, reason: String },
    #[error("the index puts tensor `{tensor}` into `{found}`, which is not the plain name of a file in its folder; do not trust it: {}", path.display())]
    IndexEntry {
        path: PathBuf,
        tensor: String,
        found: String,
    },
    #[error("the shard that the index names for tensor `{tensor}` is missing; download it: {}", path.display())]
    ShardMissing { path: PathBuf, tensor: String },
    #[error("the index puts tensor `{tensor}` into this shard, which lacks it; download both again: {}", path.display())]
    TensorNotInShard { path: PathBuf, tensor: String },
    #[error("tensor `{tensor}` is stored twice, in `{other}` and here; remove the shard that does not belong: {}", path.display())]
    TensorTwice {
        path: PathBuf,
        tensor: String,
        other: String,
    },

    #[error("the adapter's configuration is not valid, {reason}; save the adapter again with PEFT: {}", path.display())]
    AdapterConfig { path: PathBuf, reason: String },
    #[error("the adapter cannot be used because {reason}; merge it into its base with PEFT and open the result: {}", path.display())]
    AdapterUnsupported { path: PathBuf, reason: String },
    #[error("tensor `{tensor}` of the adapter {reason}; save the adapter again with PEFT: {}", path.display())]
    AdapterTensor {
        path: PathBuf,
        tensor: String,
        reason: String,
    },
    #[error("tensor `{tensor}` does not fit the adapter: expected {expected}, found {found}; check that this is its base model: {}", path.display())]
    AdapterShape {
        path: PathBuf,
        tensor: String,
        expected: String,
        found: String,
    },
}

/// What the file system says, with what to do where that is known.
fn cause(error: &io::Error) -> String {
    let advice = match error.kind() {
        io::ErrorKind::PermissionDenied => Some("you have no right to; check its permissions"),
        io::ErrorKind::OutOfMemory => {
            Some("no address space is left for it; open fewer models at once, or raise `ulimit -v`")
        }
        _ => by_number(error),
    };
    advice.map_or_else(|| error.to_string(), str::to_owned)
}

/// For what the standard library has no name of its own for.
#[cfg(unix)]
fn by_number(error: &io::Error) -> Option<&'static str> {
    match error.raw_os_error()? {
        libc::ELOOP => Some("its links lead in a ring; mend them"),
        libc::EMFILE | libc::ENFILE => {
            Some("too many files are open; open fewer models at once, or raise `ulimit -n`")
        }
        _ => None,
    }
}

#[cfg(not(unix))]
fn by_number(_: &io::Error) -> Option<&'static str> {
    None
}

impl CheckpointError {
    /// For what has to lie on a disk to be read.
    pub(super) fn only_plain(path: &Path, what: &str) -> Self {
        Self::Store {
            path: path.to_owned(),
            reason: format!(
                "{what}, and only plain safetensors are read from a store; download it"
            ),
        }
    }

    /// Why a file of a checkpoint was not read.
    pub(super) fn unreadable(path: &Path, error: ReadError) -> Self {
        let path = path.to_owned();
        match error {
            ReadError::NotAFile(found) => Self::NotAFile { path, found },
            error if error.is_missing() => Self::Missing { path },
            ReadError::Io(source) => Self::Unreadable { path, source },
            error => Self::Unreadable {
                path,
                source: io::Error::other(error.to_string()),
            },
        }
    }
}

/// A shape for a message; a forged one may have more dimensions than anybody reads.
fn dims(shape: &[usize]) -> String {
    match shape.get(..16) {
        Some(first) if shape.len() > 16 => format!("{first:?} and so on"),
        _ => format!("{shape:?}"),
    }
}

/// A size for a message; numbers of a few bits need not fill whole bytes.
fn bytes(size: Option<usize>) -> String {
    match size {
        Some(size) => format!("{size} bytes"),
        None => "a number of bytes that is not whole".to_owned(),
    }
}
