//! One file of weights on a store, as the version that was opened.

use std::io::{self, Read};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use super::pool::{self, PAGE, Paged, Pool};
use super::ranges::{Ranges, Version};
use super::trouble::Trouble;

/// A file on a store.
#[derive(Debug)]
pub struct Object {
    name: String,
    version: Version,
    paged: Paged,
    pool: Arc<Pool>,
    /// The first bytes, which came when it was opened.
    start: Vec<u8>,
    lost: OnceLock<Loss>,
}

/// What could not be read of a file, where zeros stand instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The first byte in question.
    pub at: u64,
    /// Why.
    pub trouble: Trouble,
}

static LAST_ID: AtomicU64 = AtomicU64::new(0);
static LOSSES: AtomicUsize = AtomicUsize::new(0);

/// How often something could not be read since the program began; cheap enough for a loop.
pub fn losses() -> usize {
    LOSSES.load(Ordering::Relaxed)
}

impl Object {
    /// A file whose first bytes are `start`.
    pub(super) fn new(
        name: String,
        version: Version,
        start: Vec<u8>,
        ranges: Arc<dyn Ranges>,
        pool: Arc<Pool>,
    ) -> Self {
        pool.opened();
        Self {
            name,
            paged: Paged {
                id: LAST_ID.fetch_add(1, Ordering::Relaxed),
                len: version.len,
                ranges,
            },
            version,
            pool,
            start,
            lost: OnceLock::new(),
        }
    }

    /// Its whole name: `s3://bucket/model/model.safetensors`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Bytes that it has.
    pub fn size_bytes(&self) -> u64 {
        self.version.len
    }

    /// What the store calls this version, if anything.
    pub fn etag(&self) -> Option<&str> {
        self.version.etag.as_deref()
    }

    /// When the store says that it was written.
    pub fn modified(&self) -> Option<SystemTime> {
        self.version.modified
    }

    /// Its first bytes.
    pub fn start(&self) -> &[u8] {
        &self.start
    }

    /// Reads it from its start, outside of the pages that are kept, and with errors: for headers.
    pub fn reader(&self) -> impl Read + '_ {
        Reader {
            object: self,
            at: 0,
            ahead: io::Cursor::new(self.start.clone()),
        }
    }

    /// Copies the bytes from `at` on into `out`, and waits for them where they are not here yet.
    /// Zeros stand for what could not be read, which [`Self::lost`] tells afterwards.
    pub fn read(&self, at: u64, out: &mut [u8]) {
        let mut filled = 0;
        while filled < out.len() {
            let first = at + filled as u64;
            let (page, within) = (first / PAGE, (first % PAGE) as usize);
            let rest = &mut out[filled..];
            let is_last = within + rest.len() >= PAGE as usize;
            let bytes = match self.lost.get() {
                None => self.pool.page(&self.paged, page, is_last),
                Some(loss) => Err(loss.trouble.clone()),
            };
            if let Err(trouble) = &bytes {
                self.lose(page, trouble.clone());
            }
            let own = bytes.as_ref().ok().and_then(|bytes| bytes.get(within..));
            let Some(own) = own.filter(|own| !own.is_empty()) else {
                rest.fill(0);
                return;
            };
            let len = own.len().min(rest.len());
            rest[..len].copy_from_slice(&own[..len]);
            filled += len;
        }
    }

    /// Says that these bytes will be read soon.
    pub fn advise_soon(&self, range: Range<u64>) {
        if self.lost.get().is_none() {
            self.pool.soon(&self.paged, range);
        }
    }

    /// What could not be read, and why; `None` if all was there.
    pub fn lost(&self) -> Option<&Loss> {
        self.lost.get()
    }

    fn lose(&self, page: u64, trouble: Trouble) {
        let at = page * PAGE;
        // The first loss is told.
        if self.lost.set(Loss { at, trouble }).is_ok() {
            LOSSES.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn fetched(&self, range: Range<u64>) -> Result<Vec<u8>, Trouble> {
        let (send, came) = std::sync::mpsc::channel();
        self.paged.ranges.start(
            range,
            Box::new(move |result| {
                send.send(result).ok();
            }),
        );
        let ended = |_| Err(Trouble::Offline("the connection has ended".to_owned()));
        came.recv().unwrap_or_else(ended)
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        self.pool.forget(self.paged.id);
    }
}

struct Reader<'o> {
    object: &'o Object,
    /// Bytes before those in `ahead`.
    at: u64,
    ahead: io::Cursor<Vec<u8>>,
}

impl Read for Reader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let taken = self.ahead.read(out)?;
        let next = self.at + self.ahead.get_ref().len() as u64;
        if taken > 0 || next >= self.object.size_bytes() {
            return Ok(taken);
        }
        let range = next..(next + pool::LONGEST_RUN).min(self.object.size_bytes());
        let bytes = self.object.fetched(range).map_err(io::Error::other)?;
        (self.at, self.ahead) = (next, io::Cursor::new(bytes));
        self.ahead.read(out)
    }
}

#[cfg(test)]
mod tests;
