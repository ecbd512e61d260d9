//! What has come of running an evaluator.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use super::log::Tail;
use crate::jobs::Failure;

/// How many of the last lines an error repeats.
const LAST_LINES: usize = 8;

/// A program that has ended well.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// The folder that it was to write its results to.
    pub folder: PathBuf,
    /// The JSON files in it, the newest last.
    pub results: Vec<PathBuf>,
    /// The last that it printed.
    pub tail: Tail,
    /// All that it printed, up to a bound.
    pub log: PathBuf,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// The names of the processes that it left behind, which were ended. On systems other than
    /// Linux the system does not tell their names; on Windows, not even that there were some.
    pub left_behind: Vec<String>,
}

impl Finished {
    /// What the user should know of an evaluation that went well.
    pub fn note(&self) -> Option<String> {
        let names = self.left_behind.join(", ");
        match self.left_behind.len() {
            0 => None,
            1 => Some(format!(
                "One process was left behind and was ended: {names}"
            )),
            n => Some(format!(
                "{n} processes were left behind and were ended: {names}"
            )),
        }
    }
}

/// How a program ended that did not end well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By itself, with a code other than 0.
    Code(i32),
    /// By a signal that it had from elsewhere.
    Signal(i32),
}

impl Ending {
    /// The ending of a status; `None` if all went well.
    pub(super) fn of(status: ExitStatus) -> Option<Self> {
        if status.success() {
            return None;
        }
        #[cfg(unix)]
        if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
            return Some(Self::Signal(signal));
        }
        Some(Self::Code(status.code().unwrap_or(-1)))
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Signals whose numbers are the same on every Unix.
        let name = |signal| match signal {
            1 => "it was hung up on",
            2 => "it was interrupted",
            4 => "an instruction that this processor does not have",
            6 => "it gave up by itself",
            8 => "a sum that has no result",
            9 => "killed, as systems do when memory runs out",
            11 => "it touched memory that is not its own",
            13 => "its output was no longer read",
            15 => "it was asked to end",
            _ => "see signal(7)",
        };
        match *self {
            Self::Code(code) => write!(f, "ended with code {code}"),
            Self::Signal(signal) => write!(f, "was ended by signal {signal} ({})", name(signal)),
        }
    }
}

/// Why an evaluator gave no results.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    #[error("cancelled")]
    Cancelled,
    /// Nothing was run, or could be; the sentence says why, and what to do.
    #[error("{0}")]
    NotStarted(String),
    #[error("{program} {ending}. {}", said(last, log))]
    Failed {
        program: String,
        ending: Ending,
        last: Vec<String>,
        log: PathBuf,
    },
    /// It ran for too long and was ended.
    #[error(
        "{program} was ended after {}, its time limit; raise the limit, or give it less to do. {}",
        spoken(*limit), said(last, log)
    )]
    Overdue {
        program: String,
        limit: Duration,
        last: Vec<String>,
        log: PathBuf,
    },
    /// The system could not end it, or lost sight of it.
    #[error("{program} (process {id}) could not be ended: {why}. End it by hand. Log: {}", log.display())]
    Stuck {
        program: String,
        id: u32,
        why: String,
        log: PathBuf,
    },
}

impl From<CommandError> for Failure {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Cancelled => Self::Cancelled,
            error => Self::Failed(error.to_string()),
        }
    }
}

pub(super) fn last_lines(tail: &Tail) -> Vec<String> {
    tail.last(LAST_LINES)
        .into_iter()
        .map(str::to_owned)
        .collect()
}

fn said(last: &[String], log: &Path) -> String {
    let log = log.display();
    match last {
        [] => format!("It printed nothing. Log: {log}"),
        last => format!("The last that it printed:\n{}\nLog: {log}", last.join("\n")),
    }
}

fn spoken(limit: Duration) -> String {
    let seconds = limit.as_secs_f64();
    match seconds {
        60.0 => "1 minute".to_owned(),
        _ if seconds > 60.0 => format!("{} minutes", (seconds / 6.0).round() / 10.0),
        _ => format!("{} seconds", (seconds * 10.0).round() / 10.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_what_happened_and_where_to_read_on() {
        let failed = |ending, last: &[&str]| CommandError::Failed {
            program: "lm_eval".to_owned(),
            ending,
            last: last.iter().map(|&line| line.to_owned()).collect(),
            log: PathBuf::from("a/results.log"),
        };
        assert_eq!(
            failed(Ending::Code(2), &["Traceback", "KeyError: 'gsm'"]).to_string(),
            "lm_eval ended with code 2. The last that it printed:\nTraceback\nKeyError: \
             'gsm'\nLog: a/results.log"
        );
        let killed = failed(Ending::Signal(9), &[]).to_string();
        assert!(
            killed.contains("signal 9 (killed, as systems do when memory"),
            "{killed}"
        );
        assert!(
            killed.contains("It printed nothing. Log: a/results.log"),
            "{killed}"
        );
    }

    #[test]
    fn limits_are_spoken_in_the_unit_that_fits() {
        let spoken = |millis| spoken(Duration::from_millis(millis));
        assert_eq!(spoken(1_500), "1.5 seconds");
        assert_eq!(spoken(60_000), "1 minute");
        assert_eq!(spoken(90 * 60_000), "90 minutes");
    }
}
