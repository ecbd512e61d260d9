//! What work may take of the machine, as the user has set it.

use super::Workbench;
use crate::merge::plan::{Cost, threads_within};
use crate::parallel::{self, Limits};

impl Workbench {
    /// Holds all work that begins from now on to these limits. Threads have buffers of their own,
    /// so that little memory means few of them.
    pub fn set_limits(&mut self, limits: Limits) {
        let within = limits.memory_bytes.map(threads_within);
        let threads = [limits.threads, within].into_iter().flatten().min();
        parallel::set_limits(Limits { threads, ..limits });
        // What merges cost has changed with it.
        self.has_changed();
    }
}

/// The sentence about work that needs more memory than it may take; `None` if it does not.
pub fn memory_note(cost: &Cost) -> Option<String> {
    note(cost.peak_memory_bytes, parallel::most_memory()?)
}

fn note(needed: u64, most: u64) -> Option<String> {
    let megabytes = |bytes: u64| bytes.div_ceil(1_000_000);
    (needed > most).then(|| {
        format!(
            "It needs about {} MB of memory; the limit in the settings is {} MB",
            megabytes(needed),
            megabytes(most)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_work_beyond_the_limit_is_told_of() {
        assert_eq!(note(64_000_000, 64_000_000), None);
        let said = note(64_000_001, 64_000_000).unwrap();
        assert!(said.contains("65 MB") && said.contains("64 MB"), "{said}");
    }

    #[test]
    fn little_memory_means_few_threads() {
        assert_eq!(threads_within(0), 1);
        assert_eq!(threads_within(64_000_000), 8);
        assert!(threads_within(u64::MAX) > 1_000);
    }
}
