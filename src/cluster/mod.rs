//! The kinship of a population over many processes: a plan, parts of it, and the whole.
//!
//! Gram matrices add over tensors, so the work is a map and a sum. A plan is a folder that all
//! workers see:
//!
//! ```text
//! OUT/plan.json        the models and their segments, as they were when the plan was made
//! OUT/manifest.jsonl   one task a line, named by a hash of what it depends on
//! OUT/claims/ID.n      who does it, until when; the highest n counts
//! OUT/parts/ID         its sums, written whole or not at all
//! OUT/workers/NAME     what a worker has done, and when it was last heard of
//! ```
//!
//! Sketches of a population are a plan of their own kind, see [`sketches`].
//!
//! Parts joined in any order give the bits of one process, see [`crate::kinship::pieces`].

mod claim;
mod driver;
mod join;
mod part;
mod plan;
mod sign;
pub mod sketches;
mod so_far;
mod task;
mod work;
mod worker;

pub use claim::{Claim, Claimed, Held, claim, current, is_past, milliseconds};
pub use driver::{Driver, driver};
pub use join::{Joined, State, join, state};
pub use plan::{MANIFEST, Member, Plan, make, other_lines, own_lines};
pub use sign::{Seen, Sign, alive, seen};
pub use so_far::{Known, MOST_MODELS, SoFar};
pub use task::{Task, tasks};
pub use work::work;
pub use worker::{Event, Labour};
