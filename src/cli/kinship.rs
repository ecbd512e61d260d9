//! `kinfolk kinship`: how related models are, as tables or JSON.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::{KinshipArgs, TreeWish};
use super::{CliError, out, progress, table};
use crate::checkpoint::{Checkpoint, Difference};
use crate::jobs::Failure;
use crate::kinship::{
    Kinship, Linkage, Measure, Measured, Metric, Precision, Report, RoundingReport, SMALL_SHARE,
    Scope, cluster_by, measure, neighbour_joining, newick, newick_unrooted, report,
};
use crate::text::free_name;
use crate::workbench::opening;

pub fn run(args: &KinshipArgs) -> Result<(), CliError> {
    let base = open(&args.base)?;
    let models = open_all(&args.models)?;
    let shown = measured_as(&base, &models);
    for model in &models {
        let seen = model.seen_as(&base);
        for note in seen.renamings() {
            out::say(&format!("{}: {note}", seen.suggested_name()));
        }
        let settings = seen.config().differences(base.config());
        for Difference {
            what,
            values: [own, of_base],
            ..
        } in settings
        {
            let name = seen.suggested_name();
            out::say(&format!(
                "{name}: {what} is {own}, and {of_base} in the base"
            ));
        }
    }
    let precision = if args.low_precision {
        Precision::EightBit
    } else {
        Precision::Full
    };
    let kinship = measured(
        Arc::clone(&base),
        models.clone(),
        precision,
        args.threads.wanted,
    )?;
    let scope = Scope {
        kind: args.kind,
        tied_twice: args.tied_twice,
    };
    let mut report = report(&kinship, &base.suggested_name(), &shown, scope, args.by);
    report.rounding = rounding(&base, &models, &names(&models));
    let newick = args
        .newick
        .as_deref()
        .map(|to| (to, tree_text(&kinship, &report, args)));
    if let Some((to, text)) = newick {
        out::text(&text?, to)?;
        if to == Path::new("-") {
            return over_something(&report);
        }
    }
    if out::is_json_alone(&report, args.json.file.as_deref())? {
        return over_something(&report);
    }
    print(&report, args.metric);
    over_something(&report)
}

/// The tree of the models as Newick, with the end of a line.
fn tree_text(kinship: &Kinship, report: &Report, args: &KinshipArgs) -> Result<String, CliError> {
    let scope = Scope {
        kind: args.kind,
        tied_twice: args.tied_twice,
    };
    let metric = args.metric.unwrap_or_default();
    let measure = Measure {
        metric,
        scope,
        ..Measure::default()
    };
    let matrix = kinship.matrix(measure);
    let names = &report.models;
    let text = match args.tree.unwrap_or(TreeWish::Clusters(Linkage::Average)) {
        TreeWish::Clusters(linkage) => newick(&cluster_by(linkage, &matrix, metric), names),
        TreeWish::Joined => {
            let joined = neighbour_joining(&matrix, metric);
            joined.and_then(|tree| newick_unrooted(&tree, names))
        }
    };
    let none = || {
        CliError::Failed(format!(
            "no two models have a {}: there is no tree",
            metric.name
        ))
    };
    Ok(text.ok_or_else(none)? + "\n")
}

/// An error for the first pair that has nothing to be compared over.
fn over_something(report: &Report) -> Result<(), CliError> {
    let n = report.models.len();
    let mut pairs = (0..n).flat_map(|a| (a..n).map(move |b| (a, b)));
    let Some((a, b)) = pairs.find(|&(a, b)| report.compared[a][b] == 0) else {
        return Ok(());
    };
    let (a, b) = (&report.models[a], &report.models[b]);
    let pair = if a == b {
        format!("{a} and {}", report.base)
    } else {
        format!("{a} and {b}")
    };
    let reason = report.left_out.iter().find(|left| {
        let model = left.model.as_ref();
        model.is_none_or(|model| model == a || model == b)
    });
    let reason = reason.map_or(String::new(), |left| {
        format!(", such as {}: {}", left.tensor, left.reason)
    });
    Err(CliError::Failed(format!(
        "{pair} have no numbers in common that can be compared{reason}"
    )))
}

/// The models as a report names them.
pub fn measured_as(base: &Checkpoint, models: &[Arc<Checkpoint>]) -> Vec<Measured> {
    let named = names(models).into_iter().zip(models);
    let of = |(name, model): (String, &Arc<Checkpoint>)| {
        let whole = model.adapter().map_or(&**model, |_| base);
        Measured {
            name,
            parameters: whole.parameters(),
        }
    };
    named.map(of).collect()
}

/// Opens a checkpoint, saying on standard error what is odd about it.
pub fn open(path: &Path) -> Result<Arc<Checkpoint>, CliError> {
    let checkpoint = opening::open(path).map_err(CliError::Failed)?;
    for problem in checkpoint.problems() {
        out::say(&format!("{}: {problem}", checkpoint.suggested_name()));
    }
    Ok(checkpoint)
}

pub fn open_all(paths: &[PathBuf]) -> Result<Vec<Arc<Checkpoint>>, CliError> {
    paths.iter().map(|path| open(path)).collect()
}

