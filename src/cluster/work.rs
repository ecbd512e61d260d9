//! A worker: does free tasks until none is left.

use std::path::Path;
use std::sync::Mutex;

use super::part::{self, Part};
use super::worker::{Event, Labour, PlanTask, Worker, check_key};
use super::{Plan, Task};
use crate::checkpoint::Checkpoint;
use crate::jobs::Ticket;
use crate::kinship::MeasureError;
use crate::kinship::pieces::{Pieces, in_pieces};
use crate::numeric::Gram;
use crate::parallel::{in_order, lock};

impl PlanTask for Task {
    fn id(&self) -> &str {
        &self.id
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// Does tasks of the plan in `out` until none is free; gives how many it did.
///
/// # Errors
/// Models that are not those of the plan, a folder that cannot be written, what
/// [`crate::kinship::measure`] tells, cancellation.
pub fn work(
    out: &Path,
    (plan, tasks): (&Plan, &[Task]),
    (base, models): (&Checkpoint, &[&Checkpoint]),
    labour: &Labour,
    ticket: &Ticket,
    tell: &(dyn Fn(Event) + Sync),
) -> Result<usize, MeasureError> {
    check_key(&plan.base.key, base)?;
    for (member, model) in plan.models.iter().zip(models) {
        check_key(&member.key, model)?;
    }
    let worker = Worker::new(out, labour, tell);
    let wanted = worker.wanted(tasks)?;
    ticket.expect(wanted.iter().map(|task| task.bytes).sum());
    in_pieces(base, models, |pieces| {
        if pieces.segments() != plan.segments {
            let sentence = "the models no longer line up as in the plan; make the plan anew";
            return Err(MeasureError::Failed(sentence.to_owned()));
        }
        let make = |task: &Task| sums(plan, pieces, task, ticket);
        let write = |task: &Task, part: &Part| part::write(out, task, part);
        worker.run(&wanted, ticket, &make, &write)
    })
}

/// The sums of a task: a Gram a segment, or one a chunk where it has not all of one.
fn sums(
    plan: &Plan,
    pieces: &Pieces<'_>,
    task: &Task,
    ticket: &Ticket,
) -> Result<Part, MeasureError> {
    let (models, known) = task.models(plan);
    let chunks: Vec<(usize, usize)> = (task.segments.clone())
        .flat_map(|k| task.chunks_of(plan, k).map(move |chunk| (k, chunk)))
        .collect();
    let found: Vec<Mutex<Option<Gram>>> = chunks.iter().map(|_| Mutex::new(None)).collect();
    in_order(chunks.len(), |k| {
        let gram = pieces.chunk(chunks[k], &models, known, ticket)?;
        *lock(&found[k]) = Some(gram);
        Ok::<(), MeasureError>(())
    })?;
    let mut found = found.into_iter().filter_map(|cell| lock(&cell).take());
    if task.chunks.is_some() {
        return Ok(Part(found.collect()));
    }
    let whole = |k: usize| {
        let count = task.chunks_of(plan, k).len();
        add_up(found.by_ref().take(count))
    };
    Ok(Part(task.segments.clone().map(whole).collect()))
}

/// Adds the chunks of a segment, in order, as one process does.
pub fn add_up(chunks: impl Iterator<Item = Gram>) -> Gram {
    let mut sum: Option<Gram> = None;
    for chunk in chunks {
        sum.get_or_insert_with(|| Gram::zero(chunk.models()))
            .add(&chunk);
    }
    sum.unwrap_or_else(|| Gram::zero(0))
}
