//! Where models lie below some folders.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::checkpoint::is_gguf_name;
use crate::jobs::{Cancelled, Ticket};
use crate::text::by_name;
use crate::workbench::opening::holds_weights;

/// Folders are searched this deep, which the hub's cache and `models/org/name` are well within.
const DEPTH: usize = 8;
/// Folders that are looked into, and models that are listed, at most.
const MOST_FOLDERS: usize = 200_000;
const MOST_MODELS: usize = 5_000;

#[derive(Default)]
struct Search {
    /// Real paths, so that no link leads round in circles.
    seen: BTreeSet<PathBuf>,
    found: Vec<PathBuf>,
}

/// The models below `folders`, by path, and sentences on what was left out.
pub(super) fn places(
    folders: &[PathBuf],
    ticket: &Ticket,
) -> Result<(Vec<PathBuf>, Vec<String>), Cancelled> {
    let mut search = Search::default();
    let mut notes = Vec::new();
    for folder in folders {
        if folder.is_dir() {
            search.folder(folder, DEPTH, ticket)?;
        } else if folder.exists() {
            search.found.push(folder.clone());
        } else {
            notes.push(format!("There is no folder {}.", folder.display()));
        }
    }
    if search.is_full() {
        notes.push(format!(
            "The search ended after {} folders and {} models; search a folder further down.",
            search.seen.len(),
            search.found.len()
        ));
    }
    Ok((search.found, notes))
}

impl Search {
    fn is_full(&self) -> bool {
        self.found.len() >= MOST_MODELS || self.seen.len() >= MOST_FOLDERS
    }

    fn folder(&mut self, dir: &Path, depth: usize, ticket: &Ticket) -> Result<(), Cancelled> {
        ticket.advance(0)?;
        let real = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
        if self.is_full() || !self.seen.insert(real) {
            return Ok(());
        }
        if dir.join("snapshots").is_dir() {
            self.found.push(dir.to_owned());
            return Ok(());
        }
        if holds_weights(dir) {
            self.found.extend(models_in(dir));
        }
        if depth > 1 {
            for below in folders_in(dir) {
                self.folder(&below, depth - 1, ticket)?;
            }
        }
        Ok(())
    }
}

/// The folder itself; or, where several GGUF models lie in it, each of them.
fn models_in(dir: &Path) -> Vec<PathBuf> {
    let is_gguf = |path: &PathBuf| is_gguf_name(path) && path.is_file();
    let files: Vec<PathBuf> = entries(dir).into_iter().filter(is_gguf).collect();
    let is_part = |path: &PathBuf| path.to_string_lossy().contains("-of-");
    if files.len() < 2 || files.iter().any(is_part) {
        return vec![dir.to_owned()];
    }
    files
}

/// Visible folders, by name.
fn folders_in(dir: &Path) -> Vec<PathBuf> {
    let is_visible = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        !name.starts_with('.') && path.is_dir()
    };
    entries(dir).into_iter().filter(is_visible).collect()
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    let read = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut out: Vec<PathBuf> = read.map(|entry| entry.path()).collect();
    out.sort_by(|a, b| by_name(&a.to_string_lossy(), &b.to_string_lossy()));
    out
}
