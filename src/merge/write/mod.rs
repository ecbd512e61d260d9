//! Writing a child: shards in a temporary folder beside the output, which takes the output's
//! name when all of it is there.
//!
//! So the output is either complete or not there, whenever the program is stopped.

mod card;
mod companions;
mod config;
pub mod folder;
mod hash;
mod layout;
mod names;
mod shard;
mod staging;
pub mod units;

pub use self::card::Parents;
pub(super) use self::card::card;
pub(super) use self::companions::{companion_bytes, copy_companions};
pub(super) use self::config::{write_config, write_generation};
pub(super) use self::hash::{recipe_hash, work_key};
pub(super) use self::layout::{INDEX_NAME, Layout, ShardPlan};
pub(super) use self::shard::{Finishing, ShardFile};
pub(super) use self::staging::{STEP_PREFIX, Staging};

/// The recipe's name in every written folder, as mergekit has it.
pub const RECIPE_NAME: &str = "mergekit_config.yml";

/// What a GGUF output is called while it is made.
pub(super) const GGUF_NAME: &str = "model.gguf";
