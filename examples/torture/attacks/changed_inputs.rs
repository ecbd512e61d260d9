//! Models that somebody else cuts short or overwrites while they are read.
//!
//! After each attack the file is put back with its old time, as a backup would be, and the merge
//! is run again: what the disturbed run has left behind must not end in the child.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::merges::{Files, MODELS, Merges, RECIPES, Size};
use super::{Attack, LIMIT};
use crate::tools::{Call, Desk, Dice, Ended, How, Result, Row, copy_folder, hashes};

pub const CUT: Attack = Attack {
    name: "cut-inputs",
    fault: "a model is cut short while it is read",
    how: "a safetensors file is truncated at a random place and moment of a merge or, every \
          fourth time, of measuring kinship; then it is put back, and the merge run to its end \
          and compared",
    times: 100,
    run: |desk, room, times, row| attack(desk, room, times, row, CUT.name, cut),
};

pub const OVERWRITTEN: Attack = Attack {
    name: "overwritten-inputs",
    fault: "a model is changed in place while it is read",
    how: "the same with up to 64 KiB overwritten at a random place",
    times: 50,
    run: |desk, room, times, row| attack(desk, room, times, row, OVERWRITTEN.name, overwrite),
};

/// Large enough to be hit at work, and small enough to be copied back every time.
const SIZE: Size = Size { layers: 8 };

/// Then the result is that of the changed model, from its first byte to its last.
const CHANGED_BEFORE: &str = "the right result of a file that had changed before it was opened";

/// Does something to a file.
type Damage = fn(&Path, &mut Dice) -> io::Result<()>;

fn attack(
    desk: &Desk,
    room: &Path,
    times: u32,
    row: &mut Row,
    name: &str,
    damage: Damage,
) -> Result<()> {
    let reader = Reader::new(desk, room)?;
    let mut dice = desk.dice(name);
    for k in 0..times {
        desk.go_on()?;
        row.times += 1;
        match k % 4 {
            3 => reader.disturb_kinship(damage, &mut dice, row)?,
            _ => reader.disturb_merge(damage, &mut dice, row)?,
        }
    }
    Ok(())
}

/// To any length: nothing, a part of the header, or up to a part of the last page.
fn cut(path: &Path, dice: &mut Dice) -> io::Result<()> {
    let bytes = std::fs::metadata(path)?.len();
    let left = match dice.below(8) {
        0 => 0,
        1 => dice.below(4096),
        2 => bytes - 1 - dice.below(4096),
        _ => dice.below(bytes),
    };
    OpenOptions::new().write(true).open(path)?.set_len(left)
}

/// Anything after the header.
fn overwrite(path: &Path, dice: &mut Dice) -> io::Result<()> {
    const MOST: u64 = 64 << 10;
    let bytes = std::fs::metadata(path)?.len();
    let length = 1 + dice.below(MOST);
    let noise: Vec<u8> = (0..length).map(|_| dice.bits() as u8).collect();
    let place = MOST + dice.below(bytes - 2 * MOST);
    let file = OpenOptions::new().write(true).open(path)?;
    file.write_all_at(&noise, place)
}

/// What reads the files that are attacked.
struct Reader<'a> {
    desk: &'a Desk,
    merges: Merges,
    /// The models as they were.
    spare: PathBuf,
    out: PathBuf,
    kinship: Ended,
}

impl<'a> Reader<'a> {
    fn new(desk: &'a Desk, room: &Path) -> Result<Self> {
        let merges = Merges::new(desk, room, &SIZE)?;
        let spare = room.join("spare");
        for model in MODELS {
            copy_folder(&merges.folder.join(model), &spare.join(model))?;
        }
        let kinship = kinship(desk, &merges).run(LIMIT)?.sound()?;
        Ok(Self {
            desk,
            out: merges.folder.join("out"),
            merges,
            spare,
            kinship,
        })
    }

    fn clean(&self) -> &Files {
        &self.merges.clean[RECIPES[0]]
    }

    fn merge(&self) -> Call {
        self.merges.call(self.desk, RECIPES[0], &self.out)
    }

