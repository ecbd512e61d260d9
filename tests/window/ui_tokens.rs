//! The tokens of a merge and of a pair: listed, searched, and chosen in the recipe.

use std::path::{Path, PathBuf};

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers, OutputCommand};
use egui_kittest::kittest::Queryable;
use kinfolk::study::{Command, ModelId, Selection};
use kinfolk::ui::prefs::Prefs;

use crate::harness::{
    Window, bench, click, click_named, command, doc, opened, says, settle, type_text,
};

/// A model of the set of tokens.
fn model(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tokens/models/fir");
    root.join(name)
}

/// A study of two models whose tokens differ, in a window of this size.
fn window(home: &Path, size: [f32; 2]) -> Window {
    let models = ["a", "b"].iter().enumerate().map(|(id, name)| {
        let path = serde_json::to_string(&model(name)).unwrap();
        format!(r#"{{"id": {id}, "name": "{name}", "path": {path}}}"#)
    });
    let models = models.collect::<Vec<_>>().join(", ");
    let study = home.join("s.kinfolk.json");
    let text =
        format!(r#"{{"kinfolk": "study", "version": 1, "name": "s", "models": [{models}]}}"#);
    std::fs::write(&study, text).unwrap();
    let mut window = opened(size, bench(home), Prefs::default(), vec![], vec![study]);
    settle(&mut window);
    window
}

/// The tokens of a half-way merge of both.
fn merge(home: &Path) -> Window {
    let mut window = window(home, [1280.0, 800.0]);
    let recipe = home.join("half.yaml");
    let text = format!(
        "merge_method: linear\nmodels:\n- model: {}\n  parameters: {{weight: 0.5}}\n\
         - model: {}\n  parameters: {{weight: 0.5}}\n\
         kinfolk: {{truncate_embeddings: true}}\n",
        model("a").display(),
        model("b").display()
    );
    std::fs::write(&recipe, text).unwrap();
    window.state_mut().workbench_mut().open_recipe(&recipe);
    settle(&mut window);
    window.key_press_modifiers(Modifiers::COMMAND, Key::Num5);
    settle(&mut window);
    tab(&mut window);
    window
}

/// The page of the tokens; other words on screen are the same.
fn tab(window: &mut Window) {
    window
        .get_by_role_and_label(Role::RadioButton, "Tokens")
        .click();
    window.run_steps(3);
    settle(window);
}

fn press(window: &mut Window, label: &str) {
    click(window, label);
    settle(window);
}

fn choose(window: &mut Window, list: &str, option: &str) {
    click(window, list);
    press(window, option);
}

/// What comes on the clipboard within some frames.
fn copied(window: &mut Window) -> String {
    for _ in 0..6 {
        window.step();
        let commands = &window.output().platform_output.commands;
        let text = commands.iter().find_map(|own| match own {
            OutputCommand::CopyText(text) => Some(text.clone()),
            _ => None,
        });
        if let Some(text) = text {
            return text;
        }
    }
    panic!("nothing was copied");
}

fn text(window: &Window) -> String {
    doc(window).shown_draft().unwrap().sheet.text.clone()
}

#[test]
fn the_source_of_the_tokens_is_chosen_and_taken_back() {
    let home = tempfile::tempdir().unwrap();
    let mut window = merge(home.path());
    assert!(says(&window, "belong to other tokens"));
    choose(
        &mut window,
        "Where the child’s tokens come from",
        "All models’ together",
    );
    assert!(
        text(&window).contains("tokenizer_source: union"),
        "{}",
        text(&window)
    );
    assert!(says(&window, " new"), "the child has tokens of b");
    // The same is said beside the child.
    assert!(says(&window, " in "));
    click_named(&mut window, "Undo: ");
    settle(&mut window);
    assert!(!text(&window).contains("tokenizer"), "{}", text(&window));
    choose(
        &mut window,
        "Where the child’s tokens come from",
        "Those of b",
    );
    assert!(
        text(&window).contains("tokenizer_source"),
        "{}",
        text(&window)
    );
    assert!(says(&window, "tokens in"));
}

#[test]
fn rows_are_padded_by_a_control_that_keeps_the_source() {
    let home = tempfile::tempdir().unwrap();
    let mut window = merge(home.path());
    choose(
        &mut window,
        "Where the child’s tokens come from",
        "All models’ together",
    );
    choose(
        &mut window,
        "Padding of the child’s rows",
        "To a multiple of 64",
    );
    let own = text(&window);
    assert!(
        own.contains("pad_to_multiple_of: 64") && own.contains("source: union"),
        "{own}"
    );
    assert!(says(&window, "rows that fill up"));
    choose(&mut window, "Padding of the child’s rows", "None");
    assert!(text(&window).contains("tokenizer_source: union"));
}

#[test]
fn tokens_are_filtered_searched_and_copied() {
    let home = tempfile::tempdir().unwrap();
    let mut window = merge(home.path());
    choose(
        &mut window,
        "Where the child’s tokens come from",
        "All models’ together",
    );
    click(&mut window, "Which tokens");
    click_named(&mut window, "New in the child (");
    settle(&mut window);
    window.get_by_label("Copy as table").click();
    let copied = copied(&mut window);
    let lines: Vec<&str> = copied.lines().collect();
    assert!(lines[0].starts_with("Token\tChild\t"), "{}", lines[0]);
    // Every new token has no number in a, and takes its row from b.
    assert!(lines.len() > 10);
    for line in &lines[1..] {
        let cells: Vec<&str> = line.split('\t').collect();
        assert!(
            cells[2].starts_with("from b ") && cells[3].parse::<u32>().is_ok(),
            "{line}"
        );
    }
    window.get_by_label("Search tokens").focus();
    window.run_steps(2);
    type_text(&mut window, "no such token");
    assert!(says(&window, "No token has this in it"));
}

#[test]
fn a_slider_makes_no_new_list() {
    let home = tempfile::tempdir().unwrap();
    let mut window = merge(home.path());
    let page = |window: &Window| {
        let bench = window.state().workbench();
        let (listed, is_new) = bench.tokens().unwrap();
        (std::sync::Arc::as_ptr(listed.as_ref().unwrap()), is_new)
    };
    let before = page(&window);
    assert!(before.1);
    let bench = window.state_mut().workbench_mut();
    let draft = bench.study().doc().shown_draft().unwrap().clone();
    let mut composition = bench.composition(&draft).unwrap();
    let half = kinfolk::merge::recipe::Setting::Value(kinfolk::merge::recipe::Value::Number(0.3));
    let place = kinfolk::merge::composition::Place::Model(0);
    composition.set(0, place, "weight", Some(half));
    bench.write_draft(draft.id, &composition, "Set weight", None);
    settle(&mut window);
    assert!(text(&window).contains("0.3"));
    assert_eq!(page(&window), before);
}

#[test]
fn two_models_are_compared_by_their_tokens() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), [1600.0, 1000.0]);
    let pair = Selection::Models(vec![ModelId(0), ModelId(1)]);
    let bench = window.state_mut().workbench_mut();
    bench.apply(Command::Select(pair));
    settle(&mut window);
    command(&mut window, "Compare a and b tensor by tensor");
    settle(&mut window);
    tab(&mut window);
    window.get_by_label("Sort by a");
    window.get_by_label("Sort by b");
    assert!(says(&window, "eos of b"));
    press(&mut window, "Close the comparison");
    assert!(window.state().workbench().tokens_shown().is_none());
}
