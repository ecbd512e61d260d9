//! The folder of the adapter, as PEFT reads it.

mod card;
mod config;
mod parts;

pub(super) use self::card::card;
pub(super) use self::config::config;
pub(super) use self::parts::{Entry, Parts, Place, encoded, write_file};
