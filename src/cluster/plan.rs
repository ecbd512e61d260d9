//! What is to be measured, and in which tasks.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::task::{Task, tasks};
use crate::checkpoint::{Checkpoint, LeftOut};
use crate::files::{self, write_whole};
use crate::kinship::pieces::{SegmentFacts, in_pieces};
use crate::kinship::{MeasureError, RoundingReport};

/// The largest plan that is read: ten thousand models of a thousand tensors.
const MOST_BYTES: u64 = 1 << 30;
const PLAN: &str = "plan.json";
/// The list of all tasks of a folder.
pub const MANIFEST: &str = "manifest.jsonl";

/// A model of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// What it is called in results.
    pub name: String,
    /// Where it lies, for every worker.
    pub path: PathBuf,
    /// What its files were, see [`Checkpoint::key`].
    pub key: String,
    /// How many numbers it has; for an adapter, those of its base.
    pub parameters: u64,
}

/// A population, and how its pass is cut.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The version of the sums, see [`crate::kinship::store::VERSION`].
    pub version: u32,
    /// What all models descend from.
    pub base: Member,
    /// The models, in the order of every matrix.
    pub models: Vec<Member>,
    /// Whether the base ties its output head to its embedding.
    pub tied_embeddings: bool,
    /// What there is to read, in the order of the base's tensors.
    pub segments: Vec<SegmentFacts>,
    /// What cannot be compared: tensor, model, reason.
    pub left_out: Vec<(String, Option<usize>, String)>,
    /// How far quantisation alone has moved each model.
    pub rounding: Vec<RoundingReport>,
    /// The most models of one block; pairs of different blocks are tasks of their own.
    pub block: usize,
    /// Bytes that a task reads, about.
    pub task_bytes: u64,
}

impl Plan {
    /// Whether a folder holds a plan.
    pub fn is_in(out: &Path) -> bool {
        out.join(PLAN).is_file()
    }

    /// How many blocks the models are in.
    pub const fn blocks(&self) -> usize {
        self.models.len().div_ceil(self.block)
    }

    /// The models of a block, by index.
    pub fn models_of(&self, block: usize) -> std::ops::Range<usize> {
        let start = block.saturating_mul(self.block).min(self.models.len());
        start..(start + self.block).min(self.models.len())
    }

    /// What cannot be compared.
    pub fn left_out(&self) -> Vec<LeftOut> {
        let of = |(tensor, model, reason): &(String, Option<usize>, String)| LeftOut {
            tensor: tensor.clone(),
            model: *model,
            reason: reason.clone(),
        };
        self.left_out.iter().map(of).collect()
    }

    /// Bytes of all models and the base, each read once.
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(SegmentFacts::bytes).sum()
    }

    /// The plan of a folder, and its tasks.
    ///
    /// # Errors
    /// A folder without a plan, or whose manifest is not the one that belongs to the plan.
    pub fn read(out: &Path) -> Result<(Self, Vec<Task>), String> {
        let path = out.join(PLAN);
        let text = files::read_text(&path, MOST_BYTES)
            .map_err(|error| format!("no plan could be read: {error}: {}", path.display()))?;
        let plan: Self = serde_json::from_str(&text)
            .map_err(|error| format!("this is no plan: {error}: {}", path.display()))?;
        if plan.version != crate::kinship::store::VERSION || plan.block == 0 {
            let path = path.display();
            return Err(format!(
                "this plan is of another version of Kinfolk; make it anew: {path}"
            ));
        }
        let found = tasks(&plan);
        let path = out.join(MANIFEST);
        let text = files::read_text(&path, MOST_BYTES)
            .map_err(|error| format!("no manifest could be read: {error}: {}", path.display()))?;
        if own_lines(&text) != lines(&found) {
            let path = path.display();
            return Err(format!(
                "the manifest does not belong to the plan beside it; make the plan anew: {path}"
            ));
        }
        Ok((plan, found))
    }

    /// Writes the plan and its manifest.
    ///
    /// # Errors
    /// A folder that cannot be written, or that holds another plan.
    pub fn write(&self, out: &Path) -> Result<Vec<Task>, String> {
        let found = tasks(self);
        if out.join(PLAN).exists() {
            let (old, _) = Self::read(out)?;
            if old != *self {
                let out = out.display();
                return Err(format!(
                    "this folder holds a plan for other models or files; choose another, or \
                     remove it first: {out}"
                ));
            }
            return Ok(found);
        }
        let text = serde_json::to_string(self).map_err(|error| error.to_string())?;
        let others = files::read_text(&out.join(MANIFEST), MOST_BYTES).unwrap_or_default();
        let manifest = lines(&found) + &other_lines(&others);
        write_whole(&out.join(MANIFEST), manifest.as_bytes())?;
        // Last, because it makes the folder a plan.
        write_whole(&out.join(PLAN), text.as_bytes())?;
        Ok(found)
    }
}

/// How the line of a task of another kind begins.
const OTHER_KIND: &str = "{\"kind\":";

/// The lines of a manifest that are about kinship.
pub fn own_lines(manifest: &str) -> String {
    let lines = manifest.split_inclusive('\n');
    lines.filter(|line| !line.starts_with(OTHER_KIND)).collect()
}

/// The others.
pub fn other_lines(manifest: &str) -> String {
    let lines = manifest.split_inclusive('\n');
    lines.filter(|line| line.starts_with(OTHER_KIND)).collect()
}

fn lines(tasks: &[Task]) -> String {
    let line = |task: &Task| serde_json::to_string(task).unwrap_or_default() + "\n";
    tasks.iter().map(line).collect()
}

/// Plans the kinship of `models` on `base`; only headers are read.
///
/// # Errors
/// As for [`crate::kinship::measure`].
pub fn make(
    base: (Member, &Checkpoint),
    models: Vec<Member>,
    opened: &[&Checkpoint],
    rounding: Vec<RoundingReport>,
    (block, task_bytes): (usize, u64),
) -> Result<Plan, MeasureError> {
    in_pieces(base.1, opened, |pieces| {
        let left_out = pieces.left_out().iter().cloned();
        Ok(Plan {
            version: crate::kinship::store::VERSION,
            tied_embeddings: base.1.tied_embeddings(),
            base: base.0,
            models,
            segments: pieces.segments(),
            left_out: left_out.map(|l| (l.tensor, l.model, l.reason)).collect(),
            rounding,
            block: block.max(1),
            task_bytes: task_bytes.max(1),
        })
    })
}
