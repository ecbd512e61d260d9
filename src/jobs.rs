//! Long work beside the window: progress, cancellation, and panics that stay where they are.
//!
//! A job is a function of a [`Ticket`]. One call on it, [`Ticket::advance`], reports what was
//! done and hears whether to stop, so `?` does the rest. What a job sends arrives, in order,
//! at [`Jobs::drain`].

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// The user asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;

/// What a job holds to report progress and to hear cancellation; cheap to clone.
#[derive(Clone, Debug)]
pub struct Ticket(Arc<Shared>);

/// What a job counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// Bytes read or written.
    #[default]
    Bytes,
    /// Items of tasks.
    Items,
}

#[derive(Debug)]
struct Shared {
    done: AtomicU64,
    total: AtomicU64,
    counts_items: AtomicBool,
    cancelled: AtomicBool,
    started: Instant,
}

impl Default for Ticket {
    fn default() -> Self {
        Self(Arc::new(Shared {
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
            counts_items: AtomicBool::new(false),
            cancelled: AtomicBool::new(false),
            started: Instant::now(),
        }))
    }
}

impl Ticket {
    /// Says what is counted, if not bytes; before anything is.
    pub fn count_in(&self, unit: Unit) {
        let items = unit == Unit::Items;
        self.0.counts_items.store(items, Ordering::Relaxed);
    }

    /// Says how much there is to go through; work found later is added.
    pub fn expect(&self, count: u64) {
        self.0.total.fetch_add(count, Ordering::Relaxed);
    }

    /// Reports what was gone through.
    ///
    /// # Errors
    /// [`Cancelled`] if the job was asked to stop.
    pub fn advance(&self, count: u64) -> Result<(), Cancelled> {
        self.0.done.fetch_add(count, Ordering::Relaxed);
        if self.0.cancelled.load(Ordering::Relaxed) {
            Err(Cancelled)
        } else {
            Ok(())
        }
    }

    /// Asks the job to stop at its next [`Self::advance`].
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Relaxed);
    }

    /// How far the job is.
    pub fn progress(&self) -> Progress {
        Progress {
            done: self.0.done.load(Ordering::Relaxed),
            total: self.0.total.load(Ordering::Relaxed),
            unit: match self.0.counts_items.load(Ordering::Relaxed) {
                true => Unit::Items,
                false => Unit::Bytes,
            },
            elapsed: self.0.started.elapsed(),
        }
    }
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// How much was gone through.
    pub done: u64,
    /// How much there is to go through; 0 while that is not known.
    pub total: u64,
    /// What is counted.
    pub unit: Unit,
    /// Time since the start.
    pub elapsed: Duration,
}

impl Progress {
    /// Share done, 0 to 1; `None` while the total is not known.
    pub fn fraction(&self) -> Option<f64> {
        (self.total > 0).then(|| (self.done as f64 / self.total as f64).min(1.0))
    }

    /// Bytes or items a second since the start.
    pub fn per_second(&self) -> f64 {
        self.done as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }

    /// Time left at the speed so far; `None` before there is one.
    pub fn time_left(&self) -> Option<Duration> {
        let fraction = self.fraction().filter(|&f| f > 0.0)?;
        Some(self.elapsed.mul_f64((1.0 - fraction) / fraction))
    }
}

/// Names one job of a [`Jobs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(u64);

/// A job that runs.
pub struct Job {
    /// Its name among the others.
    pub id: JobId,
    /// What the status bar says.
    pub title: String,
    /// Progress, and the way to cancel it.
    pub ticket: Ticket,
    /// Whether the status bar leaves it out: it takes a moment, and happens all the time.
    pub is_quiet: bool,
}

/// What arrives from a job.
#[derive(Debug)]
pub enum Event<T> {
    /// Something on the way.
    Partial(JobId, T),
    /// The end, with the title that the job had.
    Ended(JobId, String, Result<T, Failure>),
}

/// Why a job gave no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The user asked to stop.
    #[error("cancelled")]
    Cancelled,
    /// The sentence for the user.
    #[error("{0}")]
    Failed(String),
}

impl From<Cancelled> for Failure {
    fn from(_: Cancelled) -> Self {
        Self::Cancelled
    }
}

/// How a job sends something on the way.
pub type Send<'a, T> = &'a (dyn Fn(T) + Sync);

/// The jobs of a program, whose results are `T`.
pub struct Jobs<T> {
    last_id: u64,
    running: Vec<Job>,
    sender: Sender<Event<T>>,
    receiver: Receiver<Event<T>>,
    wake: Arc<dyn Fn() + std::marker::Send + Sync>,
}

