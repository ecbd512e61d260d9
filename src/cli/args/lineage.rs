//! The arguments of `kinfolk lineage`.

use std::path::PathBuf;

use super::common::{Json, Threads};

#[derive(clap::Args)]
pub struct LineageArgs {
    /// A folder of models, each in a folder of its own
    pub folder: PathBuf,
    #[command(flatten)]
    pub threads: Threads,
    #[command(flatten)]
    pub json: Json,
}
