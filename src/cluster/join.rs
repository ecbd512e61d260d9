//! The parts of a plan, put together.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::claim::is_past;
use super::sign::{Seen, seen};
use super::work::add_up;
use super::{Claim, Plan, Task, claim, part};
use crate::kinship::Kinship;
use crate::kinship::pieces::put_together;
use crate::kinship::store::CachedKinship;
use crate::numeric::Gram;

/// How far a plan is.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct State {
    /// Tasks of the plan.
    pub tasks: usize,
    /// Tasks whose part is there.
    pub done: usize,
    /// Bytes of those, and of all.
    pub bytes: (u64, u64),
    /// Workers that hold a task, each with its name and how many.
    pub workers: Vec<(String, usize)>,
    /// Tasks that nobody does.
    pub missing: Vec<String>,
    /// Every worker that has left a sign in the folder, by name.
    pub seen: Vec<Seen>,
}

/// Looks at the parts and claims of a plan.
pub fn state(out: &Path, tasks: &[Task]) -> State {
    let task = |task: &Task| (task.id.clone(), task.bytes, part::place(out, task));
    standing(out, tasks.iter().map(task))
}

/// The same for tasks by their name, bytes and place of their part.
pub fn standing(out: &Path, tasks: impl Iterator<Item = (String, u64, PathBuf)>) -> State {
    let folder = out.join("claims");
    let mut state = State {
        seen: seen(out),
        ..State::default()
    };
    for (id, bytes, place) in tasks {
        state.tasks += 1;
        state.bytes.1 += bytes;
        if place.exists() {
            state.done += 1;
            state.bytes.0 += bytes;
            continue;
        }
        let claim = claim::current(&folder, &id);
        state.count(id, claim);
    }
    state
}

impl State {
    /// Counts a task that is not done, with the claim on it that counts.
    pub fn count(&mut self, id: String, claim: Option<Claim>) {
        let Some(holder) = claim.filter(|own| !is_past(own.until_ms)) else {
            self.missing.push(id);
            return;
        };
        let known = self
            .workers
            .iter_mut()
            .find(|(name, _)| *name == holder.worker);
        match known {
            Some((_, count)) => *count += 1,
            None => self.workers.push((holder.worker, 1)),
        }
    }
}

/// What joining gave.
#[derive(Debug)]
pub enum Joined {
    /// All of it, with the keys of the files.
    Whole(CachedKinship),
    /// Parts are missing.
    Missing(State),
}

/// Puts the parts together.
///
/// # Errors
/// A part that is not whole or is of other files.
pub fn join(out: &Path, plan: &Plan, tasks: &[Task]) -> Result<Joined, String> {
    let state = state(out, tasks);
    if state.done < state.tasks {
        return Ok(Joined::Missing(state));
    }
    let mut grams: Vec<Gram> = (plan.segments.iter())
        .map(|facts| Gram::zero(facts.models.len()))
        .collect();
    // Chunks of a segment come in order, and are added before the next task is read.
    let mut waiting: Vec<(Task, Vec<Gram>)> = Vec::new();
    for task in tasks {
        let Some(part) = part::read(out, plan, task)? else {
            return Ok(Joined::Missing(super::join::state(out, tasks)));
        };
        match &task.chunks {
            None => {
                for (k, gram) in task.segments.clone().zip(part.0) {
                    take(plan, task, k, &gram, &mut grams[k]);
                }
            }
            Some(_) => chunks(plan, task, part.0, &mut waiting, &mut grams),
        }
    }
    let keys = plan.models.iter().map(|model| model.key.clone());
    Ok(Joined::Whole(CachedKinship {
        base: plan.base.key.clone(),
        models: keys.collect(),
        kinship: whole(plan, grams),
    }))
}

fn whole(plan: &Plan, grams: Vec<Gram>) -> Kinship {
    let left_out = plan.left_out();
    let tied = plan.tied_embeddings;
    put_together(plan.models.len(), &plan.segments, grams, &left_out, tied)
}

/// Keeps the chunks of a segment that is in several tasks until the last of them is there.
fn chunks(
    plan: &Plan,
    task: &Task,
    found: Vec<Gram>,
    waiting: &mut Vec<(Task, Vec<Gram>)>,
    grams: &mut [Gram],
) {
    let segment = task.segments.start;
    let of_pair = |own: &Task| (own.segments.start, own.blocks) == (segment, task.blocks);
    let place = waiting.iter().position(|(own, _)| of_pair(own));
    let place = place.unwrap_or_else(|| {
        waiting.push((task.clone(), Vec::new()));
        waiting.len() - 1
    });
    // In one Gram as far as they have come: adding goes on where it stopped.
    let sum = add_up(waiting[place].1.drain(..).chain(found));
    waiting[place].1.push(sum);
    let all = plan.segments.get(segment).map_or(0, |facts| facts.chunks());
    if task.chunks.as_ref().is_some_and(|own| own.end == all) {
        let (_, sum) = waiting.swap_remove(place);
        for gram in &sum {
            take(plan, task, segment, gram, &mut grams[segment]);
        }
    }
}

/// Puts the sums of a task's models into those of all models of a segment.
fn take(plan: &Plan, task: &Task, segment: usize, part: &Gram, whole: &mut Gram) {
    let Some(facts) = plan.segments.get(segment) else {
        return;
    };
    let slot = |model: &usize| {
        let found = facts.models.binary_search_by_key(model, |(own, _)| *own);
        found.ok()
    };
    let (models, known) = task.models(plan);
    let slots: Vec<usize> = models.iter().filter_map(slot).collect();
    let of_first = models[..known].iter().filter_map(slot).count();
    // Two blocks of which the first has none of the segment: nothing was to be done.
    if known == 0 || of_first > 0 {
        whole.take_block(part, &slots, of_first);
    }
}
