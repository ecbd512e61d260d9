//! The arguments of `kinfolk ancestry`.

use std::path::PathBuf;

use super::common::{Json, Root, Threads};
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
    #[command(flatten)]
    pub root: Root,
    #[command(flatten)]
    pub threads: Threads,
    #[command(flatten)]
    pub json: Json,
}

const GRAINS: &[(&str, Grain)] = &[("layer", Grain::Layer), ("kind", Grain::Kind)];
