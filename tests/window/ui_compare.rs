//! What is said of a pair of files, and two models compared tensor by tensor, in the whole
//! window: found by label, clicked, saved.

use std::path::{Path, PathBuf};

use eframe::egui::{Key, Modifiers, OutputCommand};
use egui_kittest::kittest::Queryable;
use kinfolk::study::{Command, ModelId, Selection};
use kinfolk::ui::prefs::Prefs;

use crate::common::{Part, f32_part, write_safetensors};
use crate::harness::{Window, bench, click, command, doc, opened, press, says, settle};

/// A model to be written: name, what its `config.json` says beside its type, tensors.
struct Made<'a> {
    name: &'a str,
    config: &'a str,
    parts: Vec<Part<'a>>,
}

/// Two layers; `with_mlp` as the base has them.
fn parts(values: [f32; 4], with_mlp: bool) -> Vec<Part<'static>> {
    let mut out = vec![
        f32_part("model.layers.0.self_attn.q_proj.weight", &[2, 2], &values),
        f32_part(
            "model.layers.1.self_attn.q_proj.weight",
            &[2, 2],
            &values.map(|v| 2.0 * v),
        ),
    ];
    if with_mlp {
        let mlp = values.map(|v| v + 1.0);
        out.push(f32_part("model.layers.0.mlp.up_proj.weight", &[2, 2], &mlp));
        out.push(f32_part("model.layers.1.mlp.up_proj.weight", &[2, 2], &mlp));
    }
    out
}

fn made<'a>(name: &'a str, config: &'a str, values: [f32; 4]) -> Made<'a> {
    Made {
        name,
        config,
        parts: parts(values, true),
    }
}

const LLAMA: &str = r#"{"model_type": "llama", "rope_theta": 10000.0}"#;

