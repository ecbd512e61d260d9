//! A file seen as memory, and the one place here where `unsafe` stands.

use std::fs::{File, Metadata};
use std::ops::Range;
use std::path::Path;

use memmap2::Mmap;

use super::CheckpointError;
use super::sigbus::{self, Watched};

/// A regular file, mapped for reading.
#[derive(Debug)]
pub(super) struct Map {
    // Dropped first: nothing is watched that is not mapped.
    watched: Watched,
    mmap: Mmap,
    metadata: Metadata,
}

impl Map {
    /// Maps an open file.
    pub(super) fn new(
        path: &Path,
        file: &File,
        metadata: Metadata,
    ) -> Result<Self, CheckpointError> {
        // SAFETY: The map is read-only, and this program never writes to a file that it may
        // have mapped: outputs are written under another name and renamed. What this does not
        // protect from: another program that writes into the file changes the numbers under
        // us, which by the letter is undefined behaviour; nothing but numbers is ever read from
        // the map, any bit pattern of which is valid, and `Watch` finds out afterwards. One
        // that cuts the file short makes the next read beyond its new end a SIGBUS, which
        // `sigbus` answers with zeros and a note for `Watch`.
        let mmap = unsafe { Mmap::map(file) }
            .map_err(|error| CheckpointError::unreadable(path, error.into()))?;
        Ok(Self {
            watched: sigbus::watch(&mmap),
            mmap,
            metadata,
        })
    }

    /// The whole file.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.mmap
    }

    /// The first byte that was read and is not in the file any more.
    pub(super) fn cut_at(&self) -> Option<usize> {
        self.watched.cut_at()
    }

    /// Length and time at the moment of opening.
    pub(super) fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Tells the system that the bytes in `range` will be read soon.
    pub(super) fn advise_soon(&self, range: &Range<usize>) {
        // Advice only, as below; the library refuses a range that is not of this file.
        #[cfg(unix)]
        self.mmap
            .advise_range(memmap2::Advice::WillNeed, range.start, range.len())
            .ok();
        #[cfg(not(unix))]
        let _ = range;
    }

    /// Tells the system that the file will be read from front to back.
    pub(super) fn advise_sequential(&self) {
        // Advice only: a system that refuses it reads the same bytes a little later.
        #[cfg(unix)]
        self.mmap.advise(memmap2::Advice::Sequential).ok();
    }
}

/// Metadata of what `path` leads to; a link into nothing counts as missing.
pub(super) fn metadata(path: &Path) -> Result<Metadata, CheckpointError> {
    std::fs::metadata(path).map_err(|error| CheckpointError::unreadable(path, error.into()))
}
