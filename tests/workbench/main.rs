//! Studies without a window: opened, measured, composed, evolved, imported, drawn as figures.

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

mod charts_figures;
mod charts_layers;
mod compose;
mod evolution_run;
mod import;
mod record_library;
mod trust_checkpoints;
mod trust_numbers;
mod workbench;
mod workbench_library;
