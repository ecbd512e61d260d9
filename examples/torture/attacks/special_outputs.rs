//! Special files where the program writes a result: files of results, and standard output.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use super::Attack;
use super::special_files::kind_at;
use super::stage::{Stage, judge_manners};
use super::targets::{OLD, Place, TARGETS, Target};
use crate::tools::{Desk, Ended, How, Result, Row};

pub const ATTACK: Attack = Attack {
    name: "special-outputs",
    fault: "something other than an ordinary file where a result is written",
    how: "`--json FILE` and `--items FILE` to pipes with and without a reader, devices that take \
          everything and nothing, links, a ring of links, a socket, a folder and a locked file; \
          standard output to a full device and to a closed pipe; each must stay what it is",
    times: (TARGETS.len() * CALLS.len() + STREAMS.len() * 2) as u32,
    run: results,
};

const SOON: Duration = Duration::from_secs(10);

/// Calls whose last word is the file that they write.
const CALLS: [&[&str]; 4] = [
    &["stats", "table.csv", "--x", "x", "--y", "y", "--json"],
    &["kinship", "--base", "base", "a", "mirror", "--json"],
    &["merge", "recipe.yaml", "--dry-run", "--json"],
    &["evaluate", "a", "tasks.jsonl", "--items"],
];

/// Calls that print.
const STREAMS: [&[&str]; 4] = [
    &["stats", "table.csv", "--x", "x", "--y", "y"],
    &["stats", "table.csv", "--x", "x", "--y", "y", "--json", "-"],
    &["kinship", "--base", "base", "a", "mirror"],
    &["inspect", "a"],
];

fn results(desk: &Desk, room: &Path, times: u32, row: &mut Row) -> Result<()> {
    let stage = Stage::new(desk, room)?;
    let target_of = |target| CALLS.iter().map(move |call| (target, *call));
    for (target, call) in TARGETS.into_iter().flat_map(target_of) {
        if row.times < times {
            desk.go_on()?;
            write_to(&stage, target, call, row)?;
        }
    }
    for call in STREAMS {
        if row.times < times {
            desk.go_on()?;
            print_to_full(&stage, call, row)?;
            print_to_closed(&stage, call, row)?;
        }
    }
    Ok(())
}

fn write_to(stage: &Stage<'_>, target: Target, call: &[&str], row: &mut Row) -> Result<()> {
    let Some(place) = Place::new(stage.folder.join("target"), target)? else {
        row.saw("left out, as devices may not be made here");
        return Ok(());
    };
    row.times += 1;
    let kind = kind_at(&place.path);
    let reader = match target {
        Target::PipeWithReader => Some(stage.reader(&place.path).start()?),
        _ => None,
    };
    let ended = stage.call(call).arg(&place.path).run(SOON)?;
    let what = format!("{target:?} in `{}`", call.join(" "));
    if judge_manners(&ended, &what, row) {
        judge(&ended, &place, &what, row)?;
    }
    if let Some(reader) = reader
        && reader.wait(SOON)?.stdout.is_empty()
    {
        row.lost("a result on its way through a pipe", &what);
    }
    if kind_at(&place.path) != kind {
        let now = kind_at(&place.path);
        row.lost(
            "what lay at the path",
            format!("{what}: {kind} became {now}"),
        );
    }
    place.remove()
}

fn judge(ended: &Ended, place: &Place, what: &str, row: &mut Row) -> Result<()> {
    if !place.takes_results() {
        let file = place.path.file_name().unwrap_or_default().to_string_lossy();
        if ended.succeeded() {
            row.lost("a refusal", what);
        } else if !ended.stderr.contains(&*file) {
            row.lost("the path in the sentence", format!("{what}: {ended}"));
        } else {
            row.saw("refused with a sentence that names it");
        }
    } else if !ended.succeeded() {
        row.lost("a result", format!("{what}: {ended}"));
    } else if place.file().is_some_and(|file| !holds_result(&file)) {
        row.lost("a result, with status 0", what);
    } else {
        row.saw("the result written to where it leads");
    }
    if place.target == Target::LockedFile && std::fs::read_to_string(&place.path)? != OLD {
        row.lost("what a locked file held", what);
    }
    Ok(())
}

/// Whether a file holds something new.
fn holds_result(file: &Path) -> bool {
    std::fs::read_to_string(file).is_ok_and(|text| !text.is_empty() && text != OLD)
}

/// Standard output onto a full disk is a failure that is told.
fn print_to_full(stage: &Stage<'_>, call: &[&str], row: &mut Row) -> Result<()> {
    row.times += 1;
    let full = File::options().write(true).open("/dev/full")?;
    let ended = stage.call(call).printing_to(full).run(SOON)?;
    let what = format!("`{}` > /dev/full", call.join(" "));
    if !judge_manners(&ended, &what, row) {
        return Ok(());
    }
    if ended.succeeded() {
        row.lost("a result, with status 0", what);
    } else if ended.stderr.trim().is_empty() {
        row.lost("a sentence", what);
    } else {
        row.saw("failed and said that nothing could be printed");
    }
    Ok(())
}

/// As a program ends that a closed pipe's signal reaches.
const NOBODY_READS: i32 = 141;

/// A reader that has gone is no success, and nothing to talk of.
fn print_to_closed(stage: &Stage<'_>, call: &[&str], row: &mut Row) -> Result<()> {
    row.times += 1;
    let (reader, writer) = std::io::pipe()?;
    drop(reader);
    let ended = stage.call(call).printing_to(writer).run(SOON)?;
    let what = format!("`{}` | nobody", call.join(" "));
    if !matches!(ended.how, How::Status(NOBODY_READS)) {
        row.lost(format!("an end by {}", ended.how), what);
    } else if !ended.stderr.trim().is_empty() {
        row.lost("silence about a closed pipe", format!("{what}: {ended}"));
    } else {
        row.saw("failed in silence, as nobody read it");
    }
    Ok(())
}
