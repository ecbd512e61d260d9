//! Work on all threads of the current pool, taken in order.
//!
//! Workers take numbers from one counter, so that files are read front to back whoever reads
//! them. What comes out must not depend on who took what: either a piece is put in a place of
//! its own, or pieces are put together in a way that does not care for order.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// What work may take of the machine; `None` for as much as there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// The most threads that one piece of work is given.
    pub threads: Option<usize>,
    /// The most memory that it asks for, in bytes; pages of mapped files do not count.
    pub memory_bytes: Option<u64>,
}

/// 0 for no limit.
static MOST_THREADS: AtomicUsize = AtomicUsize::new(0);
static MOST_MEMORY: AtomicU64 = AtomicU64::new(0);

/// Leaves the rest of the machine to others, for work that begins later. A setting of the
/// process, as the pool is; no result depends on it.
pub fn set_limits(limits: Limits) {
    MOST_THREADS.store(limits.threads.unwrap_or(0), Ordering::Relaxed);
    MOST_MEMORY.store(limits.memory_bytes.unwrap_or(0), Ordering::Relaxed);
}

/// Threads that work begun now is given.
pub fn threads() -> usize {
    let all = rayon::current_num_threads();
    match MOST_THREADS.load(Ordering::Relaxed) {
        0 => all,
        most => all.min(most),
    }
}

/// Memory that work begun now may ask for, in bytes; `None` for as much as there is.
pub fn most_memory() -> Option<u64> {
    Some(MOST_MEMORY.load(Ordering::Relaxed)).filter(|&most| most > 0)
}

/// Calls `work` for 0..n on all threads, which take the numbers in order.
///
/// # Errors
/// The first error of `work`; what is not begun by then is left.
pub fn in_order<E: Send>(n: usize, work: impl Fn(usize) -> Result<(), E> + Sync) -> Result<(), E> {
    in_order_with(n, || (), |(), k| work(k)).map(drop)
}

/// The same with at most `workers` pieces at once, for pieces that take much memory and split
/// their own work among the threads of the pool.
///
/// # Errors
/// As for [`in_order`].
pub fn in_order_by<E: Send>(
    workers: usize,
    n: usize,
    work: impl Fn(usize) -> Result<(), E> + Sync,
) -> Result<(), E> {
    let queue = Queue::new(n);
    let workers = threads().min(workers).min(n);
    rayon::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|_| queue.work(&work));
        }
    });
    queue.result()
}

