//! The program as scripts and shells meet it, killed and interrupted too.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/window.rs"]
mod harness;

mod advise;
mod ancestry;
mod cli;
mod cluster;
mod evolution_killed;
mod extract;
mod guide;
mod merge_files;
#[cfg(feature = "built-in-evaluator")]
mod moe;
mod prove;
mod related;
mod sketch;
mod store;
mod transplant;
mod trials;
mod trust;
mod trust_command;
