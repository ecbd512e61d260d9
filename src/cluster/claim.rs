//! Who does a task: a file made exclusively, with a lease.
//!
//! Claims of a task are numbered. To take one over whose lease has run out is to make the file
//! of the next number, which only one can; the highest number counts. No file is ever removed or
//! replaced by another worker, so that two cannot both believe to hold it.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::files;

const MOST_BYTES: u64 = 4 << 10;

/// What a claim says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Whose it is: machine, process and start.
    pub worker: String,
    /// Until when, in milliseconds since 1970.
    pub until_ms: u64,
}

/// What came of asking for a task.
#[derive(Debug)]
pub enum Claimed {
    /// It is ours.
    Held(Held),
    /// Another worker has it.
    Other(Claim),
}

/// A claim that is ours, as long as nobody has taken it over.
#[derive(Debug)]
pub struct Held {
    path: PathBuf,
    next: PathBuf,
    worker: String,
}

/// Asks for a task.
///
/// # Errors
/// A folder that cannot be written.
pub fn claim(
    folder: &Path,
    id: &str,
    worker: &str,
    lease: Duration,
    now: SystemTime,
) -> Result<Claimed, String> {
    std::fs::create_dir_all(folder).map_err(|e| format!("{e}: {}", folder.display()))?;
    let own = Claim {
        worker: worker.to_owned(),
        until_ms: milliseconds(now + lease),
    };
    let mut number = 0u32;
    loop {
        let path = folder.join(format!("{id}.{number}"));
        match make(&path, &own) {
            Ok(true) => {
                let next = folder.join(format!("{id}.{}", number + 1));
                let worker = worker.to_owned();
                return Ok(Claimed::Held(Held { path, next, worker }));
            }
            Ok(false) => {}
            Err(error) => return Err(format!("{error}: {}", path.display())),
        }
        let newer = folder.join(format!("{id}.{}", number + 1));
        if !newer.exists() {
            let other = read(&path, lease);
            if other.until_ms >= milliseconds(now) {
                return Ok(Claimed::Other(other));
            }
        }
        number += 1;
    }
}

impl Held {
    /// Makes the lease longer; whether the claim is still ours.
    pub fn renew(&self, lease: Duration, now: SystemTime) -> bool {
        let own = Claim {
            worker: self.worker.clone(),
            until_ms: milliseconds(now + lease),
        };
        let text = serde_json::to_vec(&own).unwrap_or_default();
        !self.next.exists() && files::write_whole(&self.path, &text).is_ok()
    }

    /// Renews the claim while `work` is done, and calls `beat` each time.
    pub fn kept_alive<T>(
        &self,
        lease: Duration,
        beat: &(dyn Fn() + Sync),
        work: impl FnOnce() -> T,
    ) -> T {
        let ended = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let beats = scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    std::thread::park_timeout(lease / 3);
                    if !ended.load(Ordering::Relaxed) {
                        self.renew(lease, SystemTime::now());
                        beat();
                    }
                }
            });
            let found = work();
            ended.store(true, Ordering::Relaxed);
            beats.thread().unpark();
            found
        })
    }

    /// Gives it back: its lease ends now.
    pub fn give_back(&self) {
        self.renew(Duration::ZERO, UNIX_EPOCH);
    }
}

/// Makes the file, whole, if there is none; whether it did.
fn make(path: &Path, claim: &Claim) -> std::io::Result<bool> {
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut file) => {
            // Half a claim is one whose lease is counted from the file's own time.
            file.write_all(&serde_json::to_vec(claim)?)?;
            Ok(true)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// What a claim says. One that its worker did not live to write counts for a lease from the time
/// that its file was made.
fn read(path: &Path, lease: Duration) -> Claim {
    let text = files::read_text(path, MOST_BYTES).ok();
    let claim = text.and_then(|text| serde_json::from_str(&text).ok());
    claim.unwrap_or_else(|| {
        let made = std::fs::metadata(path).and_then(|m| m.modified());
        Claim {
            worker: String::new(),
            until_ms: made.map_or(0, |made| milliseconds(made + lease)),
        }
    })
}

/// The claim of a task that counts, if there is one.
pub fn current(folder: &Path, id: &str) -> Option<Claim> {
    let numbered = (0u32..).map(|n| folder.join(format!("{id}.{n}")));
    let last = numbered.take_while(|path| path.exists()).last()?;
    Some(read(&last, Duration::ZERO))
}

/// Milliseconds since 1970.
pub fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Whether a lease that ends at `until_ms` has run out.
pub fn is_past(until_ms: u64) -> bool {
    until_ms < milliseconds(SystemTime::now())
}
