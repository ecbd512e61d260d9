//! Whether the files of a job stay what they are while it reads them.
//!
//! What a job makes of a file that another program writes into is half of one model and half of
//! another. So each file is looked at before the work and after it, by ordinary reads: length,
//! time, device and inode, header, and some bytes at fixed places, because not every program
//! that writes changes the time. Not found: a change that keeps all of these.
//!
//! Cost: half a kilobyte and the header a file, each time; [`Watch::glance`] is one relaxed load.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Deref;

use sha2::{Digest, Sha256};

use super::error::CheckpointError;
use super::identity::FileIdentity;
use super::model::Checkpoint;
use super::{header, map};
use crate::files;

/// Places in a file that are looked at, and bytes at each.
const SAMPLES: u64 = 8;
const SAMPLE_BYTES: u64 = 64;

/// The checkpoints that a job reads, each with what its files were at the start.
#[derive(Debug)]
pub struct Watch<C> {
    watched: Vec<(C, Vec<Look>)>,
    losses: usize,
}

/// What is not in a file's identity already.
#[derive(Debug, PartialEq)]
struct Witness {
    /// Device and inode, where there are such.
    id: Option<(u64, u64)>,
    samples: [u8; 32],
}

/// What a look at a file found.
#[derive(Debug, PartialEq)]
enum Look {
    /// The file that was opened.
    Same(Witness),
    /// Nothing: its name is gone, and what is mapped stays whole.
    Gone,
    /// Another one.
    Changed,
}

impl<C: Deref<Target = Checkpoint>> Watch<C> {
    /// Looks at the files before they are read.
    ///
    /// # Errors
    /// A file that is not what it was when it was opened.
    pub fn new(checkpoints: impl IntoIterator<Item = C>) -> Result<Self, CheckpointError> {
        let mut watch = Self {
            watched: Vec::new(),
            losses: map::losses(),
        };
        for checkpoint in checkpoints {
            watch.add(checkpoint)?;
        }
        Ok(watch)
    }

    /// Watches one more, unless it is watched already.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn add(&mut self, checkpoint: C) -> Result<(), CheckpointError> {
        let is_same = |(own, _): &(C, _)| std::ptr::eq::<Checkpoint>(&**own, &*checkpoint);
        if !self.watched.iter().any(is_same) {
            cut_short(&checkpoint)?;
            let witnesses = witnesses(&checkpoint)?;
            self.watched.push((checkpoint, witnesses));
        }
        Ok(())
    }

    /// For loops: whether all that was read from the maps was there, as far as is known by now.
    ///
    /// # Errors
    /// A file that was cut short, with the tensor that it has lost.
    pub fn glance(&self) -> Result<(), CheckpointError> {
        if map::losses() == self.losses {
            return Ok(());
        }
        let mut lost = self.watched.iter().filter(|(own, _)| !own.is_whole());
        lost.try_for_each(|(own, _)| cut_short(own))
    }

    /// For the end, before anything is kept of the work: whether the files are what they were.
    ///
    /// # Errors
    /// A file that was cut short, with the tensor that it has lost; one that has changed.
    pub fn check(&self) -> Result<(), CheckpointError> {
        for (checkpoint, before) in &self.watched {
            cut_short(checkpoint)?;
            for ((identity, is_weights), before) in files_of(checkpoint).zip(before) {
                let now = look(identity, is_weights)?;
                if now != Look::Gone && now != *before {
                    let path = identity.path.clone();
                    return Err(CheckpointError::ChangedWhileRead { path });
                }
            }
        }
        Ok(())
    }

    /// A name for the bytes that were looked at, in hexadecimal: beside [`Checkpoint::key`], for
    /// work that is taken up later.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for look in self.watched.iter().flat_map(|(_, own)| own) {
            if let Look::Same(witness) = look {
                hash.update(witness.samples);
            }
        }
        let bytes = hash.finalize();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The files of a checkpoint, and whether each holds weights.
