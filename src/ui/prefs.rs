//! What is remembered of the window between two runs.

use std::path::PathBuf;

use eframe::egui::ThemePreference;
use serde::{Deserialize, Serialize};

use super::action::{Setting, View};
use super::format::Decimals;
use crate::parallel::Limits;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Prefs {
    pub view: View,
    pub inspector: bool,
    /// Whether the inspector stands there with the words about the study, too, while nothing is
    /// selected, in views that have better use for its room.
    pub about: bool,
    pub theme: ThemePreference,
    pub zoom: f32,
    /// Whether the first study that is opened is to be shown around in.
    pub wants_tour: bool,
    pub decimals: Decimals,
    /// The most threads that work takes; all of them for `None`.
    pub threads: Option<usize>,
    /// The most memory that work takes, in bytes.
    pub memory_bytes: Option<u64>,
    /// Whether the desktop tells of long work that has ended.
    pub notifies: bool,
    /// Folders whose models are listed beside those of the hub's cache.
    pub folders: Vec<PathBuf>,
}

impl Prefs {
    /// Of who has never opened the program.
    pub fn first() -> Self {
        Self {
            wants_tour: true,
            ..Self::default()
        }
    }

    pub fn limits(&self) -> Limits {
        Limits {
            threads: self.threads,
            memory_bytes: self.memory_bytes,
        }
    }
}

impl Default for Prefs {
    fn default() -> Self {
        Self {
            view: View::Models,
            inspector: true,
            about: false,
            theme: ThemePreference::System,
            zoom: 1.0,
            wants_tour: false,
            decimals: Decimals::default(),
            threads: None,
            memory_bytes: None,
            notifies: true,
            folders: Vec::new(),
        }
    }
}

impl Prefs {
    pub fn set(&mut self, setting: Setting) {
        match setting {
            Setting::Decimals(decimals) => self.decimals = decimals,
            Setting::Threads(threads) => self.threads = threads,
            Setting::Memory(bytes) => self.memory_bytes = bytes,
            Setting::Notifies(notifies) => self.notifies = notifies,
            Setting::AddFolder(folder) if self.folders.contains(&folder) => {}
            Setting::AddFolder(folder) => self.folders.push(folder),
            Setting::RemoveFolder(folder) => self.folders.retain(|own| *own != folder),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_kept_once_and_goes_when_it_is_removed() {
        let mut prefs = Prefs::default();
        let folder = PathBuf::from("/models");
        prefs.set(Setting::AddFolder(folder.clone()));
        prefs.set(Setting::AddFolder(folder.clone()));
        assert_eq!(prefs.folders, std::slice::from_ref(&folder));
        prefs.set(Setting::RemoveFolder(folder));
        assert!(prefs.folders.is_empty());
    }
}
