//! What is kept of edited tensors while they are read: as much as fits, the latest first.
//!
//! Chunks of a tensor are read by several threads one after the other, and then never again, so
//! that everything kept for good would be the size of the decoded adapter.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::Ready;

/// Bytes that one adapter keeps; the tensor read last is kept in any case.
const MOST_BYTES: usize = 128 << 20;

/// Where the decoded edit of one tensor is, if it is kept.
#[derive(Debug, Default)]
pub(in super::super) struct Slot(Mutex<Option<Arc<dyn Ready>>>);

/// What one adapter keeps.
#[derive(Debug, Default)]
pub(in super::super) struct Shelf(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// The oldest first, with its bytes.
    slots: VecDeque<(Weak<Slot>, usize)>,
    bytes: usize,
}

impl Shelf {
    /// What the slot holds; made by `prepare` if it holds nothing, while others wait for it.
    pub(super) fn get(
        &self,
        slot: &Arc<Slot>,
        prepare: impl FnOnce() -> Box<dyn Ready>,
    ) -> Arc<dyn Ready> {
        let mut held = lock(&slot.0);
        if let Some(ready) = &*held {
            return Arc::clone(ready);
        }
        let ready: Arc<dyn Ready> = Arc::from(prepare());
        *held = Some(Arc::clone(&ready));
        // Others' slots are locked while the shelf is, so that this one must not be.
        drop(held);
        self.put(slot, ready.size_bytes());
        ready
    }

    fn put(&self, slot: &Arc<Slot>, bytes: usize) {
        let mut kept = lock(&self.0);
        kept.slots.push_back((Arc::downgrade(slot), bytes));
        kept.bytes = kept.bytes.saturating_add(bytes);
        while kept.bytes > MOST_BYTES && kept.slots.len() > 1 {
            let Some((oldest, bytes)) = kept.slots.pop_front() else {
                break;
            };
            kept.bytes = kept.bytes.saturating_sub(bytes);
            if let Some(oldest) = oldest.upgrade() {
                *lock(&oldest.0) = None;
            }
        }
    }
}

/// What a panic elsewhere left is whole: it is put in its place in one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::source::Source;

    #[derive(Debug)]
    struct Heavy;

    impl Ready for Heavy {
        fn read(&self, _: &dyn Source, _: usize, _: &mut [f32]) {}

        fn size_bytes(&self) -> usize {
            MOST_BYTES / 2 + 1
        }
    }

    #[test]
    fn the_oldest_is_given_up_when_the_shelf_is_full() {
        let shelf = Shelf::default();
        let slots: [Arc<Slot>; 3] = Default::default();
        for slot in &slots {
            shelf.get(slot, || Box::new(Heavy));
        }
        let held = |k: usize| lock(&slots[k].0).is_some();
        assert_eq!([held(0), held(1), held(2)], [false, false, true]);
        let mut made = 0;
        for slot in [2, 2, 0, 0] {
            shelf.get(&slots[slot], || {
                made += 1;
                Box::new(Heavy)
            });
        }
        assert_eq!(made, 1);
    }
}
