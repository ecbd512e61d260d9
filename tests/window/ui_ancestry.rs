//! The ancestry of a model in the whole window: asked for by label, looked at closer, taken into
//! the record and back.

use std::path::PathBuf;

use eframe::egui::accesskit::Role;
use egui_kittest::kittest::Queryable;
use kinfolk::study::{Command, ModelEdit, ModelId, Selection};

use crate::harness::{Window, click, command, doc, says, settle, window};

/// The demo in a window, with one model of it selected; dialogs give `answers`.
fn demo(home: &std::path::Path, name: &str, answers: Vec<Vec<PathBuf>>) -> (Window, ModelId) {
    let mut window = window(home, answers);
    let bench = window.state_mut().workbench_mut();
    bench.open_demo();
    settle(&mut window);
    let id = id_of(&window, name);
    let bench = window.state_mut().workbench_mut();
    bench.apply(Command::Select(Selection::Models(vec![id])));
    window.run_steps(3);
    (window, id)
}

fn id_of(window: &Window, name: &str) -> ModelId {
    let models = &doc(window).models;
    models.iter().find(|m| m.name == name).unwrap().id
}

#[test]
fn a_closer_look_names_the_parent_and_the_record_takes_it() {
    let home = tempfile::tempdir().unwrap();
    let csv = home.path().join("ancestry.csv");
    let (mut window, ledger) = demo(home.path(), "ledger", vec![vec![csv.clone()]]);
    let arith = id_of(&window, "arith");
    let forget = Command::Model(ModelEdit::SetParents(ledger, Vec::new()));
    window.state_mut().workbench_mut().apply(forget);
    window.run_steps(3);
    command(&mut window, "Ancestry of ledger");
    assert!(says(&window, "Ancestry of ledger"));
    // The sums alone do not decide, so nothing can be recorded yet.
    assert!(!says(&window, "Record as"));
    click(&mut window, "Look closer");
    settle(&mut window);
    assert!(says(&window, "continues arith"));
    assert!(!says(&window, "Look closer"));
    click(&mut window, "By kind");
    click(&mut window, "Over the layers");
    click(&mut window, "Save CSV…");
    settle(&mut window);
    let table = std::fs::read_to_string(&csv).unwrap();
    assert!(table.starts_with("tensors,arith,residual\n"), "{table}");
    assert!(table.lines().count() > 5, "{table}");
    click(&mut window, "Record as its parent");
    assert_eq!(doc(&window).model(ledger).unwrap().parents, [arith]);
    assert!(says(&window, "These parents are in the record"));
    click(&mut window, "Close the ancestry");
    assert!(!says(&window, "Ancestry of ledger"));
    window.state_mut().workbench_mut().apply(Command::Undo);
    assert!(doc(&window).model(ledger).unwrap().parents.is_empty());
}

#[test]
fn candidates_can_be_left_out_and_descendants_are_none() {
    let home = tempfile::tempdir().unwrap();
    let (mut window, _) = demo(home.path(), "arith", Vec::new());
    command(&mut window, "Ancestry of arith");
    // Abacus and ledger descend from it.
    assert!(says(&window, "Candidates: 4 of 4"));
    let fold = window.get_all_by_label("Candidates").next();
    fold.unwrap().click();
    window.run_steps(3);
    let mirror = window.get_by_role_and_label(Role::CheckBox, "mirror");
    mirror.click();
    window.run_steps(3);
    assert!(says(&window, "Candidates: 3 of 4"));
    click(&mut window, "Shares may be negative");
    click(&mut window, "Look closer");
    settle(&mut window);
    assert!(says(&window, "None of the candidates explains arith"));
    assert!(!says(&window, "Record as"));
}
