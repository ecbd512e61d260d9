//! What happens when a mapped file is cut short while it is read.
//!
//! The system answers a read beyond a file's new end, or of a page that the disk does not give,
//! with the signal SIGBUS, which ends a program. Here a handler puts zeros in place of what is
//! lost, from the page in question to the end of the map, and notes where: the read goes on, and
//! whoever uses the numbers asks afterwards whether they are whole. In loops that question is one
//! relaxed load ([`losses`]).
//!
//! The maps are listed in slots that the handler can go through at any moment: atomics in chunks
//! that are only ever added. A slot is used again when its map is gone.
//!
//! Not protected: a map that is read by a system call (it fails with EFAULT then), and a file
//! whose last page is cut within, which reads as zeros without any signal; comparing the
//! file's length afterwards finds that.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Once, OnceLock};

use libc::{c_int, c_void, siginfo_t};

/// Slots of a chunk: more maps than most sessions have.
const SLOTS: usize = 64;

/// One map, or room for one.
struct Slot {
    /// Whether it has an owner.
    taken: AtomicBool,
    /// Odd while the other fields tell of a map that is there; goes up with every change.
    generation: AtomicUsize,
    start: AtomicUsize,
    /// Whole pages.
    len: AtomicUsize,
    /// Where the lost part begins, in bytes from the start; [`WHOLE`] if nothing is.
    lost: AtomicUsize,
}

const WHOLE: usize = usize::MAX;

struct Chunk {
    slots: [Slot; SLOTS],
    next: OnceLock<Box<Chunk>>,
}

static FIRST: Chunk = Chunk::new();
static LOSSES: AtomicUsize = AtomicUsize::new(0);
static PAGE: AtomicUsize = AtomicUsize::new(0);
static INSTALL: Once = Once::new();
static PREVIOUS: OnceLock<libc::sigaction> = OnceLock::new();

/// How often some map has lost something since the program began.
pub(super) fn losses() -> usize {
    // The look at the end of a job comes after its threads have been joined, which orders it.
    LOSSES.load(std::sync::atomic::Ordering::Relaxed)
}

/// A map that the handler knows. It must be dropped before the map is.
pub(super) struct Region(&'static Slot);

impl Region {
    /// Makes a map of `bytes` known. The map must have been made by the caller alone, of a file
    /// and for reading.
    pub(super) fn register(bytes: &[u8]) -> Self {
        INSTALL.call_once(install);
        let page = PAGE.load(SeqCst);
        let slot = free_slot();
        slot.start.store(bytes.as_ptr() as usize, SeqCst);
        slot.len.store(bytes.len().next_multiple_of(page), SeqCst);
        slot.lost.store(WHOLE, SeqCst);
        slot.generation.fetch_add(1, SeqCst);
        Self(slot)
    }

    /// Where the lost part begins, in bytes from the start of the map; `None` if all is there.
    pub(super) fn lost(&self) -> Option<usize> {
        Some(self.0.lost.load(SeqCst)).filter(|&lost| lost != WHOLE)
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        self.0.generation.fetch_add(1, SeqCst);
        self.0.taken.store(false, SeqCst);
    }
}

impl std::fmt::Debug for Region {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Region").field(&self.lost()).finish()
    }
}

impl Slot {
    const fn new() -> Self {
        Self {
            taken: AtomicBool::new(false),
            generation: AtomicUsize::new(0),
            start: AtomicUsize::new(0),
            len: AtomicUsize::new(0),
            lost: AtomicUsize::new(WHOLE),
        }
    }

    /// Start and length of the map that has `address`.
    ///
    /// The generation is the same before and after only if no field changed in between, so
    /// that start and length belong to one map, which was there at that moment.
    fn covers(&self, address: usize) -> Option<(usize, usize)> {
        let generation = self.generation.load(SeqCst);
        let (start, len) = (self.start.load(SeqCst), self.len.load(SeqCst));
        let is_one_map = generation % 2 == 1 && self.generation.load(SeqCst) == generation;
        let is_within = address.checked_sub(start).is_some_and(|at| at < len);
        (is_one_map && is_within).then_some((start, len))
    }
}

impl Chunk {
    const fn new() -> Self {
        Self {
            slots: [const { Slot::new() }; SLOTS],
            next: OnceLock::new(),
        }
    }
}

/// A slot for the caller alone.
fn free_slot() -> &'static Slot {
    let mut chunk = &FIRST;
    loop {
        let free = |slot: &&Slot| !slot.taken.swap(true, SeqCst);
        if let Some(slot) = chunk.slots.iter().find(free) {
            return slot;
        }
        chunk = chunk.next.get_or_init(|| Box::new(Chunk::new()));
    }
}

/// The slot of the map that has `address`, with the map's start and length.
fn find(address: usize) -> Option<(&'static Slot, usize, usize)> {
    let mut chunk = Some(&FIRST);
    while let Some(own) = chunk {
        let covers = |slot: &'static Slot| Some((slot, slot.covers(address)?));
        if let Some((slot, (start, len))) = own.slots.iter().find_map(covers) {
            return Some((slot, start, len));
        }
        chunk = own.next.get().map(AsRef::as_ref);
    }
    None
}