    fn disturb_merge(&self, damage: Damage, dice: &mut Dice, row: &mut Row) -> Result<()> {
        let moment = dice.moment(self.merges.took);
        let (ended, victim) = self.disturb(self.merge(), moment, damage, dice)?;
        let found = hashes(&self.out)?;
        if !judge(&ended, &victim, row) {
            if !found.is_empty() {
                row.lost("an output folder of a merge that failed", &ended);
            }
        } else if found == *self.clean() {
            row.saw("a right child: its files had been read");
        } else if found == self.child_of_what_is_there()? {
            row.saw(CHANGED_BEFORE);
        } else {
            row.lost("a wrong child with status 0", victim.display());
        }
        self.put_back(&victim)?;
        self.merge_again(row)
    }

    /// The child of the models as they are now, undisturbed.
    fn child_of_what_is_there(&self) -> Result<Files> {
        std::fs::remove_dir_all(&self.out).ok();
        self.merge().run(LIMIT)?;
        Ok(hashes(&self.out)?)
    }

    /// With all models as they were, the child is as it would have been.
    fn merge_again(&self, row: &mut Row) -> Result<()> {
        std::fs::remove_dir_all(&self.out).ok();
        let ended = self.merge().run(LIMIT)?;
        if !ended.succeeded() {
            row.lost("a merge that cannot be run again", &ended);
        } else if hashes(&self.out)? != *self.clean() {
            row.lost("a wrong child of the merge that was run again", "");
        }
        std::fs::remove_dir_all(&self.out).ok();
        Ok(())
    }

    fn disturb_kinship(&self, damage: Damage, dice: &mut Dice, row: &mut Row) -> Result<()> {
        let moment = dice.moment(self.kinship.took);
        let call = kinship(self.desk, &self.merges);
        let (ended, victim) = self.disturb(call, moment, damage, dice)?;
        if judge(&ended, &victim, row) {
            let now = || kinship(self.desk, &self.merges).run(LIMIT);
            if ended.stdout == self.kinship.stdout {
                row.saw("right kinship: the files had been read");
            } else if ended.stdout == now()?.stdout {
                row.saw(CHANGED_BEFORE);
            } else {
                row.lost("wrong kinship with status 0", victim.display());
            }
        }
        self.put_back(&victim)
    }

    /// Damages one of the models at a moment of a call.
    fn disturb(
        &self,
        call: Call,
        moment: std::time::Duration,
        damage: Damage,
        dice: &mut Dice,
    ) -> Result<(Ended, PathBuf)> {
        let inputs = self.merges.inputs();
        let victim = dice.one_of(&inputs).clone();
        let mut running = call.start()?;
        running.watch(|elapsed| elapsed >= moment)?;
        damage(&victim, dice)?;
        Ok((running.wait(LIMIT)?, victim))
    }

    fn put_back(&self, victim: &Path) -> Result<()> {
        let spare = self.spare.join(victim.strip_prefix(&self.merges.folder)?);
        let time = std::fs::metadata(&spare)?.modified()?;
        std::fs::copy(&spare, victim)?;
        let file = File::options().write(true).open(victim)?;
        Ok(file.set_modified(time)?)
    }
}

fn kinship(desk: &Desk, merges: &Merges) -> Call {
    let models = MODELS.map(|name| merges.folder.join(name));
    desk.kinfolk(&merges.folder)
        .arg("kinship")
        .arg("--base")
        .args(models)
        .args(["--by", "layer", "--json", "-"])
}

/// Notes how a disturbed call has ended; whether it claims to have a result.
fn judge(ended: &Ended, victim: &Path, row: &mut Row) -> bool {
    match ended.how {
        How::Status(0) => return true,
        How::Status(1) if names_model(&ended.stderr, victim) => {
            row.saw("refused with a sentence that names the model's path");
        }
        How::Status(1) => row.lost("the path in the sentence", ended),
        how => row.lost(format!("an end by {how}"), ended),
    }
    false
}

/// Whether a sentence has the path of a model's file, or of the model.
fn names_model(sentence: &str, file: &Path) -> bool {
    let folder = file.parent().unwrap_or(file);
    sentence.contains(&*folder.to_string_lossy())
}
