//! One file of weights while it is written: at any place, from any thread.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use super::ShardPlan;
use crate::jobs::{Cancelled, Ticket};

/// How often a wait for the disk looks whether to stop.
const TICK: Duration = Duration::from_millis(20);

/// A file that is not finished; its name says so.
pub(crate) struct ShardFile {
    file: Arc<File>,
    part: PathBuf,
    path: PathBuf,
}

/// A file on its way to the disk.
pub(crate) struct Finishing {
    result: Receiver<io::Result<()>>,
    file_name: String,
    part: PathBuf,
    path: PathBuf,
}

impl ShardFile {
    /// Creates the file with its header and its full length.
    pub(crate) fn create(folder: &Path, plan: &ShardPlan) -> io::Result<Self> {
        let path = folder.join(&plan.file_name);
        let part = folder.join(format!("{}.part", plan.file_name));
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .open(&part)?;
        file.write_all(&plan.prefix)?;
        file.set_len(plan.len)?;
        for (offset, bytes) in &plan.copies {
            write_all_at(&file, bytes, *offset)?;
        }
        Ok(Self {
            file: Arc::new(file),
            part,
            path,
        })
    }

    /// Writes bytes at a place in the file.
    pub(crate) fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        write_all_at(&self.file, bytes, offset)
    }

    /// Begins to bring the file to the disk, on a thread of its own, while others go on.
    pub(crate) fn finish(self, file_name: &str) -> io::Result<Finishing> {
        let (sender, result) = channel();
        let file = self.file;
        std::thread::Builder::new()
            .name("write to disk".to_owned())
            .spawn(move || {
                // Nobody listens any more if the merge was cancelled.
                sender.send(file.sync_all()).ok();
            })?;
        Ok(Finishing {
            result,
            file_name: file_name.to_owned(),
            part: self.part,
            path: self.path,
        })
    }
}

impl Finishing {
    pub(crate) fn file_name(&self) -> &str {
        &self.file_name
    }

    /// Waits until the file is on the disk, and gives it its name.
    pub(crate) fn wait(self, ticket: &Ticket) -> Result<io::Result<()>, Cancelled> {
        loop {
            match self.result.recv_timeout(TICK) {
                Ok(Ok(())) => {
                    return Ok(std::fs::rename(&self.part, &self.path));
                }
                Ok(Err(error)) => return Ok(Err(error)),
                Err(RecvTimeoutError::Timeout) => ticket.advance(0)?,
                Err(RecvTimeoutError::Disconnected) => {
                    return Ok(Err(io::Error::other(
                        "the thread that writes ended by a bug",
                    )));
                }
            }
        }
    }
}

#[cfg(unix)]
fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

#[cfg(windows)]
fn write_all_at(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    use std::os::windows::fs::FileExt;
    while !bytes.is_empty() {
        let written = file.seek_write(bytes, offset)?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        bytes = &bytes[written..];
        offset += written as u64;
    }
    Ok(())
}
