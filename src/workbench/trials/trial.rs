//! One thing to be tried: a recipe to be merged and scored, or a model to be scored.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::checkpoint::Checkpoint;
use crate::files;
use crate::jobs::Failure;
use crate::merge::recipe::parse;
use crate::study::Evaluator;
use crate::workbench::evolving::evaluators::task_paths;
use crate::workbench::writing::inputs;

/// Of the lines of a manifest, and of what a worker does with them.
const VERSION: u32 = 1;
/// The largest file of tasks that is read.
const MOST_BYTES: u64 = 256 << 20;

/// What is done in a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The recipe is merged, and the child scored.
    MergeAndEvaluate,
    /// A model that is there is scored.
    Evaluate,
}

/// A line of the manifest. `kind` stands first: it tells the line from those about kinship.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    pub kind: Kind,
    /// Hash of all that the outcome depends on, as 32 hexadecimal digits.
    pub id: String,
    /// The run that it belongs to; children carry it in their mark.
    pub run: String,
    /// What people call it.
    pub name: String,
    /// The recipe, with whole paths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<String>,
    /// Where the child is written, or where the model lies.
    pub model: PathBuf,
    /// The files that it reads.
    pub inputs: Vec<Input>,
    pub evaluator: Evaluator,
    /// Hashes of the files of tasks, for the built-in evaluator.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<String>,
    /// Whether the child stays when it has its scores.
    pub keep: bool,
}

/// A model that is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    pub path: PathBuf,
    /// What its files were, see [`Checkpoint::key`].
    pub key: String,
    pub bytes: u64,
}

impl Input {
    pub fn of(model: &Checkpoint) -> Self {
        Self {
            path: model.path().to_owned(),
            key: model.key().to_owned(),
            bytes: model.size_bytes(),
        }
    }
}

impl Trial {
    /// A recipe to be merged into the folder `model` and scored.
    ///
    /// # Errors
    /// A recipe that cannot be carried out, tasks that cannot be read.
    pub fn of_recipe(
        run: &str,
        name: &str,
        recipe: String,
        model: &Path,
        evaluator: Evaluator,
    ) -> Result<Self, Failure> {
        let inputs = inputs(&parse(&recipe))?;
        let inputs = inputs.iter().map(|model| Input::of(model)).collect();
        Self {
            kind: Kind::MergeAndEvaluate,
            id: String::new(),
            run: run.to_owned(),
            name: name.to_owned(),
            recipe: Some(recipe),
            model: model.to_owned(),
            inputs,
            tasks: Vec::new(),
            evaluator,
            keep: true,
        }
        .named()
    }

    /// A model to be scored.
    ///
    /// # Errors
    /// Tasks that cannot be read.
    pub fn of_model(
        run: &str,
        name: &str,
        model: &Checkpoint,
        evaluator: Evaluator,
    ) -> Result<Self, Failure> {
        Self {
            kind: Kind::Evaluate,
            id: String::new(),
            run: run.to_owned(),
            name: name.to_owned(),
            recipe: None,
            model: model.path().to_owned(),
            inputs: vec![Input::of(model)],
            tasks: Vec::new(),
            evaluator,
            keep: true,
        }
        .named()
    }

    /// The same, whose child is removed when it has its scores.
    pub fn not_kept(mut self) -> Self {
        self.keep = false;
        self.id = self.hash();
        self
    }

    /// Bytes that it reads.
    pub fn bytes(&self) -> u64 {
        self.inputs.iter().map(|input| input.bytes).sum()
    }

    /// Whether the files of its tasks are what they were.
    pub fn has_its_tasks(&self) -> bool {
        hashes(&self.evaluator).is_ok_and(|now| now == self.tasks)
    }

    fn named(mut self) -> Result<Self, Failure> {
        self.tasks = hashes(&self.evaluator).map_err(Failure::Failed)?;
        self.id = self.hash();
        Ok(self)
    }

    fn hash(&self) -> String {
        let nameless = Self {
            id: String::new(),
            ..self.clone()
        };
        // Texts and numbers have no way to fail.
        let text = serde_json::to_string(&nameless).unwrap_or_default();
        hexadecimal(format!("{VERSION} {text}"))
    }

    /// Whether its name is that of what it says: a manifest may come from anywhere.
    pub fn is_whole(&self) -> bool {
        self.id == self.hash()
    }
}

fn hashes(evaluator: &Evaluator) -> Result<Vec<String>, String> {
    let files = evaluator.tasks().map_or(Ok(Vec::new()), task_paths)?;
    let hash = |path: &PathBuf| {
        let bytes = files::read(path, MOST_BYTES);
        let bytes = bytes.map_err(|error| format!("{error}: {}", path.display()))?;
        Ok(hexadecimal(bytes))
    };
    files.iter().map(hash).collect()
}

/// The first 16 bytes of a hash.
pub(in crate::workbench) fn hexadecimal(bytes: impl AsRef<[u8]>) -> String {
    let hash = Sha256::digest(bytes);
    hash.iter().take(16).map(|b| format!("{b:02x}")).collect()
}
