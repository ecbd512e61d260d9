//! The window's workbench as a child process: it edits a study for ever, and says what it has
//! saved.
//!
//! It calls the workbench as the window does, which polls it in every frame; the rest of the
//! window has nothing to do with the disk.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use kinfolk::study::{Command, ModelEdit, RecordEdit, StudyDoc};
use kinfolk::workbench::{Folders, NoticeKind, Workbench};

use crate::tools::Result;

/// Nobody waits longer for a worker; if the attacks are killed, it ends by itself.
const LIFE: Duration = Duration::from_secs(60);
/// Every so many edits are left to be saved by themselves; the others are saved at once.
const AUTOSAVED: u64 = 12;
const FRAME: Duration = Duration::from_millis(16);
/// The task whose score counts the edits.
const TASK: &str = "edits";
const NOTE: &str = "edit ";

/// What a line of the worker begins with.
pub const SAVED: &str = "saved ";
pub const REFUSED: &str = "refused: ";
pub const UNSAVED: &str = "unsaved: ";

/// Edits the study until it is killed.
pub fn edit(study: &Path) -> Result<()> {
    let born = Instant::now();
    let mut bench = Workbench::new(Folders::of_user(), || {});
    bench.open_study(study);
    if let Some(sentence) = refusal(&mut bench) {
        return say(&format!("{REFUSED}{sentence}"));
    }
    // What counts would be what evolutions select by.
    bench.apply(Command::Record(RecordEdit::CountTask(
        TASK.to_owned(),
        false,
    )));
    for n in last_edit(bench.study().doc()).saturating_add(1).. {
        if born.elapsed() > LIFE {
            break;
        }
        apply(&mut bench, n);
        if n % AUTOSAVED == 0 {
            await_save(&mut bench);
        } else {
            bench.save_if_changed();
        }
        if bench.save_failed() || bench.wants_poll_in().is_some() {
            let told = bench.take_notices().into_iter();
            let told: Vec<String> = told.map(|n| format!("{} {}", n.title, n.detail)).collect();
            return say(&format!("{UNSAVED}{}", told.join(" / ")));
        }
        say(&format!("{SAVED}{n}"))?;
    }
    Ok(())
}

/// Why the study cannot be edited, if so: it could not be opened, or somebody else has it.
fn refusal(bench: &mut Workbench) -> Option<String> {
    if let Some(owner) = bench.opened_by() {
        return Some(format!(
            "the study is open in another Kinfolk, {}",
            owner.words()
        ));
    }
    let is_open = bench.is_open();
    let told = bench.take_notices().into_iter();
    let sentence = |notice: &kinfolk::workbench::Notice| {
        let text = format!("{} {}", notice.title, notice.detail);
        (!is_open || notice.kind == NoticeKind::Failed || names_an_owner(&text)).then_some(text)
    };
    told.as_ref().iter().find_map(sentence)
}

/// Whether a sentence says that somebody else has the study.
pub fn names_an_owner(sentence: &str) -> bool {
    let sentence = sentence.to_lowercase();
    let words = ["read-only", "read only", "is open in", "in use", "another"];
    words.iter().any(|word| sentence.contains(word))
}

/// A note and a score, which are saved together.
fn apply(bench: &mut Workbench, n: u64) {
    let Some(model) = bench.study().doc().models.first().map(|m| m.id) else {
        return;
    };
    bench.apply(Command::Model(ModelEdit::Note(model, format!("{NOTE}{n}"))));
    let score = vec![(model, TASK.to_owned(), Some(n as f64))];
    bench.apply(Command::Record(RecordEdit::SetScores(score)));
}

fn await_save(bench: &mut Workbench) {
    // Long after the moment at which it saves by itself.
    const MOST: Duration = Duration::from_secs(3);
    let begun = Instant::now();
    while bench.wants_poll_in().is_some() && begun.elapsed() < MOST {
        bench.poll();
        std::thread::sleep(FRAME);
    }
    bench.finish_saving();
}

/// The number of the last edit in a study, 0 for none; `u64::MAX` where note and score differ.
pub fn last_edit(doc: &StudyDoc) -> u64 {
    let Some(model) = doc.models.first() else {
        return 0;
    };
    let note = model.note.strip_prefix(NOTE).and_then(|n| n.parse().ok());
    let score = model.score(TASK).map(|score| score.value as u64);
    match (note, score) {
        (None, None) => 0,
        (Some(note), Some(score)) if note == score => note,
        _ => u64::MAX,
    }
}

fn say(line: &str) -> Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
