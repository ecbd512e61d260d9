//! What the program takes of the machine's memory, where the system says so.

use std::path::Path;
use std::time::{Duration, Instant};

use super::Workbench;
use crate::files;

/// No more often than this the system is asked.
const EVERY: Duration = Duration::from_secs(1);
const MOST_BYTES: u64 = 64 << 10;

/// Memory of the program, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// What it holds itself.
    pub own: u64,
    /// Pages of mapped files that lie in memory; the system can take them back.
    pub mapped: u64,
}

/// The last answer, if anybody wants to know.
#[derive(Default)]
pub(super) struct Watched {
    asked_at: Option<Instant>,
    is_wanted: bool,
    known: Option<Memory>,
}

impl Workbench {
    /// Looks at the memory from now on, whenever something happens.
    pub fn watch_memory(&mut self) {
        self.memory.is_wanted = true;
        self.look_at_memory();
    }

    /// What the program takes; `None` where nobody watches or the system does not say.
    pub fn memory(&self) -> Option<Memory> {
        self.memory.known
    }

    pub(super) fn look_at_memory(&mut self) {
        let is_due = self.memory.asked_at.is_none_or(|at| at.elapsed() >= EVERY);
        if self.memory.is_wanted && is_due {
            self.memory.asked_at = Some(Instant::now());
            let status = files::read_text(Path::new("/proc/self/status"), MOST_BYTES);
            self.memory.known = status.ok().and_then(|status| told(&status));
        }
    }
}

/// What Linux says of a process.
fn told(status: &str) -> Option<Memory> {
    let bytes = |key: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(key))?;
        let kib = line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?;
        kib.checked_mul(1024)
    };
    Some(Memory {
        own: bytes("RssAnon:")?,
        mapped: bytes("RssFile:")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read() {
        let status = "Name:\tkinfolk\nVmRSS:\t  120 kB\nRssAnon:\t   40 kB\nRssFile:\t   80 kB\n";
        let memory = Memory {
            own: 40 << 10,
            mapped: 80 << 10,
        };
        assert_eq!(told(status), Some(memory));
        assert_eq!(told("RssAnon: many kB"), None);
    }
}
