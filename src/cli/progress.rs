//! A job on the terminal: a bar while it runs, and Ctrl C that stops it cleanly.

use std::fmt::Write;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use super::CliError;
use crate::jobs::{Failure, Jobs, Ticket, Unit};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// How often the bar moves and Ctrl C is looked for.
const TICK: Duration = Duration::from_millis(50);

/// Whether somebody asks [`was_interrupted`].
static IS_HEARD: AtomicBool = AtomicBool::new(false);

/// While this is there Ctrl C is heard by [`was_interrupted`].
pub struct Hearing(());

/// From here on Ctrl C is heard by [`was_interrupted`], and so are the signals that end a
/// program. Where nobody asks any more, and the second time, the program ends at once: nothing
/// that it writes is ever half there.
pub fn hear_interrupts() -> Hearing {
    IS_HEARD.store(true, Ordering::Relaxed);
    let on_signal = || {
        let again = INTERRUPTED.swap(true, Ordering::Relaxed);
        if again || !IS_HEARD.load(Ordering::Relaxed) {
            super::say("kinfolk: cancelled");
            std::process::exit(130);
        }
    };
    // Set twice it fails, and is set already.
    ctrlc::set_handler(on_signal).ok();
    Hearing(())
}

impl Drop for Hearing {
    fn drop(&mut self) {
        IS_HEARD.store(false, Ordering::Relaxed);
    }
}

pub fn was_interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// This many threads; as many as there are processors unless given.
pub fn pool(threads: Option<u16>) -> Result<rayon::ThreadPool, CliError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.map_or(0, usize::from));
    pool.build().map_err(CliError::failed)
}

/// Runs `work` as a job and waits for it.
pub fn run<T: Send + 'static>(
    title: &str,
    work: impl FnOnce(&Ticket) -> Result<T, Failure> + Send + 'static,
) -> Result<T, CliError> {
    let _hearing = hear_interrupts();
    let mut jobs = Jobs::new(|| {});
    let mut ended: Option<Result<T, Failure>> = None;
    jobs.spawn(title, work, |ended, result| *ended = Some(result));
    let bar = bar(title);
    let mut unit = Unit::default();
    let result = loop {
        if was_interrupted() {
            jobs.cancel_all();
        }
        if let Some(job) = jobs.running().first() {
            let progress = job.ticket.progress();
            if progress.unit != unit {
                unit = progress.unit;
                style(&bar, unit);
            }
            bar.set_length(progress.total);
            bar.set_position(progress.done);
        }
        if let Some(event) = jobs.wait(TICK) {
            event.apply(&mut ended);
        }
        if let Some(result) = ended.take() {
            break result;
        }
    };
    bar.finish_and_clear();
    result.map_err(|failure| match failure {
        Failure::Cancelled => CliError::Cancelled,
        Failure::Failed(sentence) => CliError::Failed(sentence),
    })
}

fn bar(title: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0).with_message(title.to_owned());
    style(&bar, Unit::default());
    bar
}

fn style(bar: &ProgressBar, unit: Unit) {
    let template = match unit {
        Unit::Bytes => "{msg} {bar:30} {percent:>3} %  {decimal_bytes_per_sec}  {eta} left",
        Unit::Items => "{msg} {bar:30} {pos} of {len} items · {rate} items/s · {left} left",
    };
    // A template that does not parse leaves the library's own look.
    if let Ok(style) = ProgressStyle::with_template(template) {
        let rate = |state: &ProgressState, out: &mut dyn Write| {
            write!(out, "{:.0}", state.per_sec()).ok();
        };
        let left = |state: &ProgressState, out: &mut dyn Write| {
            let secs = state.eta().as_secs_f64().ceil() as u64;
            write!(out, "{}:{:02}", secs / 60, secs % 60).ok();
        };
        bar.set_style(style.with_key("rate", rate).with_key("left", left));
    }
}
