//! A small disk that can be filled, or, where nothing may be mounted, a limit on every file.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::tools::{Call, Desk, Result};

/// A folder that has little room; unmounted when it is dropped.
pub struct SmallDisk {
    folder: PathBuf,
    is_mounted: bool,
}

impl SmallDisk {
    /// A disk of this many bytes in the new folder `folder`.
    pub fn new(desk: &Desk, folder: PathBuf, bytes: u64) -> Result<Self> {
        std::fs::create_dir_all(&folder)?;
        let is_mounted = !desk.without_mounts && mount(&folder, bytes);
        Ok(Self { folder, is_mounted })
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether it is a disk of its own; if not, calls are limited.
    pub fn is_mounted(&self) -> bool {
        self.is_mounted
    }

    /// A call that may not write a larger file, where there is no disk of its own.
    pub fn limit(&self, call: Call, file_bytes: u64) -> Call {
        call.with_files_up_to((!self.is_mounted).then_some(file_bytes))
    }

    /// Takes all the room that is left.
    pub fn fill(&self) -> io::Result<()> {
        if !self.is_mounted {
            return Ok(());
        }
        let mut file = File::options()
            .create(true)
            .append(true)
            .open(self.filler())?;
        // Smaller and smaller pieces, to the last byte.
        let mut piece = vec![0xaa; 1 << 20];
        while !piece.is_empty() {
            match file.write(&piece) {
                Ok(0) => piece.truncate(piece.len() / 2),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::StorageFull => {
                    piece.truncate(piece.len() / 2);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Makes room again.
    pub fn empty(&self) {
        // Without a disk of its own there is nothing to remove.
        std::fs::remove_file(self.filler()).ok();
    }

    fn filler(&self) -> PathBuf {
        self.folder.join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if self.is_mounted {
            // Lazily, as a child may still be at its end.
            let mut umount = Command::new("umount");
            quiet(umount.arg("-l").arg(&self.folder));
        }
    }
}

fn mount(folder: &Path, bytes: u64) -> bool {
    let size = format!("size={bytes},mode=755");
    let mut mount = Command::new("mount");
    quiet(
        mount
            .args(["-t", "tmpfs", "-o", &size, "torture"])
            .arg(folder),
    )
}

/// Whether a command succeeds; what it says is not shown.
fn quiet(command: &mut Command) -> bool {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
