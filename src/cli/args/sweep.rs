//! The arguments of `kinfolk sweep`.

use std::path::PathBuf;

/// Who merges and judges children, if not this program alone.
#[derive(clap::Args)]
pub struct Workers {
    /// Have children merged and judged by the workers of this folder, which are started with
    /// `kinfolk cluster work OUT`
    #[arg(long, value_name = "OUT")]
    pub cluster: Option<PathBuf>,
    /// Be one of these workers too
    #[arg(long, requires = "cluster")]
    pub work: bool,
}

#[derive(clap::Args)]
pub struct SweepArgs {
    /// A recipe in mergekit's YAML
    pub recipe: PathBuf,
    /// A parameter and its values: parameters.t=0.1,0.3 or models.1.parameters.density=0.1..0.9/0.2;
    /// several make a grid
    #[arg(long, value_name = "PATH=VALUES", required = true)]
    pub set: Vec<String>,
    /// Judge by these tasks with the built-in evaluator
    #[arg(long, value_name = "TASKS", num_args = 1.., required_unless_present = "evaluator")]
    pub tasks: Vec<PathBuf>,
    /// Judge by this command; {model} stands for the child and {output} for a folder for results
    #[arg(long, value_name = "COMMAND", conflicts_with = "tasks")]
    pub evaluator: Option<String>,
    #[command(flatten)]
    pub by: Workers,
    /// Where scores and children are kept while it runs; RECIPE.sweep beside the recipe unless given
    #[arg(long, value_name = "DIR", conflicts_with = "cluster")]
    pub folder: Option<PathBuf>,
    /// Keep the children; each is deleted as soon as it has its scores unless given
    #[arg(long)]
    pub keep: bool,
    /// Record the cells in this study, which is made if it is not there
    #[arg(long, value_name = "STUDY")]
    pub study: Option<PathBuf>,
    /// The folder that relative paths of models start from; the recipe's, then the working folder,
    /// unless given
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// Number of threads; all processors unless given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Write the table as CSV to FILE, - for standard output
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Write the table as JSON to FILE, - for standard output
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}
