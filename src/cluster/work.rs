//! A worker: does free tasks until none is left.

use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

use serde::Serialize;

use super::claim::{Claimed, Held, claim};
use super::part::{self, Part};
use super::sign::Sign;
use super::{Plan, Task};
use crate::checkpoint::Checkpoint;
use crate::jobs::Ticket;
use crate::kinship::MeasureError;
use crate::kinship::pieces::{Pieces, in_pieces};
use crate::numeric::Gram;
use crate::parallel::{in_order, lock};

/// How often a worker that waits for others looks again.
pub(super) const LOOK: Duration = Duration::from_millis(500);

/// What a worker is asked to do.
#[derive(Clone, Debug)]
pub struct Labour {
    /// Only these tasks, by their names; all if there is none.
    pub only: Vec<String>,
    /// At most this many tasks.
    pub most: usize,
    /// How long a task is ours without a sign of life.
    pub lease: Duration,
    /// Whether to stay until the last part is there, for tasks that other workers give up.
    pub waits: bool,
}

/// What a worker tells, a line of JSON each.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A task was begun.
    Began { task: String, bytes: u64 },
    /// Its part is there.
    Done {
        task: String,
        bytes: u64,
        seconds: f64,
    },
    /// It failed, and why; another worker may try it.
    Failed { task: String, error: String },
    /// Nothing is free, and other workers are at work on so many tasks.
    Waits { tasks: usize },
    /// The end: tasks that this worker did, parts that are there, parts of the plan.
    Ended {
        done: usize,
        parts: usize,
        of: usize,
    },
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
    let wanted: Vec<&Task> = wanted(tasks, &labour.only).map_err(MeasureError::Failed)?;
    ticket.expect(wanted.iter().map(|task| task.bytes).sum());
    in_pieces(base, models, |pieces| {
        if pieces.segments() != plan.segments {
            let sentence = "the models no longer line up as in the plan; make the plan anew";
            return Err(MeasureError::Failed(sentence.to_owned()));
        }
        let worker = Worker {
            out,
            plan,
            pieces,
            sign: Sign::new(out, labour.lease),
            labour,
            tell,
        };
        worker.run(&wanted, ticket)
    })
}

fn wanted<'t>(tasks: &'t [Task], only: &[String]) -> Result<Vec<&'t Task>, String> {
    if only.is_empty() {
        return Ok(tasks.iter().collect());
    }
    let find = |id: &String| {
        let found = tasks.iter().find(|task| task.id == *id);
        found.ok_or_else(|| format!("the plan has no task {id}"))
    };
    only.iter().map(find).collect()
}

fn check_key(key: &str, model: &Checkpoint) -> Result<(), MeasureError> {
    if model.key() == key {
        return Ok(());
    }
    Err(MeasureError::Failed(format!(
        "this model has changed since the plan was made; make the plan anew: {}",
        model.path().display()
    )))
}

struct Worker<'a> {
    out: &'a Path,
    plan: &'a Plan,
    pieces: &'a Pieces<'a>,
    sign: Sign,
    labour: &'a Labour,
    tell: &'a (dyn Fn(Event) + Sync),
}

impl Worker<'_> {
    fn run(&self, tasks: &[&Task], ticket: &Ticket) -> Result<usize, MeasureError> {
        let mut done = 0;
        loop {
            let (mut progress, mut elsewhere) = (false, 0);
            for task in tasks {
                if done >= self.labour.most {
                    break;
                }
                if self.has(task) {
                    continue;
                }
                match self.claim(task)? {
                    // It may have been done between the two looks.
                    Claimed::Held(held) if self.has(task) => held.give_back(),
                    Claimed::Held(held) => {
                        self.task(task, &held, ticket)?;
                        done += 1;
                        progress = true;
                    }
                    Claimed::Other(_) => elsewhere += 1,
                }
            }
            let is_enough = done >= self.labour.most || elsewhere == 0;
            if is_enough || !(progress || self.labour.waits) {
                break;
            }
            (self.tell)(Event::Waits { tasks: elsewhere });
            self.sign.renew();
            std::thread::sleep(LOOK);
            ticket.advance(0)?;
        }
        let parts = tasks.iter().filter(|task| self.has(task)).count();
        let of = tasks.len();
        (self.tell)(Event::Ended { done, parts, of });
        Ok(done)
    }

    fn has(&self, task: &Task) -> bool {
        part::place(self.out, task).exists()
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
        let result = held.kept_alive(self.labour.lease, &beat, || self.sums(task, ticket));
        let written = result
            .and_then(|part| part::write(self.out, task, &part).map_err(MeasureError::Failed));
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

    /// The sums of a task: a Gram a segment, or one a chunk where it has not all of one.
    fn sums(&self, task: &Task, ticket: &Ticket) -> Result<Part, MeasureError> {
        let (models, known) = task.models(self.plan);
        let chunks: Vec<(usize, usize)> = (task.segments.clone())
            .flat_map(|k| task.chunks_of(self.plan, k).map(move |chunk| (k, chunk)))
            .collect();
        let found: Vec<Mutex<Option<Gram>>> = chunks.iter().map(|_| Mutex::new(None)).collect();
        in_order(chunks.len(), |k| {
            let gram = self.pieces.chunk(chunks[k], &models, known, ticket)?;
            *lock(&found[k]) = Some(gram);
            Ok::<(), MeasureError>(())
        })?;
        let mut found = found.into_iter().filter_map(|cell| lock(&cell).take());
        if task.chunks.is_some() {
            return Ok(Part(found.collect()));
        }
        let whole = |k: usize| {
            let count = task.chunks_of(self.plan, k).len();
            add_up(found.by_ref().take(count))
        };
        Ok(Part(task.segments.clone().map(whole).collect()))
    }
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
