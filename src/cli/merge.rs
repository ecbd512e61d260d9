//! `kinfolk merge`: a recipe checked, then carried out.

mod tokens;

use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};

use super::args::MergeArgs;
use super::kinship::{measured, names};
use super::{CliError, out, progress};
use crate::files::{self, Removal};
use crate::jobs::Failure;
use crate::kinship::{Measure, Precision};
use crate::merge::plan::{Cost, Model, Plan, Step, Surroundings, TensorPlan, plan};
use crate::merge::problem::Problem;
use crate::merge::recipe::{OnNan, parse};
use crate::merge::run::{
    GgufOptions, GgufWanted, Options, Outcome, RunError, missing_companions, run_to,
};
use crate::merge::tokens::TokensReport;
use crate::merge::write::Parents;
use crate::merge::write::units::show_bytes;
use crate::text::counted;
use crate::workbench::hub_cache;

/// Longer texts are no recipes; what is too long for one is refused again when it is read.
pub const MAX_RECIPE_BYTES: u64 = 64 << 20;

pub fn run(args: &MergeArgs) -> Result<(), CliError> {
    args.accepted.tell();
    let pool = progress::pool(args.threads.wanted)?;
    let out = args.out.as_deref().or(args.out_path.as_deref());
    let plan = planned(&RecipeAt {
        root: args.root.folder.as_deref(),
        hub: args.transformers_cache.as_deref(),
        out,
        intermediates: args.intermediates.as_deref(),
        force: args.force.is_given,
        allow_crimes: args.allow_crimes,
        truncate_embeddings: args.unsafe_truncate_embeddings,
        strict: args.strict,
        ..RecipeAt::new(&args.recipe, pool.current_num_threads())
    })?;
    tell(&plan.problems, &args.recipe)?;
    check_out(&plan, out, args)?;
    let wanted = GgufWanted {
        kind: args.gguf_type,
        template: args.template.clone(),
    };
    let gguf = match out {
        Some(out) => wanted.options(&plan, out).map_err(CliError::Failed)?,
        None => None,
    };
    if args.dry_run {
        return show(args, &plan, gguf.as_ref(), None);
    }
    let options = Options {
        out: out.unwrap_or(Path::new("")).to_owned(),
        shard_bytes: args.shard_size,
        force: args.force.is_given,
        seed: args.seed,
        on_nan: args.refuse_nan.then_some(OnNan::Refuse),
        maker: String::new(),
        removal: Removal::of_desktop(),
        parents: if args.kinship {
            parents(&plan, args.threads.wanted)?
        } else {
            Parents::default()
        },
    };
    let (plan, result) = made("Merging", pool, plan, options, gguf.clone())?;
    show(args, &plan, gguf.as_ref(), Some(&result))
}

/// Whether the document without a name has its place, and OUT a document.
fn check_out(plan: &Plan, out: Option<&Path>, args: &MergeArgs) -> Result<(), CliError> {
    let is_placed = plan.steps.last().is_some_and(|step| step.place.is_some());
    match out {
        Some(out) if is_placed => {
            let (out, sentence) = (out.display(), "every document has a name, so that nothing");
            out::say(&format!("warning: {sentence} is written to {out}"));
            Ok(())
        }
        None if !is_placed && !args.dry_run => Err(CliError::Failed(format!(
            "a document of the recipe has no name, and its result no place; give OUT: {}",
            args.recipe.display()
        ))),
        _ => Ok(()),
    }
}

/// Carries out a plan, and says which tensors have numbers that are not finite.
pub fn made(
    title: &'static str,
    pool: rayon::ThreadPool,
    plan: Plan,
    options: Options,
    gguf: Option<GgufOptions>,
) -> Result<(Plan, Outcome), CliError> {
    let (plan, result) = progress::run(title, move |ticket| {
        let result = pool.install(|| run_to(&plan, &options, gguf.as_ref(), ticket));
        match result {
            Ok(outcome) => Ok((plan, outcome)),
            Err(RunError::Cancelled(cancelled)) => Err(cancelled.into()),
            Err(RunError::Failed(sentence)) => Err(Failure::Failed(sentence)),
        }
    })?;
    for odd in &result.non_finite {
        out::say(&format!("warning: {odd}"));
    }
    if let Some(note) = missing_companions(&plan).filter(|_| result.out.is_dir()) {
        out::say(&format!("warning: {note}"));
    }
    Ok((plan, result))
}

