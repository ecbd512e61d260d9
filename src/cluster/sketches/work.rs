//! A worker that makes sketches until none is left to make.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use super::{Plan, Task};
use crate::checkpoint::Checkpoint;
use crate::cluster::claim::{Claimed, Held, claim};
use crate::cluster::sign::Sign;
use crate::cluster::work::LOOK;
use crate::cluster::{Event, Labour, Member};
use crate::files::write_whole;
use crate::jobs::Ticket;
use crate::kinship::MeasureError;
use crate::kinship::sketch::{sketch, write};

/// Does tasks of the plan in `out` until none is free; gives how many it did. `open` opens a model.
///
/// # Errors
/// Models that cannot be opened or are not those of the plan, a folder that cannot be written, what
/// [`sketch`] tells, cancellation.
pub fn work(
    out: &Path,
    plan: &Plan,
    open: &(dyn Fn(&Path) -> Result<Arc<Checkpoint>, String> + Sync),
    labour: &Labour,
    ticket: &Ticket,
    tell: &(dyn Fn(Event) + Sync),
) -> Result<usize, MeasureError> {
    let tasks = wanted(plan.tasks(), &labour.only)?;
    let base = plan.base.as_ref().map(|member| opened(member, open));
    let worker = Worker {
        out,
        plan,
        base: base.transpose()?,
        open,
        sign: Sign::new(out, labour.lease),
        labour,
        tell,
    };
    let of_base = worker.base.as_ref().map_or(0, |base| base.size_bytes());
    let bytes = |task: &Task| task.bytes + of_base * task.models.len() as u64;
    ticket.expect(tasks.iter().map(bytes).sum());
    worker.run(&tasks, ticket)
}

fn wanted(tasks: Vec<Task>, only: &[String]) -> Result<Vec<Task>, MeasureError> {
    if let Some(id) = only
        .iter()
        .find(|id| tasks.iter().all(|own| own.id != **id))
    {
        return Err(MeasureError::Failed(format!("the plan has no task {id}")));
    }
    let is_wanted = |task: &Task| only.is_empty() || only.contains(&task.id);
    Ok(tasks.into_iter().filter(is_wanted).collect())
}

fn opened(
    member: &Member,
    open: &(dyn Fn(&Path) -> Result<Arc<Checkpoint>, String> + Sync),
) -> Result<Arc<Checkpoint>, MeasureError> {
    let model = open(&member.path).map_err(MeasureError::Failed)?;
    if model.key() == member.key {
        return Ok(model);
    }
    Err(MeasureError::Failed(format!(
        "this model has changed since the plan was made; make the plan anew: {}",
        member.path.display()
    )))
}

/// Where the sketches of a task lie.
pub(super) fn place(out: &Path, task: &Task) -> PathBuf {
    out.join("parts").join(&task.id)
}

struct Worker<'a> {
    out: &'a Path,
    plan: &'a Plan,
    base: Option<Arc<Checkpoint>>,
    open: &'a (dyn Fn(&Path) -> Result<Arc<Checkpoint>, String> + Sync),
    sign: Sign,
    labour: &'a Labour,
    tell: &'a (dyn Fn(Event) + Sync),
}

impl Worker<'_> {
    fn run(&self, tasks: &[Task], ticket: &Ticket) -> Result<usize, MeasureError> {
        let mut done = 0;
        let has = |task: &Task| place(self.out, task).exists();
        loop {
            let (before, mut elsewhere) = (done, 0);
            for task in tasks {
                if done >= self.labour.most {
                    break;
                }
                if has(task) {
                    continue;
                }
                match self.claim(task)? {
                    // It may have been done between the two looks.
                    Claimed::Held(held) if has(task) => held.give_back(),
                    Claimed::Held(held) => {
                        self.task(task, &held, ticket)?;
                        done += 1;
                    }
                    Claimed::Other(_) => elsewhere += 1,
                }
            }
            let is_enough = done >= self.labour.most || elsewhere == 0;
            if is_enough || !(done > before || self.labour.waits) {
                break;
            }
            (self.tell)(Event::Waits { tasks: elsewhere });
            self.sign.renew();
            std::thread::sleep(LOOK);
            ticket.advance(0)?;
        }
        let parts = tasks.iter().filter(|task| has(task)).count();
        let of = tasks.len();
        (self.tell)(Event::Ended { done, parts, of });
        Ok(done)
    }

    fn claim(&self, task: &Task) -> Result<Claimed, MeasureError> {
        let folder = self.out.join("claims");
        let (lease, now) = (self.labour.lease, SystemTime::now());
        claim(&folder, &task.id, self.sign.worker(), lease, now).map_err(MeasureError::Failed)
    }

    fn task(&self, task: &Task, held: &Held, ticket: &Ticket) -> Result<(), MeasureError> {
        let (began, bytes) = (Instant::now(), task.bytes);
        let id = || task.id.clone();
        (self.tell)(Event::Began { task: id(), bytes });
        self.sign.begins(&task.id);
        let beat = || self.sign.renew();
        let result = held.kept_alive(self.labour.lease, &beat, || self.sketches(task, ticket));
        let written = result.and_then(|part| {
            write_whole(&place(self.out, task), &part).map_err(MeasureError::Failed)
        });
        // Done, or for the others at once.
        held.give_back();
        written?;
        let seconds = began.elapsed().as_secs_f64();
        self.sign.has_done(bytes, seconds);
        (self.tell)(Event::Done {
            task: id(),
            bytes,
            seconds,
        });
        Ok(())
    }

    fn sketches(&self, task: &Task, ticket: &Ticket) -> Result<Vec<u8>, MeasureError> {
        let mut out = Vec::new();
        for member in &self.plan.models[task.models.clone()] {
            let model = opened(member, self.open)?;
            out.push(sketch(&model, self.base.as_deref(), ticket)?);
        }
        Ok(write(&out))
    }
}
