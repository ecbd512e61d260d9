//! Kinfolk: how related are these language models, and what would their child be?
//!
//! Data flow one way, from files to the window; only commands come back:
//!
//! ```text
//! files ─▶ checkpoint ─▶ kinship ─▶ workbench (study + jobs) ─▶ ui, cli
//!              │                         ▲                      │
//!           numeric                      └────── Command ◀──────┘
//! ```
//!
//! Four invariants, held by `tests/engine/invariants.rs`:
//! 1. egui is named only below `ui/` and in `main.rs`.
//! 2. `unsafe` stands only where files are mapped (and cut short by others) and in the SIMD
//!    kernels, each with its argument.
//! 3. `study` touches no file, no thread and no clock.
//! 4. No result depends on hash order or on the number of threads.

pub mod numeric;

pub mod jobs;

pub mod files;

pub mod checkpoint;

pub mod parallel;

pub mod kinship;

pub mod merge;

pub mod evaluate;

pub mod stats;

pub mod lineage;

#[allow(missing_docs, reason = "documented where a name does not say it")]
pub mod study;

#[allow(missing_docs, reason = "documented where a name does not say it")]
pub mod import;

#[allow(missing_docs, reason = "documented where a name does not say it")]
pub mod figures;

#[allow(missing_docs, reason = "documented where a name does not say it")]
pub mod workbench;

#[allow(missing_docs, reason = "documented where a name does not say it")]
pub mod cli;

#[allow(missing_docs, reason = "documented where a name does not say it")]
pub mod ui;
