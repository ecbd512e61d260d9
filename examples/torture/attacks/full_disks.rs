//! Everything that the program writes, onto disks that are full or become full meanwhile.

use std::path::{Path, PathBuf};

use kinfolk::study::file;

use super::merges::{Merges, RECIPES, Size};
use super::small_disk::SmallDisk;
use super::studies::{Family, RUN, evolve, missing, read, read_report};
use super::{Attack, LIMIT};
use crate::tools::{Call, Desk, Dice, Ended, How, Result, Row, hashes};

pub const ATTACK: Attack = Attack {
    name: "full-disks",
    fault: "the disk is full",
    how: "a small tmpfs (else a limit on the size of files) that is filled at a random moment of \
          a merge or an evolution, or was full before a merge, `--json FILE`, `--items FILE` or \
          the demo is written to it",
    times: 30,
    run,
};

const SIZE: Size = Size { layers: 4 };
/// Room that the program wants to stay free beside a child, and some more.
const SPARE_BYTES: u64 = 48 << 20;
/// The demo family with a run of a dozen children.
const STUDY_BYTES: u64 = 192 << 20;
const SMALL_BYTES: u64 = 1 << 20;

fn run(desk: &Desk, room: &Path, times: u32, row: &mut Row) -> Result<()> {
    let merges = Merges::new(desk, room, &SIZE)?;
    let child_bytes = merges.child_bytes()?;
    let writer = Writer {
        desk,
        room,
        merges,
        family: Family::new(desk, room)?,
        child_bytes,
    };
    let mut dice = desk.dice(ATTACK.name);
    for k in 0..times {
        desk.go_on()?;
        row.times += 1;
        let disk = |bytes| SmallDisk::new(desk, room.join(format!("disk{k}")), bytes);
        match k % 6 {
            0 => writer.merge_that_fills(&disk(child_bytes + SPARE_BYTES)?, &mut dice, row)?,
            1 => writer.merge_without_room(&disk(child_bytes / 2)?, row)?,
            2 => writer.evolution(&disk(STUDY_BYTES)?, &mut dice, row)?,
            3 => writer.study_alone(&disk(SMALL_BYTES)?, &mut dice, row)?,
            4 => writer.json(&disk(SMALL_BYTES)?, row)?,
            _ => writer.exports(&disk(SMALL_BYTES)?, row)?,
        }
    }
    Ok(())
}

/// What writes onto the disks.
struct Writer<'a> {
    desk: &'a Desk,
    room: &'a Path,
    merges: Merges,
    family: Family,
    child_bytes: u64,
}

