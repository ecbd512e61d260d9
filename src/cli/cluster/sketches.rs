//! Plans of sketches on the command line.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::common::{labour, member, missing, say_next, tell};
use crate::cli::args::{JoinArgs, PlanArgs, WorkArgs};
use crate::cli::kinship::{measured_as, names, open, open_all};
use crate::cli::sketch::{Sketched, show};
use crate::cli::{CliError, out, progress};
use crate::cluster::sketches::{self, Joined, Plan};
use crate::jobs::Failure;
use crate::kinship::Measured;
use crate::merge::write::units::show_bytes;
use crate::numeric::sketch::WIDTH;
use crate::workbench::opening;

/// What a plan comes to.
#[derive(Serialize)]
struct Figures {
    models: usize,
    tasks: usize,
    /// Bytes of all models.
    bytes: u64,
    /// Bytes of all sketches.
    parts_bytes: u64,
}

pub fn plan(base: Option<&Path>, paths: &[PathBuf], args: &PlanArgs) -> Result<(), CliError> {
    let base = base.map(open).transpose()?;
    let models = open_all(paths)?;
    let of_models: Vec<Measured> = match &base {
        Some(base) => measured_as(base, &models),
        None => {
            let named = names(&models).into_iter().zip(&models);
            let of = named.map(|(name, model)| Measured {
                name,
                parameters: model.parameters(),
            });
            of.collect()
        }
    };
    let members = of_models.into_iter().zip(&models);
    let members = members.map(|(own, model)| Ok((member(own, model)?, model.size_bytes())));
    let members = members.collect::<Result<Vec<_>, CliError>>()?;
    let of_base = base.as_ref().map(|base| {
        let own = Measured {
            name: base.suggested_name(),
            parameters: base.parameters(),
        };
        member(own, base)
    });
    let plan = Plan::new(of_base.transpose()?, members, args.task_bytes);
    plan.write(&args.out).map_err(CliError::Failed)?;
    let figures = Figures {
        models: plan.models.len(),
        tasks: plan.tasks().len(),
        bytes: plan.bytes.iter().sum(),
        parts_bytes: (plan.models.len() * 4 * WIDTH) as u64,
    };
    if out::is_json_alone(&figures, args.json.file.as_deref())? {
        return Ok(());
    }
    out::print(&format!(
        "sketches of {} models: {} tasks, {} to read, {} of sketches",
        figures.models,
        figures.tasks,
        show_bytes(figures.bytes),
        show_bytes(figures.parts_bytes)
    ));
    say_next(&args.out);
    Ok(())
}

pub fn work(args: &WorkArgs) -> Result<(), CliError> {
    let plan = Plan::read(&args.out).map_err(CliError::Failed)?;
    let (place, labour) = (args.out.clone(), labour(args));
    let pool = progress::pool(args.threads.wanted)?;
    progress::run("Working", move |ticket| {
        let open = |path: &Path| opening::open(path);
        pool.install(|| {
            sketches::work(&place, &plan, &open, &labour, ticket, &|event| tell(&event))
        })
        .map_err(Failure::from)
    })?;
    Ok(())
}

pub fn join(args: &JoinArgs) -> Result<(), CliError> {
    if args.study.is_some() {
        let sentence = "sketches are estimates and make no study; plan the exact kinship of each \
                        family with --plans DIR";
        return Err(CliError::Failed(sentence.to_owned()));
    }
    let plan = Plan::read(&args.out).map_err(CliError::Failed)?;
    let found = match sketches::join(&args.out, &plan).map_err(CliError::Failed)? {
        Joined::Missing(state) => return Err(missing(&state, &args.out)),
        Joined::Whole(found) => found,
    };
    let sketched = Sketched {
        base: plan.base.map(|base| (base.name, base.path)),
        names: plan.models.iter().map(|own| own.name.clone()).collect(),
        paths: plan.models.into_iter().map(|own| own.path).collect(),
        sketches: found,
    };
    show(sketched, &args.families, None, args.json.file.as_deref())
}
