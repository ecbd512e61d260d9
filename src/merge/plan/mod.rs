//! The plan: what a recipe would make, checked and sized, before the first byte is written.
//!
//! A plan is a recipe × the headers of its models. It never reads a weight, so it takes
//! milliseconds for models of any size. Whatever is wrong is in [`Plan::problems`], all of it
//! at once; a plan with an error is not run.

mod alignment;
mod axes;
mod child_config;
mod context;
mod diagnostics;
mod headers;
mod lineup;
mod locate;
mod output;
mod parameters;
mod places;
mod rules;
mod shape;
mod size;
mod steps;
mod tensors;
mod tokens;
mod towers;
mod values;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use self::alignment::{crimes, rename, settings};
pub(crate) use self::context::Context;
pub use self::locate::locate;
pub(crate) use self::output::{beside_bytes, output_clash, problems_of, too_little_room};
pub(crate) use self::rules::format;
pub(crate) use self::size::cost_of;
pub use self::size::threads_within;
use super::method::{Method, Values};
use super::problem::{Problem, be_strict};
use super::recipe::{ModelRef, Recipe};
use super::tokens::StepTokens;
use crate::checkpoint::{Checkpoint, Dtype, TensorLocation};
use crate::text::natural;

pub use self::steps::{plan, plan_of};

/// What the plan must know beside the recipe.
#[derive(Clone, Debug)]
pub struct Surroundings<'a> {
    /// The folder that relative paths of models start from.
    pub root: &'a Path,
    /// Where they are looked for if they are not there: the working folder, as in mergekit.
    pub working: Option<&'a Path>,
    /// The hub's local cache, if there is one.
    pub hub: Option<&'a Path>,
    /// Where the child is to be written; without it, nothing is said about disk and output.
    pub out: Option<&'a Path>,
    /// The folder that each document with a name is written to, under its name; without it only
    /// the last document's result stays.
    pub intermediates: Option<&'a Path>,
    /// Whether a model that lies at `out` may be replaced.
    pub force: bool,
    /// Whether models of unlike architectures may be merged.
    pub allow_crimes: bool,
    /// Threads that will work.
    pub threads: usize,
    /// Models that are open already, and need not be opened again.
    pub opened: &'a [Arc<Checkpoint>],
}

/// What recipes would make.
pub struct Plan {
    /// One merge after the other; the last makes the child.
    pub steps: Vec<Step>,
    /// What is wrong, errors first.
    pub problems: Vec<Problem>,
    /// Cost of all steps.
    pub cost: Cost,
}

/// What a plan costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Cost {
    /// Bytes read, counted as often as they are read.
    pub bytes_read: u64,
    /// Bytes written.
    pub bytes_written: u64,
    /// Anonymous memory at the peak; mapped files are not counted, the system can drop them.
    pub peak_memory_bytes: u64,
    /// A guess, from the speed of a usual machine with its files in memory.
    pub seconds: f64,
    /// The same where the files have to come from a usual disk first.
    pub cold_seconds: f64,
}

/// One merge.
pub struct Step {
    /// What was asked for.
    pub recipe: Recipe,
    /// Which document of the file, from 0.
    pub document: usize,
    /// Its method.
    pub method: &'static dyn Method,
    /// The models it reads.
    pub models: Vec<Model>,
    /// What it makes, by name, `layers.2` before `layers.10`.
    pub tensors: Vec<TensorPlan>,
    /// The model whose configuration and generation files are taken.
    pub donor: usize,
    /// The model whose tokenizer is taken.
    pub tokenizer: usize,
    /// What is changed in the configuration.
    pub config: ConfigChange,
    /// What becomes of the tokens, where their files could be read.
    pub tokens: Option<StepTokens>,
    /// The folder that its result is written to for good, if it is not the last step's `out`.
    pub place: Option<PathBuf>,
}

/// A model that a step reads.
pub struct Model {
    /// As the recipe has it.
    pub reference: ModelRef,
    /// Where it comes from.
    pub source: ModelSource,
    /// The adapter on it.
    pub adapter: Option<Arc<Checkpoint>>,
}

/// Where a model comes from.
#[derive(Clone)]
pub enum ModelSource {
    /// From files.
    Opened(Arc<Checkpoint>),
    /// An earlier step makes it.
    Step(usize),
}

/// One tensor to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorPlan {
    /// Its name in the child.
    pub name: String,
    /// Its layer and kind.
    pub place: TensorLocation,
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// The format it is written in.
    pub dtype: Dtype,
    /// How its numbers are made.
    pub work: Work,
    /// What they are made from, in the order of the recipe.
    pub inputs: Vec<TensorInput>,
    /// Which input is the base.
    pub base: Option<usize>,
    /// Values of the parameters.
    pub values: Values,
    /// Format that inputs are rounded to first.
    pub rounded_to: Option<Dtype>,
}

