//! Something else where a new folder is made, and a study behind a link.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use super::Attack;
use super::special_files::{Special, kind_at};
use super::stage::{Stage, judge_manners};
use super::studies::read;
use super::targets::OLD;
use crate::tools::{Desk, Result, Row, names};

pub const ATTACK: Attack = Attack {
    name: "special-folders",
    fault: "something else where a study or a new folder belongs",
    how: "a study behind a link; a merge into a pipe, a device, a socket, a file, links, and, with \
          --force, a folder of notes; each must stay what it is",
    times: (OUTS.len() + 2) as u32,
    run,
};

const SOON: Duration = Duration::from_secs(10);

/// What lies where a merge is to make a folder.
const OUTS: [Special; 6] = [
    Special::Pipe,
    Special::Null,
    Special::Socket,
    Special::Dangling,
    Special::Ring,
    Special::Huge,
];

fn run(desk: &Desk, room: &Path, times: u32, row: &mut Row) -> Result<()> {
    let stage = Stage::new(desk, room)?;
    for special in OUTS.into_iter().take(times as usize) {
        desk.go_on()?;
        merge_into(&stage, special, row)?;
    }
    merge_over_notes(&stage, row)?;
    evolve_behind_link(&stage, row)
}

fn merge_into(stage: &Stage<'_>, special: Special, row: &mut Row) -> Result<()> {
    row.times += 1;
    let out = stage.folder.join("out");
    special.make(&out)?;
    let kind = kind_at(&out);
    let ended = stage.call(&["merge", "recipe.yaml", "out"]).run(SOON)?;
    let what = format!("a merge into {}", special.title());
    if judge_manners(&ended, &what, row) {
        match ended.succeeded() {
            true => row.lost("a refusal", &what),
            false => row.saw("refused"),
        }
    }
    if kind_at(&out) != kind {
        row.lost(
            "what lay at the path",
            format!("{what}: now {}", kind_at(&out)),
        );
    }
    special.remove(&out).ok();
    stage.clear()
}

/// `--force` replaces models, and nothing that only looks like one.
fn merge_over_notes(stage: &Stage<'_>, row: &mut Row) -> Result<()> {
    row.times += 1;
    let out = stage.folder.join("out");
    std::fs::create_dir(&out)?;
    for name in ["a.json", "notes.txt"] {
        std::fs::write(out.join(name), OLD)?;
    }
    let call = stage.call(&["merge", "recipe.yaml", "out", "--force"]);
    let ended = call.run(SOON)?;
    match names(&out)? == ["a.json", "notes.txt"] {
        true if !ended.succeeded() => row.saw("a folder of notes that stayed"),
        _ => row.lost("a folder of notes, replaced by --force", ended),
    }
    stage.clear()
}

/// The link stays, and the study that it leads to has the run.
fn evolve_behind_link(stage: &Stage<'_>, row: &mut Row) -> Result<()> {
    row.times += 1;
    let (real, link) = (
        stage.folder.join("study.kinfolk.json"),
        stage.folder.join("link.json"),
    );
    symlink("study.kinfolk.json", &link)?;
    let before = read(&real)?.models.len();
    let words = [
        "--name",
        "linked",
        "--founders",
        "ledger,order",
        "--merges",
        "1",
    ];
    let ended = stage.call(&["evolve", "link.json"]).args(words).run(SOON)?;
    if kind_at(&link) != "a link" {
        row.lost("a link to a study", ended);
    } else if read(&real)?.models.len() == before {
        row.lost("a run of a study behind a link", ended);
    } else {
        row.saw("a study behind a link that has its run");
    }
    Ok(())
}
