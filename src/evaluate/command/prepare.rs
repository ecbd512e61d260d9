//! From a call to a command that can be started: everything is looked at before the first file
//! is touched.

use std::ffi::OsString;
use std::path::Path;
use std::process::Stdio;

use process_wrap::std::CommandWrap;

use super::log::Log;
use super::{Call, find, placeholders, results};

/// Looks whether all is there, empties the folder and begins the log.
pub(super) fn prepare(
    call: &Call,
    model: &Path,
    folder: &Path,
) -> Result<(CommandWrap, Log), String> {
    if let Some(objection) = find::objection(call) {
        return Err(objection);
    }
    let absolute =
        |path: &Path| std::path::absolute(path).map_err(|e| format!("{e}: {}", path.display()));
    let (model, folder) = (absolute(model)?, absolute(folder)?);
    if !model.exists() {
        let shown = model.display();
        return Err(format!(
            "The model that is to be judged is missing: {shown}"
        ));
    }
    let working = find::working_folder(call)?;
    let log = Log::path_for(&folder);
    may_be_emptied(&folder, &log, &[&model, &working])?;
    let program = find::program(call, &working)?;
    let filled = |text: &str| placeholders::fill(text, model.as_os_str(), folder.as_os_str());
    let arguments: Vec<_> = call.arguments.iter().map(|text| filled(text)).collect();
    let log = begin_log(&log, &call.program, &arguments)?;
    results::make_empty(&folder).map_err(|e| format!("No results can be written: {e}"))?;
    let variables = call.variables.iter();
    let variables = variables.map(|(name, value)| (name, filled(value)));
    let command = CommandWrap::with_new(program, |command| {
        command
            .args(arguments)
            .envs(variables)
            .current_dir(working)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
    });
    Ok((command, log))
}

/// Refuses to remove what is not of an earlier run: what a folder holds without a log beside
/// it, and a file in the place of the log that is none.
fn may_be_emptied(folder: &Path, log: &Path, kept: &[&Path]) -> Result<(), String> {
    if log.exists() && !Log::is_log(log) {
        let what = "The log would take the place of another file; move it, or choose another \
                    folder for the results";
        return Err(format!("{what}: {}", log.display()));
    }
    if !results::holds_something(folder) {
        return Ok(());
    }
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let shown = folder.display();
    let own = real(folder);
    if kept.iter().any(|kept| real(kept).starts_with(&own)) {
        let what = "The folder for the results is emptied first, but holds what is still \
                    needed; choose another";
        return Err(format!("{what}: {shown}"));
    }
    if !log.exists() {
        let what = "The folder for the results holds something else; empty it, or choose another";
        return Err(format!("{what}: {shown}"));
    }
    Ok(())
}

/// Begins the log with what is run; variables stay out of it, for they may be secret.
fn begin_log(path: &Path, program: &str, arguments: &[OsString]) -> Result<Log, String> {
    let shown = |text: &OsString| text.to_string_lossy().into_owned();
    let call = Call {
        program: program.to_owned(),
        arguments: arguments.iter().map(shown).collect(),
        ..Call::default()
    };
    let parent = path.parent().unwrap_or(Path::new("/"));
    std::fs::create_dir_all(parent)
        .and_then(|()| Log::create(path.to_owned(), &call.to_line()))
        .map_err(|e| format!("No log can be written: {e}: {}", path.display()))
}

/// What a failure to start means.
pub(super) fn not_started(program: &str, error: &std::io::Error) -> String {
    /// ENOEXEC, on every Unix.
    const NO_PROGRAM: i32 = 8;
    let what = match error.kind() {
        std::io::ErrorKind::NotFound => "the program that its first line names is not there",
        std::io::ErrorKind::PermissionDenied => "it may not be run by you",
        _ if cfg!(unix) && error.raw_os_error() == Some(NO_PROGRAM) => {
            "it is nothing that this system can run; a script needs a first line such as \
             #!/bin/sh"
        }
        _ => return format!("{program} could not be started: {error}"),
    };
    format!("{program} could not be started: {what}")
}