/// A study of these models, the first being the base of the rest, in a window at rest.
fn window(home: &Path, models: &[Made<'_>], answers: Vec<Vec<PathBuf>>) -> Window {
    let mut listed = Vec::new();
    for (k, model) in models.iter().enumerate() {
        let folder = home.join(model.name);
        std::fs::create_dir_all(&folder).unwrap();
        write_safetensors(&folder.join("model.safetensors"), &model.parts);
        std::fs::write(folder.join("config.json"), model.config).unwrap();
        let base = if k > 0 { r#", "base": 0"# } else { "" };
        let (name, path) = (model.name, serde_json::to_string(&folder).unwrap());
        listed.push(format!(
            r#"{{"id": {k}, "name": "{name}", "path": {path}{base}}}"#
        ));
    }
    study(home, &listed, answers)
}

fn study(home: &Path, models: &[String], answers: Vec<Vec<PathBuf>>) -> Window {
    let path = home.join("s.kinfolk.json");
    let models = models.join(", ");
    let text =
        format!(r#"{{"kinfolk": "study", "version": 1, "name": "s", "models": [{models}]}}"#);
    std::fs::write(&path, text).unwrap();
    let (size, prefs) = ([1600.0, 1000.0], Prefs::default());
    let mut window = opened(size, bench(home), prefs, answers, vec![path]);
    settle(&mut window);
    window
}

fn select(window: &mut Window, a: u32, b: u32) {
    let pair = Selection::Pair(ModelId(a), ModelId(b));
    let bench = window.state_mut().workbench_mut();
    bench.apply(Command::Select(pair));
    settle(window);
}

fn measure(window: &mut Window) {
    command(window, "Measure kinship");
    settle(window);
}

fn three(home: &Path, answers: Vec<Vec<PathBuf>>) -> Window {
    let models = [
        made("base", LLAMA, [1.0, 2.0, 3.0, 4.0]),
        made("one", LLAMA, [1.5, 2.0, 3.0, 4.0]),
        made(
            "two",
            r#"{"model_type": "llama", "rope_theta": 1e6}"#,
            [1.0, 2.0, 3.5, 4.5],
        ),
    ];
    window(home, &models, answers)
}

#[test]
fn a_pair_says_over_how_many_numbers_it_was_measured() {
    let home = tempfile::tempdir().unwrap();
    let mut models = [
        made("base", LLAMA, [0.0; 4]),
        made("whole", LLAMA, [3.0, 0.0, 1.0, 0.0]),
        made("half", LLAMA, [0.0, 2.0, 1.0, 1.0]),
    ];
    models[2].parts = parts([0.0, 2.0, 1.0, 1.0], false);
    let mut window = window(home.path(), &models, vec![]);
    measure(&mut window);
    select(&mut window, 1, 2);
    window.get_by_label("Over 8 numbers, 50.0 % of the larger model");
    // Beside the value under the matrix, too.
    window.get_by_label("over 50.0 %");
}

#[test]
fn what_was_measured_whole_is_not_warned_of() {
    let home = tempfile::tempdir().unwrap();
    let mut window = three(home.path(), vec![]);
    measure(&mut window);
    select(&mut window, 1, 2);
    window.get_by_label("Over 16 numbers");
    assert!(!says(&window, "of the larger model"));
}

#[test]
fn settings_that_differ_stand_on_the_pair_with_all_values() {
    let home = tempfile::tempdir().unwrap();
    let mut window = three(home.path(), vec![]);
    select(&mut window, 1, 2);
    window.get_by_label("rope_theta 10000 1000000 10000");
    assert!(!says(&window, "Unlike architectures"));
    // A base and its model have no kinship, and differ all the same.
    select(&mut window, 0, 2);
    window.get_by_label("rope_theta 10000 1000000");
}

#[test]
fn what_was_read_under_other_names_stands_on_the_pair() {
    let home = tempfile::tempdir().unwrap();
    let mut models = [
        made("base", LLAMA, [0.0; 4]),
        made("plain", LLAMA, [3.0, 0.0, 1.0, 0.0]),
        made("wrapped", LLAMA, [0.0; 4]),
    ];
    let values = [0.0, 2.0, 1.0, 1.0];
    models[2].parts = vec![
        f32_part(
            "module.model.layers.0.self_attn.q_proj.weight",
            &[2, 2],
            &values,
        ),
        f32_part(
            "module.model.layers.1.self_attn.q_proj.weight",
            &[2, 2],
            &values,
        ),
        f32_part("module.model.layers.0.mlp.up_proj.weight", &[2, 2], &values),
        f32_part("module.model.layers.1.mlp.up_proj.weight", &[2, 2], &values),
    ];
    let mut window = window(home.path(), &models, vec![]);
    select(&mut window, 1, 2);
    assert!(says(&window, "wrapped: 4 tensors read under other names"));
}

/// A quantised model beside its own decoded weights.
fn quantised(home: &Path) -> Window {
    let data = Path::new("tests/data/formats/quantised/fp8-tensor");
    let (packed, plain) = (home.join("packed"), home.join("plain"));
    for folder in [&packed, &plain] {
        std::fs::create_dir_all(folder).unwrap();
    }
    let copy = |from: &str, to: &Path| std::fs::copy(data.join(from), to).unwrap();
    copy("model.safetensors", &packed.join("model.safetensors"));
    copy("config.json", &packed.join("config.json"));
    copy("expected.safetensors", &plain.join("model.safetensors"));
    let model = |k: usize, folder: &Path, base: &str| {
        let (name, path) = (
            folder.file_name().unwrap(),
            serde_json::to_string(folder).unwrap(),
        );
        let name = name.to_string_lossy();
        format!(r#"{{"id": {k}, "name": "{name}", "path": {path}{base}}}"#)
    };
    let models = [model(0, &plain, ""), model(1, &packed, r#", "base": 0"#)];
    study(home, &models, vec![])
}

#[test]
fn a_quantised_model_shows_its_format_and_what_rounding_did() {
    let home = tempfile::tempdir().unwrap();
    let mut window = quantised(home.path());
    let bench = window.state_mut().workbench_mut();
    bench.apply(Command::Select(Selection::Models(vec![ModelId(1)])));
    settle(&mut window);
    assert!(says(&window, "scaled F8"));
    assert!(says(&window, "a distance of about "));
    let bench = window.state_mut().workbench_mut();
    bench.apply(Command::Select(Selection::Models(vec![ModelId(0)])));
    settle(&mut window);
    assert!(!says(&window, "a distance of about "));
}

#[test]
fn a_quantised_model_is_compared_with_its_original() {
    let home = tempfile::tempdir().unwrap();
    let mut window = quantised(home.path());
    select(&mut window, 1, 0);
    click(&mut window, "Compare tensor by tensor…");
    settle(&mut window);
    // The base comes first, and the decoded numbers are its own.
    window.get_by_label("plain and packed");
    window.get_by_label("0 % apart, of the first's length");
    assert!(says(
        &window,
        "Rounding to scaled F8 alone moves packed by about"
    ));
}

#[test]
fn two_selected_models_are_compared_from_the_palette_and_taken_out() {
    let home = tempfile::tempdir().unwrap();
    let (page, json) = (home.path().join("c.html"), home.path().join("c.json"));
    let mut window = three(home.path(), vec![vec![page.clone()], vec![json.clone()]]);
    select(&mut window, 1, 2);
    command(&mut window, "Compare one and two tensor");
    settle(&mut window);
    window.get_by_label("one and two");
    for group in ["layer 0", "layer 1", "attention", "MLP"] {
        window.query_all_by_label_contains(group).next().unwrap();
    }
    click(&mut window, "What else differs (1)");
    window.get_by_label("rope_theta");
    click(&mut window, "Save page…");
    settle(&mut window);
    click(&mut window, "Save JSON…");
    settle(&mut window);
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.starts_with("<!doctype html") && page.contains("one and two"));
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    assert_eq!(json["tensors"].as_array().unwrap().len(), 4);
    window.get_by_label("one and two");
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(window.query_by_label("one and two").is_none());
    // What is selected stays so: the key closed the page alone.
    let selection = window.state().workbench().study().selection();
    assert_eq!(selection.models(), [ModelId(1), ModelId(2)]);
}

#[test]
fn tensors_of_a_comparison_are_searched_sorted_and_copied() {
    let home = tempfile::tempdir().unwrap();
    let mut window = three(home.path(), vec![]);
    select(&mut window, 1, 2);
    click(&mut window, "Compare tensor by tensor…");
    settle(&mut window);
    let names = |window: &Window| -> Vec<f32> {
        let rows = window.query_all_by_label_contains("proj.weight ");
        rows.map(|row| row.rect().top()).collect()
    };
    assert_eq!(names(&window).len(), 4);
    // A bar leaves its tensors.
    let bars = window.query_all_by_label_contains("layer 1 ");
    bars.into_iter().next().unwrap().click();
    window.run_steps(3);
    assert_eq!(names(&window).len(), 2);
    click(&mut window, "Copy as table");
    let commands = &window.output().platform_output.commands;
    let text = commands.iter().find_map(|command| match command {
        OutputCommand::CopyText(text) => Some(text.clone()),
        _ => None,
    });
    if let Some(text) = text {
        assert_eq!(text.lines().count(), 3, "{text}");
    }
    click(&mut window, "Show all, not layer 1 alone");
    assert_eq!(names(&window).len(), 4);
    window.get_by_label("Search tensors").focus();
    window.run_steps(2);
    crate::harness::type_text(&mut window, "mlp");
    assert_eq!(names(&window).len(), 2);
}

#[test]
fn a_cell_of_the_matrix_has_a_menu_that_compares() {
    let home = tempfile::tempdir().unwrap();
    let mut window = three(home.path(), vec![]);
    measure(&mut window);
    let cell = window.query_all_by_label_contains("one × two ").next();
    cell.unwrap().click_secondary();
    window.run_steps(4);
    // In the menu, which is drawn last.
    let buttons: Vec<_> = window
        .query_all_by_label("Compare tensor by tensor…")
        .collect();
    buttons.last().unwrap().click();
    window.run_steps(3);
    settle(&mut window);
    window.get_by_label("Close the comparison");
}

#[test]
fn models_without_files_cannot_be_compared() {
    let home = tempfile::tempdir().unwrap();
    let models = ["a", "b"].iter().enumerate();
    let models: Vec<String> = models
        .map(|(k, name)| format!(r#"{{"id": {k}, "name": "{name}"}}"#))
        .collect();
    let mut window = study(home.path(), &models, vec![]);
    select(&mut window, 0, 1);
    click(&mut window, "Compare tensor by tensor…");
    assert!(window.state().workbench().comparison().is_none());
}

fn draft(window: &Window) -> String {
    doc(window).shown_draft().unwrap().sheet.text.clone()
}

/// A merge of the two models after the base on the canvas.
fn composed(window: &mut Window) {
    select(window, 1, 2);
    press(window, Modifiers::COMMAND | Modifiers::SHIFT, Key::M);
    settle(window);
}

#[test]
fn unlike_architectures_are_merged_all_the_same_by_a_button_and_undone() {
    let home = tempfile::tempdir().unwrap();
    let gemma = r#"{"model_type": "gemma", "rope_theta": 10000.0}"#;
    let models = [
        made("base", LLAMA, [1.0, 2.0, 3.0, 4.0]),
        made("one", LLAMA, [1.5, 2.0, 3.0, 4.0]),
        made("two", gemma, [1.0, 2.0, 3.5, 4.5]),
    ];
    let mut window = window(home.path(), &models, vec![]);
    composed(&mut window);
    let before = draft(&window);
    click(&mut window, "Merge all the same");
    settle(&mut window);
    assert!(
        draft(&window).contains("allow_crimes: true"),
        "{}",
        draft(&window)
    );
    assert!(window.query_by_label("Merge all the same").is_none());
    assert!(window.state().workbench().is_ready_to_write());
    crate::harness::click_named(&mut window, "Undo: ");
    settle(&mut window);
    assert_eq!(draft(&window), before);
}

#[test]
fn parts_that_some_models_lack_are_left_out_by_a_button() {
    let home = tempfile::tempdir().unwrap();
    let mut models = [
        made("base", LLAMA, [1.0, 2.0, 3.0, 4.0]),
        made("one", LLAMA, [1.5, 2.0, 3.0, 4.0]),
        made("two", LLAMA, [1.0, 2.0, 3.5, 4.5]),
    ];
    for model in &mut models[..2] {
        let tower = "vision_tower.encoder.layers.0.self_attn.q_proj.weight";
        model.parts.push(f32_part(tower, &[2, 2], &[1.0; 4]));
    }
    let mut window = window(home.path(), &models, vec![]);
    composed(&mut window);
    click(&mut window, "Leave them out");
    settle(&mut window);
    assert!(
        draft(&window).contains("missing_parts: leave_out"),
        "{}",
        draft(&window)
    );
    assert!(window.query_by_label("Leave them out").is_none());
    assert!(window.state().workbench().is_ready_to_write());
}
