//! What works without a study: checkpoints, kinship, merging, evaluation, strategies, statistics.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/slerps.rs"]
mod slerps;

mod adapter_kinds;
mod adapter_refusals;
mod advice;
mod ancestry;
mod checkpoint_fuzz;
mod checkpoint_malformed;
mod checkpoint_memory;
mod checkpoint_open;
mod checkpoint_quantised;
mod checkpoint_torch;
mod cluster;
#[cfg(feature = "built-in-evaluator")]
mod evaluate;
mod evaluate_command;
mod evolution;
mod evolution_replay;
mod extract;
mod gguf_read;
mod gguf_write;
mod house;
mod invariants;
mod kinship_demo;
mod kinship_oracle;
mod kinship_pass;
mod kinship_tokens;
mod lineage;
mod lineage_proposed;
mod merge_documents;
mod merge_found;
mod merge_laws;
mod merge_methods_oracle;
mod merge_oracle;
mod merge_predict;
mod merge_problems;
mod merge_steps;
mod merge_versions;
#[cfg(feature = "built-in-evaluator")]
mod moe;
mod proof;
mod real_checkpoints;
mod related;
mod scan;
mod sketch;
mod stats;
mod study;
mod suggest;
mod sweeping;
mod tokens;
mod transplant;
