//! What a path to be written leads to.

use std::io;
use std::path::{Path, PathBuf};

/// Where bytes for a path go.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Destination {
    /// A regular file, or none yet: a new one takes its place. Links have been followed.
    File(PathBuf),
    /// A pipe, a device or an open file under another name: it is written into.
    Into(PathBuf),
}

/// Links to links that are followed before one is taken for a ring, as Linux has it.
const MOST_LINKS: usize = 40;

/// Looks where `path` leads.
pub(super) fn destination(path: &Path) -> io::Result<Destination> {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(io::Error::new(
            io::ErrorKind::IsADirectory,
            "there is a folder where the file should be",
        )),
        Ok(metadata) if !metadata.is_file() || is_a_name_of_an_open_file(path) => {
            Ok(Destination::Into(path.to_owned()))
        }
        Ok(_) => followed(path).map(Destination::File),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            followed(path).map(Destination::File)
        }
        Err(error) => Err(error),
    }
}

/// `/dev/stdout` and `/proc/self/fd/3` are names of what is open already: a new file in place of
/// what they stand for would not be the one that the caller reads.
fn is_a_name_of_an_open_file(path: &Path) -> bool {
    let Some(parent) = path.parent().and_then(|parent| parent.canonicalize().ok()) else {
        return false;
    };
    ["/dev", "/proc"].iter().any(|own| parent.starts_with(own))
}

/// The file at the end of the links that a path's last part may be; folders on the way stay as
/// they are named.
///
/// # Errors
/// If the links lead in a ring.
pub fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(target) = std::fs::read_link(&path) else {
            return Ok(path);
        };
        path = path.parent().unwrap_or(Path::new("")).join(target);
    }
    Err(io::Error::other("its links lead in a ring"))
}
