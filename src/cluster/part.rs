//! What a task has found, as a file.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::worker::PlanTask;
use super::{Plan, Task};
use crate::files::{self, write_whole};
use crate::kinship::store::{read_gram, seal, unseal};
use crate::numeric::Gram;

/// The largest part that is read. The sums of one chunk over 1,000 models take 8 MB; a task over
/// two blocks of 16,384 models, the most that a plan allows, takes 9 GB.
const MOST_BYTES: u64 = 64 << 30;

#[derive(Serialize, Deserialize)]
struct Layout {
    task: Task,
    /// Models of each Gram, in order.
    models: Vec<usize>,
}

/// The Grams of a task: one a segment, or one a chunk where it has not all of a segment.
#[derive(Debug)]
pub struct Part(pub Vec<Gram>);

/// Where the part of a task lies.
pub fn place(out: &Path, task: &Task) -> PathBuf {
    PlanTask::place(task, out)
}

/// Writes a part; it is there as a whole or not at all.
pub fn write(out: &Path, task: &Task, part: &Part) -> Result<(), String> {
    let layout = Layout {
        task: task.clone(),
        models: part.0.iter().map(Gram::models).collect(),
    };
    let layout = serde_json::to_string(&layout).map_err(|error| error.to_string())?;
    let bytes = seal(&layout, part.0.iter()).ok_or("the sums could not be written as a file")?;
    write_whole(&place(out, task), &bytes)
}

/// The part of a task; `None` if it is not there yet.
///
/// # Errors
/// A file that is not whole, or that was made of other files or by another version.
pub fn read(out: &Path, plan: &Plan, task: &Task) -> Result<Option<Part>, String> {
    let path = place(out, task);
    let bytes = match files::read(&path, MOST_BYTES) {
        Err(error) if error.is_missing() => return Ok(None),
        read => read.map_err(|error| format!("{error}: {}", path.display()))?,
    };
    let part = parse(&bytes, plan, task).ok_or_else(|| {
        let path = path.display();
        format!("this part is not whole, or is of other files; remove it and work again: {path}")
    })?;
    Ok(Some(part))
}

fn parse(bytes: &[u8], plan: &Plan, task: &Task) -> Option<Part> {
    let (layout, numbers) = unseal(bytes)?;
    let layout: Layout = serde_json::from_str(&layout).ok()?;
    let expected = models(plan, task);
    if layout.task != *task || layout.models != expected {
        return None;
    }
    let mut numbers = numbers.into_iter();
    let grams = expected.iter().map(|&n| read_gram(n, &mut numbers));
    let grams = grams.collect::<Option<Vec<Gram>>>()?;
    numbers.next().is_none().then_some(Part(grams))
}

/// How many models each Gram of a task is about.
fn models(plan: &Plan, task: &Task) -> Vec<usize> {
    let (wanted, _) = task.models(plan);
    let of_segment = |k: usize| {
        let facts = plan.segments.get(k);
        let has = |m: &&usize| {
            facts.is_some_and(|f| f.models.binary_search_by_key(*m, |(own, _)| *own).is_ok())
        };
        let count = wanted.iter().filter(has).count();
        let grams = task.chunks.as_ref().map_or(1, ExactSizeIterator::len);
        std::iter::repeat_n(count, grams)
    };
    task.segments.clone().flat_map(of_segment).collect()
}
