//! Typefaces of the system for letters that the program's own do not have: Arabic, Hebrew, Thai,
//! emoji. They are looked for beside the window, and only when a name needs them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use skrifa::{FontRef, MetadataProvider};

use super::Workbench;
use crate::files;
use crate::jobs::{Failure, Ticket};

/// How deep folders of typefaces are gone through, and how many files are looked into.
const DEPTH: usize = 5;
const MOST_FILES: usize = 4000;
/// The largest file that is read: a face for all of Chinese has 20 MB.
const MOST_BYTES: u64 = 40 << 20;
/// The most faces that are taken: each is kept in memory.
const MOST_FACES: usize = 6;

/// A typeface as it lies in its file.
#[derive(Clone)]
pub struct Face {
    /// The file's name.
    pub name: String,
    pub bytes: Arc<[u8]>,
}

impl Workbench {
    /// Looks for faces that have these letters, for [`Self::take_faces`].
    pub fn find_faces(&mut self, letters: BTreeSet<char>) {
        let title = "Looking for typefaces";
        let look = move |ticket: &Ticket| covering(&folders(), letters, ticket);
        self.jobs
            .spawn_quietly(title, look, |bench: &mut Self, found| {
                // Letters that nobody has are drawn as boxes, as before.
                bench.faces.extend(found.unwrap_or_default());
            });
    }

    /// What was found, once.
    pub fn take_faces(&mut self) -> Vec<Face> {
        std::mem::take(&mut self.faces)
    }
}

/// Where systems keep typefaces.
fn folders() -> Vec<PathBuf> {
    let fixed = [
        "/usr/share/fonts",
        "/usr/local/share/fonts",
        "/System/Library/Fonts",
        "/Library/Fonts",
        "C:\\Windows\\Fonts",
    ];
    let home = directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned());
    let own = home.iter().flat_map(|home| {
        [".local/share/fonts", ".fonts", "Library/Fonts"].map(|folder| home.join(folder))
    });
    fixed.map(PathBuf::from).into_iter().chain(own).collect()
}

/// Faces that together have as many of the letters as can be had; plain ones are asked first.
fn covering(
    folders: &[PathBuf],
    mut letters: BTreeSet<char>,
    ticket: &Ticket,
) -> Result<Vec<Face>, Failure> {
    let mut paths = Vec::new();
    for folder in folders {
        faces_in(folder, DEPTH, &mut paths);
    }
    paths.sort_by_cached_key(|path| (rank(path), path.clone()));
    let mut out = Vec::new();
    for path in paths {
        if letters.is_empty() || out.len() == MOST_FACES {
            break;
        }
        ticket.advance(0)?;
        let Ok(bytes) = files::read(&path, MOST_BYTES) else {
            continue;
        };
        let before = letters.len();
        letters.retain(|letter| !has(&bytes, *letter));
        if letters.len() < before {
            out.push(Face {
                name: path.to_string_lossy().into_owned(),
                bytes: bytes.into(),
            });
        }
    }
    Ok(out)
}

fn faces_in(folder: &Path, depth: usize, out: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        if out.len() >= MOST_FILES {
            return;
        }
        let ending = path.extension().and_then(|ending| ending.to_str());
        let is_face = ending.is_some_and(|own| {
            let mut endings = ["ttf", "otf", "ttc"].iter();
            endings.any(|ending| own.eq_ignore_ascii_case(ending))
        });
        if is_face {
            out.push(path);
        } else if depth > 0 && path.is_dir() {
            faces_in(&path, depth - 1, out);
        }
    }
}

/// How far a face is from a plain one, by its name.
fn rank(path: &Path) -> usize {
    let name = path.file_stem().unwrap_or_default();
    let name = name.to_string_lossy().to_lowercase();
    let odd = [
        "bold",
        "italic",
        "oblique",
        "mono",
        "serif",
        "condensed",
        "light",
        "thin",
        "black",
        "narrow",
        "math",
        "kufi",
        "nastaliq",
    ];
    odd.iter().filter(|word| name.contains(*word)).count()
}

/// Whether a face can draw a letter: a picture of it in colours is no outline.
fn has(bytes: &[u8], letter: char) -> bool {
    let outlined = |font: FontRef<'_>| {
        let glyph = font.charmap().map(letter);
        glyph.is_some_and(|glyph| font.outline_glyphs().get(glyph).is_some())
    };
    FontRef::from_index(bytes, 0).is_ok_and(outlined)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &[u8] = include_bytes!("../../resources/fonts/DroidSansFallback.ttf");

    #[test]
    fn a_face_is_taken_for_the_letters_that_it_has() {
        let dir = tempfile::tempdir().unwrap();
        let inside = dir.path().join("truetype/droid");
        std::fs::create_dir_all(&inside).unwrap();
        std::fs::write(inside.join("Fallback.ttf"), OWN).unwrap();
        std::fs::write(inside.join("Fallback-Bold.TTF"), OWN).unwrap();
        std::fs::write(inside.join("broken.otf"), b"no typeface").unwrap();
        let find = |letters: &str| {
            let found = covering(
                &[dir.path().to_owned(), dir.path().join("gone")],
                letters.chars().collect(),
                &Ticket::default(),
            );
            let names = found.unwrap().into_iter().map(|face| face.name);
            names.collect::<Vec<_>>()
        };
        let found = find("中文");
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].ends_with("Fallback.ttf"), "{found:?}");
        assert!(find("\u{1F9EC}").is_empty());
    }
}
