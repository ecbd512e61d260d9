//! The charts as a user meets them: chosen, changed, read, touched, taken out. No graphics card.

use std::path::{Path, PathBuf};

use eframe::egui::accesskit::{Role, Toggled};
use eframe::egui::{Modifiers, Pos2, Rect, pos2};
use egui_kittest::kittest::{NodeT, Queryable};
use kinfolk::kinship::Metric;
use kinfolk::stats::SaturationRule;
use kinfolk::study::chart::{ChartChoices, ChartKind, FitLine, Quantity};
use kinfolk::study::{Command, ModelEdit, ModelId, NewModel, Selection};
use kinfolk::ui::action::View;
use kinfolk::ui::prefs::Prefs;

use crate::harness::{WIDE, Window, bench, click, says, settle, window_of};

/// A window on the charts of a study of the record; dialogs answer with `answers`.
fn window(home: &Path, key: Option<&str>, answers: Vec<Vec<PathBuf>>) -> Window {
    let mut bench = bench(home);
    match key {
        Some(key) => bench.open_bundled(key),
        None => bench.new_study(),
    }
    bench.wait(|_| {});
    let prefs = Prefs {
        view: View::Charts,
        ..Prefs::default()
    };
    let mut window = window_of(WIDE, bench, prefs, answers);
    window.run_steps(6);
    window
}

/// Another view, by the rail.
fn go(window: &mut Window, view: &str) {
    window.get_by_role_and_label(Role::Button, view).click();
    window.run_steps(4);
}

fn choose(window: &mut Window, name: &str, option: &str) {
    window.get_by_role_and_label(Role::ComboBox, name).click();
    window.run_steps(4);
    window.get_by_label_contains(option).click();
    window.run_steps(4);
}

fn choices(window: &Window) -> ChartChoices {
    let doc = window.state().workbench().study().doc();
    doc.view.charts.clone()
}

fn selected(window: &Window) -> Vec<String> {
    let study = window.state().workbench().study();
    let names = study.selection().models().into_iter();
    names.map(|id| study.doc().name_of(id).to_owned()).collect()
}

/// The place of the first plot whose label begins with `title`.
fn plot(window: &Window, title: &str) -> Rect {
    let nodes = window.query_all_by_role(Role::Image);
    let found = nodes.into_iter().find(|node| {
        let label = node.accesskit_node().label();
        label.is_some_and(|label| label.starts_with(title))
    });
    found.expect("no plot has this title").rect()
}

fn drag(window: &mut Window, from: Pos2, to: Pos2) {
    window.hover_at(from);
    window.step();
    window.drag_at(from);
    window.step();
    window.hover_at(from.lerp(to, 0.5));
    window.step();
    window.hover_at(to);
    window.step();
    window.drop_at(to);
    window.run_steps(3);
}

fn figure_title(kind: ChartKind, window: &Window) -> bool {
    choices(window).kind == kind
}

#[test]
fn every_chart_is_one_click_in_the_list_and_saved_with_the_study() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some("community"), vec![]);
    for (label, kind) in [
        ("Stagnation", ChartKind::Stagnation),
        ("Merge gain", ChartKind::Gains),
        ("Kinship matrix", ChartKind::Matrix),
        ("Runs compared", ChartKind::Runs),
        ("Figure 2", ChartKind::Paper(2)),
        ("Figure 8", ChartKind::Paper(8)),
        ("Scatter", ChartKind::Scatter),
    ] {
        window.get_by_role_and_label(Role::Button, label).click();
        window.run_steps(6);
        assert!(figure_title(kind, &window), "{label}");
        // `run` panics if the window still wants a frame after its steps.
        window.run();
    }
    let undo = window.state().workbench().study().history().undo_title();
    assert_eq!(undo, None);
}

#[test]
fn the_axes_offer_what_the_study_has_with_its_count() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some("community"), vec![]);
    choose(&mut window, "Y axis", "Average score (");
    assert_eq!(choices(&window).y, Quantity::Average);
    choose(&mut window, "X axis", "Kinship (cosine) (");
    assert_eq!(choices(&window).x, Quantity::Kinship(Metric::COSINE));
    choose(&mut window, "Line", "Robust");
    assert_eq!(choices(&window).line, FitLine::Robust);
    assert!(
        window
            .query_by_role_and_label(Role::ComboBox, "Band")
            .is_none()
    );
    let offered = window.get_by_role_and_label(Role::ComboBox, "X axis");
    offered.click();
    window.run_steps(4);
    // The community's record has no task of its own that could be offered.
    assert!(!says(&window, "ARC ("));
}

