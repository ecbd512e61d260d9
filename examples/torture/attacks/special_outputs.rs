//! Special files where the program writes: results, standard output, studies, and new folders.

use std::fs::File;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Attack;
use super::special_files::{FULL, NULL, Special, kind_at, make_device};
use super::stage::{Stage, judge_manners};
use super::studies::read;
use crate::tools::{Desk, Ended, Result, Row, names};

pub const ATTACK: Attack = Attack {
    name: "special-outputs",
    fault: "something that is no ordinary file where a result is written",
    how: "`--json FILE` and `--items FILE` to pipes with and without a reader, devices that take \
          everything and nothing, links, a ring of links, a socket, a folder and a locked file; \
          standard output to a full device and to a closed pipe; each must stay what it is",
    times: (TARGETS.len() * CALLS.len() + STREAMS.len() * 2) as u32,
    run: results,
};

pub const PLACES: Attack = Attack {
    name: "special-folders",
    fault: "something else where a study or a new folder belongs",
    how: "a study behind a link; a merge into a pipe, a device, a socket, a file, links, and, with \
          --force, a folder of notes; each must stay what it is",
    times: (OUTS.len() + 2) as u32,
    run: places,
};

const SOON: Duration = Duration::from_secs(10);
const OLD: &str = "what was there before";

/// What lies where a result is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    File,
    Link,
    DanglingLink,
    Ring,
    Folder,
    Socket,
    LockedFile,
    PipeWithReader,
    PipeAlone,
    Null,
    Full,
}

const TARGETS: [Target; 11] = [
    Target::File,
    Target::Link,
    Target::DanglingLink,
    Target::Ring,
    Target::Folder,
    Target::Socket,
    Target::LockedFile,
    Target::PipeWithReader,
    Target::PipeAlone,
    Target::Null,
    Target::Full,
];

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
    } else if place
        .file()
        .is_some_and(|file| std::fs::read_to_string(file).is_ok_and(|t| t == OLD))
    {
        row.lost("a result, with status 0", what);
    } else {
        row.saw("the result written to where it leads");
    }
    if place.target == Target::LockedFile && std::fs::read_to_string(&place.path)? != OLD {
        row.lost("what a locked file held", what);
    }
    Ok(())
}

/// Something that lies at a path.
struct Place {
    path: PathBuf,
    target: Target,
}

impl Place {
    /// Makes it; `None` where it may not be made.
    fn new(path: PathBuf, target: Target) -> Result<Option<Self>> {
        let place = Self { path, target };
        let path = &place.path;
        match target {
            Target::File | Target::LockedFile => std::fs::write(path, OLD)?,
            Target::Link => {
                std::fs::write(place.real(), OLD)?;
                symlink(place.real(), path)?;
            }
            Target::DanglingLink => symlink(place.real(), path)?,
            Target::Ring => Special::Ring.make(path)?,
            Target::Folder => Special::Folder.make(path)?,
            Target::Socket => Special::Socket.make(path)?,
            Target::PipeWithReader | Target::PipeAlone => Special::Pipe.make(path)?,
            Target::Null | Target::Full => {
                let minor = if target == Target::Null { NULL } else { FULL };
                if !make_device(path, minor) {
                    std::fs::remove_file(path).ok();
                    return Ok(None);
                }
            }
        }
        if target == Target::LockedFile {
            std::fs::set_permissions(path, PermissionsExt::from_mode(0o444))?;
        }
        Ok(Some(place))
    }

    /// Where the links lead.
    fn real(&self) -> PathBuf {
        self.path.with_extension("real")
    }

    fn takes_results(&self) -> bool {
        use Target::{DanglingLink, File, Link, Null, PipeWithReader};
        matches!(
            self.target,
            File | Link | DanglingLink | PipeWithReader | Null
        )
    }

    /// The file that holds the result afterwards.
    fn file(&self) -> Option<PathBuf> {
        match self.target {
            Target::File => Some(self.path.clone()),
            Target::Link | Target::DanglingLink => Some(self.real()),
            _ => None,
        }
    }

    fn remove(self) -> Result<()> {
        match self.target {
            Target::Ring => Special::Ring.remove(&self.path)?,
            Target::Folder => Special::Folder.remove(&self.path)?,
            _ => std::fs::remove_file(&self.path)?,
        }
        // Only links lead to it.
        std::fs::remove_file(self.real()).ok();
        Ok(())
    }
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

/// A reader that has gone is no success, and nothing to talk of.
fn print_to_closed(stage: &Stage<'_>, call: &[&str], row: &mut Row) -> Result<()> {
    row.times += 1;
    let (reader, writer) = std::io::pipe()?;
    drop(reader);
    let ended = stage.call(call).printing_to(writer).run(SOON)?;
    let what = format!("`{}` | nobody", call.join(" "));
    if !judge_manners(&ended, &what, row) {
        return Ok(());
    }
    if ended.succeeded() {
        row.lost("a result, with status 0", what);
    } else if !ended.stderr.trim().is_empty() {
        row.lost("silence about a closed pipe", format!("{what}: {ended}"));
    } else {
        row.saw("failed in silence, as nobody read it");
    }
    Ok(())
}

/// What lies where a merge is to make a folder.
const OUTS: [Special; 6] = [
    Special::Pipe,
    Special::Null,
    Special::Socket,
    Special::Dangling,
    Special::Ring,
    Special::Huge,
];

fn places(desk: &Desk, room: &Path, times: u32, row: &mut Row) -> Result<()> {
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
