//! Folders that this program has made, and the only way in which it removes one.
//!
//! A folder is ours if the mark in it says who made it and lists every file with the length and
//! the time that it had then. A folder with anything else in it, or with a file that was changed
//! since, belongs to its user. Nothing here goes down into folders or follows a link: files are
//! removed one by one, by the names in the mark.

use std::collections::BTreeSet;
use std::fs::Metadata;
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use super::{is_plain_name, read, write_whole};

/// The mark's name; hidden, because nobody needs it to use a model.
pub const MARK_NAME: &str = ".kinfolk-made.json";

const VERSION: u32 = 1;
/// Far above what a model of a thousand shards takes.
const MOST_BYTES: u64 = 16 << 20;

/// Where a removed folder goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Removal {
    /// It is deleted, and its room is free.
    #[default]
    Delete,
    /// To the desktop's trash; it is deleted where the trash does not take it.
    Trash,
}

impl Removal {
    /// The trash, where there is a desktop whose user can look into it.
    pub fn of_desktop() -> Self {
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let desktop = cfg!(any(target_os = "macos", target_os = "windows"))
            || ["DISPLAY", "WAYLAND_DISPLAY"].into_iter().any(is_set);
        if desktop { Self::Trash } else { Self::Delete }
    }
}

/// What a folder says of who made it.
#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    version: u32,
    /// The run that it was made for; empty for a merge of its own.
    maker: String,
    files: Vec<Listed>,
}

/// A file as it was when the folder was finished.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Listed {
    name: String,
    bytes: u64,
    /// Time of the last change, nanoseconds since 1970.
    modified: u128,
}

/// Marks a folder as made by this program: what lies in it now, but for files called as in
/// `except`, is what may be removed later.
///
/// # Errors
/// What the file system says, as a sentence.
pub fn mark(folder: &Path, maker: &str, except: &[&str]) -> Result<(), String> {
    let failed = |error: io::Error| format!("could not be read: {error}: {}", folder.display());
    let mut files = Vec::new();
    for name in names(folder).map_err(failed)? {
        if name != MARK_NAME && !except.contains(&name.as_str()) {
            files.push(Listed::of(folder, &name).map_err(failed)?);
        }
    }
    let mark = Mark {
        version: VERSION,
        maker: maker.to_owned(),
        files,
    };
    let text = serde_json::to_vec(&mark).map_err(|error| error.to_string())?;
    write_whole(&folder.join(MARK_NAME), &text)
}

/// Why a folder must not be removed, as a clause; `None` if all of it was made by this program,
/// and by `maker` if one is named.
pub fn objection(folder: &Path, maker: Option<&str>) -> Option<String> {
    check(folder, maker).err()
}

fn check(folder: &Path, maker: Option<&str>) -> Result<Mark, String> {
    let metadata = folder.symlink_metadata().map_err(|e| e.to_string())?;
    if !metadata.is_dir() {
        return Err("it is a link or a file, not a folder".to_owned());
    }
    let foreign = || "it has no mark that Kinfolk made it".to_owned();
    let text = read(&folder.join(MARK_NAME), MOST_BYTES).map_err(|_| foreign())?;
    let mark: Mark = serde_json::from_slice(&text).map_err(|_| foreign())?;
    if mark.version != VERSION || mark.files.iter().any(|file| !is_listable(&file.name)) {
        return Err(foreign());
    }
    if maker.is_some_and(|maker| maker.is_empty() || maker != mark.maker) {
        return Err("it was made by something else".to_owned());
    }
    for name in names(folder).map_err(|e| e.to_string())? {
        let listed = mark.files.iter().find(|file| file.name == name);
        match listed {
            Some(file) if Listed::of(folder, &name).is_ok_and(|now| now == *file) => {}
            Some(_) => return Err(format!("`{name}` in it was changed since Kinfolk wrote it")),
            None if name == MARK_NAME => {}
            None => return Err(format!("`{name}` in it was not written by Kinfolk")),
        }
    }
    Ok(mark)
}