#[test]
fn runs_are_put_in_and_out() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some("experiment"), vec![]);
    assert_eq!(choices(&window).runs, ["Greedy", "With kinship", "Random"]);
    window.get_by_label_contains("Runs: ").click();
    window.run_steps(4);
    window
        .get_by_role_and_label(Role::CheckBox, "Random")
        .click();
    window.run_steps(4);
    assert_eq!(choices(&window).runs, ["Greedy", "With kinship"]);
}

#[test]
fn the_rule_of_saturation_is_changed_and_reset() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some("community"), vec![]);
    let changed = SaturationRule {
        tau: 0.5,
        ..SaturationRule::default()
    };
    click(&mut window, "Stagnation");
    click(&mut window, "Saturation rule");
    let limit = window.get_by_role_and_label(Role::SpinButton, "Kinship limit τ");
    limit.click();
    window.run_steps(3);
    window.key_press_modifiers(Modifiers::COMMAND, eframe::egui::Key::A);
    window.run_steps(2);
    let text = eframe::egui::Event::Text("0.5".to_owned());
    window.input_mut().events.push(text);
    window.run_steps(2);
    window.key_press(eframe::egui::Key::Enter);
    window.run_steps(3);
    assert_eq!(choices(&window).saturation, changed);
    click(&mut window, "Reset to defaults");
    assert_eq!(choices(&window).saturation, SaturationRule::default());
}

#[test]
fn a_row_of_the_table_selects_the_model_in_every_view() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some("community"), vec![]);
    click(&mut window, "Table");
    window
        .get_all_by_label_contains("YamShadow-7B, Path")
        .next()
        .unwrap()
        .click();
    window.run_steps(4);
    assert_eq!(selected(&window), ["YamShadow-7B"]);
    // The inspector tells of it, and the table of models has it marked.
    assert!(says(&window, "YamShadow-7B"));
    go(&mut window, "Models");
    let box_of = window.get_by_role_and_label(Role::CheckBox, "Select YamShadow-7B");
    assert_eq!(box_of.accesskit_node().toggled(), Some(Toggled::True));
}

#[test]
fn what_is_selected_elsewhere_is_marked_in_the_table() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some("community"), vec![]);
    click(&mut window, "Table");
    let marked = |window: &Window| {
        let rows = window.query_all_by_label_contains("distilabeled-Marcoro14-7B-slerp, Path");
        let is_marked = |node: &egui_kittest::Node<'_>| {
            node.accesskit_node().toggled() == Some(Toggled::True)
                || node.accesskit_node().is_selected() == Some(true)
        };
        rows.into_iter().filter(is_marked).count()
    };
    assert_eq!(marked(&window), 0);
    go(&mut window, "Models");
    click(&mut window, "Select distilabeled-Marcoro14-7B-slerp");
    assert_eq!(selected(&window), ["distilabeled-Marcoro14-7B-slerp"]);
    go(&mut window, "Charts");
    assert!(marked(&window) > 0);
}

#[test]
fn a_box_selects_what_is_inside_and_an_empty_box_nothing() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some("community"), vec![]);
    let rect = plot(&window, "");
    drag(
        &mut window,
        rect.min + rect.size() * 0.01,
        rect.max - rect.size() * 0.01,
    );
    let all = selected(&window).len();
    assert!(all > 10, "{all}");
    drag(&mut window, rect.min + rect.size() * 0.01, rect.center());
    let some = selected(&window).len();
    assert!(some > 0 && some < all, "{some} of {all}");
    // No point lies in the very corner.
    let corner = rect.min + rect.size() * 0.002;
    drag(&mut window, corner, corner + rect.size() * 0.02);
    assert_eq!(selected(&window).len(), 0);
}

#[test]
fn a_point_is_found_under_the_pointer_and_clicked() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some("community"), vec![]);
    let rect = plot(&window, "");
    // Rows of clicks over the plot meet a point somewhere.
    let places = (1..40).flat_map(|k| (1..30).map(move |j| (k as f32 / 40.0, j as f32 / 30.0)));
    for (x, y) in places {
        let at = pos2(
            rect.left() + rect.width() * x,
            rect.top() + rect.height() * y,
        );
        window.hover_at(at);
        window.drag_at(at);
        window.drop_at(at);
        window.step();
        if !selected(&window).is_empty() {
            break;
        }
    }
    window.step();
    assert_eq!(selected(&window).len(), 1);
}