/// The kinship of the last step's parents on its base.
fn parents(plan: &Plan, threads: Option<u16>) -> Result<Parents, CliError> {
    let none =
        |why: &str| CliError::failed(format!("the parents' kinship cannot be measured: {why}"));
    let step = plan.steps.last().ok_or_else(|| none("there is no step"))?;
    let first = step.tensors.first();
    let first = first.ok_or_else(|| none("there is no tensor"))?;
    let base = first.base.ok_or_else(|| none("the recipe has no base"))?;
    let base = first.inputs[base].model;
    let opened = |model: &Model| match &model.adapter {
        Some(adapter) => Some(Arc::clone(adapter)),
        None => model.checkpoint().cloned(),
    };
    let mut models = Vec::new();
    for (k, model) in step.models.iter().enumerate().filter(|(k, _)| *k != base) {
        models.push(opened(model).ok_or_else(|| none(&format!("model {k} is not made yet")))?);
    }
    let base = opened(&step.models[base]).ok_or_else(|| none("the base is not made yet"))?;
    let names = names(&models);
    let matrix = measured(base, models, Precision::Full, threads)?.matrix(Measure::default());
    let pairs = (0..names.len()).flat_map(|a| (a + 1..names.len()).map(move |b| (a, b)));
    Ok(Parents {
        pairs: pairs
            .map(|(a, b)| (names[a].clone(), names[b].clone(), matrix.get(a, b)))
            .collect(),
    })
}

/// Which recipe, and what its plan depends on.
pub struct RecipeAt<'a> {
    pub recipe: &'a Path,
    /// Where relative paths start; if it is `None`, the recipe's folder, then the working one.
    pub root: Option<&'a Path>,
    /// The hub's local cache; the usual one if it is `None`.
    pub hub: Option<&'a Path>,
    pub out: Option<&'a Path>,
    /// The folder for documents with names.
    pub intermediates: Option<&'a Path>,
    pub force: bool,
    pub allow_crimes: bool,
    /// Whether vocabularies of different sizes are cut.
    pub truncate_embeddings: bool,
    /// Whether words that change nothing are mistakes.
    pub strict: bool,
    pub threads: usize,
}

impl<'a> RecipeAt<'a> {
    /// A recipe by itself.
    pub fn new(recipe: &'a Path, threads: usize) -> Self {
        Self {
            recipe,
            root: None,
            hub: None,
            out: None,
            intermediates: None,
            force: false,
            allow_crimes: false,
            truncate_embeddings: false,
            strict: false,
            threads,
        }
    }
}

pub fn planned(at: &RecipeAt<'_>) -> Result<Plan, CliError> {
    let mut plan = at.planned(|text, surroundings| {
        let mut parsed = parse(text);
        for recipe in &mut parsed.recipes {
            // So that the recipe beside the child makes it again.
            recipe.own.truncate_embeddings |= at.truncate_embeddings;
        }
        plan(&parsed, surroundings)
    })?;
    if at.strict {
        plan.be_strict();
    }
    Ok(plan)
}

