//! A job on the terminal: a bar while it runs, and Ctrl C that stops it cleanly.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::CliError;
use crate::jobs::{Event, Failure, Jobs, Ticket};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// How often the bar moves and Ctrl C is looked for.
const TICK: Duration = Duration::from_millis(50);

/// Runs `work` as a job and waits for it.
pub fn run<T: Send + 'static>(
    title: &str,
    work: impl FnOnce(&Ticket) -> Result<T, Failure> + Send + 'static,
) -> Result<T, CliError> {
    // Set twice it fails, and is set already.
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed)).ok();
    let mut jobs: Jobs<T> = Jobs::new(|| {});
    jobs.spawn(title, move |ticket, _| work(ticket));
    let bar = bar(title);
    let result = loop {
        if INTERRUPTED.load(Ordering::Relaxed) {
            jobs.cancel_all();
        }
        if let Some(job) = jobs.running().first() {
            let progress = job.ticket.progress();
            bar.set_length(progress.total_bytes);
            bar.set_position(progress.done_bytes);
        }
        if let Some(Event::Ended(_, _, result)) = jobs.wait(TICK) {
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
    let style = ProgressStyle::with_template(
        "{msg} {bar:30} {percent:>3} %  {decimal_bytes_per_sec}  {eta} left",
    );
    let bar = ProgressBar::new(0).with_message(title.to_owned());
    // A template that does not parse leaves the library's own look.
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
