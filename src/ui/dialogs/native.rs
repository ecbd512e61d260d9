//! The desktop's own dialog, on its own thread.

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use eframe::egui::Context;

use super::request::{AskDesktop, Filter, PickKind, PickRequest};

/// What came back, and how soon.
pub(super) struct Answer {
    pub paths: Option<Vec<PathBuf>>,
    pub after: Duration,
}

/// A request the desktop has not answered. Dropping it drops the answer too.
pub(super) struct Waiting {
    pub request: PickRequest,
    answers: Receiver<Answer>,
}

impl Waiting {
    pub fn start(request: &PickRequest, ask: AskDesktop, ctx: &Context) -> io::Result<Self> {
        let (sender, answers) = mpsc::channel();
        let (asked, ctx) = (request.clone(), ctx.clone());
        thread::Builder::new()
            .name("file dialog".into())
            .spawn(move || {
                let start = Instant::now();
                let paths = ask(&asked);
                // Nobody listens any more if the user went over to the built-in dialog.
                sender
                    .send(Answer {
                        paths,
                        after: start.elapsed(),
                    })
                    .ok();
                ctx.request_repaint();
            })?;
        Ok(Self {
            request: request.clone(),
            answers,
        })
    }

    /// The answer, once; a thread that died counts as "could not open".
    pub fn poll(&self) -> Option<Answer> {
        match self.answers.try_recv() {
            Ok(answer) => Some(answer),
            Err(mpsc::TryRecvError::Empty) => None,
            Err(mpsc::TryRecvError::Disconnected) => Some(Answer {
                paths: None,
                after: Duration::ZERO,
            }),
        }
    }
}

/// Whether the desktop has a dialog: a portal that the session bus can start, or zenity.
///
/// Not on macOS, where a dialog must run on the thread of the window.
pub(super) fn is_there() -> bool {
    match env::consts::OS {
        "windows" => true,
        "macos" => false,
        _ => has_zenity() || (has_session_bus() && has_portal()),
    }
}

fn has_zenity() -> bool {
    any_in(&paths_of("PATH", ""), "zenity")
}

fn has_session_bus() -> bool {
    let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some()
        || runtime.is_some_and(|dir| dir.join("bus").exists())
}

fn has_portal() -> bool {
    let mut dirs = paths_of("XDG_DATA_DIRS", "/usr/local/share:/usr/share");
    dirs.extend(paths_of("XDG_DATA_HOME", ""));
    any_in(
        &dirs,
        "dbus-1/services/org.freedesktop.portal.Desktop.service",
    )
}

fn paths_of(variable: &str, default: &str) -> Vec<PathBuf> {
    let value = env::var_os(variable).filter(|v| !v.is_empty());
    env::split_paths(&value.unwrap_or_else(|| default.into())).collect()
}

fn any_in(dirs: &[PathBuf], file: &str) -> bool {
    dirs.iter()
        .any(|dir| !dir.as_os_str().is_empty() && Path::new(dir).join(file).is_file())
}

/// Asks through the portal, else zenity. Blocks.
pub(super) fn ask(request: &PickRequest) -> Option<Vec<PathBuf>> {
    let mut dialog = rfd::FileDialog::new().set_title(&request.title);
    if let Some(dir) = &request.start_dir {
        dialog = dialog.set_directory(dir);
    }
    let filtered = |dialog: rfd::FileDialog, filters: &[Filter]| {
        filters
            .iter()
            .fold(dialog, |d, f| d.add_filter(f.name, f.extensions))
    };
    match &request.kind {
        PickKind::OpenFolders => dialog.pick_folders(),
        PickKind::OpenFiles { filters } => filtered(dialog, filters).pick_files(),
        PickKind::SaveFile { name, filters } => {
            let dialog = filtered(dialog, filters).set_file_name(name);
            dialog.save_file().map(|path| vec![path])
        }
        PickKind::SaveFolder { name } => {
            let dialog = dialog.set_file_name(name);
            dialog.save_file().map(|path| vec![path])
        }
    }
}
