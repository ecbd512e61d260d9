//! The one way in for small files: regular files only, bounded by what is read.
//!
//! The length that the file system states is not trusted: files below `/proc` say 0 and go on,
//! and a file may grow between the question and the answer. A pipe, a device or a socket is
//! refused before it is opened, and without waiting even if it takes the place of the file in
//! between.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::{Component, Path};
use std::time::SystemTime;

use crate::jobs::{Cancelled, Ticket};

/// Bytes between two looks at the ticket.
const PIECE: u64 = 1 << 20;

/// Why a file was not read; a clause that stands before the path.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("expected a file and found {0}")]
    NotAFile(&'static str),
    /// It is longer than anything of its kind.
    #[error("the file has more than {}, the most that is read here", size(*.0))]
    TooLong(u64),
    /// Its bytes are not text.
    #[error("it is not UTF-8 text (byte {0})")]
    NotText(usize),
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl ReadError {
    /// Whether there is nothing at the path.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::NotFound)
    }
}

/// A limit in the largest unit that divides it.
fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let unit = UNITS
        .iter()
        .find(|(unit, _)| bytes >= *unit && bytes.is_multiple_of(*unit));
    match unit {
        Some((unit, name)) => format!("{} {name}", bytes / unit),
        None => format!("{bytes} bytes"),
    }
}

/// Opens a regular file for reading; links are followed.
///
/// # Errors
/// [`ReadError::NotAFile`], at once, for a folder, a pipe, a socket or a device; what the file
/// system says.
pub fn open(path: &Path) -> Result<(File, Metadata), ReadError> {
    // Opening alone can have effects on a device, so its kind is asked for first.
    regular(&std::fs::metadata(path)?)?;
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    regular(&metadata)?;
    Ok((file, metadata))
}

fn regular(metadata: &Metadata) -> Result<(), ReadError> {
    if metadata.is_file() {
        return Ok(());
    }
    Err(ReadError::NotAFile(if metadata.is_dir() {
        "a folder"
    } else {
        "a pipe or a device"
    }))
}

/// All bytes of a file of at most `most` bytes.
///
/// # Errors
/// As for [`open`], or [`ReadError::TooLong`].
pub fn read(path: &Path, most: u64) -> Result<Vec<u8>, ReadError> {
    read_with(path, most, &Ticket::default())
}

/// The same for a job: the ticket hears of the bytes, and stops the reading when cancelled.
///
/// # Errors
/// As for [`read`], or [`ReadError::Cancelled`].
pub fn read_with(path: &Path, most: u64, ticket: &Ticket) -> Result<Vec<u8>, ReadError> {
    let (file, metadata) = open(path)?;
    // What a file says of its length is believed where it speaks against the file.
    if metadata.len() > most {
        return Err(ReadError::TooLong(most));
    }
    // Room for what is likely; the rest grows as it comes.
    let mut bytes = Vec::with_capacity(metadata.len().min(most).min(PIECE) as usize);
    let mut left = file.take(most.saturating_add(1));
    loop {
        let piece = left.by_ref().take(PIECE).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > most {
            return Err(ReadError::TooLong(most));
        }
        ticket.advance(piece as u64)?;
        if piece == 0 {
            return Ok(bytes);
        }
    }
}

/// The first bytes of a file, at most `most`.
///
/// # Errors
/// As for [`open`].
pub fn read_start(path: &Path, most: u64) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    open(path)?.0.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The text of a file of at most `most` bytes.
///
/// # Errors
/// As for [`read`], or [`ReadError::NotText`].
pub fn read_text(path: &Path, most: u64) -> Result<String, ReadError> {
    String::from_utf8(read(path, most)?)
        .map_err(|error| ReadError::NotText(error.utf8_error().valid_up_to() + 1))
}

/// Whether `name` is the plain name of a file: no folder, no drive, no way up.
pub fn is_plain_name(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    // Separators and drives of other systems are refused on every system.
    !name.contains(['/', '\\', ':', '\0'])
        && matches!(parts.next(), Some(Component::Normal(_)))
        && parts.next().is_none()
}

/// Whether a file is still the one that was read: its length and the time of its last change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    len: u64,
    modified: Option<SystemTime>,
}

impl Identity {
    /// What lies at a path now; `None` if it is not a file.
    pub fn of(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok().filter(Metadata::is_file)?;
        Some(Self {
            len: metadata.len(),
            modified: metadata.modified().ok(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_bounded_and_not_what_its_length_says() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        assert!(matches!(read(&path, 4), Err(ReadError::TooLong(4))));
        assert_eq!(read_text(&path, 9).unwrap(), "12345");
        // A sparse file of a terabyte takes neither the time nor the memory.
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        assert!(matches!(read(&path, 1 << 20), Err(ReadError::TooLong(_))));
        // Its length says 0, and it holds something.
        #[cfg(target_os = "linux")]
        assert!(
            !read(Path::new("/proc/self/maps"), 1 << 20)
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn what_is_not_a_file_is_refused_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let refused = |path: &Path| matches!(read(path, 9), Err(ReadError::NotAFile(_)));
        assert!(refused(dir.path()));
        assert!(read(&dir.path().join("none"), 9).unwrap_err().is_missing());
        #[cfg(unix)]
        {
            let pipe = dir.path().join("pipe");
            nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
            assert!(refused(&pipe));
            let link = dir.path().join("link");
            std::os::unix::fs::symlink(&pipe, &link).unwrap();
            assert!(refused(&link));
            for device in ["/dev/zero", "/dev/null", "/dev/urandom"] {
                assert!(refused(Path::new(device)), "{device}");
            }
        }
    }

    #[test]
    fn a_cancelled_job_reads_no_further() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        File::create(&path).unwrap().set_len(64 << 20).unwrap();
        let ticket = Ticket::default();
        ticket.cancel();
        let result = read_with(&path, 1 << 30, &ticket);
        assert!(matches!(result, Err(ReadError::Cancelled(_))));
        assert_eq!(ticket.progress().done, PIECE);
    }

    #[test]
    fn a_limit_is_told_in_a_unit_that_people_know() {
        assert_eq!(size(64 << 20), "64 MiB");
        assert_eq!(size(100_000_000), "100000000 bytes");
    }
}
