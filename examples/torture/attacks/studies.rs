//! A small study: the demo family, judged on a few items, and what must not be lost of it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use kinfolk::study::{Model, StudyDoc, file};
use serde_json::Value;

use super::LIMIT;
use crate::tools::{Call, Desk, Result, copy_folder, names};

/// Items of each task; a run of a dozen merges takes seconds.
const ITEMS: usize = 6;
/// The evolution of the demo that is run.
pub const RUN: &str = "With kinship";
const STUDY: &str = "demo.kinfolk.json";

/// The demo family below a folder, as nobody has touched it yet.
pub struct Family {
    folder: PathBuf,
    /// The report of an undisturbed run.
    pub clean: Value,
    /// How long it took.
    pub took: Duration,
}

impl Family {
    /// Unpacks the family below `room`, and runs its evolution once in a copy.
    pub fn new(desk: &Desk, room: &Path) -> Result<Self> {
        let folder = room.join("family");
        desk.kinfolk(room)
            .arg("demo")
            .arg(&folder)
            .run(LIMIT)?
            .sound()?;
        shorten_tasks(&folder.join("tasks"))?;
        forget_scores(&folder.join(STUDY))?;
        let mut family = Self {
            folder,
            clean: Value::Null,
            took: Duration::ZERO,
        };
        let study = family.copy(&room.join("clean"))?;
        let report = room.join("clean.json");
        let call = evolve(desk, room, &study, RUN).arg("--json").arg(&report);
        family.took = call.run(LIMIT)?.sound()?.took;
        family.clean = read_report(&report)?;
        Ok(family)
    }

    /// A copy in the new folder `to`; the path of its study.
    pub fn copy(&self, to: &Path) -> Result<PathBuf> {
        std::fs::remove_dir_all(to).ok();
        copy_folder(&self.folder, to)?;
        Ok(to.join(STUDY))
    }
}

/// A call that runs an evolution of a study.
pub fn evolve(desk: &Desk, room: &Path, study: &Path, name: &str) -> Call {
    desk.kinfolk(room)
        .arg("evolve")
        .arg(study)
        .args(["--name", name])
}

/// The report of a run.
pub fn read_report(path: &Path) -> Result<Value> {
    Ok(serde_json::from_slice(&std::fs::read(path)?)?)
}

/// Leaves a few items of the tasks that select.
fn shorten_tasks(folder: &Path) -> Result<()> {
    for name in names(folder)? {
        let path = folder.join(&name);
        if name.ends_with(".dev.jsonl") {
            let text = std::fs::read_to_string(&path)?;
            let few: Vec<&str> = text.lines().take(ITEMS).collect();
            std::fs::write(&path, few.join("\n") + "\n")?;
        } else {
            std::fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// All have to be judged anew on these items, founders included.
fn forget_scores(study: &Path) -> Result<()> {
    let mut doc = read(study)?;
    for model in &mut doc.models {
        model.scores.clear();
    }
    let folder = study.parent().unwrap_or(Path::new("."));
    std::fs::write(study, file::to_text(&doc, folder))?;
    Ok(())
}

/// The study that a file holds.
pub fn read(study: &Path) -> Result<StudyDoc> {
    let text = std::fs::read_to_string(study)?;
    let folder = study.parent().unwrap_or(Path::new("."));
    Ok(file::from_text(&text, folder)?)
}

/// What an earlier state of a study has and a later one has not: models, their parents and
/// places in runs, scores, and evolutions.
pub fn missing(earlier: &StudyDoc, later: &StudyDoc) -> Vec<String> {
    let mut out = Vec::new();
    for model in &earlier.models {
        match later.models.iter().find(|m| m.name == model.name) {
            Some(own) => out.extend(missing_of(model, own)),
            None => out.push(model.name.clone()),
        }
    }
    for evolution in &earlier.evolutions {
        if !later.evolutions.iter().any(|e| e.name == evolution.name) {
            out.push(format!("the evolution {}", evolution.name));
        }
    }
    out
}

fn missing_of(earlier: &Model, later: &Model) -> Vec<String> {
    let name = &earlier.name;
    let mut out = Vec::new();
    if earlier.parents != later.parents {
        out.push(format!("the parents of {name}"));
    }
    if earlier.steps.iter().any(|step| !later.steps.contains(step)) {
        out.push(format!("a place of {name} in a run"));
    }
    for score in &earlier.scores {
        if later.score(&score.task).map(|own| own.value) != Some(score.value) {
            out.push(format!("{} of {name}", score.task));
        }
    }
    out
}
