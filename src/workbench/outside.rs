//! What the program does outside its own folders at the user's word: writing an export, and
//! showing a file in the file manager.

use std::path::Path;
use std::process::{Command, Stdio};

use super::cache::{self, Kept};
use super::{NoticeKind, Workbench};
use crate::files::write_whole;
use crate::jobs::{Failure, Ticket};

/// A picture that was drawn beside the window.
pub struct Picture {
    /// What it is, to begin a sentence with.
    pub what: String,
    /// Width and height in pixels.
    pub size: [usize; 2],
    /// Row by row from the top: red, green, blue, opacity.
    pub rgba: Vec<u8>,
}

impl Workbench {
    pub(super) fn notify_written(&mut self, path: &Path) {
        let name = path.file_name().unwrap_or(path.as_os_str());
        let title = format!("{} saved", name.to_string_lossy());
        self.notify(NoticeKind::Done, title, path.to_string_lossy());
    }

    /// Makes and writes a file that the user named, beside the window; says so when it is done.
    /// Until then nothing is written.
    pub fn write_file<F>(&mut self, path: &Path, content: F)
    where
        F: FnOnce() -> Result<Vec<u8>, String> + Send + 'static,
    {
        let path = path.to_owned();
        let name = path.file_name().unwrap_or(path.as_os_str());
        let title = format!("Saving {}", name.to_string_lossy());
        let work = move |ticket: &Ticket| {
            let bytes = content().map_err(Failure::Failed)?;
            ticket.advance(0)?;
            write_whole(&path, &bytes).map_err(Failure::Failed)?;
            Ok(path)
        };
        self.spawn(title, work, |bench, path| bench.notify_written(&path));
    }

    /// Draws a picture beside the window, for [`Self::take_picture`].
    pub fn draw<F>(&mut self, draw: F)
    where
        F: FnOnce() -> Result<Picture, String> + Send + 'static,
    {
        let work = move |_: &Ticket| draw().map_err(Failure::Failed);
        self.spawn("Drawing the picture", work, |bench, picture| {
            bench.session.picture = Some(picture);
        });
    }

    /// The picture that was drawn last, once.
    pub fn take_picture(&mut self) -> Option<Picture> {
        self.session.picture.take()
    }

    /// Shows a file or folder in the file manager.
    pub fn reveal(&mut self, path: &Path) {
        let path = path.to_owned();
        let show = move |_: &Ticket| {
            let failed = |error| format!("No file manager could be opened: {error}");
            show(&path).map_err(|error| Failure::Failed(failed(error)))
        };
        self.spawn("Opening the file manager", show, |_, ()| {});
    }

    pub fn clear_cache(&mut self) {
        let dir = self.folders.cache.clone();
        let clear = move |_: &Ticket| Ok(cache::clear(&dir));
        self.spawn("Clearing the cache", clear, |bench, freed| {
            let freed = freed as f64 / 1e6;
            let title = format!("Kept results removed, {freed:.1} MB freed");
            bench.notify(NoticeKind::Done, title, "");
            bench.look_at_cache();
        });
    }

    /// Looks how much is kept, for [`Self::kept`].
    pub fn look_at_cache(&mut self) {
        let dir = self.folders.cache.clone();
        let look = move |_: &Ticket| Ok(cache::kept(&dir));
        self.jobs
            .spawn_quietly("Looking at the cache", look, |bench: &mut Self, kept| {
                bench.kept = kept.ok();
            });
    }

    /// How much kinship is kept on the disk, as far as somebody has looked.
    pub fn kept(&self) -> Option<Kept> {
        self.kept
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
    let folder = match path.is_dir() {
        true => path,
        false => path.parent().unwrap_or(path),
    };
    run(Command::new("xdg-open").arg(folder))
}

fn run(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{program} ended with {status}")),
        Err(error) => Err(format!("{program}: {error}")),
    }
}