fn files_of(checkpoint: &Checkpoint) -> impl Iterator<Item = (&FileIdentity, bool)> {
    let n_weights = checkpoint.files.len();
    let files = checkpoint.identity().files.iter().enumerate();
    files.map(move |(k, file)| (file, k < n_weights))
}

fn witnesses(checkpoint: &Checkpoint) -> Result<Vec<Look>, CheckpointError> {
    let witness = |(identity, is_weights): (&FileIdentity, bool)| {
        let path = || identity.path.clone();
        match look(identity, is_weights)? {
            Look::Changed => Err(CheckpointError::ChangedSinceOpened { path: path() }),
            look => Ok(look),
        }
    };
    files_of(checkpoint).map(witness).collect()
}

/// Looks at a file by ordinary reads.
fn look(identity: &FileIdentity, is_weights: bool) -> Result<Look, CheckpointError> {
    let path = &identity.path;
    let unreadable = |error| CheckpointError::unreadable(path, error);
    let (mut file, metadata) = match files::open(path) {
        Err(error) if error.is_missing() => return Ok(Look::Gone),
        other => other.map_err(unreadable)?,
    };
    if metadata.len() != identity.len {
        return Ok(Look::Changed);
    }
    let header = if is_weights {
        header::read(path, &mut file, metadata.len())
    } else {
        // As long as it was when it was read, and then it had its limit.
        let mut text = Vec::new();
        let read = file.by_ref().take(identity.len).read_to_end(&mut text);
        read.map(|_| text).map_err(|error| unreadable(error.into()))
    };
    let header = match header {
        Ok(header) => header,
        Err(error @ CheckpointError::Unreadable { .. }) => return Err(error),
        Err(_) => return Ok(Look::Changed),
    };
    if !identity.fits(&metadata, &header) {
        return Ok(Look::Changed);
    }
    Ok(Look::Same(Witness {
        id: id(&metadata),
        samples: samples(&mut file, metadata.len()).map_err(|error| unreadable(error.into()))?,
    }))
}

fn samples(file: &mut File, len: u64) -> io::Result<[u8; 32]> {
    let mut bytes = Vec::new();
    let last = len.saturating_sub(SAMPLE_BYTES);
    for k in 0..SAMPLES {
        // In 128 bits, because a length is whatever the file system says.
        let at = u128::from(last) * u128::from(k) / u128::from(SAMPLES - 1);
        file.seek(SeekFrom::Start(at as u64))?;
        file.by_ref().take(SAMPLE_BYTES).read_to_end(&mut bytes)?;
    }
    Ok(Sha256::digest(bytes).into())
}

#[cfg(unix)]
fn id(metadata: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn id(_: &Metadata) -> Option<(u64, u64)> {
    None
}

/// An error if some file is shorter than it was, or if a part of it could not be read.
fn cut_short(checkpoint: &Checkpoint) -> Result<(), CheckpointError> {
    for (index, file) in checkpoint.files.iter().enumerate() {
        let len = std::fs::metadata(file.path()).map(|now| now.len() as usize);
        let shorter = len.ok().filter(|&len| len < file.size_bytes() as usize);
        // A last page that was cut within reads as zeros, and only the length tells of it.
        let Some(lost) = [file.lost(), shorter].into_iter().flatten().min() else {
            continue;
        };
        let tensors = checkpoint.tensors().iter().filter(|t| t.file == index);
        let cut = tensors.filter(|t| t.range.end > lost && !t.range.is_empty());
        let first = cut.min_by_key(|t| t.range.start);
        let path = file.path().to_owned();
        return Err(match (first, shorter) {
            (None, _) => CheckpointError::ChangedWhileRead { path },
            (Some(tensor), Some(_)) => CheckpointError::CutShort {
                path,
                tensor: tensor.name.clone(),
            },
            (Some(tensor), None) => CheckpointError::PartUnreadable {
                path,
                tensor: tensor.name.clone(),
            },
        });
    }
    Ok(())
}
