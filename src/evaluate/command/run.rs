//! Running an evaluator: listening to it, ending it when it is time, leaving nothing behind.
//!
//! Two threads read what it prints and hand it over piece by piece; a reader waits while its
//! piece is looked at, so a program that prints without end is slowed, not remembered.
//! Everything else happens on the caller's thread. Every wait has a bound.

use std::io::Read;
use std::path::Path;
use std::process::ExitStatus;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use process_wrap::std::CommandWrap;

use super::log::{Log, Tail};
use super::outcome::{CommandError, Ending, Finished, last_lines};
use super::output::{self, Line, Stream};
use super::prepare::{not_started, prepare};
use super::process_tree::{self, ProcessTree, Signal};
use super::{Call, results};
use crate::jobs::Ticket;

/// How often is looked whether it has ended, or should.
const TICK: Duration = Duration::from_millis(30);
/// How long what was started may take to end after the program has.
const SETTLE: Duration = Duration::from_millis(500);
/// How long what was asked to end may take before it is made to.
const GRACE: Duration = Duration::from_secs(3);
/// How long the system may take to end what is made to.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the readers may be silent when no process is left that could print.
const SILENCE: Duration = Duration::from_secs(2);
/// Pieces that wait to be looked at.
const PIECES: usize = 2;

/// Runs an evaluator on a model and waits for it.
///
/// `{model}` becomes the path of `model`, `{output}` that of `folder`, both absolute. The
/// folder is made, or emptied; one that holds something other than the results of an earlier
/// run, known by the log beside it, is refused. `on_line` hears every line on this thread, in
/// the order of each stream; the program waits meanwhile, and whoever keeps lines must bound
/// them, as [`Tail`] does. All lines go to `<folder>.log` as well, up to 16 MiB.
///
/// It is ended when the ticket is cancelled or its time limit has passed: asked first
/// (SIGTERM), and made to after three seconds. Nothing that it has started outlives it, as far
/// as that can be found: see [`Finished::left_behind`].
///
/// # Errors
/// See [`CommandError`]. That it wrote no results is not an error here.
pub fn run(
    call: &Call,
    model: &Path,
    folder: &Path,
    ticket: &Ticket,
    on_line: &(dyn Fn(Line) + Sync),
) -> Result<Finished, CommandError> {
    let limit = call
        .limit_minutes
        .map(|n| Duration::from_secs(60 * u64::from(n)));
    run_within(call, model, folder, limit, ticket, on_line)
}

/// The same with another time limit than that of the call.
///
/// # Errors
/// As for [`run`].
pub fn run_within(
    call: &Call,
    model: &Path,
    folder: &Path,
    limit: Option<Duration>,
    ticket: &Ticket,
    on_line: &(dyn Fn(Line) + Sync),
) -> Result<Finished, CommandError> {
    ticket.advance(0).map_err(|_| CommandError::Cancelled)?;
    let (command, log) = prepare(call, model, folder).map_err(CommandError::NotStarted)?;
    let mut run = Run::start(call, command, log, on_line).map_err(CommandError::NotStarted)?;
    let ended = run.watch(limit, ticket);
    let left_behind = run.sweep();
    run.drain();
    let status = run.end(ended)?;
    if let Some(ending) = Ending::of(status) {
        return Err(CommandError::Failed {
            program: call.program.clone(),
            ending,
            last: last_lines(&run.tail),
            log: run.log.path().to_owned(),
        });
    }
    Ok(Finished {
        folder: folder.to_owned(),
        results: results::found(folder),
        seconds: run.started.elapsed().as_secs_f64(),
        log: run.log.path().to_owned(),
        tail: std::mem::take(&mut run.tail),
        left_behind,
    })
}

/// What comes from a reader.
enum Heard {
    Lines(Vec<Line>),
    End,
}

/// Why a program is ended before its time.
#[derive(Clone, Copy)]
enum Why {
    Cancelled,
    Overdue(Duration),
    /// The system refuses to say how it is.
    Lost,
}

/// What became of the program itself.
enum Ended {
    Itself(ExitStatus),
    Early(Why),
    /// It would not end.
    Not(String),
}

struct Run<'a> {
    program: &'a str,
    tree: ProcessTree,
    heard: Receiver<Heard>,
    /// Kept so that the channel stays open, and waiting on it stays a wait.
    _sender: SyncSender<Heard>,
    open_streams: usize,
    on_line: &'a (dyn Fn(Line) + Sync),
    log: Log,
    tail: Tail,
    started: Instant,
    /// When everything was asked to end.
    asked: Option<Instant>,
    is_over: bool,
}

impl<'a> Run<'a> {
    fn start(
        call: &'a Call,
        command: CommandWrap,
        log: Log,
        on_line: &'a (dyn Fn(Line) + Sync),
    ) -> Result<Self, String> {
        let tree = process_tree::spawn(command).map_err(|e| not_started(&call.program, &e))?;
        let (sender, heard) = sync_channel(PIECES);
        let mut run = Self {
            program: &call.program,
            tree,
            heard,
            _sender: sender.clone(),
            open_streams: 0,
            on_line,
            log,
            tail: Tail::default(),
            started: Instant::now(),
            asked: None,
            is_over: false,
        };
        if let Some(output) = run.tree.child.stdout().take() {
            run.listen(output, Stream::Output, sender.clone())?;
        }
        if let Some(errors) = run.tree.child.stderr().take() {
            run.listen(errors, Stream::Errors, sender)?;
        }
        Ok(run)
    }

