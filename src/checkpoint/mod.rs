//! Checkpoints on disk: opened by mapping, read by their headers, trusted in nothing.
//!
//! Opening a folder of any size touches its headers alone and takes memory for its table of
//! tensors, some hundred bytes each. Numbers are read later, from the map, by whoever wants them.
//! Whatever is wrong is either a [`CheckpointError`], when the weights cannot be read for sure,
//! or a sentence in [`Checkpoint::problems`], when they can.

mod error;
mod json;
mod limits;

mod elsewhere;
mod formats;
mod header;
mod layout;
mod listed;
mod locate;
mod map;
mod opened;
mod shards;
#[cfg(unix)]
mod sigbus;
mod torch;
mod weights;

mod bands;
mod dtype;
mod encode;
mod quantised;
mod raw;
mod rounding;
mod source;
mod stored;

mod gather;
mod gguf;
mod heads;
mod sums;

pub mod names;

pub mod adapter;
mod config;
mod identity;
mod problems;
mod said;
mod summary;
mod tensor;
mod vocabulary;
mod watch;

mod model;

mod by_token;
mod pairing;
mod renaming;

pub use self::adapter::{Adapter, Base, Change, Factors, LowRank, is_stored_across};
pub use self::by_token::{ByToken, by_token, pair_tokens};
pub use self::config::{Config, Difference, Weight};
pub use self::dtype::Dtype;
pub use self::encode::{Encoded, Slot};
pub use self::error::CheckpointError;
pub use self::gather::{RowFrom, RowTable, RowsOf};
pub use self::gguf::{GgufKind, GgufLayout, GgufTemplate, GgufWish, Wanted, is_gguf_name, is_ours};
pub use self::heads::Heads;
pub use self::identity::{FileIdentity, Identity, OnDisk};
pub use self::locate::Form;
pub use self::model::Checkpoint;
pub use self::names::{
    Kind, Stack, TensorLocation, in_layer, is_head_bias, is_language_head, is_token_embedding,
    place,
};
pub use self::pairing::{LeftOut, Operand, Pairing, Segment, comparable, pair};
pub use self::raw::RawTensor;
pub use self::said::{Said, said};
pub use self::stored::StoredBytes;
pub use self::sums::RowSums;
pub use self::tensor::Tensor;
pub use self::vocabulary::{AddedToken, MOST_TOKENS, Vocabulary, VocabularyFile, join, renumbered};
pub use self::watch::Watch;
