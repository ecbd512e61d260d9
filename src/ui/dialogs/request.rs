//! What is asked of the user, and the answer.

use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::Context;

/// A kind of file, by its extensions without the dot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filter {
    /// As shown, such as `Studies`.
    pub name: &'static str,
    /// Such as `json`.
    pub extensions: &'static [&'static str],
}

impl Filter {
    pub const CSV: Self = Self::new("Tables", &["csv"]);
    pub const PNG: Self = Self::new("Pictures", &["png"]);
    pub const YAML: Self = Self::new("mergekit recipes", &["yaml", "yml"]);
    pub const SVG: Self = Self::new("Drawings", &["svg"]);
    pub const PAGE: Self = Self::new("Pages", &["html"]);

    pub const fn new(name: &'static str, extensions: &'static [&'static str]) -> Self {
        Self { name, extensions }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PickKind {
    OpenFolders,
    OpenFiles {
        /// Kinds to choose from; empty for all files.
        filters: Vec<Filter>,
    },
    /// A file to write, which need not exist.
    SaveFile {
        name: String,
        filters: Vec<Filter>,
    },
    /// A folder to write, which need not exist.
    SaveFolder {
        name: String,
    },
}

/// A wish for files or folders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PickRequest {
    /// The title of the dialog, in sentence case.
    pub title: String,
    pub kind: PickKind,
    /// Where to start; the working directory if nothing is given.
    pub start_dir: Option<PathBuf>,
    /// Where else the user may want to look: names and folders.
    pub places: Vec<(String, PathBuf)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picked {
    pub request: PickRequest,
    /// What was picked; empty if the user cancelled.
    pub paths: Vec<PathBuf>,
}

pub trait FilePicker {
    /// Asks; an earlier request that is still open is dropped.
    fn start(&mut self, request: PickRequest, ctx: &Context);
    /// Draws what belongs to the request, and gives the answer once.
    fn ui(&mut self, ctx: &Context) -> Option<Picked>;
    fn is_open(&self) -> bool;
}

/// How the desktop is asked: blocks, and gives `None` for "cancelled" and "could not open" alike.
pub type AskDesktop = Arc<dyn Fn(&PickRequest) -> Option<Vec<PathBuf>> + Send + Sync>;
