//! The arguments of `kinfolk lineage`.

use std::path::PathBuf;

#[derive(clap::Args)]
pub struct LineageArgs {
    /// A folder of models, each in a folder of its own
    pub folder: PathBuf,
    /// Number of threads; all processors unless given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Write the result as JSON to FILE, - for standard output
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}