impl<T: std::marker::Send + 'static> Jobs<T> {
    /// No jobs yet; `wake` is called whenever something has arrived.
    pub fn new(wake: impl Fn() + std::marker::Send + Sync + 'static) -> Self {
        let (sender, receiver) = channel();
        Self {
            last_id: 0,
            running: Vec::new(),
            sender,
            receiver,
            wake: Arc::new(wake),
        }
    }

    /// Starts `work` on a thread of its own that carries `title` as its name.
    pub fn spawn<F>(&mut self, title: impl Into<String>, work: F) -> JobId
    where
        F: FnOnce(&Ticket, Send<'_, T>) -> Result<T, Failure> + std::marker::Send + 'static,
    {
        self.start(title.into(), false, work)
    }

    /// The same for work of a moment that nobody needs to see.
    pub fn spawn_quietly<F>(&mut self, title: impl Into<String>, work: F) -> JobId
    where
        F: FnOnce(&Ticket, Send<'_, T>) -> Result<T, Failure> + std::marker::Send + 'static,
    {
        self.start(title.into(), true, work)
    }

    fn start<F>(&mut self, title: String, is_quiet: bool, work: F) -> JobId
    where
        F: FnOnce(&Ticket, Send<'_, T>) -> Result<T, Failure> + std::marker::Send + 'static,
    {
        self.last_id += 1;
        let (id, ticket) = (JobId(self.last_id), Ticket::default());
        self.running.push(Job {
            id,
            title: title.clone(),
            ticket: ticket.clone(),
            is_quiet,
        });
        let (sender, wake) = (self.sender.clone(), Arc::clone(&self.wake));
        let run = {
            let (sender, wake, title) = (sender.clone(), Arc::clone(&wake), title.clone());
            move || {
                let send = |value| {
                    // The receiver is gone only when the program ends; nobody misses it then.
                    sender.send(Event::Partial(id, value)).ok();
                    wake();
                };
                let result = catch_unwind(AssertUnwindSafe(|| work(&ticket, &send)))
                    .unwrap_or_else(|panic| Err(Failure::Failed(panic_sentence(&*panic))));
                sender.send(Event::Ended(id, title, result)).ok();
                wake();
            }
        };
        if let Err(error) = std::thread::Builder::new().name(title.clone()).spawn(run) {
            let failure = Failure::Failed(format!("No thread could be started: {error}"));
            sender.send(Event::Ended(id, title, Err(failure))).ok();
            wake();
        }
        id
    }

    /// Asks every job to stop and forgets them all: what they still send is not heard.
    pub fn abandon_all(&mut self) {
        self.cancel_all();
        self.running.clear();
        (self.sender, self.receiver) = channel();
    }

    /// What has arrived since the last call.
    pub fn drain(&mut self) -> Vec<Event<T>> {
        let events: Vec<_> = self.receiver.try_iter().collect();
        for event in &events {
            if let Event::Ended(id, ..) = event {
                self.running.retain(|job| job.id != *id);
            }
        }
        events
    }

    /// Waits for the next event; `None` if no job is running or `timeout` has passed.
    pub fn wait(&mut self, timeout: Duration) -> Option<Event<T>> {
        if self.running.is_empty() {
            return None;
        }
        let event = self.receiver.recv_timeout(timeout).ok()?;
        if let Event::Ended(id, ..) = &event {
            self.running.retain(|job| job.id != *id);
        }
        Some(event)
    }

    /// The jobs that run, oldest first.
    pub fn running(&self) -> &[Job] {
        &self.running
    }

    /// Asks a job to stop.
    pub fn cancel(&self, id: JobId) {
        for job in self.running.iter().filter(|job| job.id == id) {
            job.ticket.cancel();
        }
    }

    /// Asks every job to stop.
    pub fn cancel_all(&self) {
        self.running.iter().for_each(|job| job.ticket.cancel());
    }
}

fn panic_sentence(panic: &(dyn Any + std::marker::Send)) -> String {
    let what = panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    format!("This is a bug in Kinfolk, nothing was lost: {what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    #[test]
    fn a_job_sends_its_parts_and_then_its_end() {
        let mut jobs = Jobs::new(|| {});
        let id = jobs.spawn("count", |ticket, send| {
            ticket.expect(3);
            send(1);
            ticket.advance(3)?;
            Ok(2)
        });
        assert!(matches!(jobs.wait(PATIENCE), Some(Event::Partial(i, 1)) if i == id));
        assert!(matches!(jobs.wait(PATIENCE), Some(Event::Ended(i, _, Ok(2))) if i == id));
        assert!(jobs.running().is_empty());
        assert!(jobs.wait(PATIENCE).is_none());
    }

    #[test]
    fn a_cancelled_job_ends_as_cancelled() {
        let mut jobs: Jobs<()> = Jobs::new(|| {});
        let id = jobs.spawn("endless", |ticket, _| {
            loop {
                ticket.advance(1)?;
                std::thread::yield_now();
            }
        });
        jobs.cancel(id);
        assert!(matches!(
            jobs.wait(PATIENCE),
            Some(Event::Ended(_, _, Err(Failure::Cancelled)))
        ));
    }

    #[test]
    fn a_panic_becomes_a_failed_job() {
        let mut jobs: Jobs<()> = Jobs::new(|| {});
        jobs.spawn("bad", |_, _| panic!("index out of range"));
        let Some(Event::Ended(_, title, Err(Failure::Failed(sentence)))) = jobs.wait(PATIENCE)
        else {
            panic!("no failure arrived");
        };
        assert_eq!(title, "bad");
        assert!(sentence.contains("index out of range"), "{sentence}");
    }

    #[test]
    fn progress_knows_share_and_time_left() {
        let progress = Progress {
            done: 25,
            total: 100,
            unit: Unit::Bytes,
            elapsed: Duration::from_secs(5),
        };
        assert_eq!(progress.fraction(), Some(0.25));
        assert_eq!(progress.time_left(), Some(Duration::from_secs(15)));
        assert!((progress.per_second() - 5.0).abs() < 1e-9);
    }

    #[test]
    fn progress_without_a_total_promises_nothing() {
        let progress = Ticket::default().progress();
        assert_eq!(progress.fraction(), None);
        assert_eq!(progress.time_left(), None);
    }
}
