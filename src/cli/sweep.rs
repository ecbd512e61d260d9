//! `kinfolk sweep`: a recipe merged and scored for a grid of values.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::args::SweepArgs;
use super::evolve::failed;
use super::merge::MAX_RECIPE_BYTES;
use super::{CliError, out, progress, table};
use crate::evaluate::command::{Call, objection};
use crate::files;
use crate::parallel::lock;
use crate::study::Evaluator;
use crate::text::counted;
use crate::workbench::sweeping::{Axis, Row, RowState, Sweep, Table, Told, rooted, usual_folder};
use crate::workbench::trials::{Progress, Way, permit};
use crate::workbench::{Folders, Workbench, approval};

pub fn run(args: &SweepArgs) -> Result<(), CliError> {
    let sweep = sweep(args)?;
    // Asked first: it would be a pity after an hour.
    let bench = args.study.as_deref().map(opened).transpose()?;
    let folder = match (&args.by.cluster, &args.folder) {
        (Some(folder), _) | (None, Some(folder)) => folder.clone(),
        (None, None) => usual_folder(&args.recipe),
    };
    let folder = std::path::absolute(folder).map_err(CliError::failed)?;
    let found = go_through(args, sweep, folder)?;
    if let Some(bench) = bench {
        record(bench, &found)?;
    }
    show(&found, args)?;
    match found.failed() {
        0 => Ok(()),
        n => Err(CliError::Failed(format!(
            "{} of {} failed; call again to try them once more",
            n,
            counted(found.rows.len(), "cell")
        ))),
    }
}

fn sweep(args: &SweepArgs) -> Result<Sweep, CliError> {
    let axes = args.set.iter().map(|text| Axis::parse(text));
    let axes = axes.collect::<Result<Vec<Axis>, String>>();
    let path = args.recipe.display();
    let text = files::read_text(&args.recipe, MAX_RECIPE_BYTES)
        .map_err(|error| CliError::Failed(format!("{error}: {path}")))?;
    let beside = args.recipe.parent().unwrap_or(Path::new(""));
    let working = match args.root.folder {
        Some(_) => None,
        None => std::env::current_dir().ok(),
    };
    let root = args.root.folder.as_deref().unwrap_or(beside);
    let text = rooted(&text, root, working.as_deref());
    let name = args.recipe.file_stem().unwrap_or_default();
    Ok(Sweep {
        name: name.to_string_lossy().into_owned(),
        text: text.map_err(|error| CliError::Failed(format!("{error}: {path}")))?,
        axes: axes.map_err(CliError::Failed)?,
        evaluator: evaluator(args)?,
        keep: args.keep,
    })
}

fn evaluator(args: &SweepArgs) -> Result<Evaluator, CliError> {
    let Some(line) = &args.evaluator else {
        let tasks = args.tasks.iter().map(std::path::absolute);
        let tasks = tasks.collect::<Result<Vec<PathBuf>, _>>();
        let tasks = tasks.map_err(CliError::failed)?;
        return Ok(Evaluator::BuiltIn { tasks });
    };
    let call = Call {
        folder: Some(std::env::current_dir().map_err(CliError::failed)?),
        ..Call::parse(line).map_err(CliError::Failed)?
    };
    if let Some(sentence) = objection(&call) {
        return Err(CliError::Failed(sentence));
    }
    // Typed here, so it is approved; workers of the same user find that written down.
    if args.by.cluster.is_some() {
        approval::approve_in(&Folders::of_user().data, &call).map_err(CliError::Failed)?;
    }
    Ok(Evaluator::Command { call })
}

fn go_through(args: &SweepArgs, sweep: Sweep, folder: PathBuf) -> Result<Table, CliError> {
    let pool = progress::pool(args.threads.wanted)?;
    let works = args.by.cluster.is_none() || args.by.work;
    let line = Line::new(args.by.cluster.as_deref());
    let title = format!("Sweeping {}", sweep.name);
    progress::run(&title, move |ticket| {
        pool.install(|| {
            let allows = permit(&Folders::of_user(), true);
            let way = if works {
                Way::Here(&allows)
            } else {
                Way::Workers
            };
            let on = |told: Told<'_>| line.tell(&told);
            sweep.go_through(&folder, way, ticket, &on)
        })
    })
}

