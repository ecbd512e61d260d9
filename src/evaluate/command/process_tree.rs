//! A program and everything that it has started, to be ended together.
//!
//! They share a process group (a job on Windows), which is ended as one. A process that leaves
//! the group, as daemons do, is found on Linux by what it cannot shed so easily: its parents,
//! as long as they live, and a variable that it was started with. What has changed its group,
//! lost its parents and wiped its variables is not found; on other systems nothing outside the
//! group is.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use process_wrap::std::{ChildWrapper, CommandWrap};

/// The variable that marks what a run has started.
const MARK: &str = "KINFOLK_EVALUATION";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// It may put its things in order first (SIGTERM).
    Terminate,
    /// At once (SIGKILL).
    Kill,
}

/// Starts a command in a group of its own.
pub(super) fn spawn(mut command: CommandWrap) -> std::io::Result<ProcessTree> {
    let mark = mark();
    command.command_mut().env(MARK, &mark);
    #[cfg(unix)]
    command.wrap(process_wrap::std::ProcessGroup::leader());
    #[cfg(windows)]
    command.wrap(process_wrap::std::JobObject);
    let child = command.spawn()?;
    Ok(ProcessTree {
        #[cfg(target_os = "linux")]
        outside: outside::Outside::new(child.id(), format!("{MARK}={mark}")),
        child,
    })
}

/// A value that no other run has.
fn mark() -> String {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    let run = RUNS.fetch_add(1, Ordering::Relaxed);
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let nanos = since.map_or(0, |since| since.as_nanos());
    format!("{}-{run}-{nanos}", std::process::id())
}

pub(super) struct ProcessTree {
    pub(super) child: Box<dyn ChildWrapper>,
    #[cfg(target_os = "linux")]
    outside: outside::Outside,
}

#[cfg(target_os = "linux")]
impl ProcessTree {
    /// The names of those that run, sorted.
    pub(super) fn running(&mut self) -> Vec<String> {
        let mut names: Vec<String> = self.outside.look().into_iter().map(|p| p.name).collect();
        names.sort();
        names
    }

    /// Signals all of them; an error means that they have ended by themselves.
    pub(super) fn signal(&mut self, signal: Signal) {
        use nix::sys::signal::Signal::{SIGCONT, SIGKILL, SIGTERM};
        let running = self.outside.look();
        let signals: &[_] = match signal {
            // What is stopped hears nothing before it goes on.
            Signal::Terminate => &[SIGTERM, SIGCONT],
            Signal::Kill => &[SIGKILL],
        };
        for &signal in signals {
            if running.iter().any(|p| self.outside.is_in_group(p)) {
                self.child.signal(signal as i32).ok();
            }
            for process in running.iter().filter(|p| !self.outside.is_in_group(p)) {
                outside::send(process, signal);
            }
        }
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
impl ProcessTree {
    /// The names of those that run. Here they can only be ended to see whether there are any
    /// once the program itself has ended, so that what is left is given no time.
    pub(super) fn running(&mut self) -> Vec<String> {
        let is_left = self.child.start_kill().is_ok();
        let name = is_left.then(|| "a process".to_owned());
        name.into_iter().collect()
    }

    /// Signals all of them; an error means that they have ended by themselves.
    pub(super) fn signal(&mut self, signal: Signal) {
        const SIGTERM: i32 = 15;
        match signal {
            Signal::Terminate => self.child.signal(SIGTERM).ok(),
            Signal::Kill => self.child.start_kill().ok(),
        };
    }
}

#[cfg(windows)]
impl ProcessTree {
    /// Whatever is left of the job is ended; Windows does not tell what there was.
    pub(super) fn running(&mut self) -> Vec<String> {
        self.child.start_kill().ok();
        Vec::new()
    }

    /// Ends the job: programs without a window have no way to be asked.
    pub(super) fn signal(&mut self, _: Signal) {
        self.child.start_kill().ok();
    }
}

/// Finding those that have left the group.
#[cfg(target_os = "linux")]
mod outside {
    use std::collections::{BTreeMap, BTreeSet};

    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    use crate::evaluate::command::processes::{self, Process};

    /// Recognises the processes of one tree.
    pub(super) struct Outside {
        group: u32,
        /// The variable that all were started with: `NAME=value`.
        mark: String,
        /// Number and start of each that was ever seen: its parents may end before it.
        seen: BTreeMap<u32, u64>,
    }

    impl Outside {
        pub(super) fn new(group: u32, mark: String) -> Self {
            Self {
                group,
                mark,
                seen: BTreeMap::new(),
            }
        }

        pub(super) fn is_in_group(&self, process: &Process) -> bool {
            process.group == self.group
        }

        /// Every one that runs, in the group or not.
        pub(super) fn look(&mut self) -> Vec<Process> {
            let own = std::process::id();
            let mut all = processes::running();
            all.retain(|process| process.id != own);
            let mut ours: BTreeSet<u32> = all
                .iter()
                .filter(|p| self.is_ours(p))
                .map(|p| p.id)
                .collect();
            // Children come after their parents only as long as numbers do not start anew.
            loop {
                let more: Vec<u32> = all
                    .iter()
                    .filter(|p| ours.contains(&p.parent) && !ours.contains(&p.id))
                    .map(|p| p.id)
                    .collect();
                if more.is_empty() {
                    break;
                }
                ours.extend(more);
            }
            all.retain(|process| ours.contains(&process.id));
            self.seen.extend(all.iter().map(|p| (p.id, p.started)));
            all
        }

        fn is_ours(&self, process: &Process) -> bool {
            self.is_in_group(process)
                || self.seen.get(&process.id) == Some(&process.started)
                || processes::was_given(process.id, &self.mark)
        }
    }

    /// Sends a signal to one process; one that has ended meanwhile is not an error.
    pub(super) fn send(process: &Process, signal: Signal) {
        if let Ok(id) = i32::try_from(process.id) {
            kill(Pid::from_raw(id), signal).ok();
        }
    }
}
