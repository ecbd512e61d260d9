//! The command line: the same engines without a window, for scripts, servers and tests.
//!
//! Results go to standard output, progress and messages to standard error. Exit status: 0
//! done, 1 failed with one sentence, 2 wrong usage, 130 cancelled.

mod advise;
mod ancestry;
mod args;
mod cluster;
mod convert;
mod demo;
mod diff;
mod evaluate;
mod evolve;
mod extract;
mod help;
mod hub;
mod inspect;
mod kinship;
mod layershuffle;
mod lineage;
mod merge;
mod mergekit;
mod moe;
mod out;
mod plain;
mod predict;
mod progress;
mod prove;
mod related;
mod report;
mod scan;
mod sketch;
mod stats;
mod sweep;
mod table;
mod transplant;
mod trust;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use args::{Args, Subcommand};

pub use demo::{DemoKinship, without_display};
pub use out::say;
pub use report::write as write_report;

use args::ReportArgs;

pub enum Wish {
    Window {
        paths: Vec<PathBuf>,
        /// Whether the window was asked for by name, or by naming what to open in it.
        by_name: bool,
    },
    /// A study as a page, whose pictures the window's painter draws.
    Report(ReportArgs),
    /// Something that was done; the program ends with this status.
    Done(ExitCode),
}

/// Reads the arguments and does what needs no window.
pub fn run() -> Wish {
    let args = arguments();
    let in_window = matches!(args.command, None | Some(Subcommand::Window { .. }));
    hub::decide(&args.hub, in_window);
    let result = match args.command {
        None => {
            let (by_name, paths) = (!args.paths.is_empty(), args.paths);
            return Wish::Window { paths, by_name };
        }
        Some(Subcommand::Window { paths }) => {
            let by_name = true;
            return Wish::Window { paths, by_name };
        }
        Some(Subcommand::Kinship(kinship)) => kinship::run(&kinship),
        Some(Subcommand::Cluster(wish)) => cluster::run(&wish),
        Some(Subcommand::Sketch(wish)) => sketch::run(&wish),
        Some(Subcommand::Ancestry(wish)) => ancestry::run(&wish),
        Some(Subcommand::Diff(wish)) => diff::run(&wish),
        Some(Subcommand::Merge(merge)) => merge::run(&merge),
        Some(Subcommand::Moe(wish)) => moe::run(&wish),
        Some(Subcommand::Convert(convert)) => convert::run(&convert),
        Some(Subcommand::Layershuffle(wish)) => layershuffle::run(&wish),
        Some(Subcommand::Transplant(wish)) => transplant::run(&wish),
        Some(Subcommand::Extract(wish)) => extract::run(&wish),
        Some(Subcommand::Prove(wish)) => prove::run(&wish),
        Some(Subcommand::Related(wish)) => related::run(&wish),
        Some(Subcommand::Scan(wish)) => scan::run(&wish),
        Some(Subcommand::Lineage(wish)) => lineage::run(&wish),
        Some(Subcommand::Verify(wish)) => verify::run(&wish),
        Some(Subcommand::Predict(wish)) => predict::run(&wish),
        Some(Subcommand::Evaluate(wish)) => evaluate::run(&wish),
        Some(Subcommand::Evolve(wish)) => evolve::run(&wish),
        Some(Subcommand::Sweep(wish)) => sweep::run(&wish),
        Some(Subcommand::Advise(wish)) => advise::run(&wish),
        Some(Subcommand::Report(wish)) => return Wish::Report(wish),
        Some(Subcommand::Stats(stats)) => stats::run(&stats),
        Some(Subcommand::Inspect(inspect)) => inspect::run(&inspect),
        Some(Subcommand::Demo(demo)) => demo::run(&demo),
        Some(Subcommand::Help { topic }) => help::run(topic.as_deref()),
        Some(Subcommand::Completions { shell }) => help::completions(shell),
        Some(Subcommand::Man { folder }) => help::man(&folder),
    };
    Wish::Done(status(result))
}

/// Why a call gave no result.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    #[error("{0}")]
    Failed(String),
    #[error("cancelled")]
    Cancelled,
    /// Whoever read the output has gone, as `head` does: nobody is told, and nothing succeeded.
    #[error("nobody reads the output")]
    NobodyReads,
}

impl CliError {
    fn failed(error: impl std::fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Says what went wrong, if anything, and gives the exit status.
pub fn status(result: Result<(), CliError>) -> ExitCode {
    match result.and_then(|()| out::finish()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(CliError::Cancelled) => {
            say("kinfolk: cancelled");
            ExitCode::from(130)
        }
        // As a program ends that the signal for it reaches.
        Err(CliError::NobodyReads) => ExitCode::from(141),
        Err(CliError::Failed(sentence)) => {
            say(&format!("kinfolk: {sentence}"));
            ExitCode::FAILURE
        }
    }
}

/// The arguments; on wrong ones, and for help, the program ends here.
fn arguments() -> Args {
    Args::try_parse_from(args::spelt_out(std::env::args_os())).unwrap_or_else(|error| {
        // A name from a folder of strangers may stand among the arguments, and so here.
        let text = error.to_string();
        if text.lines().all(|line| plain::plain(line) == line) {
            error.exit();
        }
        text.lines().for_each(say);
        std::process::exit(error.exit_code())
    })
}
