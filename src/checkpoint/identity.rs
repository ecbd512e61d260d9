//! What makes a checkpoint on disk the same one as before.
//!
//! Results are cached under [`Identity::key`]. Weights are not hashed, which would take as
//! long as the work that the cache saves; length, time and header are.

use std::fs::Metadata;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use crate::store::{self, Object};

/// Files that say which row belongs to which token; the first says all where it is there.
const TOKENIZER_FILES: [&str; 4] = [
    "tokenizer.json",
    "tokenizer.model",
    "added_tokens.json",
    "tokenizer_config.json",
];

/// The files of a checkpoint as they were when it was opened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Weights first, then the configuration files, each in the order of their names.
    pub files: Vec<FileIdentity>,
}

/// One file as it was when it was opened.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileIdentity {
    /// Absolute, links not followed.
    pub path: PathBuf,
    /// Length in bytes.
    pub len: u64,
    /// Time of the last change, where the file system keeps it.
    pub modified: Option<SystemTime>,
    /// Of what describes the tensors, such as a header's JSON; of the whole text for a
    /// configuration file.
    pub header_sha256: [u8; 32],
    /// Where that stands in the file.
    pub(super) header: Vec<Range<u64>>,
    /// What a store calls this version of it.
    pub(super) etag: Option<String>,
}

/// What became of an opened checkpoint's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDisk {
    /// Lengths and times are as they were.
    Unchanged,
    /// Some file has another length or time, or is not a file any more.
    Changed,
    /// Some file is gone.
    Missing,
}

impl Identity {
    /// A name for these files in hexadecimal, the same in every build and run.
    pub fn key(&self) -> String {
        hexadecimal(self.hash())
    }

    /// The same with the tokenizer in `folder`, if there is one: results that compare or merge
    /// rows of the same token depend on it. Its files are named by length and time.
    pub fn key_with_tokenizer(&self, folder: &Path) -> String {
        let mut hash = self.hash();
        for name in TOKENIZER_FILES {
            let Ok(metadata) = std::fs::metadata(folder.join(name)) else {
                continue;
            };
            hash.update(name);
            hash.update(metadata.len().to_le_bytes());
            hash.update(nanoseconds(metadata.modified().ok()).to_le_bytes());
            if name == TOKENIZER_FILES[0] {
                // The others count only without it.
                break;
            }
        }
        hexadecimal(hash)
    }

    fn hash(&self) -> Sha256 {
        let mut hash = Sha256::new();
        for file in &self.files {
            let path = file.path.as_os_str().as_encoded_bytes();
            hash.update((path.len() as u64).to_le_bytes());
            hash.update(path);
            hash.update(file.len.to_le_bytes());
            hash.update(nanoseconds(file.modified).to_le_bytes());
            hash.update(file.header_sha256);
            if let Some(etag) = &file.etag {
                hash.update((etag.len() as u64).to_le_bytes());
                hash.update(etag);
            }
        }
        hash
    }

    /// Compares with the disk by asking for lengths and times alone.
    pub fn state(&self) -> OnDisk {
        let states: Vec<OnDisk> = self.files.iter().map(FileIdentity::state).collect();
        [OnDisk::Missing, OnDisk::Changed]
            .into_iter()
            .find(|state| states.contains(state))
            .unwrap_or(OnDisk::Unchanged)
    }
}

impl FileIdentity {
    pub(super) fn new(path: &Path, metadata: &Metadata, header: &[u8]) -> Self {
        Self {
            path: std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
            len: metadata.len(),
            modified: metadata.modified().ok(),
            header_sha256: Sha256::digest(header).into(),
            header: std::iter::once(0..metadata.len()).collect(),
            etag: None,
        }
    }

    /// A file on a store; its path is its whole name.
    pub(super) fn elsewhere(object: &Object, header: &[u8]) -> Self {
        Self {
            path: PathBuf::from(object.name()),
            len: object.size_bytes(),
            modified: object.modified(),
            header_sha256: Sha256::digest(header).into(),
            header: Vec::new(),
            etag: object.etag().map(str::to_owned),
        }
    }

    /// What tells the version of a file on a store, by its words; `None` for a file on a disk.
    pub fn version(&self) -> Option<&str> {
        self.is_elsewhere()
            .then(|| self.etag.as_deref().unwrap_or_default())
    }

    /// Whether it lies on a store, where it is not looked at again: every range that is read
    /// of it must be of this version.
    pub(super) fn is_elsewhere(&self) -> bool {
        store::is_name(&self.path)
    }

    /// The same, where the description is no more than these places of the file.
    pub(super) fn described_at(self, places: &[Range<u64>]) -> Self {
        Self {
            header: places.to_vec(),
            ..self
        }
    }

    /// Whether a file with this metadata and this header is still the one that was opened.
    pub(super) fn fits(&self, metadata: &Metadata, header: &[u8]) -> bool {
        let found: [u8; 32] = Sha256::digest(header).into();
        metadata.len() == self.len
            && metadata.modified().ok() == self.modified
            && found == self.header_sha256
    }

    fn state(&self) -> OnDisk {
        if self.is_elsewhere() {
            return OnDisk::Unchanged;
        }
        match std::fs::metadata(&self.path) {
            Err(_) => OnDisk::Missing,
            Ok(now) if !now.is_file() || now.len() != self.len => OnDisk::Changed,
            Ok(now) if now.modified().ok() != self.modified => OnDisk::Changed,
            Ok(_) => OnDisk::Unchanged,
        }
    }
}

fn hexadecimal(hash: Sha256) -> String {
    let bytes = hash.finalize();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Since 1970, negative before it; the least value where no time is kept.
fn nanoseconds(time: Option<SystemTime>) -> i128 {
    match time.map(|time| time.duration_since(UNIX_EPOCH)) {
        None => i128::MIN,
        Some(Ok(after)) => after.as_nanos().cast_signed(),
        Some(Err(before)) => -before.duration().as_nanos().cast_signed(),
    }
}
