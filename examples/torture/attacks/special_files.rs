//! What can lie at a path beside a file: pipes, devices, sockets, folders, links, and files
//! without an end.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileTypeExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use nix::sys::stat::{Mode, SFlag, makedev, mknod};
use nix::unistd::mkfifo;

/// A kind of special file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
    /// A pipe with nobody at its other end.
    Pipe,
    /// A device that gives zeros for ever, behind a link.
    Zero,
    /// A device that gives nothing, behind a link.
    Null,
    Socket,
    Folder,
    /// A link into nothing.
    Dangling,
    /// Two links that lead to each other.
    Ring,
    /// A terabyte of zeros that takes no room.
    Huge,
    /// A file that says it has no bytes and has some, behind a link.
    Proc,
}

impl Special {
    pub const ALL: [Self; 9] = [
        Self::Pipe,
        Self::Zero,
        Self::Null,
        Self::Socket,
        Self::Folder,
        Self::Dangling,
        Self::Ring,
        Self::Huge,
        Self::Proc,
    ];

    pub fn title(self) -> &'static str {
        match self {
            Self::Pipe => "a pipe",
            Self::Zero => "/dev/zero",
            Self::Null => "/dev/null",
            Self::Socket => "a socket",
            Self::Folder => "a folder",
            Self::Dangling => "a dangling link",
            Self::Ring => "a ring of links",
            Self::Huge => "a sparse terabyte",
            Self::Proc => "a file below /proc",
        }
    }

    /// Makes one at `path`, where nothing may be.
    pub fn make(self, path: &Path) -> io::Result<()> {
        match self {
            Self::Pipe => Ok(mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR)?),
            Self::Zero => symlink("/dev/zero", path),
            Self::Null => symlink("/dev/null", path),
            // The socket stays when its listener goes.
            Self::Socket => UnixListener::bind(path).map(drop),
            Self::Folder => std::fs::create_dir(path),
            Self::Dangling => symlink("nothing-here", path),
            Self::Ring => {
                let other = other_of_ring(path);
                symlink(path, &other)?;
                symlink(other, path)
            }
            Self::Huge => File::create(path)?.set_len(1 << 40),
            Self::Proc => symlink("/proc/self/status", path),
        }
    }

    /// Removes it.
    pub fn remove(self, path: &Path) -> io::Result<()> {
        match self {
            Self::Folder => std::fs::remove_dir_all(path),
            Self::Ring => {
                std::fs::remove_file(other_of_ring(path))?;
                std::fs::remove_file(path)
            }
            _ => std::fs::remove_file(path),
        }
    }
}

fn other_of_ring(path: &Path) -> PathBuf {
    path.with_extension("ring")
}

/// A device that takes everything, and one that is always full.
pub const NULL: u64 = 3;
pub const FULL: u64 = 7;

/// Makes a device of our own at `path`, so that one that is replaced is not the machine's;
/// whether that is allowed, and it works.
pub fn make_device(path: &Path, minor: u64) -> bool {
    let device = makedev(1, minor as _);
    let made = mknod(path, SFlag::S_IFCHR, Mode::S_IRUSR | Mode::S_IWUSR, device);
    made.is_ok() && File::options().write(true).open(path).is_ok()
}

/// What lies at a path, in a word; links are not followed.
pub fn kind_at(path: &Path) -> &'static str {
    let Ok(metadata) = path.symlink_metadata() else {
        return "nothing";
    };
    let kind = metadata.file_type();
    if kind.is_symlink() {
        "a link"
    } else if kind.is_dir() {
        "a folder"
    } else if kind.is_fifo() {
        "a pipe"
    } else if kind.is_socket() {
        "a socket"
    } else if kind.is_char_device() {
        "a device"
    } else {
        "a file"
    }
}