impl Writer<'_> {
    fn merge_that_fills(&self, disk: &SmallDisk, dice: &mut Dice, row: &mut Row) -> Result<()> {
        let out = disk.folder().join("out");
        let limit = dice.below(self.child_bytes / 2);
        let call = self.merges.call(self.desk, RECIPES[0], &out);
        let mut running = disk.limit(call, limit).start()?;
        let moment = dice.moment(self.merges.took);
        running.watch(|elapsed| elapsed >= moment)?;
        disk.fill()?;
        let ended = running.wait(LIMIT)?;
        let found = hashes(&out)?;
        let is_whole = found == self.merges.clean[RECIPES[0]];
        if ended.succeeded() && is_whole {
            row.saw("a merge that ended before the disk was full");
        } else {
            judge(&ended, "a merge", disk, row);
            nothing_at(&out, row);
        }
        Ok(())
    }

    fn merge_without_room(&self, disk: &SmallDisk, row: &mut Row) -> Result<()> {
        let out = disk.folder().join("out");
        let call = self.merges.call(self.desk, RECIPES[0], &out);
        let ended = disk.limit(call, self.child_bytes / 8).run(LIMIT)?;
        judge(&ended, "a merge", disk, row);
        nothing_at(&out, row);
        Ok(())
    }

    /// The study, its models and its children lie on the disk that becomes full.
    fn evolution(&self, disk: &SmallDisk, dice: &mut Dice, row: &mut Row) -> Result<()> {
        let study = self.family.copy(&disk.folder().join("family"))?;
        self.evolve_while_it_fills(disk, &study, dice, row)
    }

    /// The study alone lies there, so that merges go on and only saving fails.
    fn study_alone(&self, disk: &SmallDisk, dice: &mut Dice, row: &mut Row) -> Result<()> {
        let elsewhere = self.family.copy(&self.room.join("elsewhere"))?;
        let study = disk.folder().join("alone.kinfolk.json");
        std::fs::write(&study, file::to_text(&read(&elsewhere)?, disk.folder()))?;
        self.evolve_while_it_fills(disk, &study, dice, row)
    }

    fn evolve_while_it_fills(
        &self,
        disk: &SmallDisk,
        study: &Path,
        dice: &mut Dice,
        row: &mut Row,
    ) -> Result<()> {
        let limit = std::fs::metadata(study)?.len() + 64;
        let call = evolve(self.desk, self.room, study, RUN);
        let mut running = disk.limit(call, limit).start()?;
        let moment = dice.moment(self.family.took.mul_f64(0.9));
        running.watch(|elapsed| elapsed >= moment)?;
        let before = read(study)?;
        disk.fill()?;
        let ended = running.wait(LIMIT)?;
        judge(&ended, "an evolution", disk, row);
        match read(study) {
            Err(error) => row.lost("a study that cannot be read", error),
            Ok(after) => {
                for what in missing(&before, &after) {
                    row.lost("a record of the study", what);
                }
            }
        }
        disk.empty();
        self.evolve_to_the_end(study, row)
    }

    /// With room again the run ends as if there had always been some.
    fn evolve_to_the_end(&self, study: &Path, row: &mut Row) -> Result<()> {
        let report = self.room.join("full.json");
        let call = evolve(self.desk, self.room, study, RUN);
        let ended = call.arg("--json").arg(&report).run(LIMIT)?;
        if !ended.succeeded() {
            row.lost("a run that cannot be taken up again", &ended);
        } else if read_report(&report)? == self.family.clean {
            row.saw("an evolution that then ended as an undisturbed one");
        } else {
            row.lost("a run with another end than an undisturbed one", "");
        }
        Ok(())
    }

    /// A result over an earlier one.
    fn json(&self, disk: &SmallDisk, row: &mut Row) -> Result<()> {
        let file = disk.folder().join("result.json");
        let models = super::merges::MODELS.map(|name| self.merges.folder.join(name));
        let call = self.desk.kinfolk(self.room).arg("kinship").arg("--base");
        let call = call
            .args(models)
            .args(["--by", "layer", "--json"])
            .arg(&file);
        self.over_an_old_file(disk, &file, call, "`--json FILE`", row)
    }

    /// Answers as a table over an earlier one, and the demo into a new folder.
    fn exports(&self, disk: &SmallDisk, row: &mut Row) -> Result<()> {
        let study = self.family.copy(&self.room.join("exports"))?;
        let file = disk.folder().join("items.csv");
        let call = self.desk.kinfolk(self.room).arg("evaluate");
        let call = call
            .arg(study.with_file_name("arith"))
            .arg(study.with_file_name("tasks").join("add.dev.jsonl"))
            .arg("--items")
            .arg(&file);
        self.over_an_old_file(disk, &file, call, "`--items FILE`", row)?;
        let demo = disk.folder().join("demo");
        let call = self.desk.kinfolk(self.room).arg("demo").arg(&demo);
        let ended = disk.limit(call, 4096).run(LIMIT)?;
        judge(&ended, "the demo", disk, row);
        Ok(())
    }

    fn over_an_old_file(
        &self,
        disk: &SmallDisk,
        file: &PathBuf,
        call: Call,
        what: &str,
        row: &mut Row,
    ) -> Result<()> {
        const OLD: &str = "what was there before";
        std::fs::write(file, OLD)?;
        disk.fill()?;
        let ended = disk.limit(call, 64).run(LIMIT)?;
        judge(&ended, what, disk, row);
        if std::fs::read_to_string(file)? != OLD {
            row.lost("what a file held before", file.display());
        }
        Ok(())
    }
}

/// It must fail, and say why.
fn judge(ended: &Ended, what: &str, disk: &SmallDisk, row: &mut Row) {
    let said = ended.stderr.to_lowercase();
    let too_large = !disk.is_mounted() && said.contains("too large");
    let is_told = too_large
        || ["disk is full", "the disk has"]
            .iter()
            .any(|s| said.contains(s));
    match ended.how {
        How::Status(1) if is_told => row.saw(format!("{what} that says so and fails")),
        How::Status(1) => row.lost("the reason in the sentence", ended),
        How::Status(0) => row.lost(format!("{what} with status 0"), ended),
        how => row.lost(format!("{what} that ended by {how}"), ended),
    }
}

fn nothing_at(out: &Path, row: &mut Row) {
    if out.exists() {
        row.lost("an output folder of a merge that failed", out.display());
    }
}