/// What is said on standard error while it runs.
struct Line {
    /// The folder of workers that are started elsewhere.
    cluster: Option<PathBuf>,
    rows: Mutex<Vec<Row>>,
    said: Mutex<String>,
}

impl Line {
    fn new(cluster: Option<&Path>) -> Self {
        Self {
            cluster: cluster.map(Path::to_owned),
            rows: Mutex::default(),
            said: Mutex::default(),
        }
    }

    fn tell(&self, told: &Told<'_>) {
        match *told {
            Told::Began(table) => lock(&self.rows).clone_from(&table.rows),
            Told::Arrived(at, found) => {
                let mut rows = lock(&self.rows);
                let Some(row) = rows.get_mut(at) else { return };
                row.take(found);
                // A bar says enough where there is one.
                if !std::io::stderr().is_terminal() {
                    out::say(&match &row.state {
                        RowState::Failed(sentence) => sentence.clone(),
                        _ => format!("{}: {}", row.name, score(row)),
                    });
                }
            }
            Told::Progress(progress) => self.progress(progress),
        }
    }

    fn progress(&self, progress: Progress) {
        let Some(cluster) = &self.cluster else { return };
        let line = match progress.workers {
            0 => format!(
                "no worker is seen; start some: kinfolk cluster work {}",
                cluster.display()
            ),
            n => format!("{} at work", counted(n, "worker")),
        };
        let mut said = lock(&self.said);
        if *said != line && progress.done < progress.of {
            out::say(&line);
            *said = line;
        }
    }
}

fn score(row: &Row) -> String {
    match row.score() {
        Some((score, true)) => format!("perplexity {score:.4}"),
        score => table::decimals(score.map(|(score, _)| score), 2),
    }
}

/// The study, or a new one at its place.
fn opened(path: &Path) -> Result<Workbench, CliError> {
    let mut bench = Workbench::new(Folders::of_user(), || {});
    if path.exists() {
        bench.open_study(path);
        failed(&mut bench)?;
        if let Some(owner) = bench.opened_by() {
            return Err(CliError::Failed(format!(
                "the study is open in {}; close it there first: {}",
                owner.words(),
                path.display()
            )));
        }
        return Ok(bench);
    }
    let path = std::path::absolute(path).map_err(CliError::failed)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    bench.begin_unsaved(name.split('.').next().unwrap_or_default());
    bench.save_as(&path);
    failed(&mut bench)?;
    Ok(bench)
}

fn record(mut bench: Workbench, found: &Table) -> Result<(), CliError> {
    bench.record_sweep(found);
    bench.save_if_changed();
    bench.finish_saving();
    failed(&mut bench)
}

fn show(found: &Table, args: &SweepArgs) -> Result<(), CliError> {
    if let Some(to) = &args.csv {
        let csv = found.to_csv().map_err(CliError::failed)?;
        out::text(&String::from_utf8_lossy(&csv), to)?;
    }
    if out::is_json_alone(&found.report(), args.json.file.as_deref())?
        || args.csv.as_deref() == Some(Path::new("-"))
    {
        return Ok(());
    }
    let heads: Vec<String> = (found.axes.iter())
        .map(|axis| axis.path.clone())
        .chain(["score".to_owned()])
        .collect();
    let order = found.by_score();
    let lines: Vec<Vec<String>> = order.iter().map(|&k| cells_of(&found.rows[k])).collect();
    let width = |at: usize| {
        let column = lines.iter().map(|line| line[at].chars().count());
        column.chain([heads[at].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let row = |line: &[String]| {
        let cells = line.iter().zip(&widths);
        let cells: Vec<String> = cells
            .map(|(text, width)| format!("{text:>width$}"))
            .collect();
        cells.join("  ")
    };
    out::print(&row(&heads));
    for (line, &k) in lines.iter().zip(&order) {
        let mark = if found.best() == Some(k) {
            "  best"
        } else {
            ""
        };
        out::print(&format!("{}{mark}", row(line)));
    }
    Ok(())
}

fn cells_of(row: &Row) -> Vec<String> {
    let last = match &row.state {
        RowState::Failed(_) => "failed".to_owned(),
        _ => score(row),
    };
    row.values.iter().cloned().chain([last]).collect()
}
