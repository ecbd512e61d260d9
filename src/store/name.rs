//! Names of what lies elsewhere, told from paths by how they begin.

use std::path::{Path, PathBuf};

use crate::text::is_elsewhere as is_name;

/// Where a name leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// Amazon's S3, or what speaks its protocol.
    S3,
    /// Google Cloud Storage.
    Google,
    /// Azure's blob storage.
    Azure,
    /// A web server that sends parts of files.
    Web,
}

const SCHEMES: [(&str, Scheme); 5] = [
    ("s3://", Scheme::S3),
    ("gs://", Scheme::Google),
    ("az://", Scheme::Azure),
    ("https://", Scheme::Web),
    ("http://", Scheme::Web),
];

/// A name, without slashes at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) scheme: Scheme,
    pub(super) text: String,
}

impl Name {
    /// Reads a name.
    ///
    /// # Errors
    /// A clause, if it is one and leads nowhere.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let found = SCHEMES.iter().find(|(start, _)| text.starts_with(start));
        let Some(&(start, scheme)) = found else {
            return Err("it begins with none of s3://, gs://, az:// and https://".to_owned());
        };
        if text.contains(['?', '#']) {
            return Err("names with ? or # in them are not read".to_owned());
        }
        let text = text.trim_end_matches('/');
        let rest = text.get(start.len()..).unwrap_or_default();
        let (bucket, path) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() || path.is_empty() && scheme != Scheme::Web {
            return Err("it names no folder and no file".to_owned());
        }
        if path.split('/').any(|part| matches!(part, "." | ".." | "")) && !path.is_empty() {
            return Err("its path has an empty part, or one of . and ..".to_owned());
        }
        let text = text.to_owned();
        Ok(Self { scheme, text })
    }

    /// What comes after the bucket, the container or the server.
    pub(super) fn path(&self) -> &str {
        let rest = self.text.split_once("://").map_or("", |(_, rest)| rest);
        rest.split_once('/').map_or("", |(_, path)| path)
    }

    /// The name up to its path: `s3://bucket`.
    pub(super) fn root(&self) -> &str {
        let path = self.path();
        let end = self.text.len() - path.len();
        self.text[..end].trim_end_matches('/')
    }

    /// The folder and the file, if the name is that of a file of weights.
    pub(super) fn file(&self) -> Option<(Self, String)> {
        let (folder, file) = self.text.rsplit_once('/')?;
        let is_weights = file.ends_with(".safetensors") && !self.path().is_empty();
        let scheme = self.scheme;
        let text = folder.to_owned();
        is_weights.then(|| (Self { scheme, text }, file.to_owned()))
    }
}

/// `path` below `root`; itself where it is absolute or leads elsewhere.
pub fn joined(root: &Path, path: &str) -> PathBuf {
    match is_name(Path::new(path)) {
        true => PathBuf::from(path),
        false => root.join(path),
    }
}

/// `path` from the root of the file system on; itself where it leads elsewhere.
///
/// # Errors
/// An empty path, or no working folder.
pub fn absolute(path: &Path) -> std::io::Result<PathBuf> {
    match is_name(path) {
        true => Ok(path.to_owned()),
        false => std::path::absolute(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_paths() {
        for name in [
            "s3://b/m",
            "gs://b/m",
            "az://c/m",
            "https://h/m",
            "http://h",
            "hf://a/b",
        ] {
            assert!(is_name(Path::new(name)), "{name}");
            assert_eq!(joined(Path::new("/a"), name), PathBuf::from(name));
        }
        for path in ["/s3/b", "s3:/b", "a/s3://b", "C:/b", "file:///b", ""] {
            assert!(!is_name(Path::new(path)), "{path}");
        }
    }

    #[test]
    fn a_name_has_a_root_a_path_and_perhaps_a_file() {
        let name = Name::parse("s3://bucket/a/b/").unwrap();
        assert_eq!((name.root(), name.path()), ("s3://bucket", "a/b"));
        assert!(name.file().is_none());
        let name = Name::parse("https://h:80/m.safetensors").unwrap();
        let (folder, file) = name.file().unwrap();
        assert_eq!(
            (folder.text.as_str(), &*file),
            ("https://h:80", "m.safetensors")
        );
        assert_eq!(Name::parse("http://h:80/").unwrap().root(), "http://h:80");
        for wrong in [
            "s3://",
            "s3://b",
            "s3://b/../c",
            "https://h/a//b",
            "https://h/a?b",
            "x",
        ] {
            assert!(Name::parse(wrong).is_err(), "{wrong}");
        }
    }
}
