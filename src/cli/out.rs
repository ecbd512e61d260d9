//! Writing to the terminal and to files named on the command line.

use std::io::Write;
use std::path::Path;

use serde::Serialize;

use super::CliError;
use crate::files::write_whole;

/// A line of message, on standard error.
pub fn say(line: &str) {
    // If standard error is closed there is nobody to tell.
    writeln!(std::io::stderr(), "{line}").ok();
}

/// A line of result, on standard output.
pub fn print(text: &str) {
    // A reader that has seen enough (`| head`) is no failure.
    writeln!(std::io::stdout(), "{text}").ok();
}

/// Writes a result as JSON to a file, or to standard output for `-`.
pub fn json(value: &impl Serialize, to: &Path) -> Result<(), CliError> {
    let text = serde_json::to_string_pretty(value).map_err(CliError::failed)?;
    if to == Path::new("-") {
        print(&text);
        return Ok(());
    }
    write_whole(to, (text + "\n").as_bytes()).map_err(CliError::Failed)
}
