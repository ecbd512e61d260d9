//! Merges that are killed at any moment: a new child, and one that replaces another.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::merges::{Files, MODELS, Merges, RECIPES, Size};
use super::{Attack, LIMIT};
use crate::tools::{Desk, Dice, Ended, Result, Row, Stamp, hashes, names, stamps};

pub const NEW: Attack = Attack {
    name: "merge-kills",
    fault: "a merge is killed",
    how: "SIGKILL at a random moment of a merge into several shards, at the n-th file, or when \
          the folder gets its name; every eighth time the merge is then run to its end and every \
          file compared by SHA-256",
    times: 300,
    run: new_children,
};

pub const REPLACING: Attack = Attack {
    name: "replacing-kills",
    fault: "a merge that replaces a model is killed",
    how: "the same with --force over an earlier child",
    times: 60,
    run: replaced_children,
};

const SIZE: Size = Size { layers: 12 };
/// After how many kills the merge is run to its end.
const TO_THE_END: u32 = 8;
/// What a merge keeps beside the child while it is at work, or when it was killed.
const STAGING: &str = ".out.kinfolk-merge";
const OLD: &str = ".out.kinfolk-old";

fn new_children(desk: &Desk, room: &Path, times: u32, row: &mut Row) -> Result<()> {
    let victim = Victim::new(desk, room)?;
    let clean = &victim.merges.clean[RECIPES[0]];
    let mut dice = desk.dice(NEW.name);
    for k in 1..=times {
        desk.go_on()?;
        let ended = victim.kill(RECIPES[0], false, &mut dice)?;
        row.times += 1;
        note_end(row, &ended);
        victim.look_around(row, false)?;
        if names(&victim.out)?.is_empty() {
            row.saw("no output folder");
        } else {
            let found = hashes(&victim.out)?;
            judge(row, "a complete output folder", clean, &found);
            std::fs::remove_dir_all(&victim.out)?;
        }
        if k % TO_THE_END == 0 {
            victim.finish(RECIPES[0], false, row)?;
            std::fs::remove_dir_all(&victim.out).ok();
        }
    }
    victim.compare_inputs(row)
}

fn replaced_children(desk: &Desk, room: &Path, times: u32, row: &mut Row) -> Result<()> {
    let victim = Victim::new(desk, room)?;
    let mut dice = desk.dice(REPLACING.name);
    let [mut there, mut wanted] = RECIPES;
    victim.finish(there, false, &mut Row::default())?;
    for k in 1..=times {
        desk.go_on()?;
        let ended = victim.kill(wanted, true, &mut dice)?;
        row.times += 1;
        note_end(row, &ended);
        victim.look_around(row, true)?;
        let found = hashes(&victim.out)?;
        let waiting = victim.out.with_file_name(OLD);
        let mut is_replaced = differences(&found, &victim.merges.clean[wanted]).is_none();
        if is_replaced {
            judge(row, "the new child", &victim.merges.clean[wanted], &found);
        } else if found.is_empty() && hashes(&waiting)? == victim.merges.clean[there] {
            row.saw("the old child beside, put back by the next run");
        } else {
            judge(row, "the old child", &victim.merges.clean[there], &found);
        }
        if k % TO_THE_END == 0 && !is_replaced {
            victim.finish(wanted, true, row)?;
            is_replaced = true;
        }
        if is_replaced {
            std::mem::swap(&mut there, &mut wanted);
        }
    }
    victim.compare_inputs(row)
}

fn note_end(row: &mut Row, ended: &Ended) {
    if ended.was_killed() {
        row.saw("killed at work");
    } else if ended.succeeded() {
        row.saw("ended before the kill");
    } else {
        row.lost("a merge that failed by itself", ended);
    }
}

/// Notes a folder of a child, which must have these files and no other.
fn judge(row: &mut Row, what: &str, clean: &Files, found: &Files) {
    let foreign = found.keys().filter(|name| !clean.contains_key(*name));
    let foreign: Vec<&str> = foreign.map(String::as_str).collect();
    if let Some(name) = differences(found, clean) {
        row.lost("a file of the child that is missing or differs", name);
    } else if foreign.is_empty() {
        row.saw(what);
    } else {
        let names = foreign.join(" and ");
        row.lost(format!("{names} in a finished child"), what);
    }
}

