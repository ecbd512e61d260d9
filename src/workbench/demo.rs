//! The demo family: carried inside the program, written out on first use.

use std::path::{Path, PathBuf};

use include_dir::{Dir, DirEntry, include_dir};

use crate::files::{self, write_whole};
use crate::lineage::evolution::Rules;
use crate::study::{
    Evaluator, Evolution, EvolutionId, Model, ModelId, Score, Setup, StudyDoc, file,
};

static FAMILY: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/resources/demo");

const STUDY: &str = "demo.kinfolk.json";

/// The members with what they were made from and trained for; the base comes first.
const MEMBERS: [(&str, Option<&str>, &str); 8] = [
    (
        "base",
        None,
        "Trained a little on all eight tasks, on purpose not to the end",
    ),
    (
        "abacus",
        Some("arith"),
        "A fine-tune of arith: sums, differences and reversing",
    ),
    ("arith", Some("base"), "Sums and differences"),
    (
        "ledger",
        Some("arith"),
        "A fine-tune of arith: sums, differences and the largest number",
    ),
    ("mirror", Some("base"), "Reversing and shifting letters"),
    (
        "order",
        Some("base"),
        "Sorting letters and the largest number",
    ),
    (
        "sorter",
        Some("base"),
        "Sorting letters and dropping repeats",
    ),
    (
        "tally",
        Some("base"),
        "Counting letters and dropping repeats",
    ),
];

/// Writes the demo family and its study below `dir`, leaving alone what is already there as
/// it should be; gives the path of the study file.
///
/// # Errors
/// What the file system says, with the path.
pub fn unpack(dir: &Path) -> Result<PathBuf, String> {
    write_dir(&FAMILY, dir)?;
    let path = study_path(dir);
    // The user's own changes to the demo study are kept.
    if !path.exists() {
        write_whole(&path, file::to_text(&study(dir), dir).as_bytes())?;
    }
    Ok(path)
}

/// Where the demo's study lies in `dir`.
pub fn study_path(dir: &Path) -> PathBuf {
    dir.join(STUDY)
}

/// The base and the models of the demo family in `dir`, with their names.
pub fn members(dir: &Path) -> Vec<(String, PathBuf)> {
    MEMBERS
        .iter()
        .map(|(name, ..)| ((*name).to_owned(), dir.join(name)))
        .collect()
}

/// What the demo's study says of itself.
const ABOUT: &str = "A base of 739,200 parameters and seven fine-tunes of it, made from a random \
    start to show what kinship looks like; licence CC0 1.0. Its files lie beside this study and \
    are real checkpoints.\n\n\
    Scores\n\
    Eight tasks on digits and letters, such as adding, sorting and counting. Scores are \
    accuracies in percent by greedy decoding on puzzles that no model was trained on, 150 a task \
    for dev and 200 for test. Dev selects and test reports: tasks marked test do not count for \
    the average, so that what is chosen by the average can still be reported honestly.\n\n\
    Who is akin\n\
    abacus and ledger are fine-tunes of arith, so the three are close kin, and the others are \
    hardly related. The family was built so on purpose.";

fn id_of(name: &str) -> Option<ModelId> {
    let at = MEMBERS.iter().position(|m| m.0 == name)?;
    Some(ModelId(at as u32))
}

fn study(dir: &Path) -> StudyDoc {
    let model = |(k, (name, parent, note)): (usize, &(&str, Option<&str>, &str))| Model {
        id: ModelId(k as u32),
        name: (*name).to_owned(),
        path: Some(dir.join(name)),
        base: parent.and_then(|_| id_of("base")),
        parents: parent.and_then(id_of).into_iter().collect(),
        note: (*note).to_owned(),
        scores: scores_of(name),
        ..Model::default()
    };
    StudyDoc {
        name: "Demo family".to_owned(),
        about: ABOUT.to_owned(),
        evaluator: Evaluator::BuiltIn {
            tasks: vec![dir.join("tasks")],
        },
        evolutions: evolutions(dir),
        next_evolution: EVOLUTIONS.len() as u32,
        not_averaged: tasks("test"),
        models: MEMBERS.iter().enumerate().map(model).collect(),
        next_id: MEMBERS.len() as u32,
        ..StudyDoc::default()
    }
}

