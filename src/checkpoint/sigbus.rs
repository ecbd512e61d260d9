//! What happens when somebody cuts a mapped file short.
//!
//! A read beyond the new end is a SIGBUS, which ends a program. Here it is caught where it is a
//! read of one of our maps: the rest of that map becomes zeros, what is missing is noted, and
//! the job that reads it finds the note and fails with a sentence (journald does the same).
//! Reading costs nothing more for it. On Windows a mapped file cannot be cut short.

use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

/// One map as the signal handler finds it. Slots are never freed, so that the handler can walk
/// them at any time; they are used again.
struct Slot {
    /// First address; [`FREE`] or [`TAKEN`] while there is no map.
    start: AtomicUsize,
    len: AtomicUsize,
    /// The first byte that was found to be missing, counted from the start.
    cut_at: AtomicUsize,
}

const FREE: usize = 0;
const TAKEN: usize = 1;
const WHOLE: usize = usize::MAX;
const SLOTS: usize = 256;

struct Slots {
    slots: [Slot; SLOTS],
    next: AtomicPtr<Slots>,
}

static FIRST: Slots = Slots::NEW;
/// How often a map was found to be cut short.
static CUTS: AtomicUsize = AtomicUsize::new(0);

/// A map that is watched.
pub(super) struct Watched(&'static Slot);

impl Slots {
    const NEW: Self = Self {
        slots: [const {
            Slot {
                start: AtomicUsize::new(FREE),
                len: AtomicUsize::new(0),
                cut_at: AtomicUsize::new(WHOLE),
            }
        }; SLOTS],
        next: AtomicPtr::new(std::ptr::null_mut()),
    };

    /// The slots after these, made if there are none.
    fn next(&'static self) -> &'static Self {
        let next = self.next.load(Ordering::Acquire);
        // SAFETY: Only pointers of leaked boxes are ever stored in `next`, and none is taken out.
        if let Some(next) = unsafe { next.as_ref() } {
            return next;
        }
        let made: &'static mut Self = Box::leak(Box::new(Self::NEW));
        let made: *mut Self = made;
        let null = std::ptr::null_mut();
        let stored = self
            .next
            .compare_exchange(null, made, Ordering::AcqRel, Ordering::Acquire);
        // Another thread may have been faster; the box that lost is a few kilobytes.
        let next = stored.map_or_else(|other| other, |_| made);
        // SAFETY: As above; it is not null, because it was stored in its place.
        unsafe { &*next }
    }
}

/// Watches a map until the answer is dropped, which must be before the map is.
pub(super) fn watch(bytes: &[u8]) -> Watched {
    imp::install();
    let mut slots = &FIRST;
    loop {
        for slot in &slots.slots {
            let taken =
                slot.start
                    .compare_exchange(FREE, TAKEN, Ordering::AcqRel, Ordering::Relaxed);
            if taken.is_ok() {
                slot.len.store(bytes.len(), Ordering::Relaxed);
                slot.cut_at.store(WHOLE, Ordering::Relaxed);
                slot.start.store(bytes.as_ptr() as usize, Ordering::Release);
                return Watched(slot);
            }
        }
        slots = slots.next();
    }
}

/// Goes up whenever a map was found to be cut short: one cheap look tells that none was.
pub(super) fn cuts() -> usize {
    CUTS.load(Ordering::Relaxed)
}

impl Watched {
    /// The first byte that was read and is not in the file any more.
    pub(super) fn cut_at(&self) -> Option<usize> {
        let at = self.0.cut_at.load(Ordering::Acquire);
        (at != WHOLE).then_some(at)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.0.start.store(FREE, Ordering::Release);
    }
}

impl std::fmt::Debug for Watched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watched")
            .field("cut_at", &self.cut_at())
            .finish()
    }
}

#[cfg(unix)]
mod imp {
    use std::sync::Once;

    use super::{AtomicPtr, CUTS, FIRST, FREE, Ordering, Slot, TAKEN, WHOLE};

