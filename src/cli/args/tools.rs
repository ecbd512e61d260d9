//! The arguments of the tools that make models in other ways than a merge.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;

use super::common::{Force, Json, PLAN_AND_RESULT, RECIPE_ROOT, Root, Threads};
use super::one_of;
use crate::checkpoint::GgufKind;
use crate::extract::parse_share;
use crate::merge::write::units;
use crate::transplant::{Matrices, Method, Pieces};

#[derive(clap::Args)]
pub struct ConvertArgs {
    /// The model: a folder, a safetensors file or a GGUF file
    pub checkpoint: PathBuf,
    /// The folder that is made, or a file whose name ends in .gguf
    pub out: PathBuf,
    /// The type of matrices in a GGUF file: f16, bf16 or q8_0; f16 or bf16, as the model, unless
    /// given
    #[arg(long, value_name = "TYPE", value_parser = one_of(GgufKind::NAMES))]
    pub gguf_type: Option<GgufKind>,
    /// The GGUF file whose metadata and vocabulary a GGUF output takes; CHECKPOINT if it is GGUF
    #[arg(long, value_name = "FILE")]
    pub template: Option<PathBuf>,
    /// The format of a folder's weights: float32, float16 or bfloat16; the model's, or bfloat16
    /// where it is quantised, unless given
    #[arg(long, value_name = "FORMAT")]
    pub dtype: Option<String>,
    /// Largest file of weights of a folder, such as 5GB or 500MiB; 0 for one file
    #[arg(long, value_name = "SIZE", default_value = "5GB", value_parser = units::parse_bytes)]
    pub shard_size: u64,
    #[command(flatten)]
    pub force: Force,
    #[command(flatten)]
    pub threads: Threads,
}

#[derive(clap::Args)]
pub struct TransplantArgs {
    /// The model that gets another tokenizer
    pub model: String,
    /// The model whose tokenizer it gets
    pub donor: String,
    /// The folder that is made
    #[arg(required_unless_present = "dry_run")]
    pub out: Option<PathBuf>,
    /// How many shared tokens a new row is made of
    #[arg(short, long, value_name = "N", default_value_t = 64)]
    pub k: usize,
    /// How rows are made of tokens that MODEL lacks: omp, subword, mean or zero
    #[arg(short = 'a', long = "approximation-method", value_name = "METHOD", default_value = "omp",
          value_parser = transplant_method())]
    pub method: String,
    /// How the pieces of a token become a row, with -a subword
    #[arg(short, long, value_name = "WAY", default_value = "mean", value_parser = one_of(Pieces::NAMES))]
    pub subword_method: Pieces,
    /// Where a token takes the row of the longest token that it begins with (also -pm)
    #[arg(long, value_name = "WHERE", default_value = "no", value_parser = one_of(Matrices::NAMES))]
    pub prefix_match: Matrices,
    /// Where a byte takes the row of the same byte in another spelling (also -bm)
    #[arg(long, value_name = "WHERE", default_value = "no", value_parser = one_of(Matrices::NAMES))]
    pub byte_match: Matrices,
    /// Match the tokens, print what would be made and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Largest file of weights, such as 5GB or 500MiB; 0 for one file
    #[arg(long, visible_alias = "out-shard-size", value_name = "SIZE", default_value = "5GB", value_parser = units::parse_bytes)]
    pub shard_size: u64,
    #[command(flatten)]
    pub force: Force,
    #[command(flatten)]
    pub root: Root,
    #[command(flatten)]
    pub threads: Threads,
    #[command(flatten)]
    pub json: Json,
}

#[derive(clap::Args)]
pub struct LayerShuffleArgs {
    /// A model whose layers are drawn from; given once for each
    #[arg(short, long = "model", required = true, value_name = "MODEL")]
    pub models: Vec<String>,
    /// How likely the model is beside the others, given once for each; all alike unless given.
    /// With --full-random, how many layers are taken of it, as a share of its own
    #[arg(short, long = "weight", value_name = "W")]
    pub weights: Vec<f64>,
    /// Draw the layers too, and shuffle them
    #[arg(long)]
    pub full_random: bool,
    /// Have the merge written as float16
    #[arg(long)]
    pub fp16: bool,
    /// What is drawn from
    #[arg(
        long,
        visible_alias = "random-seed",
        value_name = "N",
        default_value_t = 0
    )]
    pub seed: u64,
    /// Write the recipe to FILE, and not to standard output
    #[arg(long, value_name = "FILE")]
    pub write_yaml: Option<PathBuf>,
    #[command(flatten)]
    pub root: Root,
}

