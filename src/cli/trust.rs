//! A command that came with a study is shown and asked for before it runs.

use std::io::{IsTerminal, Write};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use super::{CliError, out, progress};
use crate::workbench::Workbench;
use crate::workbench::approval::{Unapproved, visible};

/// How often is looked for Ctrl C while an answer is waited for.
const TICK: Duration = Duration::from_millis(50);

/// Lets a study's command run only if the user has approved it, says so now, or trusts it by
/// option.
///
/// # Errors
/// The sentence about a command that may not run.
pub fn ask(bench: &mut Workbench, is_trusted: bool) -> Result<(), CliError> {
    // What cannot run anyway is told by the run itself.
    if bench.evaluator_objection().is_some() {
        return Ok(());
    }
    let Some(command) = bench.unapproved_command() else {
        return Ok(());
    };
    let is_terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if !is_trusted && !is_terminal {
        return Err(CliError::Failed(refusal(&command)));
    }
    if !is_trusted && !says_yes(&command)? {
        let sentence = "the command was not run, and the study is as it was";
        return Err(CliError::Failed(sentence.to_owned()));
    }
    bench.approve(&command);
    Ok(())
}

fn refusal(command: &Unapproved) -> String {
    format!(
        "the study judges models by a command that is not approved on this computer; look at it, \
         and call again with --trust-command to run it: {}, in {}",
        visible(&command.call.to_line()),
        visible(&command.folder.to_string_lossy())
    )
}

fn says_yes(command: &Unapproved) -> Result<bool, CliError> {
    out::say("The study judges models by a command that is not approved on this computer:");
    out::say("");
    for (name, text) in lines(command) {
        out::say(&format!("  {name:<10} {}", visible(&text)));
    }
    out::say("");
    out::say("It can do whatever you can do: read, change and send your files.");
    let mut terminal = std::io::stderr();
    // Without a terminal there is no answer either.
    write!(terminal, "Run it? [y/N] ").ok();
    terminal.flush().ok();
    let answer = answer()?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// What decides what runs, part by part.
fn lines(command: &Unapproved) -> Vec<(&'static str, String)> {
    let call = &command.call;
    let mut lines = vec![("program", call.program.clone())];
    match &command.program {
        Ok(file) if *file != *call.program => lines.push(("file", file.display().to_string())),
        Ok(_) => {}
        Err(sentence) => lines.push(("file", sentence.clone())),
    }
    lines.extend(call.arguments.iter().map(|a| ("argument", a.clone())));
    let variables = call.variables.iter();
    lines.extend(variables.map(|(name, value)| ("variable", format!("{name}={value}"))));
    lines.push(("runs in", command.folder.display().to_string()));
    if let Some(study) = &command.study {
        lines.push(("study", study.display().to_string()));
    }
    lines
}

/// A line from the terminal; Ctrl C is heard meanwhile.
fn answer() -> Result<String, CliError> {
    let (sender, line) = channel();
    let read = move || {
        let mut line = String::new();
        // What cannot be read is no yes.
        std::io::stdin().read_line(&mut line).ok();
        sender.send(line).ok();
    };
    let thread = std::thread::Builder::new().name("answer".to_owned());
    thread.spawn(read).map_err(CliError::failed)?;
    loop {
        match line.recv_timeout(TICK) {
            Ok(line) => return Ok(line),
            Err(RecvTimeoutError::Disconnected) => return Ok(String::new()),
            Err(RecvTimeoutError::Timeout) if progress::was_interrupted() => {
                return Err(CliError::Cancelled);
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}
