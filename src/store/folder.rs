//! A model's folder on a store, with copies of its small files.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use tempfile::TempDir;

use super::mirror::{self, INDEX, MOST_OF_A_FILE, USUAL, USUAL_WEIGHTS};
use super::name::Name;
use super::net::{Opened, Place};
use super::object::Object;
use super::pool::Pool;
use super::ranges::Version;
use super::trouble::Trouble;

/// A folder on a store: its small files are copied for as long as this lives, and its files of
/// weights stand beside them as empty files, to be found by their names.
#[derive(Debug)]
pub struct Folder {
    name: String,
    dir: TempDir,
    /// The copy: a folder that is called as the one on the store.
    copy: PathBuf,
    /// The file that was named, if it was one.
    file: Option<String>,
    objects: BTreeMap<String, Arc<Object>>,
}

/// Why a folder was not opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{trouble}: {name}")]
pub struct NotOpened {
    /// What was asked for.
    pub name: String,
    /// Why it was not had.
    pub trouble: Trouble,
}

impl Folder {
    /// Opens the model of that name: a folder, or a file of weights in one.
    ///
    /// # Errors
    /// What the store says, with the whole name of the file that it says it of.
    pub fn open(name: &Path) -> Result<Self, NotOpened> {
        let text = name.to_string_lossy().into_owned();
        let of = |name: &str| {
            let name = name.to_owned();
            move |trouble| NotOpened { name, trouble }
        };
        let name = Name::parse(&text)
            .map_err(Trouble::Name)
            .map_err(of(&text))?;
        let (folder, file) = match name.file() {
            Some((folder, file)) => (folder, Some(file)),
            None => (name, None),
        };
        let place = Place::new(&folder).map_err(of(&text))?;
        let unmade = |error: io::Error| {
            Trouble::Name(format!(
                "no copy of its small files could be made ({error})"
            ))
        };
        let dir = tempfile::Builder::new().prefix("kinfolk-").tempdir();
        let dir = dir.map_err(unmade).map_err(of(&text))?;
        let last = folder.text.rsplit('/').next().unwrap_or_default();
        let plain = if crate::files::is_plain_name(last) {
            last
        } else {
            "model"
        };
        let copy = dir.path().join(plain);
        std::fs::create_dir(&copy)
            .map_err(unmade)
            .map_err(of(&text))?;
        let mut own = Self {
            name: folder.text,
            dir,
            copy,
            file,
            objects: BTreeMap::new(),
        };
        let listed = place.list().map_err(of(&text))?;
        let weights = own.copy_small(&place, listed.as_deref())?;
        own.open_weights(&place, weights)?;
        Ok(own)
    }

    /// What is to be opened of the copy: the folder, or the one file that was named.
    pub fn path(&self) -> PathBuf {
        match &self.file {
            Some(file) => self.copy.join(file),
            None => self.copy.clone(),
        }
    }

    /// Where the copy of the small files lies.
    pub fn copy(&self) -> &Path {
        &self.copy
    }

    /// The file of weights that stands for itself at `path` in the copy.
    pub fn object(&self, path: &Path) -> Option<&Arc<Object>> {
        let file = path.strip_prefix(&self.copy).ok()?.to_str()?;
        self.objects.get(file)
    }

    /// The whole name of what stands at `path` in the copy.
    pub fn name_of(&self, path: &Path) -> Option<PathBuf> {
        let file = path.strip_prefix(&self.copy).ok()?.to_str()?;
        Some(PathBuf::from(match file {
            "" => self.name.clone(),
            file => format!("{}/{file}", self.name),
        }))
    }

    /// A sentence about the copy, said of the store.
    pub fn said(&self, sentence: &str) -> String {
        let copy = self.copy.to_string_lossy();
        sentence.replace(&*copy, &self.name)
    }

    fn whole_name(&self, file: &str) -> String {
        format!("{}/{file}", self.name)
    }

