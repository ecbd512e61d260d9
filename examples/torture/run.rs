//! The command line of the attacks: which are carried out, and the table of what came out.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use kinfolk::files::write_whole;

use crate::attacks::{ATTACKS, Attack, window};
use crate::tools::{Desk, Line, Result, Row, table};

/// Attack the built program, and write a table of what was lost.
#[derive(Parser)]
struct Args {
    /// Only this attack; may be given several times, and a name that is not known lists them all
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// How many times each attack is made; its own number unless given
    #[arg(long, value_name = "N")]
    times: Option<u32>,
    /// What moments and places are drawn from
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    seed: u64,
    /// Also write the table to FILE
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
    /// Limit the size of files instead of mounting small disks, as where mounting is not allowed
    #[arg(long)]
    without_mounts: bool,
    /// Be the window's workbench that edits this study; the attacks call themselves so
    #[arg(long, value_name = "STUDY", hide = true)]
    edit: Option<PathBuf>,
}

pub fn main() -> ExitCode {
    let args = Args::parse();
    let result = match &args.edit {
        Some(study) => window::edit(study).map(|()| true),
        None => attack(&args),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("torture: {error}");
            ExitCode::from(2)
        }
    }
}

/// Carries out what was chosen; whether nothing was lost.
fn attack(args: &Args) -> Result<bool> {
    let chosen = chosen(&args.only)?;
    let desk = Desk::new(args.seed, args.without_mounts)?;
    let started = Instant::now();
    let mut lines = Vec::new();
    for attack in chosen {
        let times = args.times.unwrap_or(attack.times);
        lines.push(carry_out(attack, times, &desk)?);
    }
    let text = table(&lines, args.seed, started.elapsed());
    println!("{text}");
    if let Some(file) = &args.table {
        write_whole(file, text.as_bytes())?;
    }
    Ok(lines.iter().all(|line| line.row.lost.is_empty()))
}

/// The attacks of these names, or all.
fn chosen(names: &[String]) -> Result<Vec<&'static Attack>> {
    let all = || {
        ATTACKS
            .iter()
            .map(|a| a.name)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let named = |name: &String| {
        let found = ATTACKS.iter().find(|a| a.name == *name);
        found.ok_or_else(|| format!("there is no attack called {name}; there are {}", all()).into())
    };
    match names {
        [] => Ok(ATTACKS.iter().collect()),
        names => names.iter().map(named).collect(),
    }
}

fn carry_out(attack: &'static Attack, times: u32, desk: &Desk) -> Result<Line> {
    eprintln!("{} …", attack.name);
    let started = Instant::now();
    let room = desk.room()?;
    let mut row = Row::default();
    let of_attack = |error| format!("{}: {error}", attack.name);
    (attack.run)(desk, room.path(), times, &mut row).map_err(of_attack)?;
    let seconds = started.elapsed().as_secs_f64();
    eprintln!("  {} in {seconds:.0} s; lost: {}", row.happened, row.lost);
    tell(&row, room.path());
    Ok(Line {
        fault: attack.fault,
        how: attack.how,
        row,
    })
}

/// Shows the first of each kind of loss, with the end of what the program said.
fn tell(row: &Row, room: &Path) {
    const MOST: usize = 3;
    const MOST_CHARS: usize = 300;
    let here = room.display().to_string();
    for (what, details) in &row.details {
        for detail in details.iter().take(MOST) {
            let detail = detail.replace(&here, ".");
            let skipped = detail.chars().count().saturating_sub(MOST_CHARS);
            let end: String = detail.chars().skip(skipped).collect();
            eprintln!("  - {what}: {end}");
        }
        if details.len() > MOST {
            eprintln!("  - {what}: and {} more", details.len() - MOST);
        }
    }
}
