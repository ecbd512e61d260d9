//! The arguments of what estimates the kinship of many models.

use std::path::PathBuf;

use super::common::{Json, Root, Threads};
use crate::origin::population::AKIN;

#[derive(clap::Args)]
pub struct SketchArgs {
    /// The model that the others were fine-tuned from; their weights are sketched without it
    #[arg(long, value_name = "BASE")]
    pub base: Option<PathBuf>,
    /// A file with the path of a model a line; relative ones start at the file
    #[arg(long, value_name = "LIST")]
    pub models: Option<PathBuf>,
    /// The models: folders, files or names in the hub's cache
    #[arg(value_name = "MODEL", required_unless_present = "models")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub families: FamilyArgs,
    #[command(flatten)]
    pub root: Root,
    #[command(flatten)]
    pub threads: Threads,
    #[command(flatten)]
    pub json: Json,
}

#[derive(clap::Args)]
pub struct FamilyArgs {
    /// How many of the nearest models are told of each
    #[arg(long, value_name = "N", default_value_t = 5,
          value_parser = clap::value_parser!(u16).range(0..=1000))]
    pub nearest: u16,
    /// Models are of one family whose cosine is above this
    #[arg(long, value_name = "COSINE", default_value_t = AKIN)]
    pub akin: f64,
    /// Give all pairs in the JSON, however many models there are
    #[arg(long)]
    pub pairs: bool,
    /// Plan the exact kinship of each family in a folder of its own below DIR
    #[arg(long, value_name = "DIR")]
    pub plans: Option<PathBuf>,
}
