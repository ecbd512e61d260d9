//! Models by their names on the hub, `hf://org/name@revision`: from its local cache first.
//!
//! What is not in the cache is a question for the user, because of its size: whether it is
//! downloaded into the cache, as other programs do it, or read from the hub where it lies. Who
//! starts the program says how the question is put, by `when_missing`.

mod cache;
mod download;
mod offer;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

pub use self::cache::{hub_cache, hub_folder, snapshot};
pub use self::download::download;
pub use self::offer::{HubFile, Offer, offer};

const SCHEME: &str = "hf://";

/// A model on the hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubName {
    /// "org/name".
    pub repository: String,
    /// A branch, a tag or a commit; `main` unless given.
    pub revision: Option<String>,
}

impl HubName {
    /// Reads `hf://org/name@revision`; `None` if it is no name of the hub at all.
    ///
    /// # Errors
    /// A clause, if it begins like one and is none.
    pub fn parse(path: &Path) -> Option<Result<Self, String>> {
        let rest = path.to_str()?.strip_prefix(SCHEME)?.trim_end_matches('/');
        let (repository, revision) = match rest.split_once('@') {
            Some((repository, revision)) => (repository, Some(revision.to_owned())),
            None => (rest, None),
        };
        let is_plain = |part: &str| !part.is_empty() && !matches!(part, "." | "..");
        let is_revision = |text: &String| text.split('/').all(is_plain);
        let is_name = hub_folder(repository).is_some() && revision.iter().all(is_revision);
        let name = Self {
            repository: repository.to_owned(),
            revision,
        };
        let wrong = || "a model of the hub is called hf://org/name or hf://org/name@revision";
        Some(is_name.then_some(name).ok_or_else(|| wrong().to_owned()))
    }

    /// Its folder in the hub's cache: a snapshot, if a revision is given.
    pub fn cached(&self) -> Option<PathBuf> {
        let folder = hub_cache()?.join(hub_folder(&self.repository)?);
        match &self.revision {
            Some(revision) => snapshot(&folder, revision).ok(),
            // Of a download that was given up only the folder may be there.
            None => snapshot(&folder, MAIN)
                .ok()
                .or_else(|| only_snapshot(&folder)),
        }
    }

    /// The revision that is meant.
    pub fn revision(&self) -> &str {
        self.revision.as_deref().unwrap_or(MAIN)
    }
}

impl std::fmt::Display for HubName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{SCHEME}{}", self.repository)?;
        match &self.revision {
            Some(revision) => write!(f, "@{revision}"),
            None => Ok(()),
        }
    }
}

const MAIN: &str = "main";

fn only_snapshot(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder.join("snapshots")).ok()?;
    let mut found = entries.flatten().map(|entry| entry.path());
    found.next().filter(|_| found.next().is_none())
}

/// Says for a model that is not in the cache what is opened in its place: a folder, or the name
/// of something else; or a sentence why nothing is.
pub type Missing = Box<dyn Fn(&HubName) -> Result<PathBuf, String> + Send + Sync>;

static WHEN_MISSING: OnceLock<Missing> = OnceLock::new();

/// Says once, at the start of the program, what is done about models that are not in the cache.
pub fn when_missing(how: Missing) {
    // The first one stays.
    WHEN_MISSING.set(how).ok();
}

/// What is opened for the model of that name.
///
/// # Errors
/// A clause or sentence why there is nothing.
pub fn located(name: &HubName) -> Result<PathBuf, String> {
    if let Some(folder) = name.cached() {
        return Ok(folder);
    }
    match WHEN_MISSING.get() {
        Some(how) => how(name),
        None => {
            let here = not_here();
            Err(format!(
                "{here}; add it again by its name, to download it or to read it from the hub"
            ))
        }
    }
}

/// The clause for a model that is not in the cache.
pub fn not_here() -> String {
    match hub_cache() {
        Some(cache) => format!("it is not in the hub's cache {}", cache.display()),
        None => "it is not here, and there is no folder for the hub's cache".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_hub_have_an_owner_and_perhaps_a_revision() {
        let parse = |text: &str| HubName::parse(Path::new(text));
        let name = parse("hf://org/m-7B@refs/pr/1").unwrap().unwrap();
        assert_eq!(name.repository, "org/m-7B");
        assert_eq!(name.revision(), "refs/pr/1");
        assert_eq!(name.to_string(), "hf://org/m-7B@refs/pr/1");
        assert_eq!(parse("hf://gpt2/").unwrap().unwrap().revision(), "main");
        for wrong in [
            "hf://",
            "hf://a/b/c",
            "hf://../x",
            "hf://a/b@../c",
            "hf://a/b@",
        ] {
            assert!(parse(wrong).unwrap().is_err(), "{wrong}");
        }
        assert!(parse("org/name").is_none());
    }
}
