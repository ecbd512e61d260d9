//! How a worker goes through the tasks of a plan, whatever they make: claim, make, write, go on.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use serde::Serialize;

use super::claim::{Claimed, Held, claim};
use super::sign::Sign;
use crate::checkpoint::Checkpoint;
use crate::jobs::Ticket;
use crate::kinship::MeasureError;

/// How often a worker that waits for others looks again.
const LOOK: Duration = Duration::from_millis(500);

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

/// A task whose result is one file below `parts`, called by its name.
pub(super) trait PlanTask {
    /// Its name.
    fn id(&self) -> &str;

    /// Bytes that it reads.
    fn bytes(&self) -> u64;

    /// Where its result lies.
    fn place(&self, out: &Path) -> PathBuf {
        out.join("parts").join(self.id())
    }
}

/// A worker of a plan.
pub(super) struct Worker<'a> {
    out: &'a Path,
    sign: Sign,
    labour: &'a Labour,
    tell: &'a (dyn Fn(Event) + Sync),
}

impl<'a> Worker<'a> {
    pub(super) fn new(out: &'a Path, labour: &'a Labour, tell: &'a (dyn Fn(Event) + Sync)) -> Self {
        Self {
            sign: Sign::new(out, labour.lease),
            out,
            labour,
            tell,
        }
    }

    /// The tasks that are asked for.
    ///
    /// # Errors
    /// A name that the plan does not have.
    pub(super) fn wanted<'t, T: PlanTask>(
        &self,
        tasks: &'t [T],
    ) -> Result<Vec<&'t T>, MeasureError> {
        let only = &self.labour.only;
        let is_there = |id: &&String| tasks.iter().all(|own| own.id() != id.as_str());
        if let Some(id) = only.iter().find(is_there) {
            return Err(MeasureError::Failed(format!("the plan has no task {id}")));
        }
        let is_wanted = |own: &&T| only.is_empty() || only.iter().any(|id| id == own.id());
        Ok(tasks.iter().filter(is_wanted).collect())
    }

    /// Does tasks until none is free; gives how many. `make` makes what `write` then writes as a
    /// whole or not at all.
    ///
    /// # Errors
    /// A folder that cannot be written, what `make` and `write` say, cancellation.
    pub(super) fn run<T: PlanTask + Sync, P: Send>(
        &self,
        tasks: &[&T],
        ticket: &Ticket,
        make: &(dyn Fn(&T) -> Result<P, MeasureError> + Sync),
        write: &dyn Fn(&T, &P) -> Result<(), String>,
    ) -> Result<usize, MeasureError> {
        let mut done = 0;
        let has = |task: &T| task.place(self.out).exists();
        loop {
            let (before, mut elsewhere) = (done, 0);
            for task in tasks {
                if done >= self.labour.most {
                    break;
                }
                if has(task) {
                    continue;
                }
                match self.claim(task.id())? {
                    // It may have been done between the two looks.
                    Claimed::Held(held) if has(task) => held.give_back(),
                    Claimed::Held(held) => {
                        self.task(*task, &held, make, write)?;
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

    fn claim(&self, id: &str) -> Result<Claimed, MeasureError> {
        let folder = self.out.join("claims");
        let (lease, now) = (self.labour.lease, SystemTime::now());
        claim(&folder, id, self.sign.worker(), lease, now).map_err(MeasureError::Failed)
    }

    fn task<T: PlanTask + Sync, P: Send>(
        &self,
        task: &T,
        held: &Held,
        make: &(dyn Fn(&T) -> Result<P, MeasureError> + Sync),
        write: &dyn Fn(&T, &P) -> Result<(), String>,
    ) -> Result<(), MeasureError> {
        let (began, bytes) = (Instant::now(), task.bytes());
        let id = || task.id().to_owned();
        (self.tell)(Event::Began { task: id(), bytes });
        self.sign.begins(task.id());
        let beat = || self.sign.renew();
        let made = held.kept_alive(self.labour.lease, &beat, || make(task));
        let written = made.and_then(|part| write(task, &part).map_err(MeasureError::Failed));
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
}

/// That a model is the one that was planned with.
///
/// # Errors
/// If its files have changed.
pub(super) fn check_key(key: &str, model: &Checkpoint) -> Result<(), MeasureError> {
    if model.key() == key {
        return Ok(());
    }
    Err(MeasureError::Failed(format!(
        "this model has changed since the plan was made; make the plan anew: {}",
        model.path().display()
    )))
}
