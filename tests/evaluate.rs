//! The built-in evaluator: the demo family's own scores and logits, families against a plain
//! loop, and everything that is refused.

#![cfg(feature = "built-in-evaluator")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod common;
#[path = "evaluate/logits.rs"]
mod logits;
