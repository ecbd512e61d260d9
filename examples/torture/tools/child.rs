//! Child processes: started with nothing of the user's, watched, killed, and never waited for
//! without a limit.
//!
//! The only place with `unsafe`: the standard library gives neither the memory that a child has
//! used nor a way to limit it before it begins.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::mem::MaybeUninit;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How often a child is looked at while its end is awaited, and while a moment in it is.
const TICK: Duration = Duration::from_millis(2);
const SHORT_TICK: Duration = Duration::from_micros(100);

/// A program that is to be started.
pub struct Call {
    command: Command,
    most_file_bytes: Option<u64>,
    stdout: Option<Stdio>,
}

impl Call {
    /// A call of `program` that keeps its own data in `room/home`.
    pub fn new(program: &Path, room: &Path) -> Self {
        let mut command = Command::new(program);
        command
            .current_dir(room)
            .env("KINFOLK_HOME", room.join("home"))
            .env("HF_HUB_CACHE", room.join("no-hub"))
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("WAYLAND_SOCKET")
            .stdin(Stdio::null());
        Self {
            command,
            most_file_bytes: None,
            stdout: None,
        }
    }

    /// With one more argument.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// With more arguments.
    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.command.args(args);
        self
    }

    /// With an own standard output, which is then not kept.
    pub fn printing_to(mut self, stdout: impl Into<Stdio>) -> Self {
        self.stdout = Some(stdout.into());
        self
    }

    /// With a size that none of its files may exceed.
    pub fn with_files_up_to(mut self, bytes: Option<u64>) -> Self {
        self.most_file_bytes = bytes;
        self
    }

    /// Starts it.
    pub fn start(mut self) -> io::Result<Running> {
        let (stdout, stderr) = (tempfile::tempfile()?, tempfile::tempfile()?);
        let to = self.stdout.take();
        self.command
            .stdout(to.map_or_else(|| stdout.try_clone().map(Stdio::from), Ok)?)
            .stderr(stderr.try_clone()?);
        if let Some(bytes) = self.most_file_bytes {
            limit_files(&mut self.command, bytes);
        }
        let child = self.command.spawn()?;
        Ok(Running {
            id: Pid::from_raw(child.id() as i32),
            started: Instant::now(),
            stdout,
            stderr,
            ended: None,
        })
    }

    /// Starts it and waits for its end, at most this long.
    pub fn run(self, limit: Duration) -> io::Result<Ended> {
        self.start()?.wait(limit)
    }
}

/// Writing more than `bytes` to one file fails in the child, as on a full disk.
fn limit_files(command: &mut Command, bytes: u64) {
    let limit = move || {
        // SAFETY: setting a disposition to "ignore" installs no handler, and this process has
        // one thread here; the new program inherits it.
        unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
        setrlimit(Resource::RLIMIT_FSIZE, bytes, bytes).map_err(io::Error::from)
    };
    // SAFETY: between fork and exec only two system calls are made, which are safe there: they
    // take no lock and no memory.
    unsafe { command.pre_exec(limit) };
}

/// A child that was started; it is killed when it is dropped.
pub struct Running {
    id: Pid,
    started: Instant,
    stdout: File,
    stderr: File,
    ended: Option<(How, u64)>,
}

impl Running {
    /// Watches it until it has ended or `enough` is true of the time since its start; whether it
    /// still runs.
    pub fn watch(&mut self, mut enough: impl FnMut(Duration) -> bool) -> io::Result<bool> {
        loop {
            if self.has_ended()? {
                return Ok(false);
            }
            if enough(self.started.elapsed()) {
                return Ok(true);
            }
            std::thread::sleep(SHORT_TICK);
        }
    }

    /// Kills it at once.
    pub fn kill(mut self) -> io::Result<Ended> {
        self.end()?;
        self.report()
    }

    /// Kills it so long after its start, unless it ends before.
    pub fn kill_at(mut self, moment: Duration) -> io::Result<Ended> {
        self.watch(|elapsed| elapsed >= moment)?;
        self.kill()
    }

