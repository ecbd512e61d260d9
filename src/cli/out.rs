//! Writing to the terminal and to files named on the command line.
//!
//! Everything that is printed goes through here, so that no name from a file reaches the
//! terminal as it is, and no result is lost in silence.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Mutex;

use serde::Serialize;

use super::CliError;
use super::plain::{plain, plain_json};
use crate::files::write_whole;
use crate::parallel::lock;

/// What went wrong first on standard output.
static LOST: Mutex<Option<io::Error>> = Mutex::new(None);

/// A line of message, on standard error.
pub fn say(line: &str) {
    // If standard error is closed there is nobody to tell.
    writeln!(io::stderr(), "{}", plain(line)).ok();
}

/// A line of result, on standard output.
pub fn print(line: &str) {
    put(&plain(line));
}

pub fn print_all<T: AsRef<str>>(lines: impl IntoIterator<Item = T>) {
    lines.into_iter().for_each(|line| print(line.as_ref()));
}

fn put(text: &str) {
    if let Err(error) = writeln!(io::stdout(), "{text}") {
        lock(&LOST).get_or_insert(error);
    }
}

/// Brings what was printed on its way.
///
/// # Errors
/// If some of it could not be printed: [`CliError::NobodyReads`] where the reader has gone.
pub fn finish() -> Result<(), CliError> {
    let flushed = io::stdout().flush();
    let lost = lock(&LOST).take();
    match lost.map_or(flushed, Err) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(CliError::NobodyReads),
        Err(error) => Err(CliError::Failed(format!(
            "the result could not be printed: {error}"
        ))),
    }
}

/// Names of standard output: what is written there by another handle would be overwritten by
/// what is printed next.
const STANDARD_OUTPUT: [&str; 4] = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/// Writes a result as JSON where that is wanted; whether that is all that standard output is to
/// have.
pub fn is_json_alone(value: &impl Serialize, to: Option<&Path>) -> Result<bool, CliError> {
    to.map_or(Ok(()), |to| json(value, to))?;
    Ok(to == Some(Path::new("-")))
}

/// Writes lines of a result, which end in one, to a file, or to standard output for `-`.
pub fn text(text: &str, to: &Path) -> Result<(), CliError> {
    if STANDARD_OUTPUT.iter().any(|own| to == Path::new(own)) {
        print_all(text.lines());
        return Ok(());
    }
    write_whole(to, text.as_bytes()).map_err(CliError::Failed)
}

/// Writes a result as JSON to a file, or to standard output for `-`.
fn json(value: &impl Serialize, to: &Path) -> Result<(), CliError> {
    let text = serde_json::to_string_pretty(value).map_err(CliError::failed)?;
    if STANDARD_OUTPUT.iter().any(|own| to == Path::new(own)) {
        put(&plain_json(&text));
        return Ok(());
    }
    write_whole(to, (text + "\n").as_bytes()).map_err(CliError::Failed)
}
