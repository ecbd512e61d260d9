//! Files as this program reads and writes them: one way in, one way out, whatever lies at a path.

mod destination;
pub mod lock;
pub mod owned;
mod read;
mod write;

pub use destination::followed;
pub use owned::Removal;
pub use read::{Identity, ReadError, is_plain_name, open, read, read_start, read_text, read_with};
pub use write::{sync_folder, write_whole};