impl RecipeAt<'_> {
    /// What `plan` makes of the recipe's text.
    pub fn planned<P>(
        &self,
        plan: impl FnOnce(&str, &Surroundings<'_>) -> P,
    ) -> Result<P, CliError> {
        let unreadable = |reason: String| {
            let recipe = self.recipe.display();
            CliError::Failed(format!("the recipe cannot be read, {reason}: {recipe}"))
        };
        let text = files::read_text(self.recipe, MAX_RECIPE_BYTES);
        let text = text.map_err(|error| unreadable(error.to_string()))?;
        let own_folder = self.recipe.parent().unwrap_or(Path::new(""));
        let hub = self.hub.map(Path::to_owned).or_else(hub_cache);
        let working = std::env::current_dir().ok();
        let surroundings = Surroundings {
            root: self.root.unwrap_or(own_folder),
            working: working.as_deref().filter(|_| self.root.is_none()),
            hub: hub.as_deref(),
            out: self.out,
            intermediates: self.intermediates,
            force: self.force,
            allow_crimes: self.allow_crimes,
            threads: self.threads,
            opened: &[],
        };
        Ok(plan(&text, &surroundings))
    }
}

/// Says what is wrong; the only error is the sentence that the program ends with.
pub fn tell(problems: &[Problem], recipe: &Path) -> Result<(), CliError> {
    let errors: Vec<&Problem> = problems.iter().filter(|p| p.is_error()).collect();
    for problem in problems.iter().filter(|p| !p.is_error()) {
        out::say(&format!("warning: {problem}"));
    }
    match errors[..] {
        [] => Ok(()),
        [only] => Err(CliError::Failed(only.to_string())),
        ref several => {
            for problem in several {
                out::say(&format!("error: {problem}"));
            }
            Err(CliError::Failed(format!(
                "the recipe has {} errors and nothing was written: {}",
                several.len(),
                recipe.display()
            )))
        }
    }
}

fn show(
    args: &MergeArgs,
    plan: &Plan,
    gguf: Option<&GgufOptions>,
    result: Option<&Outcome>,
) -> Result<(), CliError> {
    if out::is_json_alone(&as_json(plan, gguf, result), args.json.file.as_deref())? {
        return Ok(());
    }
    match result {
        None => print_plan(plan, gguf),
        Some(result) => print_result(result),
    }
    Ok(())
}

fn print_plan(plan: &Plan, gguf: Option<&GgufOptions>) {
    for step in &plan.steps {
        let name = step.name().map_or(String::new(), |n| format!("{n}: "));
        out::print(&format!(
            "{name}{} of {} models, {} tensors, {}",
            step.method.description().title,
            step.models.len(),
            step.tensors.len(),
            show_bytes(step.bytes_written())
        ));
        for line in step.tokens.iter().flat_map(tokens::lines) {
            out::print(&line);
        }
        let width = step.tensors.iter().map(|t| t.name.len()).max().unwrap_or(0);
        for tensor in &step.tensors {
            out::print(&tensor_line(step, tensor, width));
        }
    }
    if let Some(gguf) = gguf {
        out::print(&format!(
            "one GGUF file, matrices in {}, metadata and vocabulary of {}",
            gguf.kind.title(),
            gguf.template.display()
        ));
    }
    let cost = &plan.cost;
    out::print(&format!(
        "reads {}, writes {}, needs about {} of memory and {:.0} s with all files in memory",
        show_bytes(cost.bytes_read),
        show_bytes(gguf.map_or(cost.bytes_written, |gguf| gguf.bytes)),
        show_bytes(cost.peak_memory_bytes),
        cost.seconds.max(1.0)
    ));
}

/// Name, format, shape, and the values that are not what the method takes by itself.
fn tensor_line(step: &Step, tensor: &TensorPlan, width: usize) -> String {
    let parameters = step.method.description().parameters;
    let default = |key: &str| parameters.iter().find(|p| p.key == key)?.default();
    let mut values = Vec::new();
    for (key, value) in &tensor.values.global {
        if default(key) != Some(*value) {
            values.push(format!("{key} {value}"));
        }
    }
    for own in parameters {
        let inputs = tensor.values.per_input.iter();
        let each: Vec<Option<&f64>> = inputs.map(|input| input.get(own.key)).collect();
        let is_default = |value: &&f64| Some(**value) == own.default();
        if !each.iter().flatten().all(is_default) {
            let shown = each
                .iter()
                .map(|v| v.map_or("–".to_owned(), f64::to_string));
            let shown: Vec<String> = shown.collect();
            values.push(format!("{} {}", own.key, shown.join(" ")));
        }
    }
    format!(
        "  {:<width$}  {:<5} {:?}  {}",
        tensor.name,
        tensor.dtype.name(),
        tensor.shape,
        values.join(", ")
    )
    .trim_end()
    .to_owned()
}

