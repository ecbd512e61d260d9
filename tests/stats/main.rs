//! Statistics against the paper, against SciPy, against their own laws, and as scripts meet
//! them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod cli;
mod laws;
mod paper;
mod plateaus;
mod scipy;
mod tables;
