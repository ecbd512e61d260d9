//! The built-in evaluator: the demo family's own scores and logits, families against a plain
//! loop, and everything that is refused.

#![cfg(feature = "built-in-evaluator")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

#[path = "evaluate/command_line.rs"]
mod command_line;
mod common;
#[path = "evaluate/families.rs"]
mod families;
#[path = "evaluate/logits.rs"]
mod logits;
#[path = "evaluate/naive.rs"]
mod naive;
#[path = "evaluate/refusals.rs"]
mod refusals;
#[path = "evaluate/scores.rs"]
mod scores;
