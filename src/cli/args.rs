//! The arguments, as clap reads them.

mod ancestry;
mod cluster;
mod common;
mod lineage;
mod related;
mod sketch;
mod sweep;
mod tools;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Parser;
use clap::builder::{PossibleValuesParser, TypedValueParser};

pub use ancestry::AncestryArgs;
pub use cluster::{ClusterArgs, DriverArgs, JoinArgs, PlanArgs, StateArgs, WorkArgs};
pub use lineage::LineageArgs;
pub use related::{RelatedArgs, ScanArgs};
pub use sketch::{FamilyArgs, SketchArgs};
pub use sweep::{SweepArgs, Workers};
pub use tools::{
    ConvertArgs, ExtractArgs, LayerShuffleArgs, MoeArgs, ProveArgs, TransplantArgs, VerifyArgs,
};

use common::{Force, Json, PLAN_AND_RESULT, RECIPE_ROOT, Root, Threads};

use super::mergekit::Accepted;
use crate::checkpoint::{GgufKind, Kind};
use crate::kinship::{Grain, Linkage, Metric};
use crate::lineage::strategy::PartnerPool;
use crate::merge::write::units;

/// See how language models are related before you merge them.
#[derive(Parser)]
#[command(name = "kinfolk", version, args_conflicts_with_subcommands = true)]
#[command(disable_help_subcommand = true)]
#[command(after_help = "Without arguments the window opens, one click from the demo.")]
pub struct Args {
    #[command(subcommand)]
    pub command: Option<Subcommand>,
    /// Studies and models to open in the window
    #[arg(value_name = "STUDY or MODEL")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub hub: HubArgs,
}

/// What is done about models named hf://org/name that are not in the hub's cache.
#[derive(clap::Args)]
#[command(next_help_heading = "Models named hf://org/name")]
pub struct HubArgs {
    /// Download what is not in the hub's cache
    #[arg(long, global = true)]
    pub download: bool,
    /// Read what is not in the hub's cache from the hub, without downloading it
    #[arg(long, global = true, conflicts_with = "download")]
    pub stream: bool,
}

#[derive(clap::Subcommand)]
pub enum Subcommand {
    /// Open the window
    Window {
        /// Studies and models to open in it
        #[arg(value_name = "STUDY or MODEL")]
        paths: Vec<PathBuf>,
    },
    /// Measure how related models are
    Kinship(KinshipArgs),
    /// Measure a population with many processes, on one machine or on a cluster
    #[command(subcommand)]
    Cluster(ClusterArgs),
    /// Estimate the kinship of any number of models from a small sketch of each
    Sketch(SketchArgs),
    /// Tell of which models a child was made, in what shares, and by what kind of method
    Ancestry(AncestryArgs),
    /// Compare two models tensor by tensor: weights, configuration, tokenizer
    Diff(DiffArgs),
    /// Write the merge that a recipe describes
    Merge(MergeArgs),
    /// Write the mixture of experts that a recipe describes
    Moe(MoeArgs),
    /// Write a model in another format: GGUF, or a folder of safetensors
    Convert(ConvertArgs),
    /// Give a model another model's tokenizer, with a row for each of its tokens
    Transplant(TransplantArgs),
    /// Print a recipe that takes each layer from one of several models, drawn at random
    Layershuffle(LayerShuffleArgs),
    /// Extract a LoRA adapter: what a fine-tune has changed in its base
    Extract(ExtractArgs),
    /// Find the recipe that a model was merged by, and prove it by making it again
    Prove(ProveArgs),
    /// Tell whether two models are related at all, without a base
    Related(RelatedArgs),
    /// Find the models below folders, sorted into families
    Scan(ScanArgs),
    /// Tell who descends from whom in a folder of models, from their weights
    Lineage(LineageArgs),
    /// Check that a merge is what its own header says: its parents' files and its bytes
    Verify(VerifyArgs),
    /// Predict the kinship of the child that a recipe would make
    Predict(PredictArgs),
    /// Score a small model on tasks, on the CPU
    Evaluate(EvaluateArgs),
    /// Run generations of merges in a study, or the rest of them
    Evolve(EvolveArgs),
    /// Merge and score a recipe for a grid of its parameters
    Sweep(SweepArgs),
    /// Say which merge to make next, by what the merges so far have taught
    Advise(AdviseArgs),
    /// Write what a study says as one page, with its pictures
    Report(ReportArgs),
    /// Tell how two columns of a table go together
    Stats(StatsArgs),
    /// Show what a checkpoint holds
    Inspect(InspectArgs),
    /// Write out the demo family and print its kinship
    Demo(DemoArgs),
    /// Read a topic of the guide, or the list of topics
    Help {
        /// A topic, or a command
        topic: Option<String>,
    },
    /// Print the completions for a shell
    #[command(hide = true)]
    Completions { shell: clap_complete::Shell },
    /// Write the man pages into a folder
    #[command(hide = true)]
    Man { folder: PathBuf },
}

