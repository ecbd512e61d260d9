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
mod origin;
mod shard;
mod staging;
pub mod units;

pub use self::card::{Parents, Provenance};
pub(super) use self::card::{card, told_card};
pub(crate) use self::card::{fenced, front_matter_of, plain};
pub(crate) use self::companions::{companion_bytes, copy_companions, copy_tokenizer};
pub(crate) use self::config::{read_config, write_config_with};
pub(super) use self::config::{write_config, write_generation};
pub(crate) use self::hash::{recipe_hash, work_key};
pub(crate) use self::layout::{INDEX_NAME, Layout, ShardPlan};
pub use self::origin::{
    FileRecord, PARENTS_KEY, ParentRecord, RECIPE_KEY, file_name, recorded_version, sum_of,
    weight_files,
};
pub(crate) use self::origin::{Hashing, Origin, fill_in};
pub(super) use self::shard::Finishing;
pub(crate) use self::shard::ShardFile;
pub(super) use self::staging::STEP_PREFIX;
pub(crate) use self::staging::Staging;

/// The recipe's name in every written folder, as mergekit has it.
pub const RECIPE_NAME: &str = "mergekit_config.yml";

/// The same of a mixture of experts, as mergekit-moe has it.
pub const MOE_RECIPE_NAME: &str = "mergekit_moe_config.yml";

/// What a GGUF output is called while it is made.
pub(super) const GGUF_NAME: &str = "model.gguf";
