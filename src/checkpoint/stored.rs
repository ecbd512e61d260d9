//! The bytes of a tensor as they are stored, to be copied or compared piece by piece.

use std::borrow::Cow;
use std::ops::Range;

use super::source::Stored;

/// What is stored of a tensor; in a map or on a store.
#[derive(Debug, Clone, Copy)]
pub struct StoredBytes<'a>(&'a Stored);

impl<'a> StoredBytes<'a> {
    pub(super) const fn new(stored: &'a Stored) -> Self {
        Self(stored)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.range.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.range.is_empty()
    }

    /// Those in `range`, which are copied where they come from a store; what lies beyond the
    /// last is left out.
    pub fn part(&self, range: Range<usize>) -> Cow<'a, [u8]> {
        self.0.copied(range)
    }

    /// Pieces of `len` bytes, the last of as many as are left; each with its place.
    pub fn pieces(self, len: usize) -> impl Iterator<Item = (usize, Cow<'a, [u8]>)> {
        let end = self.len();
        let starts = (0..end).step_by(len.max(1));
        starts.map(move |start| (start, self.part(start..(start + len).min(end))))
    }
}
