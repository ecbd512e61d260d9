//! Catching a panic with what there is to tell of it.
//!
//! The message of a panic comes back to whoever catches it; its place and the calls that led
//! there are known only to the hook, which runs before the stack is unwound.

use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Once;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caught {
    pub message: String,
    /// File, line and column.
    pub place: String,
    pub backtrace: String,
}

thread_local! {
    /// Whether somebody on this thread would catch a panic: only then a backtrace is worth its
    /// time.
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
    static LAST: RefCell<Option<Caught>> = const { RefCell::new(None) };
}

/// Does `work`; what it was doing when it panicked is lost, so the caller must know what state
/// that leaves.
///
/// # Errors
/// The panic.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, Caught> {
    hear_panics();
    let was_guarded = IS_GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    IS_GUARDED.set(was_guarded);
    result.map_err(|_| LAST.take().unwrap_or_default())
}

/// Puts our hook before the one that is there, once.
fn hear_panics() {
    static HEARS: Once = Once::new();
    HEARS.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info| {
            if IS_GUARDED.get() {
                LAST.set(Some(caught(info)));
            }
            before(info);
        }));
    });
}

fn caught(info: &PanicHookInfo<'_>) -> Caught {
    let message = info.payload_as_str().unwrap_or("no message");
    Caught {
        message: message.to_owned(),
        place: info
            .location()
            .map_or_else(String::new, ToString::to_string),
        backtrace: Backtrace::force_capture().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_caught_with_its_message_place_and_calls() {
        assert_eq!(guarded(|| 1), Ok(1));
        let caught = guarded(|| panic!("index {} out of range", 7)).unwrap_err();
        assert_eq!(caught.message, "index 7 out of range");
        assert!(caught.place.contains("caught.rs:"), "{}", caught.place);
        assert!(!caught.backtrace.is_empty());
        // The next one tells of itself.
        let next = guarded(|| panic!("other")).unwrap_err();
        assert_eq!(next.message, "other");
    }

    #[test]
    fn a_guard_within_a_guard_leaves_the_outer_one() {
        let outer = guarded(|| {
            guarded(|| panic!("inner")).unwrap_err();
            panic!("outer")
        });
        assert_eq!(outer.unwrap_err().message, "outer");
    }
}
