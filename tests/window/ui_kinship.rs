//! The kinship view, driven by its labels: what it shows, what it asks for, and what stands in
//! it when there is nothing to show.

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

/// The reference numbers of the demo: a, b, Pearson, cosine, distance.
fn reference() -> Vec<(String, String, [f64; 3])> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("resources/demo/kinship.csv");
    let mut reader = csv::Reader::from_path(path).unwrap();
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        let number = |k: usize| row[k].parse().unwrap();
        (
            row[0].to_owned(),
            row[1].to_owned(),
            [number(2), number(3), number(4)],
        )
    });
    rows.collect()
}

/// Checks a table with names in its first row and column.
fn check_table(text: &str, delimiter: u8, column: usize) {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let names: Vec<String> = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 7);
    for (a, b, values) in reference() {
        let row = rows.iter().find(|row| row[0] == a).unwrap();
        let at = names.iter().position(|name| *name == b).unwrap();
        let found: f64 = row[at].parse().unwrap();
        // The reference has twelve digits.
        assert!(
            (found / values[column] - 1.0).abs() < 1e-9,
            "{a} × {b}: {found}"
        );
    }
}

#[test]
fn exports_carry_the_reference_numbers_in_full() {
    let mut window = demo();
    for (column, metric) in ["Pearson", "Cosine", "Euclidean distance"]
        .iter()
        .enumerate()
    {
        if column > 0 {
            choose(&mut window, "Metric", metric);
        }
        window.state_mut().asked.clear();
        click(&mut window, "Save as CSV…");
        click(&mut window, "Copy as table");
        let [Action::Export(export), Action::Copy { text, .. }] = &window.state().asked[..] else {
            panic!("{:?}", window.state().asked);
        };
        let csv = String::from_utf8(export.content.bytes().unwrap()).unwrap();
        assert!(csv.starts_with("model,abacus,"), "{csv}");
        check_table(&csv, b',', column);
        assert!(text.starts_with(&format!(
            "{metric} over the whole model, relative to base\t"
        )));
        check_table(text, b'\t', column);
    }
    let Action::Export(Export { name, .. }) = &window.state().asked[0] else {
        panic!();
    };
    assert_eq!(name, "kinship-euclidean-whole.csv");
}

#[test]
fn the_picture_is_a_png_with_the_whole_map() {
    let mut window = demo();
    click(&mut window, "Save as PNG…");
    let [Action::Export(export)] = &window.state().asked[..] else {
        panic!();
    };
    assert_eq!(export.name, "kinship-pearson-whole.png");
    let picture = image::load_from_memory(&export.content.bytes().unwrap()).unwrap();
    assert!(picture.width() > 1200 && picture.height() > 800);
}

