//! Re-deriving a merge: which method with which numbers makes this child of these models, proved
//! by making it again and comparing bytes.
//!
//! ```text
//! child, base, parents ─▶ sums over a sample of each tensor ─▶ recipes that could be it
//!                                                                   │
//!                        claim or nothing ◀─ bytes compared ◀─ run by the program's own engine
//! ```
//!
//! A recipe is claimed only if running it makes the child's bytes, or leaves what another
//! program's rounding leaves. A fine-tune, a missing parent and strangers end in no claim.

mod case;
mod claim;
mod decimals;
mod elements;
mod linear;
mod masked;
mod others;
mod polish;
mod random;
mod recipes;
mod report;
mod sample;
mod schedule;
mod search;
mod solve;
mod spherical;
mod stabbing;
mod stacked;
mod sums;
mod trial;
mod verify;
mod weights;
pub mod words;

pub use self::case::{Case, Person};
pub use self::claim::{Claim, Extent};
pub use self::report::Proof;
pub use self::search::prove;
pub use self::trial::{KindScore, Score};
pub use self::verify::{FileState, FoundParent, Places, Record, Verified, record, verify};
