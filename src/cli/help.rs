//! `kinfolk help`: the guide; and what packages want of the command line.

use std::path::Path;

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::args::Args;
use super::{CliError, out};
use crate::guide::{TOPICS, Topic};

pub fn run(wanted: Option<&str>) -> Result<(), CliError> {
    let Some(wanted) = wanted else {
        print(&Args::command().render_help().to_string());
        out::print("Topics of the guide, for kinfolk help TOPIC:");
        let width = TOPICS.iter().map(|topic| topic.key.len()).max();
        for Topic { key, .. } in TOPICS {
            let title = Topic::of(key).map_or("", Topic::title);
            out::print(&format!("  {key:<0$}  {title}", width.unwrap_or(0)));
        }
        return Ok(());
    };
    let mut args = Args::command();
    // So that a command's usage begins with the program's name.
    args.build();
    let command = args.find_subcommand_mut(wanted);
    if let Some(topic) = Topic::of(wanted) {
        print(topic.text);
        if command.is_some() {
            out::print("");
            out::print(&format!("For the options: kinfolk {wanted} --help"));
        }
        return Ok(());
    }
    match command {
        Some(command) => {
            print(&command.render_long_help().to_string());
            Ok(())
        }
        None => Err(CliError::Failed(unknown(wanted))),
    }
}

fn unknown(wanted: &str) -> String {
    let keys: Vec<&str> = TOPICS.iter().map(|topic| topic.key).collect();
    format!(
        "the guide has no topic `{wanted}`; it has {}",
        keys.join(", ")
    )
}

/// Prints the program's own text line by line: a line that is printed holds no break.
fn print(text: &str) {
    out::print_all(text.trim_end().lines());
}

/// Prints a shell's completions.
pub fn completions(shell: Shell) -> Result<(), CliError> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "kinfolk", &mut text);
    print(&String::from_utf8_lossy(&text));
    Ok(())
}

/// Writes `kinfolk.1` and a page for every command.
pub fn man(folder: &Path) -> Result<(), CliError> {
    let told = |error| CliError::failed(format!("{}: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(told)?;
    clap_mangen::generate_to(Args::command(), folder).map_err(told)
}