fn install() {
    // SAFETY: `sysconf` has no conditions. Zeros are a valid `sigaction`, whose fields are
    // numbers, a set of bits and an optional function. Both calls get pointers to values that
    // live through them. The handler is a function with the signature that SA_SIGINFO asks for,
    // and does nothing that a handler must not do; see there. SA_ONSTACK lets it run on the
    // thread's alternate stack, because the standard library's handler, which may be called
    // after it, finds a stack overflow there.
    unsafe {
        let page = usize::try_from(libc::sysconf(libc::_SC_PAGESIZE)).unwrap_or(4096);
        PAGE.store(page, SeqCst);
        let mut previous: libc::sigaction = std::mem::zeroed();
        // Asked for first: once the handler is installed it must find this.
        if libc::sigaction(libc::SIGBUS, std::ptr::null(), &raw mut previous) != 0 {
            return;
        }
        PREVIOUS.get_or_init(|| previous);
        let mut own: libc::sigaction = std::mem::zeroed();
        let handler: extern "C" fn(c_int, *mut siginfo_t, *mut c_void) = on_fault;
        own.sa_sigaction = handler as usize;
        own.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        libc::sigemptyset(&raw mut own.sa_mask);
        // If it is refused, a cut file ends the program as it would have.
        libc::sigaction(libc::SIGBUS, &raw const own, std::ptr::null_mut());
    }
}

/// The handler. It allocates nothing, takes no lock and calls `mmap`, `sigaction` and `raise`
/// alone, of which the last two are safe in a handler by POSIX and the first is a bare system
/// call on every system that this is built for. Those leave `errno` alone unless they fail, and
/// then the program ends.
extern "C" fn on_fault(signal: c_int, info: *mut siginfo_t, _context: *mut c_void) {
    // SAFETY: The system hands a valid `siginfo_t` to a handler with SA_SIGINFO.
    let code = unsafe { (*info).si_code };
    if code <= 0 {
        // Sent by a program, so that it does not come again by itself.
        give_back(signal);
        // SAFETY: `raise` has no conditions. The signal waits until this handler returns.
        unsafe { libc::raise(signal) };
        return;
    }
    // SAFETY: As above; a fault that the system reports has an address.
    let address = unsafe { (*info).si_addr() } as usize;
    if !zeros_from(address) {
        // Faults again, before the handler that was there before.
        give_back(signal);
    }
}

fn give_back(signal: c_int) {
    if let Some(previous) = PREVIOUS.get() {
        // SAFETY: `previous` is what the system gave for this signal.
        unsafe { libc::sigaction(signal, previous, std::ptr::null_mut()) };
    }
}

/// Puts zeros from the page of `address` to the end of its map; says whether that was done.
fn zeros_from(address: usize) -> bool {
    let Some((slot, start, len)) = find(address) else {
        return false;
    };
    let page = PAGE.load(SeqCst);
    let offset = (address - start) / page * page;
    // Noted before the zeros are there: no thread can read them and still find the map whole.
    slot.lost.fetch_min(offset, SeqCst);
    LOSSES.fetch_add(1, SeqCst);
    // SAFETY: `find` saw a map of ours from `start` on, of `len` bytes in whole pages. The
    // thread that faulted reads it through a borrow of its `Map`, which therefore cannot be
    // dropped before this handler returns: the range belongs to that map alone, and whatever
    // lies elsewhere is not touched. Two maps that are there at once do not overlap, so a slot
    // that covers the address is the one. What is replaced are pages of a read-only map of a
    // file by pages that can be read as well: references into them stay valid, and any byte is
    // a valid `u8`. That the bytes behind a shared reference change is what a mapped file
    // can do at any time; `Map::open` says why nothing depends on their staying. Threads that
    // come here at the same time do the same to a part of the same range. The map's own
    // `munmap` later takes away whatever lies in its range, these pages too.
    let zeros = unsafe {
        libc::mmap(
            (start + offset) as *mut c_void,
            len - offset,
            libc::PROT_READ,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED,
            -1,
            0,
        )
    };
    zeros != libc::MAP_FAILED
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Registers memory that no test faults on.
    fn region(memory: &[u8]) -> Region {
        Region::register(memory)
    }

    #[test]
    fn an_address_is_found_in_its_own_map_and_only_while_that_is_there() {
        let memory = vec![0u8; 3 * 65536];
        let (first, second) = memory.split_at(65536);
        let at = |bytes: &[u8], k: usize| bytes.as_ptr() as usize + k;
        let (one, two) = (region(first), region(&second[65536..]));
        let found = |address| find(address).map(|(slot, ..)| std::ptr::from_ref(slot));
        assert_eq!(found(at(first, 9)), Some(std::ptr::from_ref(one.0)));
        assert_eq!(found(at(second, 65536)), Some(std::ptr::from_ref(two.0)));
        drop(one);
        assert_eq!(found(at(first, 9)), None);
        assert_eq!(two.lost(), None);
    }

    #[test]
    fn more_maps_than_a_chunk_has_are_listed_and_slots_are_used_again() {
        let memory = vec![0u8; 8 << 20];
        let chunks = || std::iter::successors(Some(&FIRST), |c| c.next.get().map(AsRef::as_ref));
        let page = 65536;
        for _ in 0..50 {
            let regions: Vec<Region> = memory.chunks(page).map(region).collect();
            assert!(regions.len() > SLOTS);
            let last = memory.as_ptr() as usize + memory.len() - page;
            assert_eq!(find(last).map(|(_, start, _)| start), Some(last));
        }
        // 128 at a time, and those of tests beside this one.
        assert!(chunks().count() <= 4, "{}", chunks().count());
    }
}
