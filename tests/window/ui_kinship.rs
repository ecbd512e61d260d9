//! The kinship view, driven by its labels: what it shows, what it asks for, and what stands in
//! it when there is nothing to show.

mod exports;
mod inspector;
mod pointer;
mod states;

use std::path::Path;

use eframe::egui::accesskit::Role;
use eframe::egui::{Modifiers, Ui, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use kinfolk::kinship::Metric;
use kinfolk::study::{BaseRef, Command, ModelEdit, ModelId, NewModel, Order, Selection, ViewEdit};
use kinfolk::ui::action::{Action, Export, ModelsAction, View};
use kinfolk::ui::inspector::pair::pair_ui;
use kinfolk::ui::theme;
use kinfolk::ui::views::KinshipView;
use kinfolk::workbench::{Folders, Workbench};

use crate::common::{Part, f32_part, write_safetensors};

/// The view with its workbench; what it asks of the study is done, the rest is kept.
struct Stage {
    bench: Workbench,
    view: KinshipView,
    asked: Vec<Action>,
    _dir: tempfile::TempDir,
}

type Window = Harness<'static, Stage>;

fn window(dir: tempfile::TempDir, bench: Workbench) -> Window {
    let stage = Stage {
        bench,
        view: KinshipView::default(),
        asked: Vec::new(),
        _dir: dir,
    };
    styled(vec2(1100.0, 800.0), stage, |ui, stage: &mut Stage| {
        let mut out = Vec::new();
        stage.view.ui(ui, &stage.bench, &mut out);
        for action in out {
            match action {
                Action::Study(command) => stage.bench.apply(command),
                other => stage.asked.push(other),
            }
        }
    })
}

/// A window in our style, which has settled.
fn styled<S: 'static>(
    size: Vec2,
    state: S,
    mut content: impl FnMut(&mut Ui, &mut S) + 'static,
) -> Harness<'static, S> {
    let mut is_styled = false;
    let mut harness = Harness::builder()
        .with_size(size)
        .with_max_steps(12)
        .build_ui_state(
            move |ui, state: &mut S| {
                if is_styled {
                    content(ui, state);
                } else {
                    theme::apply(ui.ctx());
                    ui.ctx().request_repaint();
                    is_styled = true;
                }
            },
            state,
        );
    harness.run();
    harness
}

fn bench() -> (tempfile::TempDir, Workbench) {
    let dir = tempfile::tempdir().unwrap();
    let bench = Workbench::new(Folders::below(dir.path()), || {});
    (dir, bench)
}

fn demo() -> Window {
    let (dir, mut bench) = bench();
    bench.open_demo();
    bench.wait(|_| {});
    window(dir, bench)
}

/// A study of models with one layer; the first is the base. Each has one weight and one norm.
fn family(models: &[(&str, [f32; 4])]) -> (tempfile::TempDir, Workbench) {
    let (dir, mut bench) = bench();
    let mut new = Vec::new();
    for (k, (name, values)) in models.iter().enumerate() {
        let folder = dir.path().join(format!("model-{k}"));
        write_model(&folder, &layer(values));
        new.push(NewModel {
            name: (*name).to_owned(),
            path: Some(folder),
            base: (k > 0).then_some(BaseRef::Added(0)),
        });
    }
    bench.new_study();
    bench.apply(Command::Model(ModelEdit::Add(new)));
    bench.apply(Command::Select(Selection::Nothing));
    bench.wait(|_| {});
    (dir, bench)
}

fn layer(values: &[f32; 4]) -> Vec<Part<'static>> {
    vec![
        f32_part("model.layers.0.self_attn.q_proj.weight", &[2, 2], values),
        f32_part("model.layers.0.mlp.up_proj.weight", &[4], values),
    ]
}

