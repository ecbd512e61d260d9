//! `kinfolk cluster`: the kinship of a population over many processes.

pub mod common;
mod sketches;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use serde::Serialize;

use self::common::{labour, listed, missing, say_next, tell, write_plan};
use super::args::{ClusterArgs, DriverArgs, JoinArgs, PlanArgs, StateArgs, WorkArgs};
use super::kinship::{open, open_all, print};
use super::{CliError, out, progress};
use crate::checkpoint::Checkpoint;
use crate::cluster::{self, Joined, Plan, State, Task, driver};
use crate::files::write_whole;
use crate::jobs::Failure;
use crate::kinship::store::CachedKinship;
use crate::kinship::{Measured, Scope, report};
use crate::merge::write::units::show_bytes;
use crate::study::file;
use crate::workbench::clusters::study_of;
use crate::workbench::{Folders, cache, trials};

/// How long a worker that waits does so before there is anything.
const PATIENCE: Duration = Duration::from_secs(60);
pub fn run(args: &ClusterArgs) -> Result<(), CliError> {
    match args {
        ClusterArgs::Plan(args) => plan(args),
        ClusterArgs::Work(args) => work(args),
        ClusterArgs::Join(args) => join(args),
        ClusterArgs::State(args) => state(args),
        ClusterArgs::Driver(args) => write_driver(args),
    }
}

/// What a plan comes to.
#[derive(Serialize)]
struct Figures {
    models: usize,
    tasks: usize,
    /// Bytes of all models and the base.
    bytes: u64,
    /// Bytes that all tasks read together.
    read_bytes: u64,
    /// How often a byte is read, on average.
    reads: f64,
    /// Bytes of the sums that a worker keeps for one task, and of all parts together.
    sums_bytes: u64,
    parts_bytes: u64,
}

fn plan(args: &PlanArgs) -> Result<(), CliError> {
    let paths = listed(&args.models)?;
    let base = match &args.base {
        Some(base) if !args.sketch => base,
        base => return sketches::plan(base.as_deref(), &paths, args),
    };
    let size = (args.block as usize, args.task_bytes);
    let (plan, tasks) = write_plan(base, &paths, size, &args.out)?;
    let figures = figures(&plan, &tasks);
    if out::is_json_alone(&figures, args.json.file.as_deref())? {
        return Ok(());
    }
    out::print(&format!(
        "{} models on {}: {} tasks, {} to read, each byte {:.2} times",
        figures.models,
        plan.base.name,
        figures.tasks,
        show_bytes(figures.read_bytes),
        figures.reads
    ));
    out::print(&format!(
        "a worker keeps up to {} of sums; all parts take {}",
        show_bytes(figures.sums_bytes),
        show_bytes(figures.parts_bytes)
    ));
    say_next(&args.out);
    Ok(())
}

fn figures(plan: &Plan, tasks: &[Task]) -> Figures {
    let sums = |task: &Task| {
        let rows = task.models(plan).0.len() as u64 + 1;
        let grams = |k: usize| {
            task.chunks
                .as_ref()
                .map_or(1, |_| task.chunks_of(plan, k).len())
        };
        let grams = task.segments.clone().map(grams).sum::<usize>() as u64;
        grams * 8 * (rows * (rows + 1) + 2 * rows + 1)
    };
    let (bytes, read) = (
        plan.bytes(),
        tasks.iter().map(|task| task.bytes).sum::<u64>(),
    );
    Figures {
        models: plan.models.len(),
        tasks: tasks.len(),
        bytes,
        read_bytes: read,
        reads: read as f64 / bytes.max(1) as f64,
        sums_bytes: tasks.iter().map(sums).max().unwrap_or(0),
        parts_bytes: tasks.iter().map(sums).sum(),
    }
}

/// Does what there is in the folder: tasks of a plan, then trials of runs.
fn work(args: &WorkArgs) -> Result<(), CliError> {
    until_there(args)?;
    if cluster::sketches::Plan::is_in(&args.out) {
        sketches::work(args)?;
    }
    if Plan::is_in(&args.out) {
        work_on_plan(args)?;
    }
    match trials::has_runs(&args.out) {
        true => work_on_trials(args),
        false => Ok(()),
    }
}

/// Whether a folder holds a plan of either kind.
fn has_plan(place: &Path) -> bool {
    Plan::is_in(place) || cluster::sketches::Plan::is_in(place)
}

