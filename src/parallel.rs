//! Work on all threads of the current pool, taken in order.
//!
//! Workers take numbers from one counter, so that files are read front to back whoever reads
//! them. What comes out must not depend on who took what: either a piece is put in a place of
//! its own, or pieces are put together in a way that does not care for order.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Calls `work` for 0..n on all threads, which take the numbers in order.
///
/// # Errors
/// The first error of `work`; what is not begun by then is left.
pub fn in_order<E: Send>(n: usize, work: impl Fn(usize) -> Result<(), E> + Sync) -> Result<(), E> {
    in_order_with(n, || (), |(), k| work(k)).map(drop)
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
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let error = Mutex::new(None);
    let states = Mutex::new(Vec::new());
    let worker = || {
        let mut own = state();
        while !failed.load(Ordering::Relaxed) {
            let k = next.fetch_add(1, Ordering::Relaxed);
            if k >= n {
                break;
            }
            if let Err(e) = work(&mut own, k) {
                failed.store(true, Ordering::Relaxed);
                lock(&error).get_or_insert(e);
            }
        }
        lock(&states).push(own);
    };
    rayon::scope(|scope| {
        for _ in 0..rayon::current_num_threads().min(n) {
            scope.spawn(|_| worker());
        }
    });
    match error.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(states.into_inner().unwrap_or_else(PoisonError::into_inner)),
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
    }
}
