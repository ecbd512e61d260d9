//! What the commands on plans and on sketches share.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::checkpoint::Checkpoint;
use crate::cli::args::WorkArgs;
use crate::cli::kinship::{measured_as, names, open, open_all, rounding};
use crate::cli::{CliError, out};
use crate::cluster::{self, Labour, Member, Plan, State, Task};
use crate::files;
use crate::kinship::Measured;
use crate::store;

/// The largest list of models that is read.
const MOST_LIST: u64 = 64 << 20;

/// What a plan is cut by unless it is told otherwise.
pub const DEFAULT_BLOCK: usize = 1024;
pub const DEFAULT_TASK_BYTES: u64 = 4_000_000_000;

/// Plans the kinship of models on their base, in the folder `to`.
pub fn write_plan(
    base: &Path,
    paths: &[PathBuf],
    (block, task_bytes): (usize, u64),
    to: &Path,
) -> Result<(Plan, Vec<Task>), CliError> {
    let base = open(base)?;
    let models = open_all(paths)?;
    let names = names(&models);
    let rounding = rounding(&base, &models, &names);
    let members = measured_as(&base, &models).into_iter().zip(&models);
    let members = members.map(|(own, model)| member(own, model));
    let members = members.collect::<Result<Vec<_>, _>>()?;
    let of_base = Measured {
        name: base.suggested_name(),
        parameters: base.parameters(),
    };
    let opened: Vec<&Checkpoint> = models.iter().map(AsRef::as_ref).collect();
    let plan = cluster::make(
        (member(of_base, &base)?, &base),
        members,
        &opened,
        rounding,
        (block, task_bytes),
    )
    .map_err(CliError::failed)?;
    let tasks = plan.write(to).map_err(CliError::Failed)?;
    Ok((plan, tasks))
}

/// A model as a plan lists it.
pub fn member(measured: Measured, model: &Checkpoint) -> Result<Member, CliError> {
    let path = store::absolute(model.path()).map_err(CliError::failed)?;
    Ok(Member {
        name: measured.name,
        path,
        key: model.key().to_owned(),
        parameters: measured.parameters,
    })
}

/// The paths of a list; empty lines and those that begin with # are passed over.
pub fn listed(list: &Path) -> Result<Vec<PathBuf>, CliError> {
    let text = files::read_text(list, MOST_LIST)
        .map_err(|error| CliError::Failed(format!("{error}: {}", list.display())))?;
    let root = list.parent().unwrap_or(Path::new(""));
    let lines = text.lines().map(str::trim);
    let paths: Vec<PathBuf> = lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| store::joined(root, line))
        .collect();
    if paths.is_empty() {
        let list = list.display();
        return Err(CliError::Failed(format!(
            "this list names no model; write the path of one a line: {list}"
        )));
    }
    Ok(paths)
}

/// Says what to do with a new plan.
pub fn say_next(place: &Path) {
    let place = place.display();
    out::print(&format!(
        "next: kinfolk cluster work {place}, on as many machines as you like"
    ));
}

/// What a worker was asked to do.
pub fn labour(args: &WorkArgs) -> Labour {
    Labour {
        only: args.task.clone(),
        most: args.claim.unwrap_or(usize::MAX),
        lease: Duration::from_secs(args.lease),
        waits: args.wait,
    }
}

/// A line of JSON on standard output.
pub fn tell(event: &cluster::Event) {
    if let Ok(line) = serde_json::to_string(event) {
        out::print(&line);
    }
}

/// Why parts cannot be joined yet.
pub fn missing(state: &State, place: &Path) -> CliError {
    CliError::Failed(format!(
        "{} of {} parts are missing; run kinfolk cluster work {}",
        state.tasks - state.done,
        state.tasks,
        place.display()
    ))
}
