//! A lock on a file that two programs must not both write, and who holds it.
//!
//! The system's own lock on a hidden file beside it says whether the holder is alive: it ends
//! with the program, however that ends. The words in the hidden file say who it is.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Owner {
    pub process: u32,
    pub machine: String,
    pub user: String,
    /// Since when, in seconds since 1970.
    pub since_secs: u64,
}

/// A lock that is held; given back when it is dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
}

/// What came of asking for a lock.
#[derive(Debug)]
pub enum Locking {
    Held(Lock),
    /// Another program has it.
    Other(Owner),
    /// There are no locks here: the folder cannot be written, or its file system knows none.
    Impossible,
}

const MOST_BYTES: u64 = 4 << 10;
/// How often a lock file may be replaced while it is being locked.
const TRIES: usize = 8;

/// Asks for the lock of the file at `path`, which need not be there yet.
pub fn lock(path: &Path) -> Locking {
    let path = beside(path);
    for _ in 0..TRIES {
        let Some(mut file) = open(&path) else {
            return Locking::Impossible;
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Locking::Other(read(&mut file)),
            Err(std::fs::TryLockError::Error(_)) => return Locking::Impossible,
        }
        // Whoever held it may have removed the file between the two calls.
        if is_at(&file, &path) {
            // The words are for people; the lock holds without them.
            write(&mut file).ok();
            return Locking::Held(Lock { file, path });
        }
    }
    Locking::Impossible
}

/// Takes the lock from a program that does not give it back; that program finds out when it
/// next asks [`Lock::is_held`].
pub fn take_over(path: &Path) -> Locking {
    // What cannot be removed is still locked, and said so below.
    std::fs::remove_file(beside(path)).ok();
    lock(path)
}

impl Lock {
    /// Whether nobody has taken it over.
    pub fn is_held(&self) -> bool {
        is_at(&self.file, &self.path)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Removed first: who locks it from now on finds that it is not at its path.
        if self.is_held() {
            std::fs::remove_file(&self.path).ok();
        }
        self.file.unlock().ok();
    }
}

/// Hidden, and named after the file.
fn beside(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".lock");
    path.with_file_name(name)
}

fn open(path: &Path) -> Option<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // A link or a pipe of this name was not made here.
        options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    }
    let file = options.open(path).ok()?;
    file.metadata().is_ok_and(|m| m.is_file()).then_some(file)
}

fn read(file: &mut File) -> Owner {
    let mut text = Vec::new();
    let read = file.take(MOST_BYTES).read_to_end(&mut text);
    let owner = read.ok().and_then(|_| serde_json::from_slice(&text).ok());
    owner.unwrap_or_default()
}

fn write(file: &mut File) -> std::io::Result<()> {
    let text = serde_json::to_vec(&Owner::here())?;
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(&text)
}

/// Whether the open file is the one at the path.
fn is_at(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let id = |m: std::fs::Metadata| (m.dev(), m.ino());
        let own = file.metadata().map(id).ok();
        own.is_some() && own == path.symlink_metadata().map(id).ok()
    }
    #[cfg(not(unix))]
    {
        // An open file cannot be removed there.
        let _ = file;
        path.is_file()
    }
}

impl Owner {
    /// This program, now.
    pub fn here() -> Self {
        let named = |names: &[&str]| {
            let set = names.iter().find_map(|name| std::env::var(name).ok());
            set.unwrap_or_default()
        };
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            process: std::process::id(),
            machine: machine().unwrap_or_else(|| named(&["HOSTNAME", "COMPUTERNAME"])),
            user: named(&["USER", "USERNAME", "LOGNAME"]),
            since_secs: since.map_or(0, |since| since.as_secs()),
        }
    }

    /// "another Kinfolk (process 4711 of ada on desk)": whose it is and where it runs is said
    /// where that is not here.
    pub fn words(&self) -> String {
        let here = Self::here();
        let mut inside = match self.process {
            0 => String::new(),
            process => format!("process {process}"),
        };
        for (word, own, other) in [
            ("of", &here.user, &self.user),
            ("on", &here.machine, &self.machine),
        ] {
            if !other.is_empty() && own != other {
                inside.push_str(&format!(" {word} {other}"));
            }
        }
        match inside.trim() {
            "" => "another Kinfolk".to_owned(),
            inside => format!("another Kinfolk ({inside})"),
        }
    }

    /// Minutes that it has had the lock, at the time `now`.
    pub fn minutes(&self, now: SystemTime) -> u64 {
        let now = now.duration_since(UNIX_EPOCH);
        now.map_or(0, |now| now.as_secs().saturating_sub(self.since_secs) / 60)
    }
}

#[cfg(target_os = "linux")]
fn machine() -> Option<String> {
    let name = super::read_text(Path::new("/proc/sys/kernel/hostname"), MOST_BYTES).ok()?;
    Some(name.trim().to_owned())
}

#[cfg(not(target_os = "linux"))]
fn machine() -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_one_s_until_it_is_given_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.kinfolk.json");
        let Locking::Held(held) = lock(&path) else {
            panic!("a first lock");
        };
        let Locking::Other(owner) = lock(&path) else {
            panic!("a second lock");
        };
        assert_eq!(owner.process, std::process::id());
        let own = format!("another Kinfolk (process {})", std::process::id());
        assert_eq!(owner.words(), own);
        let elsewhere = Owner {
            machine: "desk".to_owned(),
            ..owner
        };
        assert!(
            elsewhere.words().ends_with(" on desk)"),
            "{}",
            elsewhere.words()
        );
        drop(held);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        assert!(matches!(lock(&path), Locking::Held(_)));
    }

    #[test]
    fn who_lost_a_lock_finds_out() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        let Locking::Held(old) = lock(&path) else {
            panic!("a lock");
        };
        let Locking::Held(new) = take_over(&path) else {
            panic!("the same lock");
        };
        assert!(!old.is_held() && new.is_held());
        drop(old);
        assert!(new.is_held());
        assert!(matches!(lock(&path), Locking::Other(_)));
    }

    #[test]
    fn where_there_are_no_locks_nothing_fails() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(
            lock(&dir.path().join("no/a")),
            Locking::Impossible
        ));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("/etc/passwd", dir.path().join(".a.lock")).unwrap();
            assert!(matches!(lock(&dir.path().join("a")), Locking::Impossible));
        }
    }
}
