//! A scan as a job of the workbench, and what it has found.

use std::path::PathBuf;

use super::{Scanned, scan};
use crate::jobs::{Failure, JobId, Ticket};
use crate::workbench::Workbench;

/// What is known of the folders that were scanned last.
#[derive(Clone, Debug, Default)]
pub enum ScanState {
    #[default]
    NotScanned,
    Scanning(JobId),
    Found {
        folders: Vec<PathBuf>,
        scanned: Scanned,
    },
    /// Why nothing was found.
    Failed(String),
}

impl Workbench {
    pub fn scanned(&self) -> &ScanState {
        &self.scanned
    }

    /// Searches folders for models and sorts them into families, as a job; one that runs
    /// already gives way.
    pub fn scan_folders(&mut self, folders: Vec<PathBuf>) {
        if let ScanState::Scanning(job) = self.scanned {
            self.cancel(job);
        }
        let id = self.jobs.next_id();
        self.scanned = ScanState::Scanning(id);
        let work = move |ticket: &Ticket| Ok((scan(&folders, ticket)?, folders));
        let ending = move |bench: &mut Self, result: Result<(Scanned, Vec<PathBuf>), Failure>| {
            // Another was begun meanwhile.
            if !matches!(bench.scanned, ScanState::Scanning(now) if now == id) {
                return;
            }
            bench.scanned = match result {
                Ok((scanned, folders)) => ScanState::Found { folders, scanned },
                Err(Failure::Cancelled) => ScanState::NotScanned,
                Err(failure) => ScanState::Failed(failure.to_string()),
            };
        };
        self.jobs.spawn("Scanning folders", work, ending);
    }
}
