//! The seam between pages and whatever gives them: ranges of one version of a file.

use std::fmt;
use std::ops::Range;
use std::time::SystemTime;

use super::trouble::Trouble;

/// What is done with a range when it has come, or with why it has not.
pub(super) type Done = Box<dyn FnOnce(Result<Vec<u8>, Trouble>) + Send>;

/// Gives ranges of one version of a file.
pub(super) trait Ranges: fmt::Debug + Send + Sync {
    /// Begins to read `range`, and returns at once; `done` hears of it on some other thread, of
    /// exactly as many bytes as were asked for.
    fn start(&self, range: Range<u64>, done: Done);
}

/// What tells the versions of a file apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) len: u64,
    pub(super) etag: Option<String>,
    pub(super) modified: Option<SystemTime>,
}

impl Version {
    /// Whether `other` may be the same: by the ETag where both have one, else by the time.
    pub(super) fn is(&self, other: &Self) -> bool {
        let same = match (&self.etag, &other.etag) {
            (Some(own), Some(other)) => own == other,
            _ => self.modified == other.modified,
        };
        same && self.len == other.len
    }
}