#[test]
fn a_figure_is_saved_as_drawing_picture_and_table() {
    let home = tempfile::tempdir().unwrap();
    let file = |name: &str| home.path().join(name);
    let answers = ["a.svg", "a.png", "a.csv"].map(|name| vec![file(name)]);
    let mut window = window(home.path(), Some("community"), answers.to_vec());
    for words in ["Save as SVG…", "Save as PNG…", "Save as CSV…"] {
        click(&mut window, "Save as…");
        click(&mut window, words);
        settle(&mut window);
    }
    let svg = std::fs::read_to_string(file("a.svg")).unwrap();
    assert!(
        svg.starts_with("<svg") || svg.starts_with("<?xml"),
        "{}",
        &svg[..60]
    );
    let png = image::open(file("a.png")).unwrap();
    assert!(png.width() > 1500);
    let csv = std::fs::read_to_string(file("a.csv")).unwrap();
    assert!(csv.contains("YamShadow-7B"));
}

#[test]
fn picture_and_table_are_copied() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some("community"), vec![]);
    click(&mut window, "Copy table");
    assert!(says(&window, "Chart table copied"));
    click(&mut window, "Copy picture");
    settle(&mut window);
    assert!(says(&window, "Chart picture copied"));
}

#[test]
fn the_palette_knows_the_charts_while_they_are_shown() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some("community"), vec![]);
    window.key_press_modifiers(Modifiers::COMMAND, eframe::egui::Key::K);
    window.run_steps(3);
    let text = eframe::egui::Event::Text("show figure 7".to_owned());
    window.input_mut().events.push(text);
    window.run_steps(3);
    window.key_press(eframe::egui::Key::Enter);
    window.run_steps(4);
    assert_eq!(choices(&window).kind, ChartKind::Paper(7));
}

#[test]
fn an_empty_study_leads_to_models_and_to_the_record() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), None, vec![]);
    assert!(says(&window, "Nothing is written down yet"));
    // The paper's figures need no study.
    click(&mut window, "Figure 3");
    assert!(!says(&window, "Nothing is written down yet"));
    click(&mut window, "Scatter");
    click(&mut window, "Open the community’s record");
    let name = window.state().workbench().study().doc().name.clone();
    assert_eq!(name, "Two lines of the Open LLM Leaderboard");
}

#[test]
fn models_without_scores_are_told_what_is_missing() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = bench(home.path());
    bench.new_study();
    let long = "a-name-of-ninety-characters-".repeat(4);
    let new = ["中文模型", &long[..90]].map(|name| NewModel {
        name: name.to_owned(),
        ..NewModel::default()
    });
    bench.apply(Command::Model(ModelEdit::Add(new.to_vec())));
    bench.apply(Command::Select(Selection::Models(vec![ModelId(0)])));
    let prefs = Prefs {
        view: View::Charts,
        ..Prefs::default()
    };
    let mut window = window_of([760.0, 520.0], bench, prefs, vec![]);
    window.run_steps(4);
    assert!(!says(&window, "Nothing is written down yet"));
    for label in [
        "Stagnation",
        "Merge gain",
        "Kinship matrix",
        "Change by layer",
        "Runs compared",
    ] {
        click(&mut window, label);
        assert!(
            window
                .get_by_label("Save as…")
                .accesskit_node()
                .is_disabled(),
            "{label}"
        );
        window.run();
    }
}

#[test]
fn a_point_that_is_named_by_its_value_selects_its_model() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some("experiment"), vec![]);
    click(&mut window, "Figure 5");
    click(&mut window, "Table");
    // The tree calls model-3-3 by its short name.
    let row = window.get_by_label_contains("2-exp, Family tree");
    row.click_accesskit();
    window.run_steps(4);
    assert_eq!(selected(&window), ["model-2-exp"]);
}

#[test]
fn the_change_by_layer_of_models_without_files_asks_for_files() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some("community"), vec![]);
    click(&mut window, "Change by layer");
    assert!(says(&window, "known by name alone"));
    assert!(window.query_by_label("Go to kinship").is_none());
    assert!(says(&window, "Add models…"));
}

#[test]
fn a_matrix_has_no_lasso() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), Some("community"), vec![]);
    assert!(says(&window, "Lasso"));
    click(&mut window, "Figure 7");
    assert!(!says(&window, "Lasso"));
}
