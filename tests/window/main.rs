//! The window as a user meets it: found by label, clicked, typed into.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/evolutions.rs"]
mod evolutions;
#[path = "../common/window.rs"]
mod harness;
#[path = "../common/lineages.rs"]
mod lineages;
#[path = "../common/picture.rs"]
mod picture;

mod ui_ancestry;
mod ui_app;
mod ui_canvas;
mod ui_charts;
mod ui_cluster;
mod ui_compare;
mod ui_compose;
mod ui_evolution;
mod ui_extract;
mod ui_findings;
mod ui_import;
mod ui_kinship;
mod ui_library;
mod ui_lineage;
mod ui_merge;
#[cfg(feature = "built-in-evaluator")]
mod ui_mixture;
mod ui_next;
mod ui_others;
mod ui_proof;
mod ui_proposed;
mod ui_record;
mod ui_scan;
mod ui_settings;
mod ui_shell;
mod ui_stored;
#[cfg(feature = "built-in-evaluator")]
mod ui_sweep;
mod ui_tokens;
mod ui_transplant;
mod ui_trouble;
mod ui_widgets;
mod ui_write;
