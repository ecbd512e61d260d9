//! The merge view around its canvas, in the whole window: found by label, clicked, typed into.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use eframe::egui::accesskit::Role;
use eframe::egui::{DroppedFile, Key, Modifiers, ViewportEvent};
use egui_kittest::kittest::{NodeT, Queryable};
use kinfolk::kinship::Metric;
use kinfolk::merge::composition::Place;
use kinfolk::merge::recipe::{Setting, Value};
use kinfolk::study::{Draft, Model};
use kinfolk::ui::prefs::Prefs;
use kinfolk::workbench::merging::MergeState;

use crate::harness::{
    WIDE, Window, bench, click, click_named, press, says, settle, type_text, window_of,
};

fn window(home: &Path, size: [f32; 2], answers: Vec<Vec<PathBuf>>) -> Window {
    window_of(size, bench(home), Prefs::default(), answers)
}

/// The demo, measured, in the merge view.
fn demo(home: &Path, answers: Vec<Vec<PathBuf>>) -> Window {
    let mut window = window(home, WIDE, answers);
    click(&mut window, "Explore the demo");
    settle(&mut window);
    press(&mut window, Modifiers::COMMAND, Key::Num5);
    window
}

/// The demo with a half-way SLERP of abacus and arith on the canvas.
fn slerp(home: &Path, answers: Vec<Vec<PathBuf>>) -> Window {
    let mut window = demo(home, answers);
    click_template(&mut window, "SLERP of two");
    window
}

fn click_template(window: &mut Window, title: &str) {
    let label = format!("{title}: ");
    window.get_by_label_contains(&label).click();
    window.run_steps(3);
    settle(window);
}

fn draft(window: &Window) -> Draft {
    let doc = window.state().workbench().study().doc();
    doc.shown_draft().unwrap().clone()
}

fn model(window: &Window, name: &str) -> Model {
    let doc = window.state().workbench().study().doc();
    let found = doc.models.iter().find(|m| m.name == name);
    found.unwrap_or_else(|| panic!("no {name}")).clone()
}

/// The value of t, if it is one.
fn t(window: &Window) -> Option<f64> {
    let composition = window.state().workbench().composition(&draft(window))?;
    match composition.setting(0, Place::Merge, "t")? {
        Setting::Value(Value::Number(value)) => Some(*value),
        _ => None,
    }
}

/// Opens the form that asks how and where, and takes the place that a dialog answers.
fn ask_where(window: &mut Window) {
    click(window, "Write merge…");
    settle(window);
    click(window, "Choose where to write…");
    settle(window);
}

/// Writes the merge to the place that a dialog answers.
fn write(window: &mut Window) {
    ask_where(window);
    click(window, "Write");
    settle(window);
}

fn is_disabled(window: &Window, button: &str) -> bool {
    let button = window.get_by_role_and_label(Role::Button, button);
    button.accesskit_node().is_disabled()
}

fn undo(window: &mut Window) {
    click_named(window, "Undo: ");
    settle(window);
}

/// Puts the cursor behind the first line of the text, which is unfolded for it.
fn into_text(window: &mut Window) {
    if window.query_by_label("Recipe text").is_none() {
        click(window, "Recipe as YAML");
    }
    window.get_by_label("Recipe text").focus();
    window.run_steps(2);
    press(window, Modifiers::COMMAND | Modifiers::CTRL, Key::Home);
    press(window, Modifiers::NONE, Key::End);
}

#[derive(Debug)]
struct Dropped(PathBuf);

impl DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }
    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("it has a path".to_owned())
    }
}

#[test]
fn a_template_shows_the_child_at_once() {
    let home = tempfile::tempdir().unwrap();
    let mut window = slerp(home.path(), vec![]);
    window.get_by_label("abacus 0.985");
    window.get_by_label("arith 0.981");
    window.get_by_label("Exact before rounding to BF16");
    window.get_by_label_contains("90 % range: ");
    window.get_by_label("A guess: no merge of this study is known");
    window.get_by_label("What does this mean?").click();
    window.run_steps(3);
    window.get_by_label_contains("learned from the merges of this study, and from no other");
    press(&mut window, Modifiers::NONE, Key::Escape);
    window.run();
}

#[test]
fn models_are_chosen_on_the_start_page() {
    let home = tempfile::tempdir().unwrap();
    let mut window = demo(home.path(), vec![]);
    click(&mut window, "Models to merge: abacus, arith");
    click(&mut window, "arith");
    click(&mut window, "mirror");
    window.get_by_label("Models to merge: abacus, mirror");
    press(&mut window, Modifiers::NONE, Key::Escape);
    click_template(&mut window, "SLERP of two");
    assert_eq!(draft(&window).name, "abacus-mirror");
}