    /// Reads a stream on a thread of its own. It is not waited for: if a process that cannot be
    /// found holds the stream open, it ends with them, or with the first line that has no reader.
    fn listen(
        &mut self,
        from: impl Read + Send + 'static,
        stream: Stream,
        sender: SyncSender<Heard>,
    ) -> Result<(), String> {
        let read = move || {
            output::read(from, stream, |lines| {
                sender.send(Heard::Lines(lines)).is_ok()
            });
            sender.send(Heard::End).ok();
        };
        let thread = std::thread::Builder::new().name("evaluator output".to_owned());
        let started = thread.spawn(read);
        started.map_err(|e| format!("No thread could be started: {e}"))?;
        self.open_streams += 1;
        Ok(())
    }

    /// Waits for the next piece; whether there was one.
    fn hear(&mut self, patience: Duration) -> bool {
        match self.heard.recv_timeout(patience) {
            Ok(Heard::Lines(lines)) => {
                self.log.add(&lines);
                for line in lines {
                    self.tail.push(line.clone());
                    (self.on_line)(line);
                }
                true
            }
            Ok(Heard::End) => {
                self.open_streams -= 1;
                true
            }
            Err(_) => false,
        }
    }

    /// Listens until the program has ended, by itself or because it had to.
    fn watch(&mut self, limit: Option<Duration>, ticket: &Ticket) -> Ended {
        let mut early = None;
        loop {
            self.hear(TICK);
            let status = self.tree.child.try_wait();
            match (status, early) {
                (Ok(Some(_)), Some(why)) => return Ended::Early(why),
                (Ok(Some(status)), None) => return Ended::Itself(status),
                (Ok(None), _) => {}
                (Err(error), Some(Why::Lost)) => return Ended::Not(error.to_string()),
                (Err(_), _) => early = Some(Why::Lost),
            }
            let asked = self.asked.map(|asked| asked.elapsed());
            match asked {
                None => {
                    early = early.or_else(|| self.reason_to_end(limit, ticket));
                    if early.is_some() {
                        self.signal(Signal::Terminate);
                    }
                }
                Some(waited) if waited > GRACE + PATIENCE => {
                    return Ended::Not("the system does not end it".to_owned());
                }
                Some(waited) if waited > GRACE => self.signal(Signal::Kill),
                Some(_) => {}
            }
        }
    }

    fn reason_to_end(&self, limit: Option<Duration>, ticket: &Ticket) -> Option<Why> {
        if ticket.advance(0).is_err() {
            return Some(Why::Cancelled);
        }
        let passed = limit.filter(|&limit| self.started.elapsed() >= limit);
        passed.map(Why::Overdue)
    }

    fn signal(&mut self, signal: Signal) {
        self.tree.signal(signal);
        self.asked.get_or_insert_with(Instant::now);
    }

    /// Ends what the program has left behind; gives the names of that.
    fn sweep(&mut self) -> Vec<String> {
        let since = Instant::now();
        let mut left = self.tree.running();
        while !left.is_empty() && self.asked.is_none() && since.elapsed() < SETTLE {
            self.hear(TICK);
            left = self.tree.running();
        }
        if !left.is_empty() && self.asked.is_none() {
            self.signal(Signal::Terminate);
        }
        let asked = self.asked.unwrap_or(since);
        loop {
            let names = self.tree.running();
            if names.is_empty() {
                return left;
            }
            if asked.elapsed() > GRACE {
                self.signal(Signal::Kill);
            }
            if asked.elapsed() > GRACE + PATIENCE {
                log::warn!("these could not be ended: {}", names.join(", "));
                return left;
            }
            self.hear(TICK);
        }
    }

    /// Hears what is still in the pipes.
    fn drain(&mut self) {
        let since = Instant::now();
        while self.open_streams > 0 && since.elapsed() < PATIENCE {
            if !self.hear(SILENCE) {
                break;
            }
        }
        if self.open_streams > 0 {
            let program = self.program;
            log::warn!("something that {program} started holds its output open");
        }
    }

    fn end(&mut self, ended: Ended) -> Result<ExitStatus, CommandError> {
        let program = self.program.to_owned();
        let last = last_lines(&self.tail);
        let log = self.log.path().to_owned();
        let id = self.tree.child.id();
        let stuck = |why| CommandError::Stuck {
            program: program.clone(),
            id,
            why,
            log: log.clone(),
        };
        let result = match ended {
            Ended::Itself(status) => Ok(status),
            Ended::Early(Why::Cancelled) => Err(CommandError::Cancelled),
            Ended::Early(Why::Overdue(limit)) => Err(CommandError::Overdue {
                program: program.clone(),
                limit,
                last,
                log: log.clone(),
            }),
            Ended::Early(Why::Lost) => Err(stuck("its state could not be told".to_owned())),
            Ended::Not(why) => Err(stuck(why)),
        };
        let how = match &result {
            Ok(status) => Ending::of(*status).map_or("ended well".to_owned(), |e| e.to_string()),
            Err(CommandError::Cancelled) => "ended because it was cancelled".to_owned(),
            Err(CommandError::Overdue { .. }) => "ended because its time was over".to_owned(),
            Err(_) => "could not be ended".to_owned(),
        };
        self.log.end(&self.tail, &how);
        self.is_over = true;
        result
    }
}

impl Drop for Run<'_> {
    /// Ends everything at once if the run was broken off, as by a panic of who listens.
    fn drop(&mut self) {
        let since = Instant::now();
        while !self.is_over && since.elapsed() < SILENCE {
            self.tree.signal(Signal::Kill);
            let has_ended = matches!(self.tree.child.try_wait(), Ok(Some(_)) | Err(_));
            self.is_over = has_ended && self.tree.running().is_empty();
            std::thread::sleep(TICK);
        }
    }
}
