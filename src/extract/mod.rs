//! Extracting LoRA: what a fine-tune has changed, as an adapter over its base.
//!
//! ```text
//! wish × headers of two models ─▶ plan (checked, sized) ─▶ run (module by module) ─▶ PEFT folder
//!                                                            │
//!                                                svd: the best rank for each change
//! ```
//!
//! For every matrix θ of the fine-tune and θ₀ of its base the change Δ = θ − θ₀ is replaced by the
//! product B·A of the wanted rank that is nearest to it. What is no matrix, and embeddings unless
//! they are wanted as factors, is saved whole. What is saved, under which names, and what the
//! options mean is as mergekit-extract-lora 0.1.5 has it, but where PEFT could not read that.

mod change;
mod model;
mod names;
mod plan;
mod report;
mod run;
mod svd;
mod wish;
mod write;

pub use self::model::Pair;
pub use self::plan::{ModulePlan, Plan, Shape, Work, plan};
pub use self::report::{Fate, ModuleReport, Report};
pub use self::run::{Options, extract};
pub use self::wish::{Patterns, Wish, parse_share};