/// What was written, and how fast.
pub struct Written {
    pub tensors: usize,
    pub files: usize,
    /// Files that an earlier run had finished.
    pub reused: usize,
    pub bytes_read: u64,
    pub bytes_written: u64,
    pub seconds: f64,
}

pub fn print_written(written: &Written) {
    let moved = written.bytes_read + written.bytes_written;
    let reused = match written.reused {
        0 => String::new(),
        n => format!(", {n} of them from an interrupted run"),
    };
    out::print(&format!(
        "{} tensors, {} in {}{reused}; {:.1} s, {}/s",
        written.tensors,
        show_bytes(written.bytes_written),
        counted(written.files, "file"),
        written.seconds,
        show_bytes((moved as f64 / written.seconds.max(1e-9)) as u64),
    ));
}

pub fn print_result(result: &Outcome) {
    print_written(&Written {
        tensors: result.tensors,
        files: result.files.len(),
        reused: result.reused_files,
        bytes_read: result.bytes_read,
        bytes_written: result.bytes_written,
        seconds: result.seconds,
    });
    for other in &result.others {
        out::print(&format!("Another child is in {}", other.display()));
    }
    out::print(&format!("The child is in {}", result.out.display()));
}

/// What is written as JSON; reports of tokens are long, and are not copied.
#[derive(Serialize)]
struct PlanJson<'a> {
    steps: Vec<StepJson<'a>>,
    cost: &'a Cost,
    /// How a GGUF output is made.
    gguf: Option<Value>,
    problems: &'a [Problem],
    result: Option<&'a Outcome>,
}

#[derive(Serialize)]
struct StepJson<'a> {
    name: Option<&'a str>,
    /// The folder of its result, if that is not OUT.
    out: Option<&'a Path>,
    method: &'a str,
    models: Vec<String>,
    tokens: Option<&'a TokensReport>,
    tensors: Vec<Value>,
}

fn as_json<'a>(
    plan: &'a Plan,
    gguf: Option<&GgufOptions>,
    result: Option<&'a Outcome>,
) -> PlanJson<'a> {
    let gguf_json = |gguf: &GgufOptions| {
        json!({
            "type": gguf.kind.title(),
            "template": gguf.template,
            "bytes": gguf.bytes,
        })
    };
    PlanJson {
        steps: plan.steps.iter().map(step_json).collect(),
        cost: &plan.cost,
        gguf: gguf.map(gguf_json),
        problems: &plan.problems,
        result,
    }
}

fn step_json(step: &Step) -> StepJson<'_> {
    let name = |model: usize| step.models[model].reference.to_string();
    let tensor = |tensor: &TensorPlan| {
        let inputs = tensor.inputs.iter().enumerate().map(|(k, input)| {
            json!({
                "model": name(input.model),
                "tensor": input.tensor,
                "is_base": tensor.base == Some(k),
                "parameters": tensor.values.per_input.get(k),
            })
        });
        json!({
            "name": tensor.name,
            "dtype": tensor.dtype.name(),
            "shape": tensor.shape,
            "inputs": inputs.collect::<Vec<_>>(),
            "parameters": tensor.values.global,
        })
    };
    let models = step.models.iter();
    StepJson {
        name: step.name(),
        out: step.place.as_deref(),
        method: step.method.description().name,
        models: models.map(|model| model.reference.to_string()).collect(),
        tokens: step.tokens.as_ref().map(|tokens| &tokens.report),
        tensors: step.tensors.iter().map(tensor).collect(),
    }
}