#[derive(clap::Args)]
pub struct KinshipArgs {
    /// The model that the others were fine-tuned from
    #[arg(long, value_name = "BASE")]
    pub base: PathBuf,
    /// The models: folders, safetensors files or LoRA adapters
    #[arg(required = true, value_name = "MODEL")]
    pub models: Vec<PathBuf>,
    /// Also give the kinship of every group of tensors
    #[arg(long, value_name = "GRAIN", value_parser = one_of(GRAINS))]
    pub by: Option<Grain>,
    /// Only tensors of this kind
    #[arg(long, value_name = "KIND", value_parser = one_of(KINDS))]
    pub kind: Option<Kind>,
    /// Print only this measure
    #[arg(long, value_name = "METRIC", value_parser = metric())]
    pub metric: Option<Metric>,
    /// Scale each change to 8 bits first, as the reference tool's option of this name does
    #[arg(long)]
    pub low_precision: bool,
    /// Count a tied embedding a second time as the head, as the reference tool does
    #[arg(long)]
    pub tied_twice: bool,
    /// Write the tree of the models as Newick to FILE, - for standard output
    #[arg(long, value_name = "FILE")]
    pub newick: Option<PathBuf>,
    /// How that tree is made: average, complete or ward linkage, or neighbour-joining; average
    /// unless given
    #[arg(long, value_name = "METHOD", value_parser = one_of(TREES), requires = "newick")]
    pub tree: Option<TreeWish>,
    #[command(flatten)]
    pub threads: Threads,
    #[command(flatten)]
    pub json: Json,
}

#[derive(clap::Args)]
#[command(mut_arg("root", |own| own.help(RECIPE_ROOT)))]
#[command(mut_arg("json", |own| own.help(PLAN_AND_RESULT)))]
pub struct MergeArgs {
    /// A recipe in mergekit's YAML
    pub recipe: PathBuf,
    /// The folder that is made, or a file whose name ends in .gguf
    #[arg(required_unless_present_any = ["dry_run", "intermediates", "out_path"])]
    pub out: Option<PathBuf>,
    /// OUT, as mergekit-multi has it
    #[arg(long, value_name = "OUT", hide = true, conflicts_with = "out")]
    pub out_path: Option<PathBuf>,
    /// Write each document of RECIPE that has a name to a folder of that name in DIR; OUT is for
    /// the one without
    #[arg(short = 'I', long, value_name = "DIR", alias = "intermediate-dir")]
    pub intermediates: Option<PathBuf>,
    /// The type of matrices in a GGUF file: f16, bf16 or q8_0; f16 or bf16, as the models, unless
    /// given
    #[arg(long, value_name = "TYPE", value_parser = one_of(GgufKind::NAMES))]
    pub gguf_type: Option<GgufKind>,
    /// The GGUF file whose metadata and vocabulary a GGUF output takes; the base or the first
    /// model that is GGUF unless given
    #[arg(long, value_name = "FILE")]
    pub template: Option<PathBuf>,
    /// Check and size the merge, print its plan and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Largest file of weights, such as 5GB or 500MiB; 0 for one file
    #[arg(long, value_name = "SIZE", default_value = "5GB", value_parser = units::parse_bytes)]
    #[arg(alias = "out-shard-size")]
    pub shard_size: u64,
    #[command(flatten)]
    pub force: Force,
    /// Merge models of unlike architectures all the same
    #[arg(long, overrides_with = "no_allow_crimes")]
    pub allow_crimes: bool,
    #[arg(long, hide = true)]
    no_allow_crimes: bool,
    /// Cut vocabularies of different sizes to the smallest, where equal rows are equal tokens
    #[arg(long, overrides_with = "no_unsafe_truncate_embeddings")]
    pub unsafe_truncate_embeddings: bool,
    #[arg(long, hide = true)]
    no_unsafe_truncate_embeddings: bool,
    /// Stop at keys and parameters that mergekit would ignore
    #[arg(long)]
    pub strict: bool,
    /// Seed of methods that drop changes at random; the recipe's, or 0, unless given
    #[arg(long, value_name = "N", alias = "random-seed")]
    pub seed: Option<u64>,
    /// Stop at the first tensor with NaN or infinite numbers
    #[arg(long)]
    pub refuse_nan: bool,
    /// Measure the parents' kinship first, for the model card; reads the models once more
    #[arg(long)]
    pub kinship: bool,
    #[command(flatten)]
    pub root: Root,
    /// The hub's local cache, if it is not where the environment says
    #[arg(long, value_name = "DIR", hide = true)]
    pub transformers_cache: Option<PathBuf>,
    #[command(flatten)]
    pub threads: Threads,
    #[command(flatten)]
    pub json: Json,
    #[command(flatten)]
    pub accepted: Accepted,
}