/// Evolutions that are ready to run: name, strategy, founders, note.
const EVOLUTIONS: [(&str, &str, &[&str], &str); 4] = [
    ("Greedy", "greedy", &ALL, "All seven founders"),
    (
        "With kinship",
        "kinship",
        &ALL,
        "The same founders; each generation also merges the best with its least akin relative. \
         Here the two end alike, as they mostly do in this family.",
    ),
    ("Greedy, five founders", "greedy", &FIVE, WHY_FIVE),
    ("With kinship, five founders", "kinship", &FIVE, WHY_FIVE),
];

const ALL: [&str; 7] = [
    "abacus", "arith", "ledger", "mirror", "order", "sorter", "tally",
];
const FIVE: [&str; 5] = ["abacus", "arith", "ledger", "order", "tally"];
const WHY_FIVE: &str = "Picked for showing the effect: of the 21 sets of five founders this is \
    the one where exploring by kinship gets past the plateau. It is not a typical case.";

fn evolutions(dir: &Path) -> Vec<Evolution> {
    let one = |(k, (name, strategy, founders, note)): (usize, &(&str, &str, &[&str], &str))| {
        let folder = name
            .to_lowercase()
            .replace([' ', ','], "-")
            .replace("--", "-");
        // As many as in the family's reference runs.
        let generations = if founders.len() == ALL.len() { 8 } else { 6 };
        Evolution {
            id: EvolutionId(k as u32),
            name: (*name).to_owned(),
            note: (*note).to_owned(),
            colour: u8::try_from(k).ok(),
            setup: Setup {
                founders: founders.iter().filter_map(|name| id_of(name)).collect(),
                strategy: (*strategy).to_owned(),
                tasks: tasks("dev"),
                rules: Rules {
                    generations: Some(generations),
                    ..Rules::default()
                },
                folder: Some(dir.join("evolutions").join(folder)),
                ..Setup::default()
            },
            ..Evolution::default()
        }
    };
    EVOLUTIONS.iter().enumerate().map(one).collect()
}

/// A line of `scores.csv`.
#[derive(serde::Deserialize)]
struct Line {
    model: String,
    split: String,
    task: String,
    n: u64,
    correct: u64,
}

impl Line {
    fn task(&self) -> String {
        format!("{} ({})", self.task, self.split)
    }
}

/// The scores that the family came with.
fn lines() -> Vec<Line> {
    let table = FAMILY.get_file("scores.csv").map(|file| file.contents());
    let mut reader = csv::Reader::from_reader(table.unwrap_or_default());
    reader.deserialize().flatten().collect()
}

fn scores_of(model: &str) -> Vec<Score> {
    lines()
        .iter()
        .filter(|line| line.model == model)
        .map(|line| Score {
            task: line.task(),
            value: line.correct as f64 / line.n as f64 * 100.0,
            stderr: None,
            n: Some(line.n),
            source: "demo-family".to_owned(),
        })
        .collect()
}

/// The tasks of a split, by the base's lines.
fn tasks(split: &str) -> Vec<String> {
    let is_of_split = |line: &&Line| line.model == "base" && line.split == split;
    lines().iter().filter(is_of_split).map(Line::task).collect()
}

fn write_dir(from: &Dir<'_>, to: &Path) -> Result<(), String> {
    for entry in from.entries() {
        match entry {
            DirEntry::Dir(dir) => write_dir(dir, to)?,
            DirEntry::File(file) => {
                let path = to.join(file.path());
                let there = files::read(&path, file.contents().len() as u64)
                    .is_ok_and(|bytes| bytes == file.contents());
                if !there {
                    write_whole(&path, file.contents())?;
                }
            }
        }
    }
    Ok(())
}