/// The first file of `clean` that is not found as it should be.
fn differences<'f>(found: &Files, clean: &'f Files) -> Option<&'f str> {
    let mut wrong = clean
        .iter()
        .filter(|(name, hash)| found.get(*name) != Some(hash));
    wrong.next().map(|(name, _)| name.as_str())
}

/// The merge that is attacked.
struct Victim<'a> {
    desk: &'a Desk,
    merges: Merges,
    out: PathBuf,
    inputs: Vec<Files>,
    stamps: Vec<BTreeMap<String, Stamp>>,
}

impl<'a> Victim<'a> {
    fn new(desk: &'a Desk, room: &Path) -> Result<Self> {
        let merges = Merges::new(desk, room, &SIZE)?;
        Ok(Self {
            desk,
            out: merges.folder.join("out"),
            inputs: of_models(&merges, hashes)?,
            stamps: of_models(&merges, stamps)?,
            merges,
        })
    }

    /// Starts a merge and kills it: by the clock, by the number of its files, or at its end.
    fn kill(&self, recipe: &str, force: bool, dice: &mut Dice) -> Result<Ended> {
        let call = self.merges.call(self.desk, recipe, &self.out);
        let mut running = call.args(force.then_some("--force")).start()?;
        let staging = self.out.with_file_name(STAGING);
        let last = self.merges.took * 3;
        match dice.below(5) {
            0..=2 => {
                let moment = dice.moment(self.merges.took.mul_f64(1.1));
                running.watch(|elapsed| elapsed >= moment)?;
            }
            3 => {
                let files = self.merges.clean[recipe].len() as u64;
                let wanted = dice.below(files + 3) as usize;
                let count = || names(&staging).map_or(0, |names| names.len());
                running.watch(|elapsed| count() >= wanted || elapsed >= last)?;
            }
            _ => {
                // The temporary folder is renamed when the child is complete.
                let delay = Duration::from_micros(dice.below(500));
                let (mut was_there, mut renamed_at) = (false, None);
                running.watch(|elapsed| {
                    let is_there = staging.exists();
                    was_there |= is_there;
                    if was_there && !is_there {
                        renamed_at.get_or_insert(elapsed);
                    }
                    renamed_at.is_some_and(|at| elapsed >= at + delay) || elapsed >= last
                })?;
            }
        }
        Ok(running.kill()?)
    }

    /// Runs the merge to its end, which must be as if nothing had happened.
    fn finish(&self, recipe: &str, force: bool, row: &mut Row) -> Result<()> {
        let call = self.merges.call(self.desk, recipe, &self.out);
        let ended = call.args(force.then_some("--force")).run(LIMIT)?;
        if !ended.succeeded() {
            row.lost("a merge that cannot be run to its end", &ended);
            return Ok(());
        }
        let clean = &self.merges.clean[recipe];
        judge(
            row,
            "run to its end and compared",
            clean,
            &hashes(&self.out)?,
        );
        for name in [STAGING, OLD] {
            if self.out.with_file_name(name).exists() {
                row.lost(format!("{name} beside a finished child"), "");
            }
        }
        Ok(())
    }

    /// Nothing but the temporary folder may be beside, and no input may be touched.
    fn look_around(&self, row: &mut Row, force: bool) -> Result<()> {
        let mut known = vec![STAGING, "home", "out"];
        known.extend(MODELS);
        known.extend(RECIPES);
        known.extend(force.then_some(OLD));
        for name in names(&self.merges.folder)? {
            if !known.contains(&name.as_str()) {
                row.lost("something else beside the child", name);
            }
        }
        if of_models(&self.merges, stamps)? != self.stamps {
            row.lost("an input that was touched", "");
        }
        Ok(())
    }

    fn compare_inputs(&self, row: &mut Row) -> Result<()> {
        if of_models(&self.merges, hashes)? != self.inputs {
            row.lost("an input that was changed", "");
        }
        Ok(())
    }
}

/// What `of` finds in the folder of each model.
fn of_models<T>(merges: &Merges, of: fn(&Path) -> io::Result<T>) -> io::Result<Vec<T>> {
    let folders = MODELS.iter().map(|name| merges.folder.join(name));
    folders.map(|folder| of(&folder)).collect()
}
