//! The pages of files on stores that are in memory: a fixed amount for all models together.
//!
//! A page is fetched once by whoever needs it first; others wait for it. Whoever reads on gets
//! the next pages before asking for them: the first time one, then twice as many each time, in
//! runs that are one request each, so that a glance at a tensor costs a page and a pass costs few
//! requests. Pages that were read to their end go first when room is needed, the oldest before
//! the others.
//!
//! Memory: [`BUDGET`], or four pages a file where that is more.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use super::ranges::Ranges;
use super::trouble::Trouble;
use crate::jobs::is_cancelled_here;

/// Bytes of a page.
pub(super) const PAGE: u64 = 256 << 10;
/// Bytes of one request, at the most.
pub(super) const LONGEST_RUN: u64 = 32 * PAGE;
/// Bytes of all pages together.
const BUDGET: u64 = 256 << 20;
/// Pages that every file has room for.
const LEAST: u64 = 4;
/// Places of one file from which somebody reads on.
const MOST_STREAMS: usize = 32;

/// Between two looks whether whoever waits was asked to stop.
pub(super) const LOOK: Duration = Duration::from_millis(50);

/// A file, by its number, and a page of it.
type Key = (u64, u64);

/// A file that is read by pages.
#[derive(Debug)]
pub(super) struct Paged {
    /// Its number, which no other has had.
    pub(super) id: u64,
    pub(super) len: u64,
    pub(super) ranges: Arc<dyn Ranges>,
}

/// The pages.
#[derive(Debug)]
pub(super) struct Pool {
    state: Mutex<State>,
    arrived: Condvar,
    budget: u64,
}

#[derive(Debug, Default)]
struct State {
    pages: BTreeMap<Key, Page>,
    /// Those that are here: whether they are still to be read, when they came to be that, which.
    order: BTreeSet<(bool, u64, Key)>,
    streams: BTreeMap<u64, Vec<Stream>>,
    clock: u64,
    /// Pages that are here or on their way.
    held: u64,
    objects: u64,
}

#[derive(Debug)]
enum Page {
    Coming,
    Here {
        bytes: Arc<Vec<u8>>,
        is_unread: bool,
        since: u64,
    },
    Failed(Trouble),
}

/// Somebody who reads a file from front to back.
#[derive(Debug)]
struct Stream {
    /// The page after the last that was asked for.
    next: u64,
    /// How many are asked for at once.
    pages: u64,
    used: u64,
}

impl Pool {
    /// The one of this process.
    pub(super) fn shared() -> Arc<Self> {
        static SHARED: OnceLock<Arc<Pool>> = OnceLock::new();
        Arc::clone(SHARED.get_or_init(|| Arc::new(Self::new(BUDGET))))
    }