#[derive(clap::Args)]
#[command(mut_arg("root", |own| own.help(RECIPE_ROOT)))]
pub struct PredictArgs {
    /// The model that the others were fine-tuned from
    #[arg(long, value_name = "BASE")]
    pub base: PathBuf,
    /// A recipe in mergekit's YAML
    pub recipe: PathBuf,
    /// The models whose kinship with the child is wanted
    #[arg(required = true, value_name = "MODEL")]
    pub models: Vec<PathBuf>,
    #[command(flatten)]
    pub root: Root,
    /// Predict for models of unlike architectures all the same
    #[arg(long)]
    pub allow_crimes: bool,
    /// Stop at keys and parameters that mergekit would ignore
    #[arg(long)]
    pub strict: bool,
    #[command(flatten)]
    pub threads: Threads,
    #[command(flatten)]
    pub json: Json,
}

#[derive(clap::Args)]
pub struct EvaluateArgs {
    /// The model: a folder or a safetensors file with its config.json and tokenizer.json
    pub model: PathBuf,
    /// Tasks: JSONL with prompt and answer, or text for a perplexity
    #[arg(required = true, value_name = "TASKS")]
    pub tasks: Vec<PathBuf>,
    /// Write every answer as CSV to FILE
    #[arg(long, value_name = "FILE")]
    pub items: Option<PathBuf>,
    #[command(flatten)]
    pub threads: Threads,
    #[command(flatten)]
    pub json: Json,
}

#[derive(clap::Args)]
pub struct EvolveArgs {
    /// The study; children are added to it as they are made and judged
    pub study: PathBuf,
    /// Name of the evolution; one that the study has goes on as it was set up, and other options
    /// must agree with that
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// How pairs are chosen: improvement (unless given), greedy, kinship, random-partner or
    /// random
    #[arg(long, value_name = "STRATEGY")]
    pub strategy: Option<String>,
    /// The models to begin with, by name; the whole family unless given
    #[arg(long, value_name = "MODEL", value_delimiter = ',')]
    pub founders: Vec<String>,
    /// How many of the best are merged with each other; 3 unless given
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u16).range(2..=200))]
    pub k: Option<u16>,
    /// Where a distant partner is looked for
    #[arg(long, value_name = "POOL", value_parser = one_of(POOLS))]
    pub pool: Option<PartnerPool>,
    /// Merge all founders in the first generation, as the paper does
    #[arg(long)]
    pub all_founders_first: bool,
    /// End after this many generations; 8 unless given
    #[arg(long, value_name = "G")]
    pub generations: Option<u32>,
    /// End after this many generations that leave the best as they were; 0 for never, 2 unless
    /// given
    #[arg(long, value_name = "N")]
    pub still: Option<u32>,
    /// End after this many merges
    #[arg(long, value_name = "N")]
    pub merges: Option<u32>,
    /// End after this many evaluations
    #[arg(long, value_name = "N")]
    pub evaluations: Option<u32>,
    /// End after this many seconds of work
    #[arg(long, value_name = "S")]
    pub seconds: Option<u64>,
    /// End when the kinship among the best is above this
    #[arg(long, value_name = "TAU")]
    pub tau: Option<f64>,
    /// What random choices are drawn from; 0 unless given
    #[arg(long, value_name = "SEED")]
    pub seed: Option<u64>,
    /// How two are merged: a recipe without its models, where base_model: base is the base of the
    /// family; unless given, SLERP half way, against which improvement tries SLERP of task vectors
    #[arg(long, value_name = "RECIPE.yaml")]
    pub recipe: Option<PathBuf>,
    /// Judge by these tasks with the built-in evaluator; else as the study says
    #[arg(long, value_name = "TASKS", num_args = 1..)]
    pub tasks: Vec<PathBuf>,
    /// Approve the command by which the study judges, without being asked
    #[arg(long)]
    pub trust_command: bool,
    /// Where children are written; beside the study unless given
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// Keep only files that may still be merged, and in the end those of the best
    #[arg(long)]
    pub keep_best: bool,
    #[command(flatten)]
    pub by: Workers,
    #[command(flatten)]
    pub json: Json,
}

