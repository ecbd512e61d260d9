//! A mixture of experts in the whole window: opened from a recipe or begun from models, edited,
//! checked and written.

use std::path::{Path, PathBuf};

use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use kinfolk::checkpoint::Checkpoint;
use kinfolk::moe::{GateMode, MoeRecipe};
use kinfolk::study::{Command, ModelId, Selection};
use kinfolk::ui::prefs::Prefs;
use kinfolk::workbench::mixing::MixtureState;

use crate::harness::{
    WIDE, Window, bench, click, click_named, command, doc, opened, press, says, settle, type_text,
};

fn set() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/moe")
}

/// A recipe of two experts below `home`.
fn recipe(home: &Path, gate_mode: &str) -> PathBuf {
    let models = set().join("models/maplet");
    let text = format!(
        "base_model: {0}/base\ngate_mode: {gate_mode}\nexperts:\n- source_model: {0}/e1\n  \
         positive_prompts: [salt]\n- source_model: {0}/base\n  positive_prompts: [soup]\n",
        models.display()
    );
    let path = home.join("pair.yaml");
    std::fs::write(&path, text).unwrap();
    path
}

/// The window of a mixture that was opened from a recipe.
fn window(home: &Path, gate_mode: &str, answers: Vec<Vec<PathBuf>>) -> Window {
    let files = vec![recipe(home, gate_mode)];
    let mut window = opened(WIDE, bench(home), Prefs::default(), answers, files);
    settle(&mut window);
    window
}

fn mixture(window: &Window) -> MoeRecipe {
    let mixture = window.state().workbench().mixture();
    mixture.unwrap().recipe.clone()
}

fn state(window: &Window) -> MixtureState {
    let mixture = window.state().workbench().mixture();
    mixture.unwrap().state.clone()
}

#[test]
fn a_recipe_for_a_mixture_opens_as_one_and_is_written() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("out");
    let mut window = window(home.path(), "cheap_embed", vec![vec![out.clone()]]);
    window.get_by_label("Mixture of experts");
    window.get_by_label("Prompts of Expert 2");
    window.get_by_label("Architecture Mixtral");
    window.get_by_label_contains("Nothing stands in the way");
    click(&mut window, "Write mixture…");
    settle(&mut window);
    assert!(
        matches!(state(&window), MixtureState::Done { .. }),
        "{:?}",
        state(&window)
    );
    assert_eq!(Checkpoint::open(&out).unwrap().tensors().len(), 21);
    // It is a model of the study, with its recipe.
    let child = doc(&window)
        .models
        .iter()
        .find(|m| m.name == "out")
        .unwrap();
    assert!(child.origin.recipe.contains("cheap_embed"));
    // Over what was written, only when that is said.
    click(&mut window, "Show in Models");
    command(&mut window, "Show the mixture");
    window
        .state_mut()
        .workbench_mut()
        .write_mixture(&out, false);
    settle(&mut window);
    assert_eq!(state(&window), MixtureState::InTheWay(out.clone()));
    click(&mut window, "Replace the model there");
    settle(&mut window);
    let ended = state(&window);
    assert!(matches!(ended, MixtureState::Done { .. }), "{ended:?}");
}

#[test]
fn prompts_are_typed_and_checked_as_they_change() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), "cheap_embed", vec![]);
    window.get_by_label("Prompts of Expert 2").focus();
    window.run_steps(2);
    press(&mut window, Modifiers::COMMAND, Key::A);
    type_text(&mut window, "salt");
    settle(&mut window);
    assert_eq!(mixture(&window).experts[1].positive_prompts, ["salt"]);
    assert!(says(&window, "experts have the same prompts"));
    press(&mut window, Modifiers::NONE, Key::Enter);
    type_text(&mut window, "bread");
    settle(&mut window);
    assert_eq!(
        mixture(&window).experts[1].positive_prompts,
        ["salt", "bread"]
    );
    assert!(says(&window, "Nothing stands in the way"));
    click(&mut window, "Take out Expert 2");
    settle(&mut window);
    assert!(says(&window, "one expert alone"));
    click(&mut window, "It is trained afterwards");
    settle(&mut window);
    assert!(says(&window, "Nothing stands in the way"));
}

#[test]
fn a_mixture_is_begun_from_the_selected_models() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), "cheap_embed", vec![]);
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(!says(&window, "Prompts of Expert 1"));
    let models = set().join("models/maplet");
    let paths = vec![models.join("base"), models.join("e1")];
    window.state_mut().workbench_mut().add_paths(paths);
    settle(&mut window);
    let both = Selection::Models(vec![ModelId(0), ModelId(1)]);
    let bench = window.state_mut().workbench_mut();
    bench.apply(Command::Select(both));
    command(&mut window, "New mixture of experts");
    settle(&mut window);
    let begun = mixture(&window);
    assert!(!begun.experts.is_empty());
    assert_eq!(begun.gate_mode, GateMode::Hidden);
    assert!(says(&window, "the expert has no `positive_prompts`"));
    click_named(&mut window, "Add an expert");
    settle(&mut window);
    assert!(says(&window, "choose a model for each expert"));
    click_named(&mut window, "Close the mixture");
    assert!(!says(&window, "Prompts of Expert 1"));
}

#[test]
fn a_recipe_with_a_mistake_is_told_with_its_line() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("broken.yaml");
    std::fs::write(&path, "base_model: a\ngate_mode: hiden\nexperts: []\n").unwrap();
    let mut window = opened(
        WIDE,
        bench(home.path()),
        Prefs::default(),
        vec![],
        vec![path],
    );
    settle(&mut window);
    assert!(says(&window, "there is no gate mode `hiden`"));
    assert!(window.state().workbench().mixture().is_none());
}