#[test]
fn selected_models_are_composed_by_key_and_by_button() {
    let home = tempfile::tempdir().unwrap();
    let mut window = demo(home.path(), vec![]);
    press(&mut window, Modifiers::COMMAND, Key::Num1);
    click(&mut window, "Select ledger");
    click(&mut window, "Select mirror");
    press(&mut window, Modifiers::COMMAND | Modifiers::SHIFT, Key::M);
    settle(&mut window);
    assert_eq!(draft(&window).name, "ledger-mirror");
    press(&mut window, Modifiers::COMMAND, Key::Num1);
    let buttons = window.get_all_by_role_and_label(Role::Button, "Compose merge");
    buttons.last().unwrap().click();
    window.run_steps(3);
    assert_eq!(window.state().workbench().study().doc().drafts.len(), 2);
}

#[test]
fn a_mistake_is_marked_at_its_line_and_the_child_stays() {
    let home = tempfile::tempdir().unwrap();
    let mut window = slerp(home.path(), vec![]);
    into_text(&mut window);
    press(&mut window, Modifiers::NONE, Key::Backspace);
    settle(&mut window);
    assert!(
        draft(&window)
            .sheet
            .text
            .starts_with("merge_method: sler\n")
    );
    window.get_by_label_contains("Line 1: ");
    window.get_by_label("As it was before the mistake");
    window.get_by_label("abacus 0.985");
    click(&mut window, "Replace by slerp");
    settle(&mut window);
    assert!(
        draft(&window)
            .sheet
            .text
            .starts_with("merge_method: slerp\n")
    );
    assert!(window.query_by_label_contains("Line 1: ").is_none());
    window.get_by_label("Exact before rounding to BF16");
}

#[test]
fn no_gain_is_expected_of_a_child_that_cannot_be_predicted() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), [1280.0, 800.0], vec![]);
    click(&mut window, "Explore the demo");
    settle(&mut window);
    press(&mut window, Modifiers::COMMAND, Key::Num5);
    click_template(&mut window, "Frankenmerge");
    settle(&mut window);
    window.get_by_label("Cannot be predicted");
    window.get_by_label("Not known of a child that cannot be predicted");
    assert!(!says(&window, "90 % range: "));
}

#[test]
fn text_that_is_no_yaml_loses_nothing() {
    let home = tempfile::tempdir().unwrap();
    let mut window = slerp(home.path(), vec![]);
    into_text(&mut window);
    type_text(&mut window, ": [");
    settle(&mut window);
    window.get_by_label_contains("Line 1: ");
    window.get_by_label("abacus 0.985");
    for _ in 0..3 {
        press(&mut window, Modifiers::NONE, Key::Backspace);
    }
    settle(&mut window);
    window.get_by_label("Exact before rounding to BF16");
}

#[test]
fn typing_is_one_step_of_undo_for_each_sitting() {
    let home = tempfile::tempdir().unwrap();
    let mut window = slerp(home.path(), vec![]);
    let before = draft(&window).sheet.text;
    into_text(&mut window);
    type_text(&mut window, " ");
    type_text(&mut window, "#");
    let first = draft(&window).sheet.text;
    window.get_by_label("Name of the merge").focus();
    window.run_steps(2);
    into_text(&mut window);
    type_text(&mut window, "x");
    window.get_by_label("Name of the merge").focus();
    window.run_steps(2);
    undo(&mut window);
    assert_eq!(draft(&window).sheet.text, first);
    undo(&mut window);
    assert_eq!(draft(&window).sheet.text, before);
}

