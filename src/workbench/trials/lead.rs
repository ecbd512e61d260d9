//! Whoever hands out trials: offers them, waits for what comes of them, and takes it in their order.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use super::board::{Run, Stage, offer};
use super::outcome::{self, Result as Found};
use super::trial::Trial;
use super::work::{Permit, Worker, remove_child};
use crate::cluster::{Labour, alive, milliseconds};
use crate::jobs::{Failure, Ticket, Unit};

/// How often is looked for what has arrived.
const LOOK: Duration = Duration::from_millis(100);
/// How often workers are counted.
const COUNT: Duration = Duration::from_secs(1);
/// How long a leader counts as there without a sign of life.
const LEASE: Duration = Duration::from_secs(60);
/// How long its own trials are its own without one: whoever starts it again after it was killed
/// does not want to wait.
const OWN_LEASE: Duration = Duration::from_secs(10);

/// A run that is led from here. While this is there, workers stay.
pub struct Lead {
    out: Arc<PathBuf>,
    run: Run,
    beat: Option<(Sender<()>, JoinHandle<()>)>,
}

/// How the trials of a run are done.
#[derive(Clone, Copy)]
pub enum Way<'a> {
    /// By workers that were started elsewhere.
    Workers,
    /// Here too, as a worker among others.
    Here(Permit<'a>),
}

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub done: usize,
    pub of: usize,
    /// Workers that have given a sign of life, the leader among them if it works.
    pub workers: usize,
}

/// Who hears how far a run is, and of each outcome as it arrives, by its place.
pub type Hear<'h> = &'h (dyn Fn(Progress, Option<(usize, &Found)>) + Sync);

impl Lead {
    /// Opens a run in the folder `out`.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn open(out: &Path, run: &str, title: &str) -> Result<Self, String> {
        let out = Arc::new(std::path::absolute(out).unwrap_or_else(|_| out.to_owned()));
        let run = Run {
            run: run.to_owned(),
            title: title.to_owned(),
            stage: Stage::Open,
            until_ms: until(LEASE),
        };
        run.write(&out)?;
        let (stop, stopped) = channel();
        let (own, place) = (run.clone(), Arc::clone(&out));
        let beat = move || {
            while stopped.recv_timeout(LEASE / 3) == Err(RecvTimeoutError::Timeout) {
                let until_ms = until(LEASE);
                let own = Run {
                    until_ms,
                    ..own.clone()
                };
                if let Err(error) = own.write(&place) {
                    log::warn!("{error}");
                }
            }
        };
        let thread = std::thread::Builder::new().name("leading".to_owned());
        let thread = thread.spawn(beat).map_err(|error| error.to_string())?;
        let beat = Some((stop, thread));
        Ok(Self { out, run, beat })
    }

    /// The folder.
    pub fn out(&self) -> &Path {
        &self.out
    }

    /// Says that nothing more comes: workers go home.
    pub fn end(mut self) {
        self.run.stage = Stage::Ended;
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.beat.take() {
            stop.send(()).ok();
            // It has nothing that could fail.
            thread.join().ok();
        }
        if self.run.stage == Stage::Open {
            self.run.stage = Stage::Paused;
        }
        self.run.until_ms = until(Duration::ZERO);
        if let Err(error) = self.run.write(&self.out) {
            log::warn!("{error}");
        }
    }
}

fn until(lease: Duration) -> u64 {
    milliseconds(SystemTime::now() + lease)
}

/// Has trials of one run done in the folder `out`, and gives what came of each, in their order.
/// `on` hears of each as it arrives, by its place.
///
/// # Errors
/// A folder that cannot be written, a result that is of something else, cancellation. Trials that
/// have failed are no error here.
pub fn see_through(
    out: &Path,
    trials: &[Trial],
    way: Way<'_>,
    ticket: &Ticket,
    on: Hear<'_>,
) -> Result<Vec<Found>, Failure> {
    ticket.count_in(Unit::Items);
    ticket.expect(trials.len() as u64);
    let Some(first) = trials.first() else {
        return Ok(Vec::new());
    };
    trials.iter().for_each(|t| outcome::forget_failures(out, t));
    offer(out, &first.run, trials).map_err(Failure::Failed)?;
    let labour = Labour {
        only: Vec::new(),
        most: usize::MAX,
        lease: OWN_LEASE,
        waits: false,
    };
    let worker = match way {
        Way::Here(permit) => Some(Worker::new(out, &labour, permit)),
        Way::Workers => None,
    };
    let mut found: Vec<Option<Found>> = vec![None; trials.len()];
    let mut told = Progress::default();
    let (mut looked, mut workers) = (None::<Instant>, 0);
    loop {
        let before = found.iter().flatten().count();
        collect(out, trials, &mut found, &mut |at, one| {
            told.done += 1;
            on(told, Some((at, one)));
        })?;
        let done = found.iter().flatten().count();
        ticket.advance((done - before) as u64)?;
        if looked.is_none_or(|then| then.elapsed() > COUNT) {
            workers = alive(out);
            looked = Some(Instant::now());
        }
        let of = trials.len();
        let now = Progress { done, of, workers };
        if now != told {
            told = now;
            on(told, None);
        }
        if done == trials.len() {
            break;
        }
        let did = match &worker {
            Some(worker) => work_once(worker, trials, &found, ticket)?,
            None => false,
        };
        if !did {
            std::thread::sleep(LOOK);
        }
    }
    Ok(found.into_iter().flatten().collect())
}

fn collect(
    out: &Path,
    trials: &[Trial],
    found: &mut [Option<Found>],
    arrived: &mut dyn FnMut(usize, &Found),
) -> Result<(), Failure> {
    let over = outcome::over(out);
    for (at, (trial, place)) in trials.iter().zip(found).enumerate() {
        if place.is_some() || !over.contains(&trial.id) {
            continue;
        }
        let Some(one) = outcome::read(out, trial).map_err(Failure::Failed)? else {
            continue;
        };
        if !trial.keep {
            // Its worker may have died between the two.
            remove_child(trial);
        }
        arrived(at, &one);
        *place = Some(one);
    }
    Ok(())
}

/// Does the first free trial; whether there was one.
fn work_once(
    worker: &Worker<'_>,
    trials: &[Trial],
    found: &[Option<Found>],
    ticket: &Ticket,
) -> Result<bool, Failure> {
    // What a trial counts is not what the run counts.
    let own = ticket.beside();
    let open = trials
        .iter()
        .zip(found)
        .filter(|(_, found)| found.is_none());
    for (trial, _) in open {
        ticket.advance(0)?;
        let (did, _) = worker.pass(&[trial], &own, &|_| {})?;
        if did {
            return Ok(true);
        }
    }
    Ok(false)
}
