//! Models that lie elsewhere: on an object store, a web server or the hub.
//!
//! A name such as `s3://bucket/model` stands wherever a path may. Its small files are copied
//! into a folder of their own for as long as the model is open; its weights stay where they are
//! and are read by ranges, through pages that all models share within a fixed amount of memory.
//! Every range is asked for as of the version that was opened, and comes whole or not at all: a
//! file that changes, stalls or is cut off gives an error, never other numbers.
//!
//! Nothing here touches the network unless such a name was given.

mod access;
mod name;
mod object;
mod patience;
mod pool;
mod ranges;
mod trouble;

mod folder;
mod mirror;

/// Models by their names on the hub.
pub mod hub;

mod called;

#[cfg(feature = "stores")]
mod net;
#[cfg(not(feature = "stores"))]
#[path = "no_net.rs"]
mod net;

pub use self::called::last_part;
pub use self::folder::{Folder, NotOpened};
pub use self::name::{absolute, joined};
pub use self::object::{Loss, Object, losses};
pub use self::trouble::Trouble;
pub use crate::text::is_elsewhere as is_name;
