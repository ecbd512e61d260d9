//! A worker that makes sketches until none is left to make.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Plan, Task};
use crate::checkpoint::Checkpoint;
use crate::cluster::worker::{PlanTask, Worker, check_key};
use crate::cluster::{Event, Labour, Member};
use crate::files::write_whole;
use crate::jobs::Ticket;
use crate::kinship::MeasureError;
use crate::kinship::sketch::{sketch, write};

impl PlanTask for Task {
    fn id(&self) -> &str {
        &self.id
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// Opens a model.
type Open<'o> = &'o (dyn Fn(&Path) -> Result<Arc<Checkpoint>, String> + Sync);

/// Does tasks of the plan in `out` until none is free; gives how many it did. `open` opens a model.
///
/// # Errors
/// Models that cannot be opened or are not those of the plan, a folder that cannot be written, what
/// [`sketch`] tells, cancellation.
pub fn work(
    out: &Path,
    plan: &Plan,
    open: Open<'_>,
    labour: &Labour,
    ticket: &Ticket,
    tell: &(dyn Fn(Event) + Sync),
) -> Result<usize, MeasureError> {
    let worker = Worker::new(out, labour, tell);
    let tasks = plan.tasks();
    let wanted = worker.wanted(&tasks)?;
    let base = plan.base.as_ref().map(|member| opened(member, open));
    let base = base.transpose()?;
    let of_base = base.as_ref().map_or(0, |base| base.size_bytes());
    let bytes = |task: &&Task| task.bytes + of_base * task.models.len() as u64;
    ticket.expect(wanted.iter().map(bytes).sum());
    let make = |task: &Task| {
        let mut out = Vec::new();
        for member in &plan.models[task.models.clone()] {
            let model = opened(member, open)?;
            out.push(sketch(&model, base.as_deref(), ticket)?);
        }
        Ok(out)
    };
    worker.run(&wanted, ticket, &make, &|task, found| {
        write_whole(&place(out, task), &write(found))
    })
}

fn opened(member: &Member, open: Open<'_>) -> Result<Arc<Checkpoint>, MeasureError> {
    let model = open(&member.path).map_err(MeasureError::Failed)?;
    check_key(&member.key, &model)?;
    Ok(model)
}

/// Where the sketches of a task lie.
pub(super) fn place(out: &Path, task: &Task) -> PathBuf {
    PlanTask::place(task, out)
}