/// Removes a folder that this program has made, by the same rules as [`objection`].
///
/// # Errors
/// A sentence; the folder is whole then, unless the file system failed half way.
pub fn remove(folder: &Path, maker: Option<&str>, to: Removal) -> Result<(), String> {
    let mark = check(folder, maker).map_err(|why| refusal(folder, &why))?;
    if to == Removal::Trash && trash::delete(folder).is_ok() {
        return Ok(());
    }
    let delete = || -> io::Result<()> {
        for file in &mark.files {
            match std::fs::remove_file(folder.join(&file.name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        let inner = mark
            .files
            .iter()
            .filter_map(|file| file.name.split_once('/'));
        let inner: BTreeSet<&str> = inner.map(|(inner, _)| inner).collect();
        for inner in inner {
            match std::fs::remove_dir(folder.join(inner)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        // The mark goes last, so that a removal that was broken off can be taken up.
        std::fs::remove_file(folder.join(MARK_NAME))?;
        std::fs::remove_dir(folder)
    };
    delete().map_err(|error| format!("could not be removed: {error}: {}", folder.display()))
}

/// The sentence for a folder that stays.
fn refusal(folder: &Path, why: &str) -> String {
    format!(
        "this folder is not removed, because {why}: {}",
        folder.display()
    )
}

impl Listed {
    /// As it is now; a link is an error.
    fn of(folder: &Path, name: &str) -> io::Result<Self> {
        let metadata = folder.join(name).symlink_metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        Ok(Self {
            name: name.to_owned(),
            bytes: metadata.len(),
            modified: modified(&metadata)?,
        })
    }
}

/// Nanoseconds since 1970; 0 for a time before.
pub fn modified(metadata: &Metadata) -> io::Result<u128> {
    let since = metadata.modified()?.duration_since(UNIX_EPOCH);
    Ok(since.map_or(0, |since| since.as_nanos()))
}

/// Names in a folder, sorted; one that is not text belongs to nobody here.
/// What lies in a folder, sorted; of a folder in it the files, as `inner/file`, and no deeper.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = text_of(entry.file_name())?;
        let mut inner = Vec::new();
        if entry.file_type()?.is_dir() {
            for file in std::fs::read_dir(entry.path())? {
                inner.push(format!("{name}/{}", text_of(file?.file_name())?));
            }
        }
        // An empty folder stands for itself.
        if inner.is_empty() {
            inner.push(name);
        }
        names.extend(inner);
    }
    names.sort();
    Ok(names)
}

fn text_of(name: std::ffi::OsString) -> io::Result<String> {
    let name = name.into_string();
    name.map_err(|name| io::Error::other(format!("{} is not text", name.display())))
}

/// `file` or `inner/file`.
fn is_listable(name: &str) -> bool {
    let mut parts = name.splitn(3, '/');
    parts.by_ref().take(2).all(is_plain_name) && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    /// A marked folder with two files, in a folder of its own.
    fn made(maker: &str) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("child");
        std::fs::create_dir(&folder).unwrap();
        for name in ["config.json", "model.safetensors", "work.lock"] {
            std::fs::write(folder.join(name), name).unwrap();
        }
        mark(&folder, maker, &["work.lock"]).unwrap();
        std::fs::remove_file(folder.join("work.lock")).unwrap();
        (dir, folder)
    }

    #[test]
    fn what_was_made_here_is_removed() {
        let (dir, folder) = made("run");
        assert_eq!(objection(&folder, None), None);
        assert_eq!(objection(&folder, Some("run")), None);
        remove(&folder, Some("run"), Removal::Delete).unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_of_anybody_else_stays() {
        let stays = |what: &str, maker: &str, change: &dyn Fn(&Path)| {
            let (_dir, folder) = made("run");
            change(&folder);
            let before = names(&folder).unwrap();
            let refused = remove(&folder, Some(maker), Removal::Delete).unwrap_err();
            assert!(refused.contains(what), "{refused}");
            assert_eq!(names(&folder).unwrap(), before);
        };
        stays("made by something else", "other run", &|_| {});
        // A run without a name of its own has made nothing.
        stays("made by something else", "", &|_| {});
        stays("no mark", "run", &|folder| {
            std::fs::remove_file(folder.join(MARK_NAME)).unwrap();
        });
        stays("`notes.txt` in it was not written", "run", &|folder| {
            std::fs::write(folder.join("notes.txt"), "mine").unwrap();
        });
        stays("`photos` in it was not written", "run", &|folder| {
            std::fs::create_dir(folder.join("photos")).unwrap();
        });
        stays("`config.json` in it was changed", "run", &|folder| {
            std::fs::write(folder.join("config.json"), "longer than it was").unwrap();
        });
        stays("no mark", "run", &|folder| {
            let outside =
                r#"{"version":1,"maker":"run","files":[{"name":"../a","bytes":0,"modified":0}]}"#;
            std::fs::write(folder.join(MARK_NAME), outside).unwrap();
        });
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        use std::os::unix::fs::symlink;
        let (dir, folder) = made("run");
        let link = dir.path().join("link");
        symlink(&folder, &link).unwrap();
        assert!(remove(&link, None, Removal::Delete).is_err());
        let real = dir.path().join("real");
        std::fs::rename(folder.join("config.json"), &real).unwrap();
        symlink(&real, folder.join("config.json")).unwrap();
        assert!(remove(&folder, None, Removal::Delete).is_err());
        assert!(real.is_file() && folder.join("model.safetensors").is_file());
    }
}
