//! Sketches of a population by many workers: each model is read once, by one of them.
//!
//! The folder is as for a plan of kinship, with `OUT/sketches.json` in place of `OUT/plan.json`,
//! and parts that hold the sketches of some models. A worker opens the models of its task alone,
//! so that it takes no more memory for ten thousand models than for ten.

mod join;
mod work;

use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Member;
use crate::files::{self, write_whole};

pub use join::{Joined, join, state};
pub use work::work;

/// The largest plan that is read.
const MOST_BYTES: u64 = 1 << 30;
const PLAN: &str = "sketches.json";
const MANIFEST: &str = "manifest.jsonl";

/// Changes when a sketch does.
const VERSION: u32 = 1;

/// What is to be sketched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    version: u32,
    /// What all models descend from; `None` if their weights are sketched.
    pub base: Option<Member>,
    /// The models, in the order of every result.
    pub models: Vec<Member>,
    /// Bytes of each of them.
    pub bytes: Vec<u64>,
    /// Bytes that a task reads, about.
    pub task_bytes: u64,
}

/// Some models, one behind the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Task {
    /// Tells the line from those of other plans.
    kind: &'static str,
    /// Hash of the files and the version, as 32 hexadecimal digits.
    pub id: String,
    /// Which models, by index.
    pub models: Range<usize>,
    /// Bytes that it reads, without those of the base.
    pub bytes: u64,
}

impl Plan {
    /// A plan for models with their sizes.
    pub fn new(base: Option<Member>, models: Vec<(Member, u64)>, task_bytes: u64) -> Self {
        let (models, bytes) = models.into_iter().unzip();
        Self {
            version: VERSION,
            base,
            models,
            bytes,
            task_bytes: task_bytes.max(1),
        }
    }

    /// Whether a folder holds one.
    pub fn is_in(out: &Path) -> bool {
        out.join(PLAN).is_file()
    }

    /// The plan of a folder.
    ///
    /// # Errors
    /// A folder without one, or one of another version.
    pub fn read(out: &Path) -> Result<Self, String> {
        let path = out.join(PLAN);
        let text = files::read_text(&path, MOST_BYTES)
            .map_err(|error| format!("no plan could be read: {error}: {}", path.display()))?;
        let plan: Self = serde_json::from_str(&text)
            .map_err(|error| format!("this is no plan: {error}: {}", path.display()))?;
        if plan.version != VERSION || plan.bytes.len() != plan.models.len() {
            let path = path.display();
            return Err(format!(
                "this plan is of another version of Kinfolk; make it anew: {path}"
            ));
        }
        Ok(plan)
    }

    /// Writes the plan and the list of its tasks.
    ///
    /// # Errors
    /// A folder that cannot be written, or that holds another plan.
    pub fn write(&self, out: &Path) -> Result<(), String> {
        if Self::is_in(out) {
            if Self::read(out)? == *self {
                return Ok(());
            }
            let out = out.display();
            return Err(format!(
                "this folder holds a plan for other models or files; choose another, or remove \
                 it first: {out}"
            ));
        }
        if out.join(MANIFEST).exists() {
            let out = out.display();
            return Err(format!(
                "this folder holds tasks of another kind; choose another: {out}"
            ));
        }
        let line = |task: &Task| serde_json::to_string(task).unwrap_or_default() + "\n";
        let lines: String = self.tasks().iter().map(line).collect();
        let text = serde_json::to_string(self).map_err(|error| error.to_string())?;
        write_whole(&out.join(MANIFEST), lines.as_bytes())?;
        // Last, because it makes the folder a plan.
        write_whole(&out.join(PLAN), text.as_bytes())
    }

    /// Models in their order, cut where a task has read enough.
    pub fn tasks(&self) -> Vec<Task> {
        let mut out = Vec::new();
        let (mut start, mut bytes) = (0, 0u64);
        for (k, own) in self.bytes.iter().enumerate() {
            bytes = bytes.saturating_add(*own);
            if bytes >= self.task_bytes || k + 1 == self.models.len() {
                out.push(self.task(start..k + 1, bytes));
                (start, bytes) = (k + 1, 0);
            }
        }
        out
    }

    fn task(&self, models: Range<usize>, bytes: u64) -> Task {
        let mut hash = Sha256::new();
        hash.update(format!("sketches {}", self.version));
        let own = self.models[models.clone()].iter();
        for member in self.base.iter().chain(own) {
            hash.update((member.key.len() as u64).to_le_bytes());
            hash.update(&member.key);
        }
        hash.update(format!("{} {models:?}", self.base.is_some()));
        let hash = hash.finalize();
        Task {
            kind: "sketch",
            id: hash.iter().take(16).map(|b| format!("{b:02x}")).collect(),
            models,
            bytes,
        }
    }
}
