//! The arguments of `kinfolk ancestry`.

use std::path::PathBuf;

use super::one_of;
use crate::kinship::Grain;

#[derive(clap::Args)]
pub struct AncestryArgs {
    /// The model that all of them were fine-tuned from
    #[arg(long, value_name = "BASE")]
    pub base: PathBuf,
    /// The model whose parents are wanted
    pub child: PathBuf,
    /// The models that may be its parents
    #[arg(required = true, value_name = "CANDIDATE")]
    pub candidates: Vec<PathBuf>,
    /// Also give the shares in every layer or kind of tensor
    #[arg(long, value_name = "GRAIN", value_parser = one_of(GRAINS))]
    pub by: Option<Grain>,
    /// Let shares be negative: models that were subtracted
    #[arg(long)]
    pub allow_negative: bool,
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

const GRAINS: &[(&str, Grain)] = &[("layer", Grain::Layer), ("kind", Grain::Kind)];
