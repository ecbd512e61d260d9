//! Recipes that are merged and scored by any number of processes: the children of an evolution,
//! the cells of a sweep.
//!
//! They lie in the same folder as the tasks of [`crate::cluster`], and are done by the same workers:
//!
//! ```text
//! OUT/manifest.jsonl       one trial a line, named by a hash of what it depends on
//! OUT/runs/RUN.json        who hands out trials, and whether more may come
//! OUT/claims/ID.n          who does it, until when; the highest n counts
//! OUT/results/ID.json      its scores, written whole or not at all
//! OUT/failures/ID.n.json   why a try came to nothing; the second one is the last
//! ```
//!
//! Whoever leads a run takes the outcomes in the order of its trials, whatever the order in which
//! they arrive: what the run decides is what one process would have decided.

mod board;
mod lead;
mod outcome;
mod trial;
mod work;

pub use board::{has_runs, standing};
pub use lead::{Lead, Progress, Way, see_through};
pub use outcome::{Outcome, Result};
pub(super) use trial::short_hash;
pub use trial::{Input, Kind, Trial};
pub use work::{Permit, permit, work};
