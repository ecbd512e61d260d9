//! The arguments of what asks whether models are related, of two and of many.

use std::path::PathBuf;

use super::common::{Json, Root, Threads};

#[derive(clap::Args)]
pub struct RelatedArgs {
    /// A model: a folder, a file or a name in the hub's cache
    #[arg(value_name = "A")]
    pub first: PathBuf,
    /// The other
    #[arg(value_name = "B")]
    pub second: PathBuf,
    #[command(flatten)]
    pub root: Root,
    #[command(flatten)]
    pub threads: Threads,
    #[command(flatten)]
    pub json: Json,
}

#[derive(clap::Args)]
pub struct ScanArgs {
    /// Folders to search, such as the hub's cache
    #[arg(required = true, value_name = "FOLDER")]
    pub folders: Vec<PathBuf>,
    #[command(flatten)]
    pub threads: Threads,
    #[command(flatten)]
    pub json: Json,
}