#[test]
fn a_sweep_gives_a_value_to_type_and_to_take() {
    let home = tempfile::tempdir().unwrap();
    let mut window = slerp(home.path(), vec![]);
    window.get_by_label("Parameter to sweep").scroll_to_me();
    window.run_steps(6);
    window.get_by_label("Parameter to sweep").click();
    window.run_steps(3);
    // The canvas has a label of the same word.
    let is_label = |node: &egui_kittest::Node<'_>| node.accesskit_node().role() == Role::Label;
    let mut options = window.get_all_by_label("t").filter(|node| !is_label(node));
    options.next().unwrap().click();
    drop(options);
    window.run_steps(3);
    settle(&mut window);
    assert_eq!(t(&window), Some(0.5));
    window
        .get_by_label("Kinship of the child by t")
        .scroll_to_me();
    window.run_steps(6);
    let plot = window.get_by_label("Kinship of the child by t").rect();
    let at = plot.center() + eframe::egui::vec2(plot.width() * 0.3, 0.0);
    window.hover_at(at);
    window.run_steps(2);
    window.get_by_label_contains("Click to take t = ");
    window.drag_at(at);
    window.drop_at(at);
    window.run_steps(3);
    settle(&mut window);
    let taken = t(&window).unwrap();
    assert!(taken > 0.6, "{taken}");
    undo(&mut window);
    assert_eq!(t(&window), Some(0.5));
    window.get_by_label("Value of t").click();
    window.run_steps(2);
    press(&mut window, Modifiers::COMMAND, Key::A);
    type_text(&mut window, "0.25");
    press(&mut window, Modifiers::NONE, Key::Enter);
    settle(&mut window);
    assert_eq!(t(&window), Some(0.25));
    undo(&mut window);
    assert_eq!(t(&window), Some(0.5));
}

#[test]
fn a_curve_over_depth_is_made_dragged_and_undone() {
    let home = tempfile::tempdir().unwrap();
    let mut window = slerp(home.path(), vec![]);
    window.get_by_label("Parameter to sweep").scroll_to_me();
    window.run_steps(6);
    window.get_by_label("Parameter to sweep").click();
    window.run_steps(3);
    // The canvas has a label of the same word.
    let is_label = |node: &egui_kittest::Node<'_>| node.accesskit_node().role() == Role::Label;
    let mut options = window.get_all_by_label("t").filter(|node| !is_label(node));
    options.next().unwrap().click();
    drop(options);
    window.run_steps(3);
    settle(&mut window);
    window.get_by_label("Edit t over depth").click_accesskit();
    window.run_steps(3);
    click(&mut window, "Curve");
    settle(&mut window);
    let points = |window: &Window| {
        let composition = window
            .state()
            .workbench()
            .composition(&draft(window))
            .unwrap();
        match composition.setting(0, Place::Merge, "t") {
            Some(Setting::Value(Value::Gradient(points))) => points.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(points(&window), [0.5; 5]);
    let plot = window.get_by_label("t over the layers, 5 points").rect();
    // The middle point of five stands in the middle of the layers, half way up.
    let at = plot.center() + eframe::egui::vec2(20.0, -14.0);
    let nearby = (-40..40)
        .map(|dx| at + eframe::egui::vec2(dx as f32, 0.0))
        .find(|&place| {
            window.drag_at(place);
            window.run_steps(2);
            window.drop_at(place - eframe::egui::vec2(0.0, 30.0));
            window.run_steps(2);
            points(&window) != [0.5; 5]
        });
    assert!(nearby.is_some());
    settle(&mut window);
    let dragged = points(&window);
    assert!(dragged[2] > 0.5, "{dragged:?}");
    assert_eq!(dragged[0], 0.5);
    undo(&mut window);
    click(&mut window, "Close the editor over depth");
    assert!(window.query_by_label("Curve").is_none());
}

#[test]
fn a_written_child_is_as_predicted() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("out").join("half way");
    let mut window = slerp(home.path(), vec![vec![out.clone()]]);
    into_text(&mut window);
    press(&mut window, Modifiers::NONE, Key::Enter);
    type_text(&mut window, "dtype: float32");
    settle(&mut window);
    write(&mut window);
    assert!(out.join("config.json").exists());
    let child = model(&window, "half way");
    let parents = ["abacus", "arith"].map(|name| model(&window, name).id);
    assert_eq!(child.parents, parents);
    assert_eq!(child.origin.method, "slerp");
    for parent in parents {
        let predicted = child.origin.predicted.iter().find(|f| f.model == parent);
        let predicted = &predicted.unwrap().kinship;
        let bench = window.state().workbench();
        for (metric, predicted) in [
            (Metric::PEARSON, predicted.get(Metric::PEARSON)),
            (Metric::COSINE, predicted.get(Metric::COSINE)),
            (Metric::EUCLIDEAN, predicted.get(Metric::EUCLIDEAN)),
        ] {
            let measured = bench.kinship_of(child.id, parent, metric).unwrap();
            let off = (measured - predicted.unwrap()).abs() / measured.abs().max(1.0);
            assert!(off < 1e-6, "{metric:?}: {predicted:?}, {measured}");
        }
    }
    window.get_by_label_contains("abacus predicted 0.985");
    window.get_by_label_contains("abacus measured 0.985");
    window.get_by_label("No scores yet");
    click(&mut window, "Show half way in Models");
    window
        .get_by_label("Open its recipe on the canvas")
        .click_accesskit();
    window.run_steps(3);
    assert_eq!(draft(&window).name, "half way");
    assert_eq!(t(&window), Some(0.5));
}

#[test]
fn a_folder_with_a_model_in_it_may_be_replaced() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("out").join("child");
    let mut window = slerp(home.path(), vec![vec![out.clone()], vec![out.clone()]]);
    write(&mut window);
    ask_where(&mut window);
    window.get_by_label_contains("A model that Kinfolk has made lies there");
    click(&mut window, "Replace it");
    settle(&mut window);
    let bench = window.state().workbench();
    let is_done = |state: &MergeState| matches!(state, MergeState::Done { .. });
    assert!(bench.merges().iter().all(|m| is_done(&m.state)));
}

