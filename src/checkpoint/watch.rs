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
use std::ops::{Deref, Range};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::error::CheckpointError;
use super::identity::FileIdentity;
use super::map;
use super::model::Checkpoint;
use super::tensor::Tensor;
use super::weights::Weights;
use crate::files;
use crate::store::{self, Loss};

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
            losses: losses(),
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
        if losses() == self.losses {
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
            for (identity, before) in checkpoint.identity().files.iter().zip(before) {
                let now = look(identity)?;
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

/// How often something could not be read, from a map or from a store.
fn losses() -> usize {
    map::losses() + store::losses()
}

fn witnesses(checkpoint: &Checkpoint) -> Result<Vec<Look>, CheckpointError> {
    let witness = |identity: &FileIdentity| {
        let path = || identity.path.clone();
        match look(identity)? {
            Look::Changed => Err(CheckpointError::ChangedSinceOpened { path: path() }),
            look => Ok(look),
        }
    };
    checkpoint.identity().files.iter().map(witness).collect()
}

/// Looks at a file by ordinary reads.
fn look(identity: &FileIdentity) -> Result<Look, CheckpointError> {
    let path = &identity.path;
    if identity.is_elsewhere() {
        // Whatever is read of it is of the version that was opened.
        return Ok(Look::Same(Witness {
            id: None,
            samples: Sha256::digest(identity.etag.as_deref().unwrap_or_default()).into(),
        }));
    }
    let unreadable = |error| CheckpointError::unreadable(path, error);
    let (mut file, metadata) = match files::open(path) {
        Err(error) if error.is_missing() => return Ok(Look::Gone),
        other => other.map_err(unreadable)?,
    };
    if metadata.len() != identity.len {
        return Ok(Look::Changed);
    }
    // As long as it was when it was read, and then it had its limit.
    let mut header = Vec::new();
    for place in &identity.header {
        let mut read = || {
            file.seek(SeekFrom::Start(place.start))?;
            let mut part = file.by_ref().take(place.end - place.start);
            part.read_to_end(&mut header)
        };
        read().map_err(|error| unreadable(error.into()))?;
    }
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

/// The first tensor of a file of which something lies at byte `lost` or behind it.
fn first_behind<'c>(
    checkpoint: &'c Checkpoint,
    file: &Arc<Weights>,
    lost: usize,
) -> Option<&'c Tensor> {
    let mut first: Option<(usize, &Tensor)> = None;
    for tensor in checkpoint.tensors() {
        tensor.stored(|stored| {
            let Range { start, end } = stored.range;
            let is_cut = Arc::ptr_eq(&stored.file, file) && end > lost && start < end;
            if is_cut && first.is_none_or(|(least, _)| start < least) {
                first = Some((start, tensor));
            }
        });
    }
    first.map(|(_, tensor)| tensor)
}

fn not_fetched(checkpoint: &Checkpoint, file: &Arc<Weights>, loss: &Loss) -> CheckpointError {
    let path = file.path().to_owned();
    let reason = loss.trouble.to_string();
    match first_behind(checkpoint, file, loss.at as usize) {
        Some(tensor) => CheckpointError::NotFetched {
            path,
            tensor: tensor.name.clone(),
            reason,
        },
        None => CheckpointError::Store { path, reason },
    }
}

/// An error if some file is shorter than it was, or if a part of it could not be read.
fn cut_short(checkpoint: &Checkpoint) -> Result<(), CheckpointError> {
    for file in &checkpoint.files {
        if let Some(loss) = file.object().and_then(|object| object.lost()) {
            return Err(not_fetched(checkpoint, file, loss));
        }
        let len = std::fs::metadata(file.path()).map(|now| now.len() as usize);
        let shorter = len.ok().filter(|&len| len < file.size_bytes() as usize);
        // A last page that was cut within reads as zeros, and only the length tells of it.
        let Some(lost) = [file.lost(), shorter].into_iter().flatten().min() else {
            continue;
        };
        let first = first_behind(checkpoint, file, lost);
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
