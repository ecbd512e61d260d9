//! Evolutions that are killed at any moment, and taken up again until they end.

use std::path::{Path, PathBuf};

use kinfolk::study::StudyDoc;

use super::studies::{Family, RUN, evolve, missing, read, read_report};
use super::{Attack, LIMIT};
use crate::tools::{Desk, Result, Row, names};

pub const ATTACK: Attack = Attack {
    name: "evolution-kills",
    fault: "an evolution is killed",
    how: "SIGKILL of `kinfolk evolve` at random moments; after each the study must have every \
          model and score that it had; a run that was killed to its end is compared with an \
          undisturbed one",
    times: 100,
    run,
};

/// How many kills a run takes before it is left to end.
const KILLS: u32 = 12;

fn run(desk: &Desk, room: &Path, times: u32, row: &mut Row) -> Result<()> {
    let family = Family::new(desk, room)?;
    let mut dice = desk.dice(ATTACK.name);
    while row.times < times {
        let kills = KILLS.min(times - row.times);
        let mut run = Killed::new(desk, room, family.copy(&room.join("killed"))?)?;
        for _ in 0..kills {
            desk.go_on()?;
            // The run is over after about as many kills as it is given.
            let moment = dice.moment(family.took * 2 / KILLS);
            let ended = evolve(desk, room, &run.study, RUN)
                .start()?
                .kill_at(moment)?;
            row.times += 1;
            if ended.was_killed() {
                row.saw("killed at work");
            } else if ended.succeeded() {
                row.saw("ended before the kill");
            } else {
                row.lost("a run that failed by itself", &ended);
            }
            run.judge_study(row)?;
        }
        run.finish(&family, row)?;
    }
    Ok(())
}

/// A run that is killed again and again.
struct Killed<'a> {
    desk: &'a Desk,
    room: &'a Path,
    study: PathBuf,
    /// What the study held after the last kill.
    last: StudyDoc,
}

impl<'a> Killed<'a> {
    fn new(desk: &'a Desk, room: &'a Path, study: PathBuf) -> Result<Self> {
        let last = read(&study)?;
        Ok(Self {
            desk,
            room,
            study,
            last,
        })
    }

    fn judge_study(&mut self, row: &mut Row) -> Result<()> {
        match read(&self.study) {
            Err(error) => row.lost("a study that cannot be read", error),
            Ok(doc) => {
                for what in missing(&self.last, &doc) {
                    row.lost("a record of the study", what);
                }
                self.last = doc;
            }
        }
        Ok(())
    }

    fn finish(&mut self, family: &Family, row: &mut Row) -> Result<()> {
        let report = self.room.join("killed.json");
        let call = evolve(self.desk, self.room, &self.study, RUN);
        let ended = call.arg("--json").arg(&report).run(LIMIT)?;
        if !ended.succeeded() {
            row.lost("a run that cannot be taken up again", &ended);
            return Ok(());
        }
        self.judge_study(row)?;
        match read_report(&report)? == family.clean {
            true => row.saw("run to its end as an undisturbed one"),
            false => row.lost("a run with another end than an undisturbed one", ""),
        }
        self.look_for_remains(family, row)
    }

    /// Beside its children a run that has ended leaves nothing.
    fn look_for_remains(&self, family: &Family, row: &mut Row) -> Result<()> {
        let folder = self.study.with_file_name("evolutions").join("with-kinship");
        let models = family.clean["models"].as_array();
        let children = models
            .into_iter()
            .flatten()
            .filter(|m| m["generation"] != 0);
        let found = names(&folder)?;
        if found.len() != children.count() {
            row.lost("something else beside the children", found.join(" "));
        }
        Ok(())
    }
}
