//! Another model's tokenizer for a model, in the whole window: found by label, clicked, written.

use std::path::{Path, PathBuf};

use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use kinfolk::study::{Command, ModelId, Selection};
use kinfolk::ui::prefs::Prefs;

use crate::harness::{Window, bench, click, command, doc, opened, press, says, settle, type_text};

fn tokens() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tokens/models/fir")
}

/// A study of these models of the family, in a window at rest; the first is selected.
fn window(home: &Path, names: &[&str], answers: Vec<Vec<PathBuf>>) -> Window {
    let listed: Vec<String> = (names.iter().enumerate())
        .map(|(id, name)| {
            let path = serde_json::to_string(&tokens().join(name)).unwrap();
            format!(r#"{{"id": {id}, "name": "{name}", "path": {path}}}"#)
        })
        .collect();
    let models = listed.join(", ");
    let text =
        format!(r#"{{"kinfolk": "study", "version": 1, "name": "s", "models": [{models}]}}"#);
    let path = home.join("s.kinfolk.json");
    std::fs::write(&path, text).unwrap();
    let size = [1280.0, 800.0];
    let mut window = opened(size, bench(home), Prefs::default(), answers, vec![path]);
    settle(&mut window);
    let select = Command::Select(Selection::Models(vec![ModelId(0)]));
    window.state_mut().workbench_mut().apply(select);
    settle(&mut window);
    window
}

fn open(window: &mut Window) {
    command(window, "Transplant a tokenizer to a");
    settle(window);
}

#[test]
fn tokens_are_counted_before_and_rows_explained_after() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("made");
    let mut window = window(home.path(), &["a", "b"], vec![vec![out.clone()]]);
    open(&mut window);
    click(&mut window, "Shared tokens that make a new row");
    press(&mut window, Modifiers::COMMAND, Key::A);
    type_text(&mut window, "8");
    press(&mut window, Modifiers::NONE, Key::Enter);
    settle(&mut window);
    window.get_by_label("109 tokens in 109 rows");
    assert!(!says(&window, "explained"));
    click(&mut window, "Write…");
    settle(&mut window);
    window.get_by_label("It is written, and in the study");
    window.get_by_label("Embedding: tokens explained worst");
    assert!(out.join("tokenizer.json").exists());
    let made = doc(&window).models.last().unwrap().clone();
    assert_eq!(made.name, "made");
    assert_eq!(made.parents, [ModelId(0)]);
    let note = "With the tokenizer of b: 74 of 109 rows made by matching pursuit";
    assert_eq!(made.note, note);
    click(&mut window, "Close");
    assert!(!says(&window, "It is written"));
    // What has ended is not shown again.
    window
        .state_mut()
        .workbench_mut()
        .apply(Command::Select(Selection::Models(vec![ModelId(0)])));
    open(&mut window);
    window.get_by_label("Write…");
}

#[test]
fn a_failure_stays_in_the_window_and_another_folder_may_be_tried() {
    let home = tempfile::tempdir().unwrap();
    let (taken, free) = (home.path().join("taken"), home.path().join("free"));
    std::fs::create_dir(&taken).unwrap();
    std::fs::write(taken.join("x"), "x").unwrap();
    let answers = vec![vec![taken], vec![free.clone()]];
    let mut window = window(home.path(), &["a", "b"], answers);
    open(&mut window);
    click(&mut window, "How new rows are made");
    click(&mut window, "Zeros");
    settle(&mut window);
    click(&mut window, "Write…");
    settle(&mut window);
    assert!(says(&window, "There is something already"));
    click(&mut window, "Write…");
    settle(&mut window);
    window.get_by_label("It is written, and in the study");
    assert!(free.join("model.safetensors").exists());
}

#[test]
fn what_stands_in_the_way_is_said_and_nothing_can_be_written() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), &["a", "b"], vec![]);
    open(&mut window);
    assert!(says(&window, "from 1 to 35"));
    assert!(window.get_by_label("Write…").accesskit_node().is_disabled());
    click(&mut window, "Cancel");
    assert!(!says(&window, "from 1 to 35"));
}

#[test]
fn a_model_alone_has_nobody_to_take_a_tokenizer_from() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), &["a", "lora"], vec![]);
    press(&mut window, Modifiers::COMMAND, Key::K);
    type_text(&mut window, "Transplant");
    let entry = window.get_by_label_contains("Transplant a tokenizer to a");
    assert!(entry.accesskit_node().is_disabled());
}
