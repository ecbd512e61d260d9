//! Long work beside the window: progress, cancellation, and panics that stay where they are.
//!
//! A job is a function of a [`Ticket`]. One call on it, [`Ticket::advance`], reports what was
//! done and hears whether to stop, so `?` does the rest. A job carries its ending: what is done
//! with its result, on the thread of the owner, which takes in one [`Event`] after the other.

use std::any::Any;
use std::cell::RefCell;
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
    cancelled: Arc<AtomicBool>,
    started: Instant,
}

impl Default for Ticket {
    fn default() -> Self {
        Self(Arc::new(Shared {
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
            counts_items: AtomicBool::new(false),
            cancelled: Arc::default(),
            started: Instant::now(),
        }))
    }
}

impl Ticket {
    /// One that hears the same cancellation and counts for itself: for a part of the work that
    /// counts something else.
    pub fn beside(&self) -> Self {
        Self(Arc::new(Shared {
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
            counts_items: AtomicBool::new(false),
            cancelled: Arc::clone(&self.0.cancelled),
            started: Instant::now(),
        }))
    }

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

    /// Does `work` on this thread; who waits in it for long, and has no ticket, hears by
    /// [`is_cancelled_here`] that nobody wants it any more.
    pub fn during<R>(&self, work: impl FnOnce() -> R) -> R {
        let _before = Before(CURRENT.replace(Some(self.clone())));
        work()
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

thread_local! {
    /// The job that this thread works for.
    static CURRENT: RefCell<Option<Ticket>> = const { RefCell::new(None) };
}

/// What this thread worked for before, and does again when this is gone.
struct Before(Option<Ticket>);

impl Drop for Before {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

/// Whether this thread works for a job that was asked to stop.
pub fn is_cancelled_here() -> bool {
    CURRENT.with_borrow(|ticket| {
        let shared = ticket.as_ref().map(|ticket| &ticket.0);
        shared.is_some_and(|shared| shared.cancelled.load(Ordering::Relaxed))
    })
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

/// What is done to the owner of the jobs, between two frames.
pub type Step<W> = Box<dyn FnOnce(&mut W) + std::marker::Send>;

/// What arrives from a job: something on the way, or its ending.
pub struct Event<W> {
    /// The job.
    pub id: JobId,
    /// Whether nothing more comes from it.
    pub is_end: bool,
    step: Step<W>,
}

impl<W> Event<W> {
    /// Does what the job has sent.
    pub fn apply(self, owner: &mut W) {
        (self.step)(owner);
    }
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
pub type Send<'a, W> = &'a (dyn Fn(Step<W>) + Sync);

/// The jobs of a program; what they find ends in an owner of type `W`.
pub struct Jobs<W> {
    last_id: u64,
    running: Vec<Job>,
    sender: Sender<Event<W>>,
    receiver: Receiver<Event<W>>,
    wake: Arc<dyn Fn() + std::marker::Send + Sync>,
}

impl<W: 'static> Jobs<W> {
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

    /// What the next job will be called, for its ending to know.
    pub fn next_id(&self) -> JobId {
        JobId(self.last_id + 1)
    }

    /// Starts `work` on a thread of its own that carries `title` as its name. `ending` is what
    /// is done with the result, by whoever takes in the events.
    pub fn spawn<T, F, E>(&mut self, title: impl Into<String>, work: F, ending: E) -> JobId
    where
        T: std::marker::Send + 'static,
        F: FnOnce(&Ticket) -> Result<T, Failure> + std::marker::Send + 'static,
        E: FnOnce(&mut W, Result<T, Failure>) + std::marker::Send + 'static,
    {
        self.start(title.into(), false, |ticket, _| work(ticket), ending)
    }

    /// The same for work of a moment that need not be seen.
    pub fn spawn_quietly<T, F, E>(&mut self, title: impl Into<String>, work: F, ending: E) -> JobId
    where
        T: std::marker::Send + 'static,
        F: FnOnce(&Ticket) -> Result<T, Failure> + std::marker::Send + 'static,
        E: FnOnce(&mut W, Result<T, Failure>) + std::marker::Send + 'static,
    {
        self.start(title.into(), true, |ticket, _| work(ticket), ending)
    }

    /// The same for work that sends something on the way.
    pub fn spawn_sending<T, F, E>(&mut self, title: impl Into<String>, work: F, ending: E) -> JobId
    where
        T: std::marker::Send + 'static,
        F: FnOnce(&Ticket, Send<'_, W>) -> Result<T, Failure> + std::marker::Send + 'static,
        E: FnOnce(&mut W, Result<T, Failure>) + std::marker::Send + 'static,
    {
        self.start(title.into(), false, work, ending)
    }

    /// The same, seen by nobody.
    pub fn spawn_sending_quietly<T, F, E>(
        &mut self,
        title: impl Into<String>,
        work: F,
        ending: E,
    ) -> JobId
    where
        T: std::marker::Send + 'static,
        F: FnOnce(&Ticket, Send<'_, W>) -> Result<T, Failure> + std::marker::Send + 'static,
        E: FnOnce(&mut W, Result<T, Failure>) + std::marker::Send + 'static,
    {
        self.start(title.into(), true, work, ending)
    }

    fn start<T, F, E>(&mut self, title: String, is_quiet: bool, work: F, ending: E) -> JobId
    where
        T: std::marker::Send + 'static,
        F: FnOnce(&Ticket, Send<'_, W>) -> Result<T, Failure> + std::marker::Send + 'static,
        E: FnOnce(&mut W, Result<T, Failure>) + std::marker::Send + 'static,
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
        let send = move |is_end, step| {
            // The receiver is gone only when the jobs were abandoned, or the program ends.
            sender.send(Event { id, is_end, step }).ok();
            wake();
        };
        // The ending is handed over once the thread runs: one that cannot be started ends too.
        let (hand_over, handed) = channel::<(F, E)>();
        let run = {
            let send = send.clone();
            move || {
                let Ok((work, ending)) = handed.recv() else {
                    return;
                };
                let on_the_way = |step| send(false, step);
                let result = catch_unwind(AssertUnwindSafe(|| {
                    ticket.during(|| work(&ticket, &on_the_way))
                }))
                .unwrap_or_else(|panic| Err(Failure::Failed(panic_sentence(&*panic))));
                send(true, Box::new(move |owner| ending(owner, result)));
            }
        };
        match std::thread::Builder::new().name(title).spawn(run) {
            // The thread waits for it.
            Ok(_) => drop(hand_over.send((work, ending))),
            Err(error) => {
                let failure = Failure::Failed(format!("No thread could be started: {error}"));
                send(true, Box::new(move |owner| ending(owner, Err(failure))));
            }
        }
        id
    }

    /// Asks every job to stop and forgets them all: what they still send is not heard.
    pub fn abandon_all(&mut self) {
        self.cancel_all();
        self.running.clear();
        (self.sender, self.receiver) = channel();
    }

    /// The next event that has arrived.
    pub fn next_event(&mut self) -> Option<Event<W>> {
        let event = self.receiver.try_recv().ok()?;
        self.note(&event);
        Some(event)
    }

    /// Waits for the next event; `None` if no job is running or `timeout` has passed.
    pub fn wait(&mut self, timeout: Duration) -> Option<Event<W>> {
        if self.running.is_empty() {
            return None;
        }
        let event = self.receiver.recv_timeout(timeout).ok()?;
        self.note(&event);
        Some(event)
    }

    fn note(&mut self, event: &Event<W>) {
        if event.is_end {
            self.running.retain(|job| job.id != event.id);
        }
    }

    /// The jobs that run, oldest first.
    pub fn running(&self) -> &[Job] {
        &self.running
    }

    /// A job, while it runs.
    pub fn get(&self, id: JobId) -> Option<&Job> {
        self.running.iter().find(|job| job.id == id)
    }

    /// Asks a job to stop.
    pub fn cancel(&self, id: JobId) {
        if let Some(job) = self.get(id) {
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

    /// What an owner has heard.
    #[derive(Default)]
    struct Heard {
        parts: Vec<u32>,
        end: Option<Result<u32, Failure>>,
    }

    fn hear(heard: &mut Heard, result: Result<u32, Failure>) {
        heard.end = Some(result);
    }

    #[test]
    fn a_job_sends_its_parts_and_then_its_end() {
        let (mut jobs, mut heard) = (Jobs::new(|| {}), Heard::default());
        let work = |ticket: &Ticket, send: Send<'_, Heard>| {
            ticket.expect(3);
            send(Box::new(|heard| heard.parts.push(1)));
            ticket.advance(3)?;
            Ok(2)
        };
        let id = jobs.spawn_sending("count", work, hear);
        let part = jobs.wait(PATIENCE).unwrap();
        assert!(part.id == id && !part.is_end);
        part.apply(&mut heard);
        assert_eq!((&heard.parts[..], &heard.end), (&[1][..], &None));
        let end = jobs.wait(PATIENCE).unwrap();
        assert!(end.id == id && end.is_end);
        end.apply(&mut heard);
        assert_eq!(heard.end, Some(Ok(2)));
        assert!(jobs.running().is_empty());
        assert!(jobs.wait(PATIENCE).is_none());
    }

    #[test]
    fn a_cancelled_job_ends_as_cancelled() {
        let (mut jobs, mut heard) = (Jobs::new(|| {}), Heard::default());
        let work = |ticket: &Ticket| {
            loop {
                ticket.advance(1)?;
                std::thread::yield_now();
            }
        };
        let id = jobs.spawn("endless", work, hear);
        jobs.cancel(id);
        jobs.wait(PATIENCE).unwrap().apply(&mut heard);
        assert_eq!(heard.end, Some(Err(Failure::Cancelled)));
    }

    #[test]
    fn a_panic_becomes_a_failed_job() {
        let (mut jobs, mut heard) = (Jobs::new(|| {}), Heard::default());
        jobs.spawn("bad", |_| panic!("index out of range"), hear);
        assert_eq!(jobs.running()[0].title, "bad");
        jobs.wait(PATIENCE).unwrap().apply(&mut heard);
        let Some(Err(Failure::Failed(sentence))) = heard.end else {
            panic!("no failure arrived");
        };
        assert!(sentence.contains("index out of range"), "{sentence}");
    }

    #[test]
    fn what_abandoned_jobs_send_is_not_heard() {
        let mut jobs: Jobs<Heard> = Jobs::new(|| {});
        let (go, wait) = channel::<()>();
        let work = move |_: &Ticket| {
            wait.recv().ok();
            Ok(1)
        };
        jobs.spawn("old", work, hear);
        jobs.abandon_all();
        go.send(()).unwrap();
        jobs.spawn("new", |_| Ok(2), hear);
        let mut heard = Heard::default();
        jobs.wait(PATIENCE).unwrap().apply(&mut heard);
        assert_eq!(heard.end, Some(Ok(2)));
        assert!(jobs.next_event().is_none());
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