#[test]
fn the_drawing_is_an_svg_with_every_model_and_value() {
    let mut window = demo();
    click(&mut window, "Save as SVG…");
    let [Action::Export(export)] = &window.state().asked[..] else {
        panic!();
    };
    assert_eq!(export.name, "kinship-pearson-whole.svg");
    let svg = String::from_utf8(export.content.bytes().unwrap()).unwrap();
    let drawing = roxmltree::Document::parse(&svg).unwrap();
    let texts = drawing
        .descendants()
        .filter(|node| node.has_tag_name("text"));
    let texts: Vec<&str> = texts.filter_map(|node| node.text()).collect();
    for words in ["Pearson over the whole model", "abacus", "unrelated"] {
        assert!(texts.contains(&words), "{words}: {texts:?}");
    }
    let numbers = texts.iter().filter(|text| text.parse::<f64>().is_ok());
    assert!(numbers.count() >= 7 * 6);
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
fn without_models_the_view_says_what_to_add() {
    let (dir, mut bench) = bench();
    bench.new_study();
    let mut window = window(dir, bench);
    sentence(&window, "No models yet");
    click(&mut window, "Add models…");
    assert_eq!(
        window.state().asked,
        [Action::Models(ModelsAction::AskForFolders)]
    );
}

#[test]
fn without_a_base_the_view_leads_to_the_models() {
    let (dir, mut bench) = family(&[BASE, ONE, TWO]);
    let all: Vec<ModelId> = bench.study().doc().models.iter().map(|m| m.id).collect();
    bench.apply(Command::Model(ModelEdit::SetBase(all, None)));
    let mut window = window(dir, bench);
    sentence(&window, "No base is chosen");
    click(&mut window, "Go to models");
    assert_eq!(window.state().asked, [Action::Go(View::Models)]);
}

#[test]
fn a_model_alone_in_the_study_has_no_kin() {
    let (dir, bench) = family(&[BASE]);
    sentence(&window(dir, bench), "One model alone has no kin");
}

#[test]
fn an_only_descendant_shows_the_length_of_its_change() {
    let window = measured(&[BASE, ("one", [3.0, 0.0, 0.0, 4.0])]);
    // Both tensors hold a change of length 5.
    sentence(&window, "|δ| 7.071");
    sentence(&window, "A matrix needs two models");
}

#[test]
fn what_is_not_measured_is_offered_with_its_size() {
    let (dir, bench) = family(&[BASE, ONE, TWO]);
    let mut window = window(dir, bench);
    sentence(&window, "Measuring 2 fine-tunes of base reads");
    click(&mut window, "Measure kinship");
    let base = base_of(&window.state().bench);
    assert_eq!(
        window.state().asked,
        [Action::Models(ModelsAction::Measure { base, anew: false })]
    );
}

#[test]
fn a_base_that_cannot_be_read_is_asked_for() {
    let (dir, mut bench) = family(&[BASE, ONE, TWO]);
    let base = base_of(&bench);
    let nowhere = dir.path().join("nowhere");
    bench.apply(Command::Model(ModelEdit::Relocate(base, nowhere)));
    bench.wait(|_| {});
    let mut window = window(dir, bench);
    sentence(&window, "The files of the base base cannot be read");
    click(&mut window, "Find the base again…");
    assert_eq!(
        window.state().asked,
        [Action::Models(ModelsAction::AskWhereIs(base))]
    );
}

#[test]
fn a_running_measurement_tells_how_far_it_is_and_can_be_cancelled() {
    let mut window = demo();
    let base = base_of(&window.state().bench);
    let bench = &mut window.state_mut().bench;
    bench.measure(base, true);
    let job = bench.measuring(base).unwrap();
    window.run();
    sentence(&window, "Measuring kinship");
    sentence(&window, " %");
    window.get_by_label("abacus × mirror not measured yet");
    assert!(
        window
            .get_by_label("Save as CSV…")
            .accesskit_node()
            .is_disabled()
    );
    click(&mut window, "Cancel");
    assert_eq!(window.state().asked, [Action::Cancel(job)]);
    window.state_mut().bench.wait(|_| {});
    window.run();
    window.get_by_label("abacus × mirror 0.113");
}

#[test]
fn a_new_model_leaves_its_cells_blank_until_it_is_measured() {
    let mut window = measured(&[BASE, ONE, TWO]);
    let bench = &mut window.state_mut().bench;
    let base = base_of(bench);
    let folder = bench.folders().data.join("three");
    write_model(&folder, &layer(&[1.0, 1.0, 0.0, 0.0]));
    let three = NewModel {
        name: "three".to_owned(),
        path: Some(folder),
        base: Some(BaseRef::Known(base)),
    };
    bench.apply(Command::Model(ModelEdit::Add(vec![three])));
    bench.wait(|_| {});
    window.run();
    sentence(&window, "1 model is not measured yet");
    sentence(&window, "3 models, 2 of them measured");
    click(&mut window, "one × three not measured yet");
    sentence(&window, "three is not measured yet");
    click(&mut window, "Measure 1 model");
    assert_eq!(
        window.state().asked,
        [Action::Models(ModelsAction::Measure { base, anew: false })]
    );
}

#[test]
fn a_file_that_changed_and_one_that_vanished_are_told_apart() {
    let mut window = measured(&[BASE, ONE, TWO, ("three", [1.0, 1.0, 0.0, 0.0])]);
    let bench = &mut window.state_mut().bench;
    let path = |k: usize| bench.study().doc().models[k].path.clone().unwrap();
    let (changed, gone) = (path(1), path(2));
    let mut parts = layer(&[5.0, 4.0, 3.0, 2.0]);
    parts.push(f32_part("extra", &[1], &[0.0]));
    write_model(&changed, &parts);
    std::fs::remove_dir_all(gone).unwrap();
    bench.look_at_disk();
    bench.wait(|_| {});
    window.run();
    sentence(&window, "1 model changed since it was measured");
    window.get_by_label("Measure 1 model");
    sentence(&window, "The files of two are missing or cannot be read");
    click(&mut window, "Find again…");
    let two = window.state().bench.study().doc().models[2].id;
    assert_eq!(
        window.state().asked,
        [Action::Models(ModelsAction::AskWhereIs(two))]
    );
}

#[test]
fn a_model_equal_to_its_base_has_no_kinship_and_the_reason_is_told() {
    let mut window = measured(&[BASE, ONE, ("same", [0.0; 4])]);
    click(&mut window, "one × same –");
    sentence(&window, "same is equal to the base here");
}

#[test]
fn what_was_left_out_is_counted_listed_and_copied() {
    let (dir, mut bench) = family(&[BASE, ONE, TWO]);
    let path = bench.study().doc().models[2].path.clone().unwrap();
    write_model(&path, &layer(&TWO.1)[..1]);
    bench.look_at_disk();
    bench.wait(|_| {});
    bench.measure(base_of(&bench), false);
    bench.wait(|_| {});
    let mut window = window(dir, bench);
    click(&mut window, "1 tensor left out");
    sentence(&window, "model.layers.0.mlp.up_proj.weight, two:");
    click(&mut window, "Copy list");
    let [Action::Copy { text, .. }] = &window.state().asked[..] else {
        panic!();
    };
    assert!(
        text.starts_with("model.layers.0.mlp.up_proj.weight\ttwo\t"),
        "{text}"
    );
}

#[test]
fn two_models_long_names_and_other_scripts_have_their_place() {
    let long = "a-name-of-ninety-characters-".repeat(4);
    let mut window = measured(&[BASE, (&long[..90], ONE.1), ("中文模型", TWO.1)]);
    window.get_by_label_contains("× 中文模型");
    let models = &window.state().bench.study().doc().models;
    let pair = Selection::Pair(models[1].id, models[2].id);
    select(&mut window, pair);
    sentence(&window, "× 中文模型");
    choose(&mut window, "Metric", "Euclidean distance");
    choose(&mut window, "Order", "By name");
}

#[test]
fn two_hundred_models_are_one_picture() {
    let names: Vec<String> = (0..201).map(|k| format!("model {k}")).collect();
    let models: Vec<(&str, [f32; 4])> = names
        .iter()
        .enumerate()
        .map(|(k, name)| {
            let x = k as f32;
            (name.as_str(), [x.sin(), (x * 1.7).cos(), x % 7.0, 1.0])
        })
        .collect();
    let mut window = measured(&models);
    sentence(&window, "200 models, ");
    sentence(&window, " directions, mean kinship");
    click(&mut window, "Copy as table");
    let [Action::Copy { text, .. }] = &window.state().asked[..] else {
        panic!();
    };
    assert_eq!(text.lines().count(), 201);
}

#[test]
fn several_families_are_chosen_from() {
    let mut window = demo();
    let bench = &mut window.state_mut().bench;
    let models = &bench.study().doc().models;
    let (abacus, ledger) = (models[1].id, models[3].id);
    bench.apply(Command::Model(ModelEdit::SetBase(
        vec![ledger],
        Some(abacus),
    )));
    bench.apply(Command::View(ViewEdit::Base(None)));
    window.run();
    choose(&mut window, "Family", "abacus");
    assert_eq!(base_of(&window.state().bench), abacus);
    sentence(&window, "Kinship is not measured yet");
}

/// The inspector of a pair of the demo.
fn inspector(a: usize, b: usize) -> Window {
    let (dir, mut bench) = bench();
    bench.open_demo();
    bench.wait(|_| {});
    let stage = Stage {
        bench,
        view: KinshipView::default(),
        asked: Vec::new(),
        _dir: dir,
    };
    styled(vec2(300.0, 760.0), stage, move |ui, stage: &mut Stage| {
        let id = |k: usize| stage.bench.study().doc().models[k].id;
        pair_ui(
            ui,
            &stage.bench,
            (id(a), id(b)),
            View::Models,
            &mut stage.asked,
        );
    })
}

#[test]
fn the_inspector_tells_every_measure_of_a_pair() {
    let mut harness = inspector(1, 4);
    for label in [
        "Pearson 0.113 0.126",
        "Absolute cosine 0.113 0.129",
        "Distance 8.212 1.685",
        "|δ| abacus 6.738",
        "MLP 0.115 0.114 528 k",
    ] {
        harness.get_by_label(label);
    }
    click(&mut harness, "Show in matrix");
    click(&mut harness, "Copy");
    let [Action::Go(View::Kinship), Action::Copy { text, .. }] = &harness.state().asked[..] else {
        panic!("{:?}", harness.state().asked);
    };
    assert!(
        text.starts_with("abacus × mirror\tWhole model\tMean over tensors\nPearson\t0.11276650")
    );
}

#[test]
fn the_inspector_says_why_a_base_and_its_model_have_no_kinship() {
    let harness = inspector(0, 4);
    let found = harness.query_all_by_label_contains("base is the base of mirror");
    assert_eq!(found.count(), 1);
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

/// The demo's view in a window of this size.
fn demo_at(size: Vec2) -> Window {
    let mut window = demo();
    window.set_size(size);
    window.run();
    window
}

#[test]
fn a_click_on_a_cell_moves_nothing_at_any_size() {
    for size in [
        vec2(440.0, 300.0),
        vec2(600.0, 420.0),
        vec2(1000.0, 700.0),
        vec2(1900.0, 1000.0),
    ] {
        let mut window = demo_at(size);
        window.get_by_label_contains("Select two models");
        for name in ["abacus", "Column tally", "mirror"] {
            window.get_by_label(name);
        }
        let cell = |window: &Window| window.get_by_label("abacus × mirror 0.113").rect();
        let before = cell(&window);
        let other = window.get_by_label("sorter × tally 0.317").rect();
        assert!(other.bottom() < size.y, "{size} {other}");
        window.get_by_label("abacus × mirror 0.113").click();
        window.run();
        window.get_by_label_contains("Pearson 0.113");
        assert_eq!(cell(&window), before, "{size}");
    }
}

#[test]
fn the_detail_folds_into_a_line_and_stays_so() {
    let mut window = demo();
    click(&mut window, "abacus × mirror 0.113");
    window.get_by_label("Pearson by Layer: attention, MLP, norm");
    click(&mut window, "Fold where they differ");
    sentence(&window, "Pearson 0.113");
    let chart = "Pearson by Layer: attention, MLP, norm";
    assert!(window.query_by_label(chart).is_none());
    click(&mut window, "sorter × tally 0.317");
    assert!(window.query_by_label(chart).is_none());
    click(&mut window, "Show where they differ");
    window.get_by_label(chart);
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
fn a_cell_says_on_hover_what_its_value_means() {
    let mut window = demo();
    let cell = window.get_by_label_contains("abacus × ledger 0.").rect();
    window.event(eframe::egui::Event::PointerMoved(cell.center()));
    window.run_steps(60);
    sentence(&window, "close kin");
    let cell = window.get_by_label("abacus × mirror 0.113").rect();
    window.event(eframe::egui::Event::PointerMoved(cell.center()));
    window.run_steps(60);
    sentence(&window, "0.113 · distant kin");
}

#[test]
fn a_cell_and_a_name_have_a_menu() {
    let mut window = demo();
    let cell = window.get_by_label("abacus × mirror 0.113");
    cell.click_secondary();
    window.run();
    for words in ["Select pair", "Compose merge", "Show in lineage"] {
        window.get_by_label(words);
    }
    click(&mut window, "Copy value");
    let Some(Action::Copy { text, .. }) = window.state().asked.last() else {
        panic!();
    };
    assert!(text.starts_with("0.11"), "{text}");
    window.get_by_label("abacus").click_secondary();
    window.run();
    click(&mut window, "Copy name");
    assert!(matches!(
        window.state().asked.last(),
        Some(Action::Copy { text, .. }) if text == "abacus"
    ));
}

#[test]
fn the_range_of_the_colours_is_set_at_the_legend() {
    let mut window = demo();
    window.get_by_label("Legend Pearson, 0 unrelated to 1 related");
    click(&mut window, "Colour range");
    click(&mut window, "−1 to 1");
    window.get_by_label("Legend Pearson, −1 opposite to 1 related");
    let range = window.state().bench.study().doc().view.colours.unwrap();
    assert_eq!((range.lo, range.hi), (-1.0, 1.0));
    click(&mut window, "Usual range of the measure");
    window.get_by_label("Legend Pearson, 0 unrelated to 1 related");
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

/// A family in which the last model has a tensor that is not finite.
fn with_nan() -> Window {
    let (dir, mut bench) = family(&[BASE, ONE, TWO]);
    let path = bench.study().doc().models[2].path.clone().unwrap();
    let mut parts = layer(&TWO.1);
    parts[1] = layer(&[f32::NAN; 4]).remove(1);
    write_model(&path, &parts);
    bench.look_at_disk();
    bench.wait(|_| {});
    bench.measure(base_of(&bench), false);
    bench.wait(|_| {});
    window(dir, bench)
}

/// The inspector beside nothing, of the workbench of a window.
fn inspector_of(window: Window, a: usize, b: usize) -> Window {
    let stage = window.into_state();
    styled(vec2(300.0, 760.0), stage, move |ui, stage: &mut Stage| {
        let id = |k: usize| stage.bench.study().doc().models[k].id;
        pair_ui(
            ui,
            &stage.bench,
            (id(a), id(b)),
            View::Models,
            &mut stage.asked,
        );
    })
}

#[test]
fn tensors_that_were_left_out_of_a_pair_count_for_nothing_in_it() {
    let mut window = with_nan();
    click(&mut window, "one × two −0.866");
    window.get_by_label("model.layers.0.mlp.up_proj.weight – left out");
    let window = inspector_of(window, 1, 2);
    window.get_by_label("Over 4 numbers, 50.0 % of the larger model");
    window.get_by_label("attention −0.866 −0.866 4");
    assert!(window.query_by_label_contains("MLP ").is_none());
}

#[test]
fn lengths_and_distance_of_a_pair_are_over_the_same_tensors() {
    let window = inspector_of(with_nan(), 1, 2);
    // Of the attention alone: 3, 0, 1, 0 and 0, 2, 1, 1.
    window.get_by_label("|δ| one 3.162");
    window.get_by_label("|δ| two 2.449");
    window.get_by_label("Distance 3.742 3.742");
}

#[test]
fn kinds_have_the_value_of_the_map_in_the_inspector_too() {
    let mut window = demo();
    choose(&mut window, "Aggregate", "Mean over tensors");
    choose(&mut window, "Scope", "Norm");
    window.get_by_label("abacus × mirror 0.139");
    let window = inspector_of(window, 1, 4);
    let row = window.get_by_label_contains(" 0.139 ");
    let row = row.accesskit_node().value().unwrap();
    assert!(row.starts_with("norm 0.779 0.139 "), "{row}");
}

#[test]
fn a_pair_without_values_has_a_reason_and_no_chart() {
    let mut window = measured(&[BASE, ONE, TWO, ("twin", [0.0; 4])]);
    click(&mut window, "one × twin –");
    sentence(
        &window,
        "twin is equal to the base here, so no layer has a value",
    );
    assert!(window.query_by_label_contains("by Layer").is_none());
}

#[test]
fn one_twin_does_not_hide_the_mean_of_the_others() {
    let mut window = measured(&[BASE, ONE, TWO, ("twin", [0.0; 4])]);
    let expected = "– because twin is equal to its base; −0.866 over the other pair";
    sentence(&window, &format!("mean kinship {expected}"));
    sentence(&window, "with undefined pairs");
    click(&mut window, "one");
    click_with(&mut window, "two", Modifiers::COMMAND);
    click_with(&mut window, "twin", Modifiers::COMMAND);
    sentence(&window, &format!("Kinship of these 3 models: {expected}"));
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