/// Waits a while until the folder holds something, if waiting is wanted: workers are often
/// started before the one who leads.
fn until_there(args: &WorkArgs) -> Result<(), CliError> {
    let _hearing = progress::hear_interrupts();
    let due = Instant::now() + Duration::from_secs(args.lease).max(PATIENCE);
    while !has_plan(&args.out) && !trials::has_runs(&args.out) {
        if progress::was_interrupted() {
            return Err(CliError::Cancelled);
        }
        if !args.wait || Instant::now() > due {
            return Err(CliError::Failed(format!(
                "no plan and no trials are here; make a plan with kinfolk cluster plan, or hand \
                 out trials with kinfolk evolve or kinfolk sweep and --cluster: {}",
                args.out.display()
            )));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

fn work_on_trials(args: &WorkArgs) -> Result<(), CliError> {
    let place = std::path::absolute(&args.out).map_err(CliError::failed)?;
    let labour = labour(args);
    let pool = progress::pool(args.threads.wanted)?;
    let allows = trials::permit(&Folders::of_user(), args.trust_command);
    progress::run("Working", move |ticket| {
        pool.install(|| trials::work(&place, &labour, &allows, ticket, &|event| tell(&event)))
    })?;
    Ok(())
}

fn work_on_plan(args: &WorkArgs) -> Result<(), CliError> {
    let (plan, tasks) = Plan::read(&args.out).map_err(CliError::Failed)?;
    let base = open(&plan.base.path)?;
    let paths: Vec<PathBuf> = plan.models.iter().map(|model| model.path.clone()).collect();
    let models = open_all(&paths)?;
    let labour = labour(args);
    let pool = progress::pool(args.threads.wanted)?;
    let place = args.out.clone();
    progress::run("Working", move |ticket| {
        let models: Vec<&Checkpoint> = models.iter().map(Arc::as_ref).collect();
        let of = (&plan, tasks.as_slice());
        pool.install(|| {
            cluster::work(&place, of, (&base, &models), &labour, ticket, &|event| {
                tell(&event);
            })
        })
        .map_err(Failure::from)
    })?;
    Ok(())
}

fn join(args: &JoinArgs) -> Result<(), CliError> {
    if cluster::sketches::Plan::is_in(&args.out) {
        return sketches::join(args);
    }
    if !Plan::is_in(&args.out) && trials::has_runs(&args.out) {
        return Err(CliError::Failed(format!(
            "this folder holds the trials of an evolution or a sweep, which takes them in by \
             itself; there is no kinship to join: {}",
            args.out.display()
        )));
    }
    let (plan, tasks) = Plan::read(&args.out).map_err(CliError::Failed)?;
    match cluster::join(&args.out, &plan, &tasks).map_err(CliError::Failed)? {
        Joined::Missing(state) => Err(missing(&state, &args.out)),
        Joined::Whole(found) => show(&plan, &found, args),
    }
}

fn show(plan: &Plan, found: &CachedKinship, args: &JoinArgs) -> Result<(), CliError> {
    if let Some(path) = &args.study {
        write_study(plan, found, path)?;
    }
    let measured: Vec<Measured> = (plan.models.iter())
        .map(|model| Measured {
            name: model.name.clone(),
            parameters: model.parameters,
        })
        .collect();
    let scope = Scope::default();
    let mut report = report(&found.kinship, &plan.base.name, &measured, scope, None);
    report.rounding.clone_from(&plan.rounding);
    if out::is_json_alone(&report, args.json.file.as_deref())? {
        return Ok(());
    }
    if args.study.is_none() && args.json.file.is_none() {
        print(&report, None);
    }
    Ok(())
}

/// A study of the models, whose kinship is kept where the window looks for it.
fn write_study(plan: &Plan, found: &CachedKinship, path: &Path) -> Result<(), CliError> {
    if path.exists() {
        let path = path.display();
        return Err(CliError::Failed(format!(
            "there is a file already; choose another name for the study: {path}"
        )));
    }
    let doc = study_of(plan);
    cache::keep(&Folders::of_user().cache, found);
    let path = std::path::absolute(path).map_err(CliError::failed)?;
    let text = file::to_text(&doc, path.parent().unwrap_or(Path::new("/")));
    write_whole(&path, text.as_bytes()).map_err(CliError::Failed)
}

fn state(args: &StateArgs) -> Result<(), CliError> {
    let state = standing(&args.out).map_err(CliError::Failed)?;
    if out::is_json_alone(&state, args.json.file.as_deref())? {
        return Ok(());
    }
    let (done, all) = state.bytes;
    out::print(&format!(
        "{} of {} tasks, {} of {}",
        state.done,
        state.tasks,
        show_bytes(done),
        show_bytes(all)
    ));
    let now = cluster::milliseconds(SystemTime::now());
    for seen in state.seen.iter().filter(|seen| seen.is_alive(now)) {
        let doing = seen.doing.as_deref().unwrap_or("waits");
        out::print(&format!("{}: {} done, {doing}", seen.worker, seen.done));
    }
    out::print(&format!("{} free", state.missing.len()));
    Ok(())
}

/// How far the plan of a folder and its trials are, together.
fn standing(place: &Path) -> Result<State, String> {
    let (has_plan, has_runs) = (has_plan(place), trials::has_runs(place));
    let of_plan = || {
        if cluster::sketches::Plan::is_in(place) {
            let plan = cluster::sketches::Plan::read(place)?;
            return Ok(cluster::sketches::state(place, &plan));
        }
        let (_, tasks) = Plan::read(place)?;
        Ok(cluster::state(place, &tasks))
    };
    match (has_plan, has_runs) {
        (_, false) => of_plan(),
        (false, true) => trials::standing(place),
        (true, true) => {
            let (mut both, plan) = (trials::standing(place)?, of_plan()?);
            both.tasks += plan.tasks;
            both.done += plan.done;
            both.bytes = (both.bytes.0 + plan.bytes.0, both.bytes.1 + plan.bytes.1);
            both.missing.extend(plan.missing);
            both.workers.extend(plan.workers);
            Ok(both)
        }
    }
}

fn write_driver(args: &DriverArgs) -> Result<(), CliError> {
    let to = args.to.clone().unwrap_or_default();
    let path = match to.as_os_str().is_empty() || to.is_dir() {
        true => to.join(args.engine.file()),
        false => to,
    };
    if path.exists() {
        let path = path.display();
        return Err(CliError::Failed(format!("there is a file already: {path}")));
    }
    write_whole(&path, driver(args.engine).as_bytes()).map_err(CliError::Failed)?;
    out::print(&path.display().to_string());
    Ok(())
}
