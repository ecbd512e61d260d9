//! The arguments of what estimates the kinship of many models.

use std::path::PathBuf;

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

/// How families are found among sketches.
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
