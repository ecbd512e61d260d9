//! The options that commands share, each spelt once.
//!
//! They are flattened into the arguments of a command. The structures have no documentation
//! comments, which clap would take for the description of that command.

use std::path::PathBuf;

#[derive(clap::Args, Clone, Copy)]
pub struct Threads {
    /// Number of threads; all processors unless given
    #[arg(
        id = "threads",
        long,
        short_alias = 'j',
        alias = "num-threads",
        value_name = "N"
    )]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub wanted: Option<u16>,
}

#[derive(clap::Args)]
pub struct Json {
    /// Write the result as JSON to FILE, - for standard output
    #[arg(id = "json", long, value_name = "FILE")]
    pub file: Option<PathBuf>,
}

#[derive(clap::Args)]
pub struct Root {
    /// The folder that relative paths of models start from; the working folder unless given
    #[arg(id = "root", long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

#[derive(clap::Args, Clone, Copy)]
pub struct Force {
    /// Replace what OUT holds
    #[arg(id = "force", long)]
    pub is_given: bool,
}

/// What `--json` writes where something is planned first.
pub const PLAN_AND_RESULT: &str = "Write plan and result as JSON to FILE, - for standard output";

/// What `--root` means where a recipe names the models.
pub const RECIPE_ROOT: &str = "The folder that relative paths of models start from; the recipe's, \
                               then the working folder, unless given";
