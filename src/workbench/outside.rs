//! What the program does outside its own folders at the user's word: writing an export, and
//! showing a file in the file manager.

use std::path::Path;
use std::process::{Command, Stdio};

use super::events::Outcome;
use super::{NoticeKind, Workbench, cache, write_whole};
use crate::jobs::Failure;

impl Workbench {
    /// Writes a file that the user named, and says so.
    pub fn write_file(&mut self, path: &Path, bytes: &[u8]) {
        let name = path
            .file_name()
            .unwrap_or(path.as_os_str())
            .to_string_lossy();
        match write_whole(path, bytes) {
            Ok(()) => self.tell(
                NoticeKind::Done,
                format!("{name} saved"),
                path.to_string_lossy(),
            ),
            Err(error) => self.fail(format!("{name} could not be saved"), error),
        }
    }

    /// Shows a file or folder in the file manager.
    pub fn reveal(&mut self, path: &Path) {
        let path = path.to_owned();
        self.jobs.spawn("Opening the file manager", move |_, _| {
            show(&path).map(|()| Outcome::Silent).map_err(|error| {
                Failure::Failed(format!("No file manager could be opened: {error}"))
            })
        });
    }

    /// Removes kept kinship results.
    pub fn clear_cache(&mut self) {
        let dir = self.folders.cache.clone();
        self.jobs.spawn("Clearing the cache", move |_, _| {
            let freed = cache::clear(&dir) as f64 / 1e6;
            Ok(Outcome::Done(format!(
                "Kept results removed, {freed:.1} MB freed"
            )))
        });
    }
}

#[cfg(target_os = "macos")]
fn show(path: &Path) -> Result<(), String> {
    run(Command::new("open").arg("-R").arg(path))
}

#[cfg(target_os = "windows")]
fn show(path: &Path) -> Result<(), String> {
    let mut select = std::ffi::OsString::from("/select,");
    select.push(path);
    // The Explorer reports failure even when it succeeds.
    run(Command::new("explorer").arg(select)).or(Ok(()))
}

#[cfg(not(any(target_os = "macos", target_os = "windows")))]
fn show(path: &Path) -> Result<(), String> {
    let folder = if path.is_dir() {
        path
    } else {
        path.parent().unwrap_or(path)
    };
    run(Command::new("xdg-open").arg(folder))
}

fn run(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let quiet = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    match quiet.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{program} ended with {status}")),
        Err(error) => Err(format!("{program}: {error}")),
    }
}