pub fn measured(
    base: Arc<Checkpoint>,
    models: Vec<Arc<Checkpoint>>,
    precision: Precision,
    threads: Option<u16>,
) -> Result<Kinship, CliError> {
    let pool = progress::pool(threads)?;
    progress::run("Measuring kinship", move |ticket| {
        let models: Vec<&Checkpoint> = models.iter().map(AsRef::as_ref).collect();
        pool.install(|| measure(&base, &models, precision, None, ticket, &|_, _| {}))
            .map_err(Failure::from)
    })
}

/// A name for each model; equal names get a number.
pub fn names(models: &[Arc<Checkpoint>]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for model in models {
        let is_taken = |name: &str| out.iter().any(|own| own == name);
        out.push(free_name(&model.suggested_name(), " ", is_taken));
    }
    out
}

/// What quantisation has done to the base and the models.
pub fn rounding(
    base: &Checkpoint,
    models: &[Arc<Checkpoint>],
    names: &[String],
) -> Vec<RoundingReport> {
    let of = |(model, name): (&Checkpoint, &str)| {
        Some(RoundingReport {
            model: name.to_owned(),
            formats: model.quantised_as()?,
            distance: model.rounding()?,
        })
    };
    let base_name = base.suggested_name();
    let named = models.iter().map(AsRef::as_ref);
    let named = named.zip(names.iter().map(String::as_str));
    let all = std::iter::once((base, base_name.as_str())).chain(named);
    all.filter_map(of).collect()
}

pub fn print(report: &Report, metric: Option<Metric>) {
    let (models, numbers) = (report.models.len(), report.parameters);
    out::print(&format!(
        "{models} models on {}, {numbers} parameters compared",
        report.base
    ));
    print_small_shares(report);
    match metric {
        // What follows from another measure needs no matrix of its own.
        Some(metric) => print_whole(report, metric),
        None => Metric::independent().for_each(|metric| print_whole(report, metric)),
    }
    if let Some(rank) = report.effective_rank.filter(|_| models > 2) {
        out::print(&format!("these {models} models span {rank:.1} directions"));
    }
    for group in report.groups.iter().flatten() {
        let metric = Metric::DEFAULT;
        let Some(rows) = group.matrices.get(metric) else {
            continue;
        };
        let (name, n) = (&group.name, group.parameters);
        let title = format!("{name}, {}, {n} parameters", metric.title);
        print_matrix(&title, &report.models, rows, None);
    }
    print_left_out(report);
    for RoundingReport {
        model,
        formats,
        distance,
    } in &report.rounding
    {
        let about = rounding_words(formats, model, *distance);
        out::say(&format!("note: {about}"));
    }
}

/// "rounding to NF4 alone moves `model` by about 1.7"
pub fn rounding_words(formats: &str, model: &str, distance: f64) -> String {
    // Two figures: it is an expectation.
    let places = 1.0 - distance.abs().max(1e-9).log10().floor();
    let places = places.clamp(0.0, 9.0) as usize;
    format!("rounding to {formats} alone moves {model} by about {distance:.places$}")
}

fn print_small_shares(report: &Report) {
    for (a, row) in report.compared_share.iter().enumerate() {
        for (b, share) in row.iter().enumerate().take(a) {
            if *share < SMALL_SHARE {
                out::print(&format!(
                    "{} and {}: compared over {} numbers, {:.1} % of the larger model",
                    report.models[b],
                    report.models[a],
                    report.compared[a][b],
                    100.0 * share
                ));
            }
        }
    }
}

fn print_whole(report: &Report, metric: Metric) {
    let (from, by): (_, fn(f64) -> f64) = metric.follows.unwrap_or((metric, |value| value));
    let Some(rows) = report.whole.get(from) else {
        return;
    };
    let row = |row: &Vec<Option<f64>>| row.iter().map(|value| value.map(by)).collect();
    let rows: Vec<Vec<Option<f64>>> = rows.iter().map(row).collect();
    let mean = report.n_model.get(metric).copied().flatten();
    print_matrix(metric.title, &report.models, &rows, mean);
}

fn print_matrix(title: &str, names: &[String], rows: &[Vec<Option<f64>>], mean: Option<f64>) {
    out::print_all(["", title]);
    out::print_all(table::matrix(names, rows));
    if let Some(mean) = mean.filter(|_| names.len() > 2) {
        out::print(&format!("mean of all pairs: {}", table::number(Some(mean))));
    }
}

/// The most lines about what was left out; the rest is counted.
const MOST_LEFT_OUT: usize = 10;

fn print_left_out(report: &Report) {
    for left in report.left_out.iter().take(MOST_LEFT_OUT) {
        let model = left.model.as_deref().unwrap_or(&report.base);
        let (tensor, reason) = (&left.tensor, &left.reason);
        out::say(&format!("left out: {tensor} in {model}: {reason}"));
    }
    let more = report.left_out.len().saturating_sub(MOST_LEFT_OUT);
    if more > 0 {
        out::say(&format!("left out: {more} more; --json lists all"));
    }
}
