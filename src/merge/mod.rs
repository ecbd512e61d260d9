//! Merging: from a recipe to a child, checked before the first byte and streamed after it.
//!
//! ```text
//! recipe (wanted) × headers ─▶ plan (checked, sized) ─▶ run (tensor by tensor) ─▶ written folder
//!                                     ▲                       │
//!                                  methods ◀──────────────────┘
//! ```
//!
//! Methods see tensors, never files; the plan sees headers, never numbers. Output equals
//! mergekit's for the same recipe; arithmetic is in f32 unless the recipe says otherwise, with
//! one rounding, to nearest even, at the end.

pub mod problem;
pub mod recipe;
pub mod version;

pub mod plan;
pub mod run;
pub mod write;

pub mod methods;

pub mod combine;

pub mod tokens;

mod blocks;
mod chat_templates;
mod cut;
mod error;
mod method;

pub mod run_tensor;
pub mod tensor;

pub mod predict;

pub mod composition;

pub mod convert;

pub use blocks::{Blocks, Cuts, Inputs, Write};
pub use error::MergeError;
pub use run_tensor::{Merged, merge_tensor};
