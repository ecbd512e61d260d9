//! The hub's local cache, where other programs keep what they downloaded.

use std::path::{Component, Path, PathBuf};

use crate::files;

/// The name of a commit has 40 characters.
const MOST_REF_BYTES: u64 = 1 << 10;

/// Where the cache lies.
pub fn hub_cache() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let home = || directories::BaseDirs::new().map(|dirs| dirs.home_dir().join(".cache"));
    set("HF_HUB_CACHE")
        .or_else(|| set("HUGGINGFACE_HUB_CACHE"))
        .map(PathBuf::from)
        .or_else(|| Some(Path::new(&set("HF_HOME")?).join("hub")))
        .or_else(|| Some(Path::new(&set("XDG_CACHE_HOME")?).join("huggingface/hub")))
        .or_else(|| Some(home()?.join("huggingface/hub")))
}

/// `models--org--name` for a name on the hub.
pub fn hub_folder(name: &str) -> Option<String> {
    let parts: Vec<&str> = name.split('/').collect();
    let plain = |part: &&str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    (parts.len() <= 2 && parts.iter().all(plain)).then(|| format!("models--{}", parts.join("--")))
}

/// The snapshot of a branch, a tag or a commit.
///
/// # Errors
/// A sentence, if it is not there.
pub fn snapshot(folder: &Path, revision: &str) -> Result<PathBuf, String> {
    let is_plain = |text: &str| {
        let mut parts = Path::new(text).components();
        parts.all(|part| matches!(part, Component::Normal(_))) && !text.is_empty()
    };
    let missing = || {
        format!(
            "revision `{revision}` is not in the hub's cache; download it, or choose another: {}",
            folder.display()
        )
    };
    if !is_plain(revision) {
        return Err(missing());
    }
    let named = files::read_text(&folder.join("refs").join(revision), MOST_REF_BYTES);
    let commit = named.as_deref().map_or(revision, str::trim);
    let found = folder.join("snapshots").join(commit);
    if is_plain(commit) && found.is_dir() {
        Ok(found)
    } else {
        Err(missing())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_hub_are_told_from_paths() {
        assert_eq!(hub_folder("org/m-7B").as_deref(), Some("models--org--m-7B"));
        assert_eq!(hub_folder("gpt2").as_deref(), Some("models--gpt2"));
        for path in ["./a", "../a", "a/b/c", "/a/b", "a b", ""] {
            assert_eq!(hub_folder(path), None, "{path}");
        }
    }
}
