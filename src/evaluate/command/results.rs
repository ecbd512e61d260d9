//! The folder that results are written to: emptied before, gone through after.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How deep result files may lie: `org__model/results_….json`, and a few more.
const DEPTH: usize = 8;
const MOST_FILES: usize = 2_000;

/// Makes a folder, or empties it; links in it are removed, not followed.
///
/// # Errors
/// What the system says, with the path.
pub(super) fn make_empty(folder: &Path) -> io::Result<()> {
    let with_path =
        |path: &Path, e: io::Error| io::Error::new(e.kind(), format!("{e}: {}", path.display()));
    std::fs::create_dir_all(folder).map_err(|e| with_path(folder, e))?;
    let entries = std::fs::read_dir(folder).map_err(|e| with_path(folder, e))?;
    for entry in entries {
        let entry = entry.map_err(|e| with_path(folder, e))?;
        let path = entry.path();
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let removed = match is_folder {
            true => std::fs::remove_dir_all(&path),
            false => std::fs::remove_file(&path),
        };
        removed.map_err(|e| with_path(&path, e))?;
    }
    Ok(())
}

/// Whether a folder has anything in it; one that is not there does not.
pub(super) fn holds_something(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}

/// JSON files below a folder, the newest last: those that lm-evaluation-harness calls
/// `results_….json` (or `results.json`), or all, if there is none so called.
pub(super) fn found(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    collect(folder, DEPTH, &mut files);
    if files.iter().any(|(_, path)| is_called_results(path)) {
        files.retain(|(_, path)| is_called_results(path));
    }
    files.sort();
    let too_many = files.len().saturating_sub(MOST_FILES);
    let newest = files.into_iter().skip(too_many);
    newest.map(|(_, path)| path).collect()
}

fn collect(folder: &Path, depth: usize, out: &mut Vec<(SystemTime, PathBuf)>) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        let path = entry.path();
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder {
            if depth > 1 {
                collect(&path, depth - 1, out);
            }
            continue;
        }
        let ending = path.extension();
        let is_json = ending.is_some_and(|e| e.eq_ignore_ascii_case("json"));
        let metadata = std::fs::metadata(&path).ok();
        if let Some(metadata) = metadata.filter(|m| is_json && m.is_file()) {
            let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            out.push((modified, path));
        }
    }
}

fn is_called_results(path: &Path) -> bool {
    let name = path.file_stem().map(|name| name.to_string_lossy());
    name.is_some_and(|name| name == "results" || name.starts_with("results_"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Writes files, each a second older than the next.
    fn write(folder: &Path, names: &[&str]) {
        for (age, name) in names.iter().rev().enumerate() {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let file = std::fs::File::create(&path).unwrap();
            let then = SystemTime::now() - Duration::from_secs(age as u64);
            file.set_modified(then).unwrap();
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let found = found(folder);
        let inside = found.iter().map(|path| path.strip_prefix(folder).unwrap());
        inside
            .map(|path| path.to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn files_of_the_harness_are_found_at_any_depth_the_newest_last() {
        let temp = tempfile::tempdir().unwrap();
        let files = [
            "z/org__m/results_b.json",
            "config.json",
            "results_a.json",
            "samples.jsonl",
        ];
        write(temp.path(), &files);
        assert_eq!(names(temp.path()), [files[0], files[2]]);
    }

    #[test]
    fn else_any_json_is_taken() {
        let temp = tempfile::tempdir().unwrap();
        write(temp.path(), &["b.JSON", "notes.txt", "a.json"]);
        assert_eq!(names(temp.path()), ["b.JSON", "a.json"]);
        assert!(found(&temp.path().join("none")).is_empty());
    }

    #[test]
    fn a_folder_is_made_or_emptied() {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("a/b");
        make_empty(&folder).unwrap();
        assert!(!holds_something(&folder));
        write(&folder, &["x.json", "deep/er/y.json"]);
        assert!(holds_something(&folder));
        make_empty(&folder).unwrap();
        assert!(folder.is_dir() && !holds_something(&folder));
        let file = temp.path().join("file");
        std::fs::write(&file, "").unwrap();
        let error = make_empty(&file).unwrap_err();
        assert!(error.to_string().contains("file"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn emptying_a_folder_follows_no_link() {
        let temp = tempfile::tempdir().unwrap();
        let (folder, kept) = (temp.path().join("results"), temp.path().join("kept"));
        write(&kept, &["x.json"]);
        std::fs::create_dir(&folder).unwrap();
        std::os::unix::fs::symlink(&kept, folder.join("link")).unwrap();
        make_empty(&folder).unwrap();
        assert!(!holds_something(&folder) && kept.join("x.json").exists());
    }
}
