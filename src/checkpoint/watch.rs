//! Whether the files of a job stayed as they were while it read them.
//!
//! A file that another program writes into goes half old, half new into what is made of it, and
//! one that is cut short reads as zeros. So each is asked at the begin and at the end of a job:
//! its place on the disk, length, time, header, and some of its bytes, which an editor that sets
//! the time back has changed all the same. The cost does not depend on the length of the files.

use std::fs::{File, Metadata};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use super::identity::FileIdentity;
use super::{Checkpoint, CheckpointError, sigbus};
use crate::files;

/// Places of a file that are looked at, and bytes at each.
const SAMPLES: u64 = 8;
const SAMPLE_BYTES: usize = 64;

/// The files of some checkpoints, as they were when a job began.
pub struct Watch<'c> {
    checkpoints: Vec<&'c Checkpoint>,
    seen: Vec<Seen>,
    cuts: usize,
}

/// What a file looks like from outside.
#[derive(PartialEq)]
struct Seen {
    place: Option<(u64, u64)>,
    header_sha256: [u8; 32],
    samples: Vec<u8>,
}

impl<'c> Watch<'c> {
    /// Begins to watch.
    ///
    /// # Errors
    /// [`CheckpointError::Changed`] if a file is not the one that was opened.
    pub fn begin(
        checkpoints: impl IntoIterator<Item = &'c Checkpoint>,
    ) -> Result<Self, CheckpointError> {
        let mut watch = Self {
            checkpoints: checkpoints.into_iter().collect(),
            seen: Vec::new(),
            cuts: sigbus::cuts(),
        };
        watch.seen = watch.look()?;
        Ok(watch)
    }

    /// Whether a file was found to be cut short; nearly free, so that it may be asked for every
    /// piece of work.
    ///
    /// # Errors
    /// [`CheckpointError::CutShort`].
    pub fn glance(&self) -> Result<(), CheckpointError> {
        if sigbus::cuts() == self.cuts {
            return Ok(());
        }
        let cut = |checkpoint: &&Checkpoint| checkpoint.cut_short();
        self.checkpoints.iter().find_map(cut).map_or(Ok(()), Err)
    }

    /// Whether every file is still what it was; asked when all was read.
    ///
    /// # Errors
    /// [`CheckpointError::CutShort`], [`CheckpointError::Changed`], or that a file is gone.
    pub fn end(&self) -> Result<(), CheckpointError> {
        self.glance()?;
        let now = self.look()?;
        let changed = self.files().zip(self.seen.iter().zip(&now));
        let mut changed = changed.filter(|(_, (old, now))| old != now);
        match changed.next() {
            None => Ok(()),
            Some((file, _)) => Err(changed_error(&file.path)),
        }
    }

    fn files(&self) -> impl Iterator<Item = &'c FileIdentity> {
        let checkpoints = self.checkpoints.iter();
        checkpoints.flat_map(|checkpoint| &checkpoint.identity().files)
    }

    fn look(&self) -> Result<Vec<Seen>, CheckpointError> {
        self.files().map(Seen::of).collect()
    }
}

impl Seen {
    fn of(known: &FileIdentity) -> Result<Self, CheckpointError> {
        let path = &known.path;
        let unreadable = |error| CheckpointError::unreadable(path, error);
        let (mut file, metadata) = files::open(path).map_err(unreadable)?;
        if metadata.len() != known.len || metadata.modified().ok() != known.modified {
            return Err(changed_error(path));
        }
        let header_sha256 = known
            .header_now(&mut file)
            .map_err(|error| unreadable(error.into()))?;
        if header_sha256 != known.header_sha256 {
            return Err(changed_error(path));
        }
        Ok(Self {
            place: place(&metadata),
            header_sha256,
            samples: samples(&mut file, known.len).map_err(|error| unreadable(error.into()))?,
        })
    }
}

fn changed_error(path: &Path) -> CheckpointError {
    CheckpointError::Changed {
        path: path.to_owned(),
    }
}

/// Device and number of the file, which another file of the same name does not have.
fn place(metadata: &Metadata) -> Option<(u64, u64)> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        Some((metadata.dev(), metadata.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        None
    }
}

/// Some bytes from all over a file of `len` bytes.
fn samples(file: &mut File, len: u64) -> std::io::Result<Vec<u8>> {
    let mut out = Vec::new();
    for k in 0..SAMPLES {
        let last = len.saturating_sub(SAMPLE_BYTES as u64);
        file.seek(SeekFrom::Start(last / (SAMPLES - 1) * k))?;
        let piece = SAMPLE_BYTES as u64;
        file.by_ref().take(piece).read_to_end(&mut out)?;
    }
    Ok(out)
}
