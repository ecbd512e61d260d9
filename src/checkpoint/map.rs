//! A file seen as memory, and the one place here where `unsafe` stands.

use std::fs::Metadata;
use std::ops::Range;
use std::path::Path;

use memmap2::Mmap;

use super::CheckpointError;
use crate::files;

/// A regular file, mapped for reading.
#[derive(Debug)]
pub(super) struct Map {
    mmap: Mmap,
    metadata: Metadata,
}

impl Map {
    /// Maps the file at `path`, following links.
    pub(super) fn open(path: &Path) -> Result<Self, CheckpointError> {
        let (file, metadata) =
            files::open(path).map_err(|error| CheckpointError::unreadable(path, error))?;
        // SAFETY: The map is read-only, and this program never writes to a file that it may
        // have mapped: outputs are written under another name and renamed. What this does not
        // protect from: another program that writes into the file changes the numbers under
        // us, which is why nothing but numbers is read from the map after the header has been
        // checked; and one that cuts the file short makes the next read beyond its new end a
        // SIGBUS, which ends the program. `Checkpoint::state_on_disk` lets callers notice both
        // before long work. Any bit pattern is a valid `u8`, so no value here can be invalid.
        let mmap = unsafe { Mmap::map(&file) }
            .map_err(|error| CheckpointError::unreadable(path, error.into()))?;
        Ok(Self { mmap, metadata })
    }

    /// The whole file.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.mmap
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