/// How a tensor is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// By the method.
    Merge,
    /// Copied byte by byte from its only input: it holds no floats.
    Copy,
}

/// One input of a tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorInput {
    /// Which of [`Step::models`].
    pub model: usize,
    /// The tensor there; rows beyond the child's are not read.
    pub tensor: String,
    /// The format it is stored in.
    pub dtype: Dtype,
}

/// What is changed in the donor's `config.json`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConfigChange {
    /// For each layer of the child, the donor's layer that it stands for; `None` if the child
    /// has the donor's layers.
    pub layers: Option<Vec<usize>>,
    /// Layers of the part that sees, if the recipe stacks them.
    pub vision_layers: Option<usize>,
    /// Rows of the token embedding, if they are not the donor's.
    pub vocab_size: Option<usize>,
    /// Whether the head is the token embedding, if the donor says otherwise.
    pub tie_word_embeddings: Option<bool>,
    /// Name of the format that most numbers are written in.
    pub dtype: Option<String>,
    /// Numbers of tokens with a role, by their keys; `null` for a role that no token has.
    pub token_ids: Vec<(&'static str, serde_json::Value)>,
    /// The same for the settings of generation.
    pub generation_ids: Vec<(&'static str, serde_json::Value)>,
    /// Whether the donor counts layers that predict further tokens, and the child has none.
    pub without_prediction: bool,
}

impl Plan {
    /// Whether nothing stands in the way.
    pub fn is_sound(&self) -> bool {
        !self.steps.is_empty() && !self.problems.iter().any(Problem::is_error)
    }

    /// Makes mistakes of words that change nothing.
    pub fn be_strict(&mut self) {
        be_strict(&mut self.problems);
    }

    /// The step `k` and all that it is made from, in order.
    pub fn way_to(&self, k: usize) -> Vec<&Step> {
        let mut wanted = vec![false; self.steps.len()];
        for (at, step) in self.steps.iter().enumerate().rev() {
            if at == k || wanted[at] {
                wanted[at] = true;
                // A step only reads earlier ones.
                step.needs()
                    .filter(|&need| need < at)
                    .for_each(|need| wanted[need] = true);
            }
        }
        let steps = self.steps.iter().zip(wanted);
        steps
            .filter(|(_, wanted)| *wanted)
            .map(|(step, _)| step)
            .collect()
    }

    /// The problems that stop it.
    pub fn errors(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter().filter(|problem| problem.is_error())
    }
}

impl Step {
    /// What other documents call its result.
    pub fn name(&self) -> Option<&str> {
        self.recipe.name.as_deref()
    }

    /// The tensor called `name`.
    pub fn tensor(&self, name: &str) -> Option<&TensorPlan> {
        named(&self.tensors, name)
    }

    /// Bytes that are read for one of its tensors, counted as often as they are read.
    pub fn bytes_read(&self, tensor: &TensorPlan) -> u64 {
        let readings = match tensor.work {
            Work::Merge => self.method.readings(&tensor.values),
            Work::Copy => 1,
        };
        let inputs = tensor.inputs.iter();
        readings
            * inputs
                .map(|input| input.dtype.stored_bytes(tensor.elements()))
                .sum::<u64>()
    }

    /// The steps whose results it reads.
    pub fn needs(&self) -> impl Iterator<Item = usize> {
        self.models.iter().filter_map(|model| match model.source {
            ModelSource::Step(k) => Some(k),
            ModelSource::Opened(_) => None,
        })
    }

    /// Bytes of the tensors that it makes.
    pub fn bytes_written(&self) -> u64 {
        self.tensors.iter().map(TensorPlan::size_bytes).sum()
    }
}

fn named<'t>(tensors: &'t [TensorPlan], name: &str) -> Option<&'t TensorPlan> {
    let found = tensors.binary_search_by(|tensor| natural(&tensor.name, name));
    found.ok().map(|at| &tensors[at])
}

impl TensorPlan {
    /// Numbers in the tensor.
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }

    /// Bytes that are written for it.
    pub fn size_bytes(&self) -> u64 {
        self.dtype.stored_bytes(self.elements())
    }
}

impl Model {
    /// The opened files, unless an earlier step makes them.
    pub fn checkpoint(&self) -> Option<&Arc<Checkpoint>> {
        match &self.source {
            ModelSource::Opened(checkpoint) => Some(checkpoint),
            ModelSource::Step(_) => None,
        }
    }

    /// The folder that its configuration and tokenizer lie in.
    pub fn folder(&self) -> Option<PathBuf> {
        Some(self.checkpoint()?.folder().to_owned())
    }
}