fn write_model(folder: &Path, parts: &[Part<'_>]) {
    std::fs::create_dir_all(folder).unwrap();
    let path = folder.join("model.safetensors");
    // A new file, not new content: the old one may still be mapped.
    if path.exists() {
        std::fs::remove_file(&path).unwrap();
    }
    write_safetensors(&path, parts);
}

fn base_of(bench: &Workbench) -> ModelId {
    bench.study().doc().shown_base().unwrap()
}

fn measured(models: &[(&str, [f32; 4])]) -> Window {
    let (dir, mut bench) = family(models);
    bench.measure(base_of(&bench), false);
    bench.wait(|_| {});
    window(dir, bench)
}

const BASE: (&str, [f32; 4]) = ("base", [0.0; 4]);
const ONE: (&str, [f32; 4]) = ("one", [3.0, 0.0, 1.0, 0.0]);
const TWO: (&str, [f32; 4]) = ("two", [0.0, 2.0, 1.0, 1.0]);

fn click(window: &mut Window, label: &str) {
    window.get_by_label(label).click();
    window.run();
}

fn choose(window: &mut Window, name: &str, option: &str) {
    window.get_by_role_and_label(Role::ComboBox, name).click();
    window.run();
    window.get_by_role_and_label(Role::Button, option).click();
    window.run();
}

fn sentence(window: &Window, text: &str) {
    assert!(
        window.query_all_by_label_contains(text).next().is_some(),
        "nothing says: {text}"
    );
}

fn select(window: &mut Window, selection: Selection) {
    let bench = &mut window.state_mut().bench;
    bench.apply(Command::Select(selection));
    window.run();
}

#[test]
fn the_demo_appears_with_its_numbers_and_a_caption() {
    let window = demo();
    window.get_by_label("abacus × mirror 0.113");
    window.get_by_label("sorter × tally 0.317");
    sentence(
        &window,
        "7 models, 3.9 directions, mean kinship 0.206, 739 k parameters, Pearson over the whole model",
    );
    sentence(&window, "Select two models to see where they differ");
}

#[test]
fn a_cell_selects_its_pair_and_shows_where_it_differs() {
    let mut window = demo();
    click(&mut window, "abacus × mirror 0.113");
    let doc = window.state().bench.study();
    let names = doc.selection().models().into_iter();
    let names: Vec<&str> = names.map(|id| doc.doc().name_of(id)).collect();
    assert_eq!(names, ["abacus", "mirror"]);
    window.get_by_label("Pearson by Layer: attention, MLP, norm");
    sentence(&window, "Pearson 0.113");
    sentence(&window, "Outside layers: embedding 0.205, norm −0.140");
    window.get_by_label_contains("lm_head.weight −0.167");
}

#[test]
fn tensors_are_searched_sorted_and_copied() {
    let mut window = demo();
    click(&mut window, "abacus × mirror 0.113");
    // What makes the most of the distance comes first; the norms make next to none.
    let norms = |window: &Window| window.query_all_by_label_contains("norm.weight ").count();
    assert_eq!(norms(&window), 0);
    click(&mut window, "Sort by Share, %");
    assert!(norms(&window) > 3);
    window
        .get_by_role_and_label(Role::TextInput, "Search tensors")
        .focus();
    window.run();
    window
        .get_by_role_and_label(Role::TextInput, "Search tensors")
        .type_text("NORM.weight");
    window.run();
    assert!(
        window
            .query_by_label_contains("lm_head.weight −0.167")
            .is_none()
    );
    click(&mut window, "Sort by Tensor");
    click(&mut window, "Sort by Tensor");
    window
        .get_by_label_contains("model.norm.weight −0.140")
        .click();
    window.run();
    let expected = Action::Copy {
        text: "model.norm.weight".to_owned(),
        what: "Tensor name".to_owned(),
    };
    assert_eq!(window.state().asked, [expected]);
}

#[test]
fn measure_scope_and_order_are_commands_and_change_the_map() {
    let mut window = demo();
    choose(&mut window, "Metric", "Euclidean distance");
    window.get_by_label("abacus × mirror 8.212");
    sentence(&window, "2 related to 12 unrelated");
    sentence(&window, "mean distance 7.897");
    choose(&mut window, "Metric", "Absolute cosine");
    choose(&mut window, "Scope", "MLP");
    sentence(&window, "absolute cosine over all MLP tensors as one");
    assert!(window.query_by_label("abacus × mirror 0.113").is_none());
    choose(&mut window, "Aggregate", "Mean over tensors");
    choose(&mut window, "Order", "By name");
    let view = &window.state().bench.study().doc().view;
    assert_eq!(view.measure.metric, Metric::ABSOLUTE_COSINE);
    assert_eq!(view.order, Order::Name);
    assert!(
        window
            .state()
            .bench
            .study()
            .history()
            .undo_title()
            .is_none()
    );
}

fn click_with(window: &mut Window, label: &str, modifiers: Modifiers) {
    window.get_by_label(label).click_modifiers(modifiers);
    window.run();
}

#[test]
fn names_are_clicked_as_everywhere_and_their_mean_is_told() {
    let mut window = demo();
    click(&mut window, "abacus");
    sentence(
        &window,
        "Select one more model to see where it differs from abacus",
    );
    click_with(&mut window, "order", Modifiers::COMMAND);
    sentence(&window, "abacus × order");
    click_with(&mut window, "Column mirror", Modifiers::COMMAND);
    sentence(
        &window,
        "Kinship of these 3 models: 0.094 (mean of 3 pairs)",
    );
    click(&mut window, "order");
    sentence(
        &window,
        "Select one more model to see where it differs from order",
    );
    let models = window.state().bench.study().selection().models();
    assert_eq!(models.len(), 1);
}

#[test]
fn everything_can_be_measured_again() {
    let mut window = demo();
    click(&mut window, "Measure everything again");
    let base = base_of(&window.state().bench);
    assert_eq!(
        window.state().asked,
        [Action::Models(ModelsAction::Measure { base, anew: true })]
    );
}

#[test]
fn another_study_with_the_same_names_shows_its_own_values() {
    let mut window = measured(&[BASE, ONE, TWO]);
    let first = window
        .get_by_label_contains("one × two")
        .accesskit_node()
        .label();
    let (_dir, mut other) = family(&[BASE, ONE, ("two", [9.0, -2.0, 0.5, 1.0])]);
    // In the same workbench, from the files of the other.
    let paths = other.study().doc().models.iter();
    let paths: Vec<_> = paths.map(|m| (m.name.clone(), m.path.clone())).collect();
    let bench = &mut window.state_mut().bench;
    bench.new_study();
    let new = paths
        .into_iter()
        .enumerate()
        .map(|(k, (name, path))| NewModel {
            name,
            path,
            base: (k > 0).then_some(BaseRef::Added(0)),
        });
    bench.apply(Command::Model(ModelEdit::Add(new.collect())));
    bench.wait(|_| {});
    bench.measure(base_of(bench), false);
    bench.wait(|_| {});
    window.run();
    let second = window
        .get_by_label_contains("one × two")
        .accesskit_node()
        .label();
    assert_ne!(first, second);
    other.close_study();
}

#[test]
fn models_stand_in_the_order_of_their_scores_and_generations() {
    let mut window = demo();
    let bench = &mut window.state_mut().bench;
    let record = bench.record();
    let doc = bench.study().doc();
    let mut scored: Vec<(f64, String)> = (record.rows.iter())
        .filter(|row| doc.model(row.id).is_some_and(|m| m.base.is_some()))
        .filter_map(|row| Some((row.average?, doc.name_of(row.id).to_owned())))
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    choose(&mut window, "Order", "By score");
    let tops: Vec<f32> = (scored.iter())
        .map(|(_, name)| window.get_by_label(name).rect().top())
        .collect();
    assert!(tops.len() == 7 && tops.is_sorted(), "{scored:?} {tops:?}");
    choose(&mut window, "Order", "By generation");
    assert_eq!(
        window.state().bench.study().doc().view.order,
        Order::Generation
    );
}

#[test]
fn rows_too_thin_for_names_are_named_in_groups() {
    let names: Vec<String> = (0..61).map(|k| format!("kind{}-v{k}", k % 5)).collect();
    let models: Vec<(&str, [f32; 4])> = (names.iter().enumerate())
        .map(|(k, name)| {
            let x = k as f32 * 0.01;
            let mut own = [x, x, x, x];
            if k == 0 {
                return (name.as_str(), own);
            }
            own[(k % 5).min(3)] += if k % 5 == 4 { -5.0 } else { 5.0 };
            (name.as_str(), own)
        })
        .collect();
    let mut window = measured(&models);
    window.set_size(vec2(760.0, 520.0));
    window.run();
    let groups = window.get_all_by_label_contains("12 × kind").count();
    assert!(groups >= 3, "{groups}");
    let group = window
        .get_all_by_label_contains("12 × kind")
        .next()
        .unwrap();
    group.click();
    window.run();
    assert!(window.state().bench.study().selection().models().len() > 5);
}

#[test]
fn without_undefined_pairs_the_legend_does_not_explain_them() {
    let window = demo();
    let shown = window.query_all_by_label_contains("with undefined pairs");
    assert_eq!(shown.count(), 0);
}

#[test]
fn a_choice_is_as_wide_whatever_it_shows() {
    let mut window = demo();
    let rects = |window: &Window| {
        ["Metric", "Aggregate", "Scope", "Order"]
            .map(|name| window.get_by_role_and_label(Role::ComboBox, name).rect())
    };
    let before = rects(&window);
    choose(&mut window, "Metric", "Cosine");
    choose(&mut window, "Scope", "MLP");
    choose(&mut window, "Aggregate", "Mean over tensors");
    choose(&mut window, "Order", "By name");
    assert_eq!(rects(&window), before);
}

#[test]
fn while_a_measurement_runs_the_map_stays_in_its_place() {
    let mut window = demo();
    let name = |window: &Window| window.get_by_label("abacus").rect();
    let before = name(&window);
    let bench = &mut window.state_mut().bench;
    bench.measure(base_of(bench), true);
    // Order by name, since the tree is not known yet.
    bench.apply(Command::View(ViewEdit::Order(Order::Name)));
    window.run();
    assert_eq!(name(&window).top(), before.top());
    select_pair(&mut window, 1, 4);
    sentence(&window, "No layer measured yet");
    window.state_mut().bench.wait(|_| {});
}

fn select_pair(window: &mut Window, a: usize, b: usize) {
    let models = &window.state().bench.study().doc().models;
    let pair = Selection::Pair(models[a].id, models[b].id);
    select(window, pair);
}

#[test]
fn where_the_matrix_is_shown_nothing_leads_to_it() {
    let mut window = demo();
    select_pair(&mut window, 1, 4);
    let stage = window.into_state();
    let window = styled(vec2(1100.0, 760.0), stage, |ui, stage: &mut Stage| {
        let id = |k: usize| stage.bench.study().doc().models[k].id;
        let panel = eframe::egui::Panel::right("inspector").exact_size(300.0);
        panel.show(ui, |ui| {
            pair_ui(
                ui,
                &stage.bench,
                (id(1), id(4)),
                View::Kinship,
                &mut stage.asked,
            );
        });
        stage.view.ui(ui, &stage.bench, &mut Vec::new());
    });
    window.get_by_label("Copy");
    assert!(window.query_by_label("Show in matrix").is_none());
}

#[test]
fn the_picture_of_many_models_is_zoomed_and_shown_whole_again() {
    let names: Vec<String> = (0..121).map(|k| format!("model {k}")).collect();
    let models: Vec<(&str, [f32; 4])> = names
        .iter()
        .enumerate()
        .map(|(k, name)| {
            let x = k as f32;
            (name.as_str(), [x.sin(), (x * 1.7).cos(), x % 7.0, 1.0])
        })
        .collect();
    let mut window = measured(&models);
    let width = |window: &Window| {
        let map = window.get_all_by_label_contains(" × model ");
        map.map(|node| node.rect().width()).fold(0.0, f32::max)
    };
    let whole = width(&window);
    click(&mut window, "Zoom in");
    let near = width(&window);
    assert!(near > 1.3 * whole, "{whole} {near}");
    click(&mut window, "Zoom out");
    click(&mut window, "Zoom in");
    click(&mut window, "Zoom in");
    click(&mut window, "Show the whole map");
    assert!((width(&window) - whole).abs() < 1.0);
}
