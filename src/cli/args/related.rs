//! The arguments of what asks whether models are related, of two and of many.

use std::path::PathBuf;

#[derive(clap::Args)]
pub struct RelatedArgs {
    /// A model: a folder, a file or a name in the hub's cache
    #[arg(value_name = "A")]
    pub first: PathBuf,
    /// The other
    #[arg(value_name = "B")]
    pub second: PathBuf,
    /// The folder that relative paths of models start from; the working folder unless given
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// Number of threads; all processors unless given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Write the result as JSON to FILE, - for standard output
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

#[derive(clap::Args)]
pub struct ScanArgs {
    /// Folders to search, such as the hub's cache
    #[arg(required = true, value_name = "FOLDER")]
    pub folders: Vec<PathBuf>,
    /// Number of threads; all processors unless given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Write the result as JSON to FILE, - for standard output
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}
