//! Kinfolk: how related are these language models, and what would their child be?
//!
//! Data flow one way, from files to the window; only commands come back. A room may name those
//! above it and none below; the exact list is in `tests/engine/invariants.rs`.
//!
//! ```text
//! numeric  jobs  text  html  guide   numbers and kernels; work with progress and an end; words
//!    │      │
//! files  parallel        reading and writing whole files; work on all cores
//!    │
//! store                  models on object stores and web servers, as ranges of bytes
//!    │
//! checkpoint             what lies in a model's folder, as tensors that decode themselves
//!    ├────────┬────────────┐
//! kinship ─▶ merge  diff  evaluate     how models are related; recipes, plans, children; two
//! cluster      │                       models compared; scores; kinship by many processes
//! glossary  transplant  extract  moe   what the words on screen mean; another model's tokenizer
//!    │      origin                     for a model; what a fine-tune has changed, as an adapter;
//!    │                                 mixtures of experts; where a model comes from
//!
//! stats ─▶ advice ─▶ lineage           correlations; which merge will gain; who descends from
//!            │                         which, strategies, evolution
//!          study         the document: models, records, drafts, evolutions; pure
//!            ├────────┬─────────┐
//!         import   figures   findings    tables and results read; charts as data; what stands out
//!            └───┬────┴─────────┘
//!            workbench   a study with its files and jobs, without a window
//!                │
//!             report     what a study says, as one page
//!            ┌───┴────┐
//!           cli       ui  ── Command ──▶ workbench
//! ```
//!
//! Four invariants, held by `tests/engine/invariants.rs`:
//! 1. egui is named only below `ui/` and in `main.rs`.
//! 2. `unsafe` stands only where files are mapped (and cut short by others) and in the SIMD
//!    kernels, each with its argument.
//! 3. `study` touches no file, no thread and no clock.
//! 4. No result depends on hash order or on the number of threads.

pub mod numeric;

pub mod text;

pub mod html;

pub mod guide;

pub mod jobs;

#[allow(missing_docs, reason = "documented where a name does not say it")]
pub mod files;

#[allow(missing_docs, reason = "documented where a name does not say it")]
pub mod store;

pub mod checkpoint;

pub mod parallel;

pub mod kinship;

pub mod diff;

#[allow(missing_docs, reason = "documented where a name does not say it")]
pub mod cluster;

pub mod glossary;

pub mod merge;

pub mod transplant;

pub mod extract;

#[allow(missing_docs, reason = "documented where a name does not say it")]
pub mod evaluate;

pub mod moe;

pub mod origin;

#[allow(missing_docs, reason = "documented where a name does not say it")]
pub mod stats;

#[allow(missing_docs, reason = "documented where a name does not say it")]
pub mod advice;

#[allow(missing_docs, reason = "documented where a name does not say it")]
pub mod lineage;

#[allow(missing_docs, reason = "documented where a name does not say it")]
pub mod study;

#[allow(missing_docs, reason = "documented where a name does not say it")]
pub mod import;

#[allow(missing_docs, reason = "documented where a name does not say it")]
pub mod figures;

#[allow(missing_docs, reason = "documented where a name does not say it")]
pub mod findings;

#[allow(missing_docs, reason = "documented where a name does not say it")]
pub mod workbench;

#[allow(missing_docs, reason = "documented where a name does not say it")]
pub mod report;

#[allow(missing_docs, reason = "documented where a name does not say it")]
pub mod cli;

#[allow(missing_docs, reason = "documented where a name does not say it")]
pub mod ui;
