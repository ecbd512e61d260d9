//! `kinfolk extract`: what a fine-tune has changed, as a LoRA adapter over its base.

use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use super::args::ExtractArgs;
use super::kinship::open;
use super::{CliError, out, progress};
use crate::extract::{
    Fate, ModuleReport, Options, Pair, Patterns, Plan, Report, Wish, extract, plan,
};
use crate::files::Removal;
use crate::jobs::Failure;
use crate::merge::plan::locate;
use crate::merge::run::RunError;
use crate::merge::write::units::show_bytes;
use crate::text::counted;
use crate::workbench::hub_cache;

pub fn run(args: &ExtractArgs) -> Result<(), CliError> {
    let pool = progress::pool(args.threads.wanted)?;
    let wish = wish(args)?;
    let base = open(&located(&args.base_model, args.root.folder.as_deref())?)?;
    let model = open(&located(&args.model, args.root.folder.as_deref())?)?;
    let plan = plan(Pair::new(base, model), wish).map_err(CliError::Failed)?;
    let options = Options {
        out: args.out.clone().unwrap_or_default(),
        force: args.force.is_given,
        removal: Removal::of_desktop(),
        base_name: args.base_model.to_string_lossy().into_owned(),
        model_name: args.model.to_string_lossy().into_owned(),
        seed: args.seed,
    };
    if args.out.is_some() {
        options.check(&plan).map_err(CliError::Failed)?;
    }
    plan.notes
        .iter()
        .for_each(|note| out::say(&format!("note: {note}")));
    if args.dry_run {
        return show(args, &plan, None);
    }
    let (plan, report) = progress::run("Extracting", move |ticket| {
        let result = pool.install(|| extract(&plan, &options, ticket));
        match result {
            Ok(report) => Ok((plan, report)),
            Err(RunError::Cancelled(cancelled)) => Err(cancelled.into()),
            Err(RunError::Failed(sentence)) => Err(Failure::Failed(sentence)),
        }
    })?;
    let known = plan.notes.len();
    let found = report.notes.iter().skip(known);
    found.for_each(|note| out::say(&format!("note: {note}")));
    show(args, &plan, Some(&report))
}

fn wish(args: &ExtractArgs) -> Result<Wish, CliError> {
    let usual = Wish::default();
    let given = args.max_rank.map(|rank| rank as usize);
    Ok(Wish {
        max_rank: match args.energy {
            Some(_) => given,
            None => given.or(usual.max_rank),
        },
        energy: args.energy,
        epsilon: args.sv_epsilon,
        distribute: !args.no_distribute_scale,
        embed_lora: args.embed_lora,
        rslora: args.rslora,
        skip_undecomposable: args.skip_undecomposable,
        save_modules: args.save_modules.clone(),
        include: Patterns::new(&args.include_regex).map_err(CliError::Failed)?,
        exclude: Patterns::new(&args.exclude_regex).map_err(CliError::Failed)?,
    })
}

/// A model by its path from `root`, or by its name in the hub's cache.
pub fn located(path: &Path, root: Option<&Path>) -> Result<std::path::PathBuf, CliError> {
    let beside = root.map_or_else(|| path.to_owned(), |root| root.join(path));
    let Some(name) = path.to_str().filter(|_| !beside.exists()) else {
        return Ok(beside);
    };
    let root = root.unwrap_or(Path::new("."));
    let found = locate(name, None, root, None, hub_cache().as_deref());
    found.map_err(CliError::Failed)
}

#[derive(Serialize)]
struct Shown<'a> {
    plan: Value,
    result: Option<&'a Report>,
    /// The cosine of the adapter's change and the fine-tune's.
    kinship: Option<f64>,
}

fn show(args: &ExtractArgs, plan: &Plan, result: Option<&Report>) -> Result<(), CliError> {
    let shown = Shown {
        plan: plan_json(plan),
        result,
        kinship: result.and_then(Report::kinship),
    };
    if out::is_json_alone(&shown, args.json.file.as_deref())? {
        return Ok(());
    }
    match result {
        None => print_plan(plan),
        Some(result) => print_result(result),
    }
    Ok(())
}

fn plan_json(plan: &Plan) -> Value {
    let modules = plan.modules.iter().map(|module| {
        json!({
            "module": module.name,
            "shape": module.weight.shape,
            "work": module.work.to_string(),
            "bytes_at_most": module.bytes_written(),
        })
    });
    json!({
        "modules": modules.collect::<Vec<_>>(),
        "bytes_read": plan.bytes_read(),
        "bytes_written_at_most": plan.bytes_written(),
        "notes": plan.notes,
    })
}

fn print_plan(plan: &Plan) {
    out::print_all(plan.lines());
    out::print(&format!(
        "reads {}, writes {} at most",
        show_bytes(plan.bytes_read()),
        show_bytes(plan.bytes_written())
    ));
}

fn print_result(report: &Report) {
    let width = |m: &ModuleReport| m.module.chars().count();
    let width = report.modules.iter().map(width).max().unwrap_or(0);
    for module in &report.modules {
        out::print(&line(module, width));
    }
    let [factors, whole, left_out] = report.counts();
    out::print(&format!(
        "{} with factors up to rank {}, {whole} whole, {left_out} left out; {}; {:.1} s",
        counted(factors, "module"),
        report.rank,
        show_bytes(report.bytes_written),
        report.seconds
    ));
    if let (Some(kept), Some(kinship)) = (report.kept(), report.kinship()) {
        out::print(&format!(
            "it has {:.2} % of the change; kinship with the fine-tune {kinship:.4} (cosine, expected)",
            kept * 100.0
        ));
    }
    out::print(&format!("The adapter is in {}", report.out.display()));
}

fn line(module: &ModuleReport, width: usize) -> String {
    let name = &module.module;
    let words = match &module.fate {
        Fate::Factors {
            rank,
            energy,
            residual,
            ..
        } => format!(
            "rank {rank:>4}  energy {:>6.2} %  residual {residual:.4}",
            energy * 100.0
        ),
        Fate::Whole { why } => format!("whole, {why}"),
        Fate::LeftOut { why } => format!("left out, {why}"),
    };
    format!("  {name:<width$}  {words}")
}