/// The same with something of its own for each worker, such as buffers, which come back in no
/// order at all.
///
/// # Errors
/// As for [`in_order`].
pub fn in_order_with<S: Send, E: Send>(
    n: usize,
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, usize) -> Result<(), E> + Sync,
) -> Result<Vec<S>, E> {
    let queue = Queue::new(n);
    let states = Mutex::new(Vec::new());
    rayon::scope(|scope| {
        for _ in 0..threads().min(n) {
            scope.spawn(|_| {
                let mut own = state();
                queue.work(|k| work(&mut own, k));
                lock(&states).push(own);
            });
        }
    });
    queue.result()?;
    Ok(states.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// The same on as many threads that share nothing, each a pool of its own.
///
/// For pieces that a library would split again among the threads of the pool: each of its calls
/// would then wait for a thread that has work of its own. Measured on small models, that cost
/// as much again as the work itself.
///
/// # Errors
/// As for [`in_order`].
pub fn in_order_apart<E: Send>(
    n: usize,
    work: impl Fn(usize) -> Result<(), E> + Sync,
) -> Result<(), E> {
    let threads = threads().min(n);
    let name = |_| "apart".to_owned();
    let pool = || {
        rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .thread_name(name)
            .build()
    };
    let pools: Vec<_> = (0..threads).filter_map(|_| pool().ok()).collect();
    if pools.is_empty() {
        // There are no threads to be had but those that are there.
        return in_order(n, work);
    }
    let queue = Queue::new(n);
    on_each(&pools, &|| queue.work(&work));
    queue.result()
}

/// Runs `work` once on every pool and waits for all.
fn on_each(pools: &[rayon::ThreadPool], work: &(dyn Fn() + Sync)) {
    if let [first, rest @ ..] = pools {
        first.in_place_scope(|scope| {
            scope.spawn(|_| work());
            on_each(rest, work);
        });
    }
}

/// Numbers that are taken in order until one of them fails.
struct Queue<E> {
    n: usize,
    next: AtomicUsize,
    failed: AtomicBool,
    error: Mutex<Option<E>>,
}

impl<E> Queue<E> {
    fn new(n: usize) -> Self {
        Self {
            n,
            next: AtomicUsize::new(0),
            failed: AtomicBool::new(false),
            error: Mutex::new(None),
        }
    }

    fn work(&self, mut work: impl FnMut(usize) -> Result<(), E>) {
        let _stop = StopOnPanic(&self.failed);
        while !self.failed.load(Ordering::Relaxed) {
            let k = self.next.fetch_add(1, Ordering::Relaxed);
            if k >= self.n {
                break;
            }
            if let Err(e) = work(k) {
                self.failed.store(true, Ordering::Relaxed);
                lock(&self.error).get_or_insert(e);
            }
        }
    }

    fn result(self) -> Result<(), E> {
        let error = self.error.into_inner();
        error
            .unwrap_or_else(PoisonError::into_inner)
            .map_or(Ok(()), Err)
    }
}

/// Lets the other workers end early where one panics: the whole is lost, and who waits for it
/// should hear of that now.
struct StopOnPanic<'a>(&'a AtomicBool);

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

/// A poisoned lock means that another worker panicked; its panic is the one to report.
pub fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_taken_once() {
        let seen: Vec<AtomicUsize> = (0..100).map(|_| AtomicUsize::new(0)).collect();
        let counts = in_order_with(
            100,
            || 0,
            |own, k| {
                *own += 1;
                seen[k].fetch_add(1, Ordering::Relaxed);
                Ok::<(), ()>(())
            },
        );
        assert_eq!(counts.unwrap().iter().sum::<usize>(), 100);
        assert!(seen.iter().all(|s| s.load(Ordering::Relaxed) == 1));
    }

    #[test]
    fn an_error_ends_the_work() {
        assert_eq!(
            in_order(10, |k| if k == 3 { Err(k) } else { Ok(()) }),
            Err(3)
        );
        assert_eq!(in_order(0, |_| Err(1)), Ok(()));
        assert_eq!(
            in_order_apart(10, |k| if k == 3 { Err(k) } else { Ok(()) }),
            Err(3)
        );
        assert_eq!(in_order_apart(0, |_| Err(1)), Ok(()));
    }

    /// What a job says whose worker panics at the first of a million pieces.
    fn failure_of(work: fn(&AtomicUsize)) -> (String, usize) {
        use crate::jobs::{Failure, Jobs};
        let done = std::sync::Arc::new(AtomicUsize::new(0));
        let (mut jobs, mut end) = (Jobs::new(|| {}), None);
        let own = std::sync::Arc::clone(&done);
        let work = move |_: &_| {
            work(&own);
            Ok(())
        };
        jobs.spawn("bad", work, |end, result| *end = Some(result));
        let event = jobs.wait(std::time::Duration::from_secs(60)).unwrap();
        event.apply(&mut end);
        match end {
            Some(Err(Failure::Failed(sentence))) => (sentence, done.load(Ordering::Relaxed)),
            _ => panic!("no failure arrived"),
        }
    }

    fn piece(k: usize, done: &AtomicUsize) -> Result<(), ()> {
        assert!(k != 0, "a bug on purpose");
        // The others take a moment, so that they hear of it.
        std::thread::yield_now();
        done.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    #[test]
    fn a_panic_of_a_worker_fails_the_job_and_stops_the_others() {
        const MANY: usize = 50_000_000;
        for work in [
            |done: &AtomicUsize| in_order(MANY, |k| piece(k, done)).unwrap(),
            |done: &AtomicUsize| in_order_apart(MANY, |k| piece(k, done)).unwrap(),
        ] {
            let (sentence, done) = failure_of(work);
            assert!(sentence.contains("a bug on purpose"), "{sentence}");
            assert!(done < MANY - 1, "{done}");
        }
    }

    #[test]
    fn threads_apart_share_numbers_and_no_pool() {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(3)
            .build()
            .unwrap();
        let seen: Vec<AtomicUsize> = (0..100).map(|_| AtomicUsize::new(0)).collect();
        let result = pool.install(|| {
            in_order_apart(100, |k| {
                seen[k].fetch_add(rayon::current_num_threads(), Ordering::Relaxed);
                Ok::<(), ()>(())
            })
        });
        assert_eq!(result, Ok(()));
        assert!(seen.iter().all(|s| s.load(Ordering::Relaxed) == 1));
    }
}
