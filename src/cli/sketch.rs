//! `kinfolk sketch`: the kinship of many models, estimated from a sketch of each.

mod plans;
mod report;
mod sketched;

use std::path::PathBuf;
use std::sync::Arc;

use super::args::SketchArgs;
use super::cluster::common::listed;
use super::kinship::{names, open, open_all};
use super::{CliError, progress};
use crate::checkpoint::Checkpoint;
use crate::jobs::{Failure, Ticket};
use crate::kinship::MeasureError;
use crate::kinship::sketch::Sketch;
use crate::workbench::{Folders, sketches};

pub use report::show;
pub use sketched::Sketched;

pub fn run(args: &SketchArgs) -> Result<(), CliError> {
    let root = args.root.folder.clone().unwrap_or_default();
    let base = args.base.as_ref().map(|base| open(&root.join(base)));
    let base = base.transpose()?;
    let mut paths: Vec<PathBuf> = args.paths.iter().map(|path| root.join(path)).collect();
    if let Some(list) = &args.models {
        paths.extend(listed(&root.join(list))?);
    }
    let models = open_all(&paths)?;
    let pool = progress::pool(args.threads.wanted)?;
    let (of_base, of_models) = (base.clone(), models.clone());
    let found = progress::run("Sketching", move |ticket| {
        pool.install(|| made(of_base.as_deref(), &of_models, ticket))
            .map_err(Failure::from)
    })?;
    let sketched = Sketched {
        base: base.map(|own| (own.suggested_name(), own.path().to_owned())),
        names: names(&models),
        paths: models.iter().map(|own| own.path().to_owned()).collect(),
        sketches: found,
    };
    show(
        sketched,
        &args.families,
        args.threads.wanted,
        args.json.file.as_deref(),
    )
}

/// A sketch of each model, kept ones where there are.
fn made(
    base: Option<&Checkpoint>,
    models: &[Arc<Checkpoint>],
    ticket: &Ticket,
) -> Result<Vec<Sketch>, MeasureError> {
    let cache = Folders::of_user().cache;
    let of_base = base.map_or(0, Checkpoint::size_bytes);
    ticket.expect(models.iter().map(|own| own.size_bytes() + of_base).sum());
    let one = |own: &Arc<Checkpoint>| sketches::kept_or_made(&cache, own, base, ticket);
    let found = models.iter().map(one).collect();
    sketches::prune(&cache);
    found
}
