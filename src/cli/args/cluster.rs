//! The arguments of `kinfolk cluster`.

use std::path::PathBuf;

use super::common::{Json, Threads};
use super::one_of;
use super::sketch::FamilyArgs;
use crate::cluster::Driver;
use crate::merge::write::units;

#[derive(clap::Subcommand)]
pub enum ClusterArgs {
    /// Cut the kinship of a population into tasks
    Plan(PlanArgs),
    /// Do free tasks of a plan until none is left
    Work(WorkArgs),
    /// Put the parts together, or tell what is missing
    Join(JoinArgs),
    /// Tell how far a plan is
    State(StateArgs),
    /// Write a file that hands the tasks to Ray, Slurm or GNU parallel
    Driver(DriverArgs),
}

#[derive(clap::Args)]
pub struct PlanArgs {
    /// The model that the others were fine-tuned from
    #[arg(long, value_name = "BASE", required_unless_present = "sketch")]
    pub base: Option<PathBuf>,
    /// Plan sketches, which find families among any number of models: of the changes from the
    /// base, or of the weights where none is named
    #[arg(long)]
    pub sketch: bool,
    /// A file with the path of a model a line; relative ones start at the file
    #[arg(long, value_name = "LIST")]
    pub models: PathBuf,
    /// The folder of the plan, on a file system that all workers see
    pub out: PathBuf,
    /// How much a task reads, about
    #[arg(long, value_name = "SIZE", default_value = "4GB", value_parser = units::parse_bytes)]
    pub task_bytes: u64,
    /// The most models whose sums a worker keeps at once; more are cut into blocks
    #[arg(long, value_name = "N", default_value_t = 1024,
          value_parser = clap::value_parser!(u32).range(1..=16_384))]
    pub block: u32,
    #[command(flatten)]
    pub json: Json,
}

#[derive(clap::Args)]
pub struct WorkArgs {
    /// The folder of the plan
    pub out: PathBuf,
    /// Only this task; may be given several times
    #[arg(long, value_name = "ID")]
    pub task: Vec<String>,
    /// Do at most N tasks
    #[arg(long, value_name = "N")]
    pub claim: Option<usize>,
    /// Stay until the last part is there, to take over what other workers give up
    #[arg(long)]
    pub wait: bool,
    /// Approve the commands by which trials are judged, without being asked
    #[arg(long)]
    pub trust_command: bool,
    /// Seconds without a sign of life after which another worker may take a task over
    #[arg(long, value_name = "SECONDS", default_value_t = 60,
          value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub lease: u64,
    #[command(flatten)]
    pub threads: Threads,
}

#[derive(clap::Args)]
pub struct JoinArgs {
    /// The folder of the plan
    pub out: PathBuf,
    #[command(flatten)]
    pub families: FamilyArgs,
    /// Write a study of the models, which opens with their kinship
    #[arg(long, value_name = "STUDY")]
    pub study: Option<PathBuf>,
    #[command(flatten)]
    pub json: Json,
}

#[derive(clap::Args)]
pub struct StateArgs {
    /// The folder of the plan
    pub out: PathBuf,
    #[command(flatten)]
    pub json: Json,
}

#[derive(clap::Args)]
pub struct DriverArgs {
    /// ray, slurm or parallel
    #[arg(value_parser = one_of(Driver::NAMES))]
    pub engine: Driver,
    /// The file, or the folder that it is to lie in; the working folder unless given
    pub to: Option<PathBuf>,
}
