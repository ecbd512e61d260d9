//! Where the program keeps what belongs to it: handed in, so that tests have their own.

use std::path::{Path, PathBuf};

use crate::files::Removal;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    /// Studies without a place of their own, the demo, the list of recent studies.
    pub data: PathBuf,
    /// Results that can be computed again; safe to delete.
    pub cache: PathBuf,
    /// Where models go that are removed or replaced.
    pub removal: Removal,
}

impl Folders {
    /// The platform's folders for this user, or, where `KINFOLK_HOME` is set, folders in there.
    pub fn of_user() -> Self {
        if let Some(home) = std::env::var_os("KINFOLK_HOME").filter(|home| !home.is_empty()) {
            return Self {
                removal: Removal::of_desktop(),
                ..Self::below(Path::new(&home))
            };
        }
        match directories::ProjectDirs::from("", "", "kinfolk") {
            Some(dirs) => Self {
                data: dirs.data_dir().to_owned(),
                cache: dirs.cache_dir().to_owned(),
                removal: Removal::of_desktop(),
            },
            // A user without a home, as in a bare container.
            None => Self::below(&std::env::temp_dir().join("kinfolk")),
        }
    }

    /// Folders below `home`; what is removed is deleted.
    pub fn below(home: &Path) -> Self {
        Self {
            data: home.join("data"),
            cache: home.join("cache"),
            removal: Removal::Delete,
        }
    }
}

pub use crate::store::hub::hub_cache;