    /// Waits for its end; past the limit it is killed.
    pub fn wait(mut self, limit: Duration) -> io::Result<Ended> {
        while !self.has_ended()? {
            if self.started.elapsed() > limit {
                self.end()?;
                self.ended = self.ended.map(|(_, peak)| (How::TooLong, peak));
                break;
            }
            std::thread::sleep(TICK);
        }
        self.report()
    }

    fn end(&mut self) -> io::Result<()> {
        if self.has_ended()? {
            return Ok(());
        }
        kill(self.id, Signal::SIGKILL)?;
        // A killed process is gone as soon as the system gets to it.
        while !self.has_ended()? {
            std::thread::sleep(SHORT_TICK);
        }
        Ok(())
    }

    fn has_ended(&mut self) -> io::Result<bool> {
        if self.ended.is_some() {
            return Ok(true);
        }
        let mut status = 0;
        let mut usage = MaybeUninit::<libc::rusage>::zeroed();
        // SAFETY: both pointers are to places of the right types that live through the call, and
        // the process is a child of ours that nobody else waits for.
        let found = unsafe {
            libc::wait4(
                self.id.as_raw(),
                &mut status,
                libc::WNOHANG,
                usage.as_mut_ptr(),
            )
        };
        if found < 0 {
            return Err(io::Error::last_os_error());
        }
        if found > 0 {
            // SAFETY: all bytes were zero at first, which is a valid usage, and a call that
            // succeeds fills them.
            let usage = unsafe { usage.assume_init() };
            self.ended = Some((How::of(status), peak_bytes(&usage)));
        }
        Ok(found > 0)
    }

    fn report(mut self) -> io::Result<Ended> {
        let Some((how, peak_bytes)) = self.ended else {
            return Err(io::Error::other("the child has not ended"));
        };
        Ok(Ended {
            how,
            peak_bytes,
            took: self.started.elapsed(),
            stdout: text(&mut self.stdout)?,
            stderr: text(&mut self.stderr)?,
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Where this fails the process has ended before.
        self.end().ok();
    }
}

fn text(file: &mut File) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn peak_bytes(usage: &libc::rusage) -> u64 {
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    u64::try_from(usage.ru_maxrss).unwrap_or(0) * unit
}

/// A child that has ended.
pub struct Ended {
    /// How.
    pub how: How,
    /// The most memory that it had, pages of mapped files included.
    pub peak_bytes: u64,
    /// Time from its start.
    pub took: Duration,
    /// What it printed.
    pub stdout: String,
    /// What it said.
    pub stderr: String,
}

impl Ended {
    /// Whether it ended with status 0.
    pub fn succeeded(&self) -> bool {
        self.how == How::Status(0)
    }

    /// Whether it was killed by us.
    pub fn was_killed(&self) -> bool {
        self.how == How::Signal(libc::SIGKILL)
    }

    /// An error unless it succeeded, for calls that are not attacked.
    pub fn sound(self) -> super::Result<Self> {
        match self.succeeded() {
            true => Ok(self),
            false => Err(format!("an undisturbed call ended with {self}").into()),
        }
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.how, self.stderr.trim())
    }
}

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// By itself, with this status.
    Status(i32),
    /// By this signal.
    Signal(i32),
    /// It did not, and was killed past its limit.
    TooLong,
}

impl How {
    fn of(status: i32) -> Self {
        if libc::WIFSIGNALED(status) {
            Self::Signal(libc::WTERMSIG(status))
        } else {
            Self::Status(libc::WEXITSTATUS(status))
        }
    }
}

impl std::fmt::Display for How {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status(status) => write!(f, "status {status}"),
            Self::Signal(number) => match Signal::try_from(*number) {
                Ok(signal) => write!(f, "{signal}"),
                Err(_) => write!(f, "signal {number}"),
            },
            Self::TooLong => write!(f, "no end within the limit"),
        }
    }
}