    pub(super) fn new(budget: u64) -> Self {
        Self {
            state: Mutex::default(),
            arrived: Condvar::new(),
            budget,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A file more.
    pub(super) fn opened(&self) {
        self.lock().objects += 1;
    }

    /// A file less.
    pub(super) fn forget(&self, object: u64) {
        let mut state = self.lock();
        state.objects = state.objects.saturating_sub(1);
        state.streams.remove(&object);
        let keys: Vec<Key> = (state.pages.range((object, 0)..=(object, u64::MAX)))
            .map(|(key, _)| *key)
            .collect();
        keys.iter().for_each(|key| state.remove(*key));
    }

    /// A page, for whoever reads it to its end if `is_last`.
    ///
    /// # Errors
    /// Why it could not be had.
    pub(super) fn page(
        self: &Arc<Self>,
        object: &Paged,
        page: u64,
        is_last: bool,
    ) -> Result<Arc<Vec<u8>>, Trouble> {
        let key = (object.id, page);
        let mut state = self.lock();
        let most = self.most(&state);
        let ahead = state.ahead(object, page, most);
        let mut runs = ahead.map_or(Vec::new(), |pages| {
            state.runs(object, pages, most, Some(page))
        });
        loop {
            if !runs.is_empty() {
                drop(state);
                self.start(object, std::mem::take(&mut runs));
                state = self.lock();
            }
            match state.pages.get(&key) {
                Some(Page::Here { bytes, .. }) => {
                    let bytes = Arc::clone(bytes);
                    if is_last {
                        state.is_read(key);
                    }
                    return Ok(bytes);
                }
                Some(Page::Failed(trouble)) => return Err(trouble.clone()),
                Some(Page::Coming) if is_cancelled_here() => return Err(Trouble::Cancelled),
                Some(Page::Coming) => {
                    let waited = self.arrived.wait_timeout(state, LOOK);
                    state = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
                // It has come and made room for others before it was looked at.
                None => runs = state.runs(object, page..page + 1, most, Some(page)),
            }
        }
    }

    /// Fetches what is not here of `range`, as far as there is room that nobody needs.
    pub(super) fn soon(self: &Arc<Self>, object: &Paged, range: Range<u64>) {
        let end = range.end.min(object.len);
        let pages = range.start / PAGE..end.div_ceil(PAGE);
        let mut state = self.lock();
        let most = self.most(&state);
        let runs = state.runs(object, pages, most / 2, None);
        drop(state);
        self.start(object, runs);
    }

    /// Pages that there may be.
    fn most(&self, state: &State) -> u64 {
        (self.budget / PAGE).max(LEAST * state.objects)
    }

    fn start(self: &Arc<Self>, object: &Paged, runs: Vec<Range<u64>>) {
        for run in runs {
            let pool = Arc::clone(self);
            let (id, pages) = (object.id, run.clone());
            let bytes = run.start * PAGE..(run.end * PAGE).min(object.len);
            let done = move |result| pool.came(id, pages, &result);
            object.ranges.start(bytes, Box::new(done));
        }
    }

    fn came(&self, object: u64, run: Range<u64>, result: &Result<Vec<u8>, Trouble>) {
        let mut pieces = match result {
            Ok(bytes) => bytes.chunks(PAGE as usize),
            Err(_) => [].chunks(1),
        };
        let mut state = self.lock();
        for page in run {
            let key = (object, page);
            let since = state.tick();
            // The file may be closed meanwhile.
            let Some(own) = state.pages.get_mut(&key) else {
                continue;
            };
            *own = match (pieces.next(), result) {
                (Some(piece), _) => Page::Here {
                    bytes: Arc::new(piece.to_vec()),
                    is_unread: true,
                    since,
                },
                (None, Err(trouble)) => Page::Failed(trouble.clone()),
                (None, Ok(_)) => Page::Failed(Trouble::Changed),
            };
            if matches!(own, Page::Here { .. }) {
                state.order.insert((true, since, key));
            }
        }
        drop(state);
        self.arrived.notify_all();
    }
}

impl State {
    const fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    /// Pages that are to be asked for now that `page` is read; `None` if there are enough.
    fn ahead(&mut self, object: &Paged, page: u64, most: u64) -> Option<Range<u64>> {
        let is_here = self.pages.contains_key(&(object.id, page));
        let now = self.tick();
        // A quarter of all room for what is read ahead, in equal shares.
        let longest = (most / (4 * self.objects.max(1))).clamp(1, LONGEST_RUN / PAGE);
        let streams = self.streams.entry(object.id).or_default();
        let follows = |s: &&mut Stream| page <= s.next && s.next <= page + 2 * s.pages;
        if let Some(stream) = streams.iter_mut().find(follows) {
            stream.used = now;
            if is_here && stream.next > page + stream.pages.div_ceil(2) {
                return None;
            }
            let first = if is_here { stream.next } else { page };
            stream.pages = (2 * stream.pages).min(longest);
            stream.next = first.max(stream.next) + stream.pages;
            return Some(first..stream.next);
        }
        if is_here {
            return None;
        }
        if streams.len() >= MOST_STREAMS {
            let oldest = (0..streams.len()).min_by_key(|&k| streams[k].used);
            oldest.map(|k| streams.swap_remove(k));
        }
        streams.push(Stream {
            next: page + 1,
            pages: 1,
            used: now,
        });
        Some(page..page + 1)
    }

    /// The runs of `pages` that are neither here nor on their way, which they are from now on.
    /// The `needed` page is among them whatever room there is.
    fn runs(
        &mut self,
        object: &Paged,
        pages: Range<u64>,
        most: u64,
        needed: Option<u64>,
    ) -> Vec<Range<u64>> {
        let end = object.len.div_ceil(PAGE).min(pages.end);
        let mut runs: Vec<Range<u64>> = Vec::new();
        for page in pages.start..end {
            let key = (object.id, page);
            if self.pages.contains_key(&key) {
                continue;
            }
            let is_needed = needed == Some(page);
            if !self.make_room(most, is_needed) && !is_needed {
                break;
            }
            self.pages.insert(key, Page::Coming);
            self.held += 1;
            match runs.last_mut() {
                Some(run) if run.end == page && (page - run.start) * PAGE < LONGEST_RUN => {
                    run.end = page + 1;
                }
                _ => runs.push(page..page + 1),
            }
        }
        runs
    }

    /// Whether there is room for one page more, once those that were read are gone, and, where
    /// one `is_needed`, those that were not.
    fn make_room(&mut self, most: u64, is_needed: bool) -> bool {
        while self.held >= most {
            let first = self.order.first().copied();
            let Some((_, _, key)) = first.filter(|(is_unread, ..)| is_needed || !is_unread) else {
                return false;
            };
            self.remove(key);
        }
        true
    }

    fn remove(&mut self, key: Key) {
        if let Some(page) = self.pages.remove(&key) {
            self.held -= 1;
            if let Page::Here {
                is_unread, since, ..
            } = page
            {
                self.order.remove(&(is_unread, since, key));
            }
        }
    }

    /// A page was read to its end.
    fn is_read(&mut self, key: Key) {
        let now = self.tick();
        if let Some(Page::Here {
            is_unread, since, ..
        }) = self.pages.get_mut(&key)
        {
            self.order.remove(&(*is_unread, *since, key));
            (*is_unread, *since) = (false, now);
            self.order.insert((false, now, key));
        }
    }
}