#[derive(clap::Args)]
#[command(mut_arg("root", |own| own.help(RECIPE_ROOT)))]
#[command(mut_arg("json", |own| own.help(PLAN_AND_RESULT)))]
pub struct MoeArgs {
    /// A recipe in mergekit-moe's YAML
    pub recipe: PathBuf,
    /// The folder that is made
    #[arg(required_unless_present = "dry_run")]
    pub out: Option<PathBuf>,
    /// Check and size the mixture, print its plan and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Largest file of weights, such as 5GB or 500MiB; 0 for one file
    #[arg(
        long,
        alias = "out-shard-size",
        value_name = "SIZE",
        default_value = "5GB"
    )]
    #[arg(value_parser = units::parse_bytes)]
    pub shard_size: u64,
    #[command(flatten)]
    pub force: Force,
    /// Take experts of another architecture than the base's all the same
    #[arg(long)]
    pub allow_crimes: bool,
    /// Stop at keys and prompts that have no effect
    #[arg(long)]
    pub strict: bool,
    /// Make a mixture that is of no use before it is trained: with the same expert or the same
    /// prompts throughout
    #[arg(long)]
    pub i_understand_this_is_not_useful_without_training: bool,
    /// Seed of random gates and of noise; the recipe's, or 0, unless given
    #[arg(long, alias = "random-seed", value_name = "N")]
    pub seed: Option<u64>,
    #[command(flatten)]
    pub root: Root,
    #[command(flatten)]
    pub threads: Threads,
    #[command(flatten)]
    pub json: Json,
}

#[derive(clap::Args)]
#[command(mut_arg("json", |own| own.help(PLAN_AND_RESULT)))]
pub struct ExtractArgs {
    /// The fine-tune: a folder, a safetensors, GGUF or PyTorch file, or an adapter over BASE
    #[arg(long, value_name = "MODEL")]
    pub model: PathBuf,
    /// The model that it was fine-tuned from
    #[arg(long, value_name = "BASE")]
    pub base_model: PathBuf,
    /// The folder that is made
    #[arg(required_unless_present = "dry_run")]
    pub out: Option<PathBuf>,
    /// Largest rank of a module; 128 unless given, and no bound with --energy
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_rank: Option<u32>,
    /// Give each module the smallest rank that keeps this share of its change, such as 95% or 0.95
    #[arg(long, value_name = "SHARE", value_parser = parse_share)]
    pub energy: Option<f64>,
    /// Leave out singular values up to this
    #[arg(long, value_name = "E", default_value_t = 0.0)]
    pub sv_epsilon: f64,
    /// Put all of the singular values into A, not their roots into both factors
    #[arg(long)]
    pub no_distribute_scale: bool,
    /// Make factors for embedding and head too, not whole copies
    #[arg(long)]
    pub embed_lora: bool,
    /// Save the modules of this name whole; may be given several times
    #[arg(long = "save-module", value_name = "NAME")]
    pub save_modules: Vec<String>,
    /// Only modules whose name this matches, beside embedding and head; may be given several times
    #[arg(short, long, value_name = "REGEX")]
    pub include_regex: Vec<String>,
    /// Without modules whose name this matches; may be given several times
    #[arg(short, long, value_name = "REGEX")]
    pub exclude_regex: Vec<String>,
    /// Leave out what is no matrix, such as norms, instead of saving it whole
    #[arg(long)]
    pub skip_undecomposable: bool,
    /// Scale by alpha over the root of the rank, as rank-stabilised LoRA does
    #[arg(long)]
    pub rslora: bool,
    /// Seed of the random start of the decomposition
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Check and size the extraction, print its plan and write nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub force: Force,
    #[command(flatten)]
    pub root: Root,
    #[command(flatten)]
    pub threads: Threads,
    #[command(flatten)]
    pub json: Json,
}

#[derive(clap::Args)]
pub struct ProveArgs {
    /// The model that the parents were fine-tuned from
    #[arg(long, value_name = "BASE")]
    pub base: PathBuf,
    /// The model whose making is looked for
    pub child: PathBuf,
    /// The models that it may have been made from
    #[arg(required = true, value_name = "PARENT")]
    pub parents: Vec<PathBuf>,
    /// Compare all tensors, not a sample of them
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub root: Root,
    #[command(flatten)]
    pub threads: Threads,
    #[command(flatten)]
    pub json: Json,
}

#[derive(clap::Args)]
#[command(mut_arg("root", |own| own.help(VERIFY_ROOT)))]
pub struct VerifyArgs {
    /// A folder that Kinfolk has merged
    pub child: PathBuf,
    /// Compare all tensors, not a sample of them
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub root: Root,
    #[command(flatten)]
    pub threads: Threads,
    #[command(flatten)]
    pub json: Json,
}

const VERIFY_ROOT: &str = "The folder that relative paths of models start from; the working \
                           folder, then the one that CHILD lies in, unless given";

/// Reads any method of mergekit's; those that are not done are refused by name later.
fn transplant_method() -> PossibleValuesParser {
    let known = Method::ALL.into_iter().map(|(_, name, ..)| name);
    let known = known.map(clap::builder::PossibleValue::new);
    let other = Method::OTHERS.into_iter();
    let other = other.map(|name| clap::builder::PossibleValue::new(name).hide(true));
    PossibleValuesParser::new(known.chain(other).collect::<Vec<_>>())
}
