//! Progress within a module: the number of products is not known beforehand.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::jobs::{Cancelled, Ticket};

/// Passes that are counted on; further ones move nothing.
const PASSES: u64 = 12;

/// The bytes of one module, given out pass by pass.
pub(super) struct Meter<'t> {
    ticket: &'t Ticket,
    total: u64,
    given: AtomicU64,
}

impl<'t> Meter<'t> {
    pub(super) fn new(ticket: &'t Ticket, total: u64) -> Self {
        Self {
            ticket,
            total,
            given: AtomicU64::new(0),
        }
    }

    /// Counts a share of one pass, 0–1.
    pub(super) fn pass(&self, share: f64) -> Result<(), Cancelled> {
        let bytes = (self.total as f64 * share / PASSES as f64) as u64;
        let before = self.given.fetch_add(bytes, Ordering::Relaxed);
        let is_within = before + bytes <= self.total;
        self.ticket.advance(if is_within { bytes } else { 0 })
    }

    /// Counts what is left.
    pub(super) fn finish(self) -> Result<(), Cancelled> {
        let given = self.given.into_inner();
        // What went beyond the total was not counted, and what was cut off is lost; the next
        // module makes up for it.
        self.ticket.advance(self.total.saturating_sub(given))
    }
}
