//! A file seen as memory; what it takes to survive its being cut short lies in `sigbus`.

use std::fs::{File, Metadata};
use std::ops::Range;
use std::path::Path;

use memmap2::Mmap;

use super::error::CheckpointError;
#[cfg(unix)]
use super::sigbus::Region;

/// A regular file, mapped for reading.
#[derive(Debug)]
pub(super) struct Map {
    // Fields are dropped in this order: the region must be gone before the map is, or the
    // handler could take what is mapped there next for this file.
    #[cfg(unix)]
    region: Region,
    mmap: Mmap,
}

impl Map {
    /// Maps `file`, which lies at `path`.
    pub(super) fn new(path: &Path, file: &File) -> Result<Self, CheckpointError> {
        // SAFETY: The map is read-only, and this program never writes to a file that it may
        // have mapped: outputs are written under another name and renamed. Another program
        // can, and then: one that writes into the file changes the numbers under us, which is
        // why nothing but numbers is read from the map (headers are read as files are), and
        // why `Watch` asks at the end of a job; one that cuts the file short makes the next
        // read beyond its new end a SIGBUS, which `sigbus` turns into zeros and a note. Any
        // bit pattern is a valid `u8`, so no value here can be invalid.
        //
        // What remains: by the letter of the language, bytes that change under a `&[u8]` are
        // undefined behaviour, which no program that maps files can rule out. They are only
        // copied and decoded here; no length, no index and no bound is taken from them, so
        // that other numbers are the worst that comes of it in practice.
        let mmap = unsafe { Mmap::map(file) }
            .map_err(|error| CheckpointError::unreadable(path, error.into()))?;
        Ok(Self {
            #[cfg(unix)]
            region: Region::register(&mmap),
            mmap,
        })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.mmap
    }

    /// Where zeros stand in for what could not be read; `None` if nothing was lost.
    pub(super) fn lost(&self) -> Option<usize> {
        #[cfg(unix)]
        return self.region.lost();
        // Windows refuses to cut a file that is mapped.
        #[cfg(not(unix))]
        None
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

/// How often some map has lost something since the program began; cheap enough for a loop.
pub(super) fn losses() -> usize {
    #[cfg(unix)]
    return super::sigbus::losses();
    #[cfg(not(unix))]
    0
}

/// Metadata of what `path` leads to; a link into nothing counts as missing.
pub(super) fn metadata(path: &Path) -> Result<Metadata, CheckpointError> {
    std::fs::metadata(path).map_err(|error| CheckpointError::unreadable(path, error.into()))
}
