//! What can lie where a result is written.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use super::special_files::{FULL, NULL, Special, make_device};
use crate::tools::Result;

/// What files held before.
pub const OLD: &str = "what was there before";

/// What lies where a result is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    File,
    Link,
    DanglingLink,
    Ring,
    Folder,
    Socket,
    LockedFile,
    PipeWithReader,
    PipeAlone,
    Null,
    Full,
}

pub const TARGETS: [Target; 11] = [
    Target::File,
    Target::Link,
    Target::DanglingLink,
    Target::Ring,
    Target::Folder,
    Target::Socket,
    Target::LockedFile,
    Target::PipeWithReader,
    Target::PipeAlone,
    Target::Null,
    Target::Full,
];

/// Something that lies at a path.
pub struct Place {
    /// Where.
    pub path: PathBuf,
    /// What.
    pub target: Target,
}

impl Place {
    /// Makes it; `None` where it may not be made.
    pub fn new(path: PathBuf, target: Target) -> Result<Option<Self>> {
        let place = Self { path, target };
        let path = &place.path;
        match target {
            Target::File | Target::LockedFile => std::fs::write(path, OLD)?,
            Target::Link => {
                std::fs::write(place.real(), OLD)?;
                symlink(place.real(), path)?;
            }
            Target::DanglingLink => symlink(place.real(), path)?,
            Target::Ring => Special::Ring.make(path)?,
            Target::Folder => Special::Folder.make(path)?,
            Target::Socket => Special::Socket.make(path)?,
            Target::PipeWithReader | Target::PipeAlone => Special::Pipe.make(path)?,
            Target::Null | Target::Full => {
                let minor = if target == Target::Null { NULL } else { FULL };
                if !make_device(path, minor) {
                    std::fs::remove_file(path).ok();
                    return Ok(None);
                }
            }
        }
        if target == Target::LockedFile {
            std::fs::set_permissions(path, PermissionsExt::from_mode(0o444))?;
        }
        Ok(Some(place))
    }

    /// Where the links lead.
    fn real(&self) -> PathBuf {
        self.path.with_extension("real")
    }

    /// Whether a result can be written there.
    pub fn takes_results(&self) -> bool {
        use Target::{DanglingLink, File, Link, Null, PipeWithReader};
        matches!(
            self.target,
            File | Link | DanglingLink | PipeWithReader | Null
        )
    }

    /// The file that holds the result afterwards.
    pub fn file(&self) -> Option<PathBuf> {
        match self.target {
            Target::File => Some(self.path.clone()),
            Target::Link | Target::DanglingLink => Some(self.real()),
            _ => None,
        }
    }

    /// Removes it.
    pub fn remove(self) -> Result<()> {
        match self.target {
            Target::Ring => Special::Ring.remove(&self.path)?,
            Target::Folder => Special::Folder.remove(&self.path)?,
            _ => std::fs::remove_file(&self.path)?,
        }
        // Only links lead to it.
        std::fs::remove_file(self.real()).ok();
        Ok(())
    }
}
