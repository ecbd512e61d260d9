//! Where a model that a recipe names lies on disk: a path, or the hub's local cache.

use std::path::{Path, PathBuf};

use crate::store::hub::{hub_folder, snapshot};
use crate::text::is_elsewhere;

/// Finds `path`, which may be the name of something on a store, relative to `root` or else to the `working` folder, or as a name such as
/// `org/model` in the hub's cache.
///
/// # Errors
/// A sentence that says where was looked.
pub fn locate(
    path: &str,
    revision: Option<&str>,
    root: &Path,
    working: Option<&Path>,
    hub: Option<&Path>,
) -> Result<PathBuf, String> {
    if is_elsewhere(Path::new(path)) {
        let name = |revision: &str| PathBuf::from(format!("{path}@{revision}"));
        return Ok(revision.map_or_else(|| PathBuf::from(path), name));
    }
    let beside = root.join(path);
    let second = working.map(|working| working.join(path));
    let second = second.filter(|second| !beside.exists() && second.exists());
    let local = second.unwrap_or(beside);
    if local.exists() {
        return match revision {
            None => Ok(local),
            Some(revision) => Err(format!(
                "revision `{revision}` is for models of the hub, and this one is a folder: {}",
                local.display()
            )),
        };
    }
    let Some(folder_name) = hub_folder(path) else {
        let hint = match Path::new(path).is_absolute() {
            true => "",
            false if working.is_some() => {
                ", and nothing of that name in the working folder; give the folder that paths \
                 start from with --root"
            }
            false => {
                "; relative paths start from the recipe's folder, or from the one given with --root"
            }
        };
        return Err(format!("there is nothing at {}{hint}", local.display()));
    };
    let Some(folder) = hub.map(|hub| hub.join(folder_name)).filter(|f| f.is_dir()) else {
        let cache = match hub {
            Some(hub) => format!("the hub's cache {}", hub.display()),
            None => "a hub cache, of which there is none".to_owned(),
        };
        // The window has no folder that names start from.
        if root.parent().is_none() {
            return Err(format!(
                "there is no model `{path}` in {cache}; download it with `hf download {path}`"
            ));
        }
        let places = match working {
            Some(_) => format!("neither in {}, the working folder", root.display()),
            None => format!("neither in {}", root.display()),
        };
        return Err(format!(
            "there is no model `{path}`, {places} nor in {cache}; download it with \
             `hf download {path}`, or give --root"
        ));
    };
    match revision {
        None => Ok(folder),
        Some(revision) => snapshot(&folder, revision),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_found_before_the_hub_and_revisions_by_their_names() {
        let dir = tempfile::tempdir().unwrap();
        let hub = dir.path().join("hub");
        let model = hub.join("models--org--m");
        std::fs::create_dir_all(model.join("snapshots/abc")).unwrap();
        std::fs::create_dir_all(model.join("refs")).unwrap();
        std::fs::write(model.join("refs/v1"), "abc\n").unwrap();
        let find = |revision| locate("org/m", revision, dir.path(), None, Some(&hub));
        assert_eq!(find(None).unwrap(), model);
        assert_eq!(find(Some("v1")).unwrap(), model.join("snapshots/abc"));
        assert_eq!(find(Some("abc")).unwrap(), model.join("snapshots/abc"));
        assert!(find(Some("../../x")).is_err());
        assert!(find(Some("v2")).is_err());
        std::fs::create_dir_all(dir.path().join("org/m")).unwrap();
        assert_eq!(find(None).unwrap(), dir.path().join("org/m"));
    }

    #[test]
    fn the_working_folder_is_the_second_place() {
        let dir = tempfile::tempdir().unwrap();
        let (root, working) = (dir.path().join("recipes"), dir.path().join("work"));
        std::fs::create_dir_all(working.join("m")).unwrap();
        let find = || locate("m", None, &root, Some(&working), None).unwrap();
        assert_eq!(find(), working.join("m"));
        std::fs::create_dir_all(root.join("m")).unwrap();
        assert_eq!(find(), root.join("m"));
        assert!(locate("x", None, &root, Some(&working), None).is_err());
    }
}
