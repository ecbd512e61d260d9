//! `kinfolk moe`: a mixture of experts checked, then written.

use serde::Serialize;
use serde_json::{Value, json};

use super::args::MoeArgs;
use super::merge::{RecipeAt, Written, print_written, tell};
use super::{CliError, out, progress};
use crate::files::Removal;
use crate::jobs::Failure;
use crate::merge::plan::Cost;
use crate::merge::problem::Problem;
use crate::merge::run::RunError;
use crate::merge::write::units::show_bytes;
use crate::moe::{
    Expert, MoeChild, MoeOptions, MoeOutcome, MoePlan, Prompts, Purpose, parse, plan,
    run as carry_out,
};
use crate::text::counted;

pub fn run(args: &MoeArgs) -> Result<(), CliError> {
    let pool = progress::pool(args.threads.wanted)?;
    let at = RecipeAt {
        root: args.root.folder.as_deref(),
        out: args.out.as_deref(),
        force: args.force.is_given,
        allow_crimes: args.allow_crimes,
        strict: args.strict,
        ..RecipeAt::new(&args.recipe, pool.current_num_threads())
    };
    let purpose = match args.i_understand_this_is_not_useful_without_training {
        true => Purpose::Training,
        false => Purpose::Use,
    };
    let mut plan = at.planned(|text, around| plan(&parse(text), around, purpose))?;
    if args.strict {
        plan.be_strict();
    }
    tell(&plan.problems, &args.recipe)?;
    let MoePlan { problems, child } = plan;
    let child = child.ok_or_else(|| CliError::failed("the recipe makes nothing"))?;
    let mut shown = Shown {
        problems,
        prompts: None,
        result: None,
    };
    if args.dry_run {
        if child.recipe.gate_mode.reads_prompts() {
            shown.prompts = Some(Prompts::read(&child).map_err(CliError::Failed)?);
        }
        return show(args, &child, &shown);
    }
    let options = MoeOptions {
        out: args.out.clone().unwrap_or_default(),
        shard_bytes: args.shard_size,
        force: args.force.is_given,
        seed: args.seed,
        removal: Removal::of_desktop(),
    };
    let (child, result) = progress::run("Mixing", move |ticket| {
        match pool.install(|| carry_out(&child, &options, ticket)) {
            Ok(outcome) => Ok((child, outcome)),
            Err(RunError::Cancelled(cancelled)) => Err(cancelled.into()),
            Err(RunError::Failed(sentence)) => Err(Failure::Failed(sentence)),
        }
    })?;
    result
        .warnings
        .iter()
        .for_each(|own| out::say(&format!("warning: {own}")));
    if result.non_finite > 0 {
        let n = result.non_finite;
        out::say(&format!(
            "warning: the mixture has {n} NaN or infinite numbers"
        ));
    }
    shown.result = Some(result);
    show(args, &child, &shown)
}

/// What is said beside the plan.
struct Shown {
    problems: Vec<Problem>,
    prompts: Option<Prompts>,
    result: Option<MoeOutcome>,
}

fn show(args: &MoeArgs, child: &MoeChild, shown: &Shown) -> Result<(), CliError> {
    if out::is_json_alone(&as_json(child, shown), args.json.file.as_deref())? {
        return Ok(());
    }
    match &shown.result {
        None => print_plan(child, shown.prompts.as_ref()),
        Some(result) => print_result(result),
    }
    Ok(())
}

fn print_plan(child: &MoeChild, prompts: Option<&Prompts>) {
    let recipe = &child.recipe;
    out::print(&format!(
        "{} of {}, {} a token, {} tensors as {}, {}",
        child.architecture.title(),
        counted(child.routed(), "expert"),
        recipe.per_token(),
        child.tensors.len(),
        child.dtype.name(),
        show_bytes(child.cost.bytes_written)
    ));
    out::print(&format!("base    {}", recipe.base_model));
    out::print(&format!(
        "router  {}",
        recipe.gate_mode.title().to_lowercase()
    ));
    for (k, own) in recipe.experts.iter().enumerate() {
        out::print(&expert_line(&format!("expert {k}"), own));
    }
    for own in &recipe.shared_experts {
        out::print(&expert_line("shared", own));
    }
    if let Some(prompts) = prompts {
        let tokens: usize = prompts.tokens.iter().map(Vec::len).sum();
        out::print(&format!(
            "{} of {} in all",
            counted(prompts.texts.len(), "prompt"),
            counted(tokens, "token")
        ));
    }
    let width = child.tensors.iter().map(|t| t.plan.name.len()).max();
    for tensor in &child.tensors {
        let plan = &tensor.plan;
        out::print(&format!(
            "  {:<width$}  {:<5} {:?}",
            plan.name,
            plan.dtype.name(),
            plan.shape,
            width = width.unwrap_or(0)
        ));
    }
    let cost = &child.cost;
    out::print(&format!(
        "reads {}, writes {}, needs about {} of memory beside what the router is made from",
        show_bytes(cost.bytes_read),
        show_bytes(cost.bytes_written),
        show_bytes(cost.peak_memory_bytes),
    ));
}

/// The model of an expert, and what is not as usual about it.
fn expert_line(name: &str, expert: &Expert) -> String {
    let mut line = format!("{name:<8}{}", expert.source_model);
    let mut add = |text: String| line.push_str(&format!(", {text}"));
    for (prompts, kind) in [
        (&expert.positive_prompts, "prompt"),
        (&expert.negative_prompts, "negative prompt"),
    ] {
        if !prompts.is_empty() {
            add(counted(prompts.len(), kind));
        }
    }
    if let Some(noise) = expert.noise_scale {
        add(format!("noise {noise}"));
    }
    if let Some(scale) = expert.residual_scale {
        add(format!("times {scale}"));
    }
    line
}

fn print_result(result: &MoeOutcome) {
    print_written(&Written {
        tensors: result.tensors,
        files: result.files.len(),
        reused: result.reused_files,
        bytes_read: result.bytes_read,
        bytes_written: result.bytes_written,
        seconds: result.seconds,
    });
    out::print(&format!("The mixture is in {}", result.out.display()));
}

#[derive(Serialize)]
struct PlanJson<'a> {
    architecture: &'a str,
    gate_mode: &'a str,
    base_model: String,
    experts: Vec<String>,
    shared_experts: Vec<String>,
    experts_per_token: i64,
    tensors: Vec<Value>,
    prompts: Option<Vec<Value>>,
    cost: &'a Cost,
    problems: &'a [Problem],
    result: Option<&'a MoeOutcome>,
}

fn as_json<'a>(child: &'a MoeChild, shown: &'a Shown) -> PlanJson<'a> {
    let names = |experts: &[Expert]| experts.iter().map(|e| e.source_model.to_string()).collect();
    let tensors = child.tensors.iter().map(|tensor| {
        let plan = &tensor.plan;
        json!({"name": plan.name, "dtype": plan.dtype.name(), "shape": plan.shape})
    });
    let prompts = shown.prompts.as_ref().map(|own| {
        let pairs = own.texts.iter().zip(&own.tokens);
        let object = |(text, tokens)| json!({"text": text, "tokens": tokens});
        pairs.map(object).collect()
    });
    PlanJson {
        architecture: child.architecture.key(),
        gate_mode: child.recipe.gate_mode.key(),
        base_model: child.recipe.base_model.to_string(),
        experts: names(&child.recipe.experts),
        shared_experts: names(&child.recipe.shared_experts),
        experts_per_token: child.recipe.per_token(),
        tensors: tensors.collect(),
        prompts,
        cost: &child.cost,
        problems: &shown.problems,
        result: shown.result.as_ref(),
    }
}