    /// Copies what is small; the files of weights that there are or may be.
    fn copy_small(
        &self,
        place: &Place,
        listed: Option<&[String]>,
    ) -> Result<Vec<String>, NotOpened> {
        let mut small: Vec<&str> = match listed {
            Some(files) => files
                .iter()
                .map(String::as_str)
                .filter(|f| mirror::is_small(f))
                .collect(),
            None => USUAL.to_vec(),
        };
        small.truncate(mirror::MOST_FILES);
        if listed.is_none() && self.file.is_none() {
            small.push(INDEX);
        }
        let got = place.whole(&small, MOST_OF_A_FILE);
        let mut named = None;
        for (file, result) in small.iter().zip(got) {
            let (version, bytes) = match result {
                Ok(got) => got,
                // Where nothing can be listed it was a guess; some stores say 403 for nothing.
                Err(Trouble::Missing | Trouble::Forbidden(_)) if listed.is_none() => continue,
                Err(trouble) => return Err(self.not_opened(file, trouble)),
            };
            if *file == INDEX {
                named = Some(mirror::named_by(&bytes));
            }
            self.put(file, &version, &bytes)?;
        }
        if let Some(file) = &self.file {
            return Ok(vec![file.clone()]);
        }
        Ok(match (listed, named) {
            (Some(files), _) => files
                .iter()
                .filter(|f| mirror::is_weights(f))
                .cloned()
                .collect(),
            (None, Some(named)) => named.into_iter().collect(),
            (None, None) => USUAL_WEIGHTS.map(str::to_owned).to_vec(),
        })
    }

    fn open_weights(&mut self, place: &Place, mut files: Vec<String>) -> Result<(), NotOpened> {
        files.truncate(mirror::MOST_WEIGHTS);
        let names: Vec<&str> = files.iter().map(String::as_str).collect();
        let is_guess = |file: &str| self.file.is_none() && USUAL_WEIGHTS.contains(&file);
        let mut missing = None;
        for (file, result) in names.iter().zip(place.open(&names)) {
            let opened = match result {
                Ok(opened) => opened,
                // Told below, if no other is there.
                Err(trouble @ (Trouble::Missing | Trouble::Forbidden(_))) if is_guess(file) => {
                    missing.get_or_insert(trouble);
                    continue;
                }
                Err(Trouble::Missing) if self.file.is_none() => continue,
                Err(trouble) => return Err(self.not_opened(file, trouble)),
            };
            self.put(file, &opened.0, &[])?;
            self.objects
                .insert((*file).to_owned(), self.object_of(file, opened));
        }
        match missing {
            Some(trouble) if self.objects.is_empty() => Err(NotOpened {
                name: self.name.clone(),
                trouble: match trouble {
                    Trouble::Missing => Trouble::Name(
                        "there is no model here: neither an index of safetensors nor \
                         model.safetensors nor adapter_model.safetensors"
                            .to_owned(),
                    ),
                    other => other,
                },
            }),
            _ => Ok(()),
        }
    }

    fn object_of(&self, file: &str, (version, start, ranges): Opened) -> Arc<Object> {
        let name = self.whole_name(file);
        Arc::new(Object::new(name, version, start, ranges, Pool::shared()))
    }

    fn not_opened(&self, file: &str, trouble: Trouble) -> NotOpened {
        NotOpened {
            name: self.whole_name(file),
            trouble,
        }
    }

    /// Puts a file into the copy, with the time that the store gives it.
    fn put(&self, file: &str, version: &Version, bytes: &[u8]) -> Result<(), NotOpened> {
        let write = || -> io::Result<()> {
            let mut to = File::create(self.copy.join(file))?;
            to.write_all(bytes)?;
            to.set_modified(version.modified.unwrap_or(SystemTime::UNIX_EPOCH))
        };
        let failed = |error: io::Error| {
            let copy = self.dir.path().display();
            let sentence = format!("its copy in {copy} could not be written ({error})");
            self.not_opened(file, Trouble::Name(sentence))
        };
        write().map_err(failed)
    }
}