    /// What was there before; the standard library has a handler for overflows of the stack.
    static BEFORE: AtomicPtr<libc::sigaction> = AtomicPtr::new(std::ptr::null_mut());

    /// Catches the signal from here on; the first call does it.
    pub(super) fn install() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            // SAFETY: An all-zero `sigaction` is a valid value of this C struct.
            let before: &'static mut libc::sigaction =
                Box::leak(Box::new(unsafe { std::mem::zeroed() }));
            // SAFETY: As above.
            let mut own: libc::sigaction = unsafe { std::mem::zeroed() };
            let handler: extern "C" fn(_, _, _) = on_signal;
            own.sa_sigaction = handler as *const () as usize;
            // On the stack that the thread has for signals, as the handler before it.
            own.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            // SAFETY: All three point to valid structs for the time of the calls. The handler
            // is of the kind that SA_SIGINFO asks for, does nothing but atomics and two system
            // calls, and can run at any place in the program.
            unsafe {
                libc::sigemptyset(&raw mut own.sa_mask);
                if libc::sigaction(libc::SIGBUS, std::ptr::null(), before) == 0 {
                    BEFORE.store(before, Ordering::Release);
                    libc::sigaction(libc::SIGBUS, &raw const own, std::ptr::null_mut());
                }
            }
        });
    }

    extern "C" fn on_signal(
        signal: libc::c_int,
        info: *mut libc::siginfo_t,
        _context: *mut libc::c_void,
    ) {
        // SAFETY: With SA_SIGINFO the system hands in a valid `siginfo_t`, and for SIGBUS the
        // address is set in it.
        let at = unsafe { (*info).si_addr() } as usize;
        if find(at).is_none_or(|(start, slot)| !fill(start, slot, at)) {
            // Not ours: the read happens again when this returns, and who was there before gets
            // the signal then.
            // SAFETY: What was stored is a leaked `sigaction` that the system itself has filled.
            unsafe {
                libc::sigaction(signal, BEFORE.load(Ordering::Acquire), std::ptr::null_mut());
            }
        }
    }

    /// The map that an address lies in.
    fn find(at: usize) -> Option<(usize, &'static Slot)> {
        let mut slots = Some(&FIRST);
        while let Some(own) = slots {
            for slot in &own.slots {
                let start = slot.start.load(Ordering::Acquire);
                let is_map = start != FREE && start != TAKEN;
                if is_map && (start..start + slot.len.load(Ordering::Relaxed)).contains(&at) {
                    return Some((start, slot));
                }
            }
            // SAFETY: Only pointers of leaked boxes are ever stored in `next`.
            slots = unsafe { own.next.load(Ordering::Acquire).as_ref() };
        }
        None
    }

    /// Puts zeros in place of all that comes at or after the page of `at`, and notes it.
    fn fill(start: usize, slot: &Slot, at: usize) -> bool {
        // SAFETY: A plain question.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        let Some(page) = usize::try_from(page)
            .ok()
            .filter(|page| page.is_power_of_two())
        else {
            return false;
        };
        let first = at & !(page - 1);
        let end = start + slot.len.load(Ordering::Relaxed);
        // SAFETY: The range begins within a map that we hold, on a page of it, and ends where
        // the last page of the map ends, so nothing else is replaced. Who reads the map has a
        // shared borrow of it, so it is not unmapped meanwhile. The bytes change under that
        // borrow; they have just been found not to exist, every bit pattern is a valid `u8`,
        // and nothing but numbers is read from a map.
        let mapped = unsafe {
            libc::mmap(
                first as *mut libc::c_void,
                end - first,
                libc::PROT_READ,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED,
                -1,
                0,
            )
        };
        if mapped == libc::MAP_FAILED {
            return false;
        }
        let missing = (at - start).min(slot.cut_at.load(Ordering::Relaxed));
        debug_assert_ne!(missing, WHOLE);
        slot.cut_at.store(missing, Ordering::Release);
        CUTS.fetch_add(1, Ordering::Release);
        true
    }
}

#[cfg(not(unix))]
mod imp {
    pub(super) fn install() {}
}
