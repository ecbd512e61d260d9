//! Two processes that write to one study.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::studies::{Family, missing, read, read_report};
use super::window::{REFUSED, SAVED, last_edit, names_an_owner};
use super::{Attack, LIMIT};
use crate::tools::{Call, Desk, Ended, Result, Row};

pub const EVOLUTIONS: Attack = Attack {
    name: "two-evolutions",
    fault: "two evolutions run on one study",
    how: "two `kinfolk evolve` with different names at about the same time; the study must have \
          the records of both, or one must have been refused with a word on who has it",
    times: 10,
    run: two_evolutions,
};

pub const WITH_WINDOW: Attack = Attack {
    name: "evolution-and-window",
    fault: "an evolution runs on a study that is open in the window",
    how: "`kinfolk evolve` beside the window's workbench, which edits the same study and saves it",
    times: 10,
    run: evolution_and_window,
};

/// How far apart the two begin.
const APART: Duration = Duration::from_millis(400);

fn two_evolutions(desk: &Desk, room: &Path, times: u32, row: &mut Row) -> Result<()> {
    let family = Family::new(desk, room)?;
    let mut dice = desk.dice(EVOLUTIONS.name);
    for k in 0..times {
        desk.go_on()?;
        row.times += 1;
        let study = family.copy(&room.join(format!("two{k}")))?;
        let before = read(&study)?;
        let runs = ["first", "second"].map(|name| (name, room.join(format!("{name}{k}.json"))));
        let call = |(name, json): &(&str, PathBuf)| short_run(desk, room, &study, name, json);
        let mut first = call(&runs[0]).start()?;
        let pause = dice.moment(APART);
        first.watch(|elapsed| elapsed >= pause)?;
        let second = call(&runs[1]).start()?;
        let both = [first.wait(LIMIT)?, second.wait(LIMIT)?];
        let after = read(&study)?;
        for what in missing(&before, &after) {
            row.lost("a record from before", what);
        }
        for (ended, (name, json)) in both.iter().zip(&runs) {
            if accepted(ended, row) {
                judge_run(&read_report(json)?, &study, name, row)?;
            }
        }
    }
    Ok(())
}

fn evolution_and_window(desk: &Desk, room: &Path, times: u32, row: &mut Row) -> Result<()> {
    let family = Family::new(desk, room)?;
    let mut dice = desk.dice(WITH_WINDOW.name);
    for k in 0..times {
        desk.go_on()?;
        row.times += 1;
        let study = family.copy(&room.join(format!("window{k}")))?;
        let before = read(&study)?;
        let json = room.join(format!("run{k}.json"));
        let run = short_run(desk, room, &study, "run", &json);
        let window = desk.window(room, &study);
        let pause = dice.moment(APART);
        // Either of them may be the first.
        let (run, window) = if k % 2 == 0 {
            let mut run = run.start()?;
            run.watch(|elapsed| elapsed >= pause)?;
            (run, window.start()?)
        } else {
            let mut window = window.start()?;
            window.watch(|elapsed| elapsed >= pause)?;
            (run.start()?, window)
        };
        let ended = run.wait(LIMIT)?;
        // It edits for ever, so that it must be ended.
        let window = window.kill()?;
        let after = read(&study)?;
        for what in missing(&before, &after) {
            row.lost("a record from before", what);
        }
        if accepted(&ended, row) {
            judge_run(&read_report(&json)?, &study, "run", row)?;
        }
        judge_window(&window, last_edit(&after), row);
    }
    Ok(())
}

/// A run of one generation from three founders.
fn short_run(desk: &Desk, room: &Path, study: &Path, name: &str, json: &Path) -> Call {
    desk.kinfolk(room)
        .arg("evolve")
        .arg(study)
        .args(["--name", name, "--strategy", "greedy"])
        .args(["--founders", "arith,order,tally", "--generations", "1"])
        .arg("--json")
        .arg(json)
}

/// Whether a run claims to have a result; it may be refused, if it says who has the study.
fn accepted(ended: &Ended, row: &mut Row) -> bool {
    if ended.succeeded() {
        return true;
    }
    match names_an_owner(&ended.stderr) {
        true => row.saw("a run refused with a word on who has the study"),
        false => row.lost("a run that failed", ended),
    }
    false
}

/// Every model of a run that has ended is in the study, with its scores.
fn judge_run(report: &Value, study: &Path, name: &str, row: &mut Row) -> Result<()> {
    let doc = read(study)?;
    if !doc.evolutions.iter().any(|e| e.name == name) {
        row.lost("a run that has ended", name);
        return Ok(());
    }
    let models = report["models"].as_array().into_iter().flatten();
    let is_there = |model: &Value| {
        let own = doc
            .models
            .iter()
            .find(|m| Some(m.name.as_str()) == model["model"].as_str());
        let tasks = model["tasks"].as_array().into_iter().flatten();
        own.is_some_and(|own| {
            own.step(name).is_some()
                && tasks
                    .into_iter()
                    .all(|t| own.score(t["task"].as_str().unwrap_or("")).is_some())
        })
    };
    let gone: Vec<String> = models
        .filter(|model| !is_there(model))
        .map(|model| model["model"].to_string())
        .collect();
    match gone.is_empty() {
        true => row.saw("a run with all its records"),
        false => row.lost("a record of a run that has ended", gone.join(", ")),
    }
    Ok(())
}

/// Every edit that the window has saved is in the study.
fn judge_window(window: &Ended, found: u64, row: &mut Row) {
    let lines = || window.stdout.lines();
    if let Some(line) = lines().find(|line| line.starts_with(REFUSED)) {
        match names_an_owner(line) {
            true => row.saw("a window refused with a word on who has the study"),
            false => row.lost("a window that failed", line),
        }
        return;
    }
    let numbers = lines().filter_map(|line| line.strip_prefix(SAVED));
    let saved: u64 = numbers.filter_map(|n| n.parse().ok()).max().unwrap_or(0);
    if found < saved || found == u64::MAX {
        row.lost(
            "an edit that the window saved",
            format!("{found} is there, {saved} was saved"),
        );
    } else {
        row.saw("a window with all its edits");
    }
}
