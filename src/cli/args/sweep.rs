//! The arguments of `kinfolk sweep`.

use std::path::PathBuf;

use super::common::{Json, RECIPE_ROOT, Root, Threads};

// No documentation comment: clap would take it for the description of the command.
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
#[command(mut_arg("root", |own| own.help(RECIPE_ROOT)))]
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
    #[command(flatten)]
    pub root: Root,
    #[command(flatten)]
    pub threads: Threads,
    /// Write the table as CSV to FILE, - for standard output
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    #[command(flatten)]
    pub json: Json,
}