#[derive(clap::Args)]
pub struct StatsArgs {
    /// A table with a header: CSV or TSV
    pub file: PathBuf,
    /// Name of the column across
    #[arg(long, value_name = "COL")]
    pub x: String,
    /// Name of the column up
    #[arg(long, value_name = "COL")]
    pub y: String,
    /// Take the magnitude of y
    #[arg(long)]
    pub absolute_y: bool,
    /// Only rows with this text in this column; may be given several times, and all must hold
    #[arg(long = "where", value_name = "COL=VALUE", value_parser = condition)]
    pub conditions: Vec<(String, String)>,
    /// Seed of what is drawn at random
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    #[command(flatten)]
    pub json: Json,
}

#[derive(clap::Args)]
pub struct DiffArgs {
    /// The model that the other is measured against
    #[arg(value_name = "A")]
    pub first: PathBuf,
    /// A model in any format, or an adapter for A
    #[arg(value_name = "B")]
    pub second: PathBuf,
    /// Write a page with tables and pictures to FILE
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    #[command(flatten)]
    pub json: Json,
    #[command(flatten)]
    pub threads: Threads,
}

#[derive(clap::Args)]
pub struct InspectArgs {
    /// A folder, a safetensors file or a LoRA adapter
    pub model: PathBuf,
    #[command(flatten)]
    pub json: Json,
}

#[derive(clap::Args)]
pub struct AdviseArgs {
    /// A study, or a folder of models with tables of scores beside them
    pub study: PathBuf,
    /// Measure first what was not measured yet; a folder always is
    #[arg(long)]
    pub measure: bool,
    #[command(flatten)]
    pub json: Json,
}

#[derive(clap::Args)]
pub struct ReportArgs {
    /// The study
    pub study: PathBuf,
    /// The page that is written
    #[arg(value_name = "OUT.html")]
    pub out: PathBuf,
    /// Measure first what was not measured yet
    #[arg(long)]
    pub measure: bool,
}

#[derive(clap::Args)]
pub struct DemoArgs {
    /// Where to write the family; the program's own folder unless given
    pub dir: Option<PathBuf>,
    #[command(flatten)]
    pub json: Json,
}

/// The arguments, with options of two letters after one dash, as mergekit's tool has them, spelt
/// out: they would be read as two options.
pub fn spelt_out(args: impl Iterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    let mut is_transplant = false;
    args.enumerate().map(move |(k, arg)| {
        is_transplant |= k == 1 && arg == "transplant";
        let whole = match arg.to_str() {
            Some("-pm") => "--prefix-match",
            Some("-bm") => "--byte-match",
            _ => return arg,
        };
        if is_transplant { whole.into() } else { arg }
    })
}

/// Which tree of the models is wanted.
#[derive(Clone, Copy)]
pub enum TreeWish {
    Clusters(Linkage),
    Joined,
}

const TREES: &[(&str, TreeWish)] = &[
    ("average", TreeWish::Clusters(Linkage::Average)),
    ("complete", TreeWish::Clusters(Linkage::Complete)),
    ("ward", TreeWish::Clusters(Linkage::Ward)),
    ("neighbour-joining", TreeWish::Joined),
];

const GRAINS: &[(&str, Grain)] = &[
    ("tensor", Grain::Tensor),
    ("layer", Grain::Layer),
    ("kind", Grain::Kind),
];

const POOLS: &[(&str, PartnerPool)] = &[
    ("everyone", PartnerPool::Everyone),
    ("last-generation", PartnerPool::LastGeneration),
    ("generation-before", PartnerPool::GenerationBefore),
    ("selection", PartnerPool::Selection),
];

const KINDS: &[(&str, Kind)] = &[
    ("embedding", Kind::Embedding),
    ("attention", Kind::Attention),
    ("mlp", Kind::Mlp),
    ("norm", Kind::Norm),
    ("head", Kind::Head),
    ("other", Kind::Other),
];

/// Reads the key of a measure, with dashes.
fn metric() -> impl TypedValueParser<Value = Metric> {
    // The parser wants names that live as long as the program.
    let key = |metric: &Metric| -> &'static str { metric.key.replace('_', "-").leak() };
    let keys = Metric::ALL.iter().map(key);
    PossibleValuesParser::new(keys).map(|key| Metric::of_key(&key.replace('-', "_")))
}

/// Reads a column and what it must hold.
fn condition(text: &str) -> Result<(String, String), String> {
    let (column, value) = text
        .split_once('=')
        .ok_or("a column, an equals sign and a value are wanted, such as path=1")?;
    Ok((column.trim().to_owned(), value.trim().to_owned()))
}

/// Reads one of a few names.
fn one_of<T: Copy + Send + Sync + 'static>(
    names: &'static [(&'static str, T)],
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(names.iter().map(|(name, _)| *name)).try_map(|wanted| {
        // The parser lets only these names through.
        let found = names.iter().find(|(name, _)| *name == wanted);
        found.map(|(_, value)| *value).ok_or("unknown name")
    })
}
