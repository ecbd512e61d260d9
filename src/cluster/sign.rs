//! Signs of life: what each worker of a folder has done, and when it was last heard of.
//!
//! A claim says who does a task; a worker that waits holds none. So each keeps a small file of its
//! own in `OUT/workers`, which nothing depends on: it is for people, and for whoever hands out tasks
//! to tell how many hands there are.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::claim::milliseconds;
use crate::files::{self, write_whole};
use crate::parallel::lock;

const MOST_BYTES: u64 = 4 << 10;
/// Workers that are listed.
const MOST_WORKERS: usize = 4096;

/// What a worker has left in a folder.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Seen {
    /// Machine, process and start.
    pub worker: String,
    /// When it was last heard of, in milliseconds since 1970.
    pub seen_ms: u64,
    /// How long it may be silent before it counts as gone, in milliseconds.
    pub lease_ms: u64,
    /// Tasks that it has done.
    pub done: u64,
    /// Bytes that they read.
    pub bytes: u64,
    /// Seconds that they took.
    pub seconds: f64,
    /// What it does now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doing: Option<String>,
    /// Whether it has ended by itself.
    pub ended: bool,
}

impl Seen {
    /// Whether it may still be at work at the time `now_ms`.
    pub const fn is_alive(&self, now_ms: u64) -> bool {
        !self.ended && self.seen_ms.saturating_add(self.lease_ms) >= now_ms
    }
}

/// The sign of this process; the end is noted when it is dropped.
#[derive(Debug)]
pub struct Sign {
    path: PathBuf,
    worker: String,
    lease: Duration,
    number: usize,
    seen: Mutex<Seen>,
}

/// The workers that are alive in this process, by number.
static NUMBERS: Mutex<BTreeSet<usize>> = Mutex::new(BTreeSet::new());

fn free_number() -> usize {
    let mut taken = lock(&NUMBERS);
    let number = (0..).find(|n| !taken.contains(n)).unwrap_or_default();
    taken.insert(number);
    number
}

/// Machine, process and start; with a number for further workers of one process.
fn worker_name(number: usize) -> String {
    static START: OnceLock<u64> = OnceLock::new();
    let owner = files::lock::Owner::here();
    let start = START.get_or_init(|| milliseconds(SystemTime::now()));
    let further = match number {
        0 => String::new(),
        n => format!("-{n}"),
    };
    format!("{} {}{further} {start}", owner.machine, owner.process)
}

impl Sign {
    /// A worker in the folder `out`, with a name that no other has.
    pub fn new(out: &Path, lease: Duration) -> Self {
        let number = free_number();
        let worker = worker_name(number);
        let path = out.join("workers").join(file_name(&worker));
        // One that is taken up again in the same process goes on counting.
        let before = read(&path).unwrap_or_default();
        let sign = Self {
            path,
            lease,
            number,
            seen: Mutex::new(Seen {
                worker: worker.clone(),
                lease_ms: u64::try_from(lease.as_millis()).unwrap_or(u64::MAX),
                ended: false,
                ..before
            }),
            worker,
        };
        sign.change(|_| {});
        sign
    }

    /// What the worker is called.
    pub fn worker(&self) -> &str {
        &self.worker
    }

    /// What a file of this worker's own may be called.
    pub fn file_stem(&self) -> String {
        file_name(&self.worker).trim_end_matches(".json").to_owned()
    }

    /// Says what it does now.
    pub fn begins(&self, task: &str) {
        self.change(|seen| seen.doing = Some(task.to_owned()));
    }

    /// Says that it has done that.
    pub fn has_done(&self, bytes: u64, seconds: f64) {
        self.change(|seen| {
            seen.doing = None;
            seen.done += 1;
            seen.bytes = seen.bytes.saturating_add(bytes);
            seen.seconds += seconds;
        });
    }

    /// Says that it has given that up.
    pub fn gives_up(&self) {
        self.change(|seen| seen.doing = None);
    }

    /// Says that it is there, if that is not known.
    pub fn renew(&self) {
        let age = milliseconds(SystemTime::now()).saturating_sub(lock(&self.seen).seen_ms);
        if u128::from(age) * 4 >= self.lease.as_millis() {
            self.change(|_| {});
        }
    }

    fn change(&self, change: impl FnOnce(&mut Seen)) {
        let mut seen = lock(&self.seen);
        change(&mut seen);
        seen.seen_ms = milliseconds(SystemTime::now());
        // Nothing depends on it; a folder that cannot be written is told by the claim.
        let text = serde_json::to_vec(&*seen).unwrap_or_default();
        write_whole(&self.path, &text).ok();
    }
}

impl Drop for Sign {
    fn drop(&mut self) {
        self.change(|seen| {
            seen.doing = None;
            seen.ended = true;
        });
        lock(&NUMBERS).remove(&self.number);
    }
}

fn file_name(worker: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    worker.chars().map(plain).collect::<String>() + ".json"
}

fn read(path: &Path) -> Option<Seen> {
    let text = files::read_text(path, MOST_BYTES).ok()?;
    serde_json::from_str(&text).ok()
}

/// Every worker that has left a sign, by name.
pub fn seen(out: &Path) -> Vec<Seen> {
    let entries = std::fs::read_dir(out.join("workers"));
    let paths = entries.into_iter().flatten().flatten().map(|e| e.path());
    let paths = paths.filter(|path| path.extension().is_some_and(|end| end == "json"));
    let paths = paths.take(MOST_WORKERS);
    let mut found: Vec<Seen> = paths.filter_map(|path| read(&path)).collect();
    found.sort_by(|a, b| a.worker.cmp(&b.worker));
    found
}

/// How many of them may be at work now.
pub fn alive(out: &Path) -> usize {
    let now = milliseconds(SystemTime::now());
    seen(out).iter().filter(|seen| seen.is_alive(now)).count()
}