#[test]
fn a_path_that_cannot_be_written_gives_its_reason_and_another_folder() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    std::fs::write(&file, b"in the way").unwrap();
    let good = home.path().join("out").join("good");
    let mut window = slerp(home.path(), vec![vec![file], vec![good.clone()]]);
    ask_where(&mut window);
    let reason = "There is a file where the folder should be";
    assert!(window.query_all_by_label_contains(reason).count() > 0);
    assert!(is_disabled(&window, "Write"));
    click(&mut window, "Choose where to write…");
    settle(&mut window);
    click(&mut window, "Write");
    settle(&mut window);
    assert!(good.join("config.json").exists());
    model(&window, "good");
    click(&mut window, "Clear what is done");
    assert!(window.state().workbench().merges().is_empty());
}

#[test]
fn a_mistake_keeps_the_merge_from_being_written() {
    let home = tempfile::tempdir().unwrap();
    let mut window = slerp(home.path(), vec![]);
    into_text(&mut window);
    press(&mut window, Modifiers::NONE, Key::Backspace);
    settle(&mut window);
    let button = window.get_by_label("Write merge…");
    assert!(button.accesskit_node().is_disabled());
    press(&mut window, Modifiers::COMMAND, Key::Enter);
    assert!(window.state().workbench().merges().is_empty());
}

#[test]
fn a_recipe_is_dropped_on_the_window() {
    let home = tempfile::tempdir().unwrap();
    let recipe = home.path().join("half.yaml");
    let text = "merge_method: linear\nmodels:\n- model: a # one\n";
    std::fs::write(&recipe, text).unwrap();
    let mut window = window(home.path(), WIDE, vec![]);
    let dropped = Arc::new(Dropped(recipe));
    window.input_mut().dropped_files.push(dropped);
    settle(&mut window);
    assert_eq!(draft(&window).name, "half");
    assert_eq!(draft(&window).sheet.text, text);
    window.get_by_label("Name of the merge");
}

#[test]
fn a_narrow_window_folds_the_child_and_brings_it_by_a_button() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), [760.0, 520.0], vec![]);
    click(&mut window, "Explore the demo");
    settle(&mut window);
    press(&mut window, Modifiers::COMMAND, Key::Num5);
    click_template(&mut window, "SLERP of two");
    assert!(!says(&window, "Exact"));
    click(&mut window, "The child's panel");
    window.get_by_label("abacus 0.985");
    window.get_by_label("Write merge…");
    window.run();
}

#[test]
fn closing_asks_while_a_merge_is_written() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("out");
    let mut window = slerp(home.path(), vec![]);
    // Between two frames nothing is drained, so what was put into the queue is still in it.
    for k in 0..3 {
        let bench = window.state_mut().workbench_mut();
        bench.queue_merge(&out.join(format!("child-{k}")), false);
    }
    press_once(&mut window, Modifiers::COMMAND, Key::W);
    assert!(window.state().workbench().is_open());
    window.get_by_label_contains("is being written");
    click(&mut window, "Go on writing");
    settle(&mut window);
    assert!(window.state().workbench().is_open());
    model(&window, "child-2");
}

/// One frame that hears the key, and one that does what it means.
fn press_once(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    window.step();
}

#[test]
fn every_button_of_the_view_has_a_name() {
    let home = tempfile::tempdir().unwrap();
    let mut window = slerp(home.path(), vec![]);
    into_text(&mut window);
    let nameless = window.get_all_by_role(Role::Button).filter(|node| {
        let label = node.accesskit_node().label();
        label.is_none_or(|l| l.trim().is_empty())
    });
    assert_eq!(nameless.count(), 0);
    window
        .input_mut()
        .viewports
        .entry(eframe::egui::ViewportId::ROOT)
        .or_default()
        .events
        .push(ViewportEvent::Close);
    window.step();
    window.run();
}
