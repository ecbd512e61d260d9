//! What one worker does at a time.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Plan;

/// Some chunks of the segments, for a block of models or for the pairs of two blocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Hash of the files, the range and the version of the sums, as 32 hexadecimal digits.
    pub id: String,
    /// Which segments, in order.
    pub segments: Range<usize>,
    /// Which chunks of the segment, where there is one and it is not all of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub chunks: Option<Range<usize>>,
    /// The two blocks; twice the same for the pairs within one.
    pub blocks: (usize, usize),
    /// Bytes that it reads.
    pub bytes: u64,
}

impl Task {
    /// Its models, by index, and how many of them belong to the first of two blocks; 0 where all
    /// pairs of them are wanted.
    pub fn models(&self, plan: &Plan) -> (Vec<usize>, usize) {
        let first = plan.models_of(self.blocks.0);
        if self.blocks.0 == self.blocks.1 {
            return (first.collect(), 0);
        }
        let known = first.len();
        (first.chain(plan.models_of(self.blocks.1)).collect(), known)
    }

    /// The chunks of one of its segments.
    pub fn chunks_of(&self, plan: &Plan, segment: usize) -> Range<usize> {
        let all = plan.segments.get(segment).map_or(0, |facts| facts.chunks());
        self.chunks.clone().unwrap_or(0..all)
    }
}

/// A range of segments, or of the chunks of one.
struct Slice {
    segments: Range<usize>,
    chunks: Option<Range<usize>>,
}

/// The tasks of a plan: first by what is read, then by blocks, so that workers that take them in
/// order read the same files at about the same time.
pub fn tasks(plan: &Plan) -> Vec<Task> {
    let keys: Vec<String> = (0..plan.blocks()).map(|k| keys(plan, k)).collect();
    let segments = hash([format!("{:?}", plan.segments)]);
    let mut out = Vec::new();
    for slice in slices(plan) {
        for second in 0..plan.blocks() {
            for first in 0..=second {
                let mut task = Task {
                    id: String::new(),
                    segments: slice.segments.clone(),
                    chunks: slice.chunks.clone(),
                    blocks: (first, second),
                    bytes: 0,
                };
                task.bytes = bytes(plan, &task);
                task.id = hash([
                    format!("{} {}", plan.version, plan.base.key),
                    segments.clone(),
                    keys[first].clone(),
                    keys[second].clone(),
                    format!("{:?} {:?} {:?}", slice.segments, slice.chunks, task.blocks),
                ]);
                out.push(task);
            }
        }
    }
    out
}

/// What the models of a block are known by.
fn keys(plan: &Plan, block: usize) -> String {
    let models = &plan.models[plan.models_of(block)];
    hash(models.iter().map(|model| model.key.clone()))
}

fn hash(parts: impl IntoIterator<Item = String>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let bytes = hash.finalize();
    bytes.iter().take(16).map(|b| format!("{b:02x}")).collect()
}

/// Cuts the segments into runs of about as many bytes as a task is to read.
fn slices(plan: &Plan) -> Vec<Slice> {
    let mut out: Vec<Slice> = Vec::new();
    // Bytes of the run that is being filled.
    let mut filled = 0u64;
    for (k, facts) in plan.segments.iter().enumerate() {
        let bytes = share(plan, facts.bytes());
        if bytes > plan.task_bytes && facts.chunks() > 1 {
            let pieces = bytes.div_ceil(plan.task_bytes).max(1) as usize;
            let step = facts.chunks().div_ceil(pieces).max(1);
            out.extend((0..facts.chunks()).step_by(step).map(|start| Slice {
                segments: k..k + 1,
                chunks: Some(start..(start + step).min(facts.chunks())),
            }));
            filled = 0;
            continue;
        }
        match out.last_mut() {
            Some(run) if run.chunks.is_none() && filled + bytes <= plan.task_bytes => {
                run.segments.end = k + 1;
                filled += bytes;
            }
            _ => {
                out.push(Slice {
                    segments: k..k + 1,
                    chunks: None,
                });
                filled = bytes;
            }
        }
    }
    out
}

/// The most of `bytes` that one task can read of a segment: two blocks of the models.
fn share(plan: &Plan, bytes: u64) -> u64 {
    let models = plan.models.len().max(1) as u128;
    let most = (2 * plan.block as u128).min(models);
    (u128::from(bytes) * most / models) as u64
}

fn bytes(plan: &Plan, task: &Task) -> u64 {
    let (models, _) = task.models(plan);
    let of_segment = |k: usize| {
        let facts = &plan.segments[k];
        let own = (facts.models.iter()).filter(|(m, _)| models.contains(m));
        let all = facts.base_bytes + own.map(|(_, bytes)| bytes).sum::<u64>();
        let chunks = task.chunks_of(plan, k).len() as u128;
        (u128::from(all) * chunks / facts.chunks().max(1) as u128) as u64
    };
    task.segments.clone().map(of_segment).sum()
}
