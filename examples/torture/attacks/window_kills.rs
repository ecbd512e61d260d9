//! The window killed while it saves.

use std::path::{Path, PathBuf};
use std::time::Duration;

use kinfolk::study::{Model, ModelId, StudyDoc, file};

use super::Attack;
use super::studies::read;
use super::window::{SAVED, last_edit};
use crate::tools::{Desk, Ended, Result, Row, Running, names};

pub const ATTACK: Attack = Attack {
    name: "window-kills",
    fault: "the window is killed",
    how: "SIGKILL of the window's workbench while it applies edits and saves them, at once and by \
          itself; after each the study is whole and has the last edit that was saved",
    times: 100,
    run,
};

/// Workbenches at work at a time, each on a study of its own: they wait for the disk most of
/// the time.
const LANES: usize = 5;
/// Models of each study, with some text, so that saving takes a moment.
const MODELS: u32 = 200;
/// About what a save takes.
const SAVING: Duration = Duration::from_millis(3);
const LONGEST: Duration = Duration::from_millis(1500);
const STUDY: &str = "window.kinfolk.json";

fn run(desk: &Desk, room: &Path, times: u32, row: &mut Row) -> Result<()> {
    let mut dice = desk.dice(ATTACK.name);
    let mut lanes: Vec<Lane> = (0..LANES)
        .map(|k| Lane::new(&room.join(k.to_string())))
        .collect::<Result<_>>()?;
    while row.times < times {
        desk.go_on()?;
        let count = LANES.min((times - row.times) as usize);
        let mut at_work = Vec::new();
        for lane in &mut lanes[..count] {
            let running = desk.window(&lane.room, &lane.study).start()?;
            at_work.push((dice.moment(LONGEST), lane, running));
        }
        at_work.sort_by_key(|(moment, ..)| *moment);
        for (moment, lane, mut running) in at_work {
            running.watch(|elapsed| elapsed >= moment)?;
            if dice.below(2) == 0 {
                lane.await_save(&mut running, dice.moment(SAVING))?;
            }
            let ended = running.kill()?;
            row.times += 1;
            lane.judge(&ended, row)?;
        }
    }
    Ok(())
}

/// A study and the number of its last edit.
struct Lane {
    room: PathBuf,
    study: PathBuf,
    edit: u64,
    remains: usize,
}

impl Lane {
    fn new(room: &Path) -> Result<Self> {
        std::fs::create_dir_all(room)?;
        let study = room.join(STUDY);
        std::fs::write(&study, file::to_text(&doc(), room))?;
        Ok(Self {
            room: room.to_owned(),
            study,
            edit: 0,
            remains: 0,
        })
    }

    /// Waits until a save has begun, which shows by its temporary file, and a little longer.
    fn await_save(&self, running: &mut Running, longer: Duration) -> std::io::Result<()> {
        let deadline = LONGEST * 2;
        let mut begun_at = None;
        running.watch(|elapsed| {
            if remains(&self.room) > self.remains {
                begun_at.get_or_insert(elapsed);
            }
            begun_at.is_some_and(|at| elapsed >= at + longer) || elapsed >= deadline
        })?;
        Ok(())
    }

    fn judge(&mut self, ended: &Ended, row: &mut Row) -> Result<()> {
        if !ended.was_killed() {
            row.lost(
                "a workbench that ended by itself",
                format!("{ended} {}", ended.stdout),
            );
        }
        let numbers = ended.stdout.lines().filter_map(|l| l.strip_prefix(SAVED));
        let reported = numbers.filter_map(|n| n.parse().ok()).max();
        let expected = reported.unwrap_or(0).max(self.edit);
        match read(&self.study) {
            Err(error) => row.lost("a study that cannot be read", error),
            Ok(doc) => self.judge_doc(&doc, expected, row),
        }
        if reported.is_none() {
            row.saw("killed before its first save");
        }
        self.judge_folder(row)
    }

    fn judge_doc(&mut self, doc: &StudyDoc, expected: u64, row: &mut Row) {
        let found = last_edit(doc);
        if found == u64::MAX || doc.models.len() != MODELS as usize {
            row.lost("half an edit", format!("edit {expected} was the last"));
        } else if found < expected {
            row.lost(
                "a saved edit",
                format!("{found} is there, {expected} was saved"),
            );
        } else {
            row.saw("whole, with the last edit that was saved");
            self.edit = found;
        }
    }

    /// What is called a study must be one; a temporary file shows that the kill came in a save.
    fn judge_folder(&mut self, row: &mut Row) -> Result<()> {
        let names = names(&self.room)?;
        for name in names.iter().filter(|name| name.ends_with(file::ENDING)) {
            if let Err(error) = read(&self.room.join(name)) {
                row.lost(
                    "half a file that is called a study",
                    format!("{name}: {error}"),
                );
            }
        }
        let remains = remains(&self.room);
        if remains > self.remains {
            row.saw("killed within a save");
        }
        self.remains = remains;
        Ok(())
    }
}

/// Temporary files in a folder, which are hidden.
fn remains(folder: &Path) -> usize {
    let names = names(folder).unwrap_or_default();
    names
        .iter()
        .filter(|name| name.starts_with(".kinfolk-"))
        .count()
}

fn doc() -> StudyDoc {
    let model = |k| Model {
        id: ModelId(k),
        name: format!("model {k}"),
        note: format!("What is to be known of model {k}. ").repeat(20),
        ..Model::default()
    };
    let mut doc = StudyDoc {
        models: (0..MODELS).map(model).collect(),
        next_id: MODELS,
        ..StudyDoc::default()
    };
    // The first model's note counts the edits.
    doc.models[0].note.clear();
    doc
}
