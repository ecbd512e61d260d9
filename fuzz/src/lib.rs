//! What each fuzz target does with its bytes: it goes the way that a file of a stranger goes,
//! from reading to everything that is worked out of it. A finding is a panic, an overflow, an
//! input that takes too long or too much memory, or something that does not come back as it was.

mod files;
mod formats;
mod imports;
mod listing;
mod look;
mod models;
mod recipes;
mod studies;
mod window;

pub use formats::{adapted, gguf, quantised, renamed, tokens, torch};
pub use imports::{cache, harness, table, tasks};
pub use models::{adapter, config, header, index, tokenizer};
pub use recipes::recipe;
pub use studies::study;
pub use window::window;
