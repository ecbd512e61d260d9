//! Settings, folders with models, hidden models, the inspector's place, the mixture of a study.

use std::path::Path;

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use kinfolk::parallel::Limits;
use kinfolk::study::{Command, ModelEdit, ModelId, Selection};
use kinfolk::ui::action::{Setting, View};
use kinfolk::ui::prefs::Prefs;

use crate::common;
use crate::harness::{
    WIDE, Window, bench, click, click_named, doc, opened, press, says, settle, type_text, window_of,
};

fn demo(home: &Path, view: View) -> Window {
    let mut bench = bench(home);
    bench.open_demo();
    bench.wait(|_| {});
    let prefs = Prefs {
        view,
        ..Prefs::default()
    };
    let mut window = window_of(WIDE, bench, prefs, vec![]);
    settle(&mut window);
    window
}

#[test]
fn decimals_are_shown_as_they_are_set() {
    let home = tempfile::tempdir().unwrap();
    let mut window = demo(home.path(), View::Kinship);
    window.get_by_label("abacus × order 0.083");
    press(&mut window, Modifiers::COMMAND, Key::Num8);
    let group = window.get_by_role_and_label(Role::RadioGroup, "Decimals of kinship");
    let right = group.rect().right_center() - eframe::egui::vec2(12.0, 0.0);
    window
        .input_mut()
        .events
        .extend(
            [true, false].map(|pressed| eframe::egui::Event::PointerButton {
                pos: right,
                button: eframe::egui::PointerButton::Primary,
                pressed,
                modifiers: Modifiers::NONE,
            }),
        );
    window.run_steps(4);
    assert_eq!(window.state().prefs().decimals.kinship, 4);
    press(&mut window, Modifiers::COMMAND, Key::Num2);
    assert!(says(&window, "abacus × order 0.08"));
    assert!(window.query_by_label("abacus × order 0.083").is_none());
}

#[test]
fn threads_and_memory_are_limits_of_the_work() {
    let home = tempfile::tempdir().unwrap();
    let mut prefs = Prefs {
        view: View::Settings,
        ..Prefs::default()
    };
    prefs.set(Setting::Threads(Some(1)));
    prefs.set(Setting::Memory(Some(100_000_000)));
    let mut window = window_of(WIDE, bench(home.path()), prefs, vec![]);
    window.run_steps(2);
    let shown = |window: &Window, label: &str| {
        let control = window.get_by_role_and_label(Role::ComboBox, label);
        control.accesskit_node().value().unwrap_or_default()
    };
    assert_eq!(shown(&window, "Threads"), "1");
    assert_eq!(shown(&window, "Memory"), "100 MB");
    for (label, option) in [("Memory", "1 GB"), ("Threads", "All")] {
        let control = window.get_by_role_and_label(Role::ComboBox, label);
        control.click();
        window.run_steps(3);
        click_named(&mut window, option);
    }
    let limits = Limits {
        threads: None,
        memory_bytes: Some(1_000_000_000),
    };
    assert_eq!(window.state().prefs().limits(), limits);
    click(
        &mut window,
        "Tell me outside the window, if it took more than 30 s",
    );
    assert!(!window.state().prefs().notifies);
}

#[test]
fn folders_with_models_are_listed_with_the_hubs_cache() {
    let home = tempfile::tempdir().unwrap();
    let models = home.path().join("models");
    let model = models.join("org/alder");
    std::fs::create_dir_all(&model).unwrap();
    for entry in std::fs::read_dir(common::oracle("alder/base")).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), model.join(entry.file_name())).unwrap();
    }
    let prefs = Prefs {
        view: View::Settings,
        ..Prefs::default()
    };
    let answers = vec![vec![models.clone()]];
    let mut window = window_of(WIDE, bench(home.path()), prefs, answers);
    click(&mut window, "Add folder…");
    window.run_steps(3);
    assert_eq!(
        window.state().prefs().folders,
        std::slice::from_ref(&models)
    );
    window.state_mut().browse_hub_at(home.path().join("none"));
    settle(&mut window);
    click(&mut window, "Add models/org/alder");
    click(&mut window, "Add to the study");
    settle(&mut window);
    assert_eq!(doc(&window).models.len(), 1);
    press(&mut window, Modifiers::COMMAND, Key::Num8);
    click(&mut window, &format!("Remove {}", models.display()));
    assert!(window.state().prefs().folders.is_empty());
}

#[test]
fn a_model_is_hidden_in_the_matrix_and_comes_back() {
    let home = tempfile::tempdir().unwrap();
    let mut window = demo(home.path(), View::Kinship);
    window
        .get_by_label("abacus × order 0.083")
        .click_secondary();
    window.run_steps(3);
    click(&mut window, "Hide order");
    settle(&mut window);
    assert!(!says(&window, "× order"));
    assert!(says(&window, "order is left out of the matrix"));
    click(&mut window, "Show 1 hidden");
    assert!(says(&window, "abacus × order"));
    // As any change of the study it can be undone.
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert!(!says(&window, "× order"));
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert!(says(&window, "abacus × order"));
}

#[test]
fn what_is_hidden_is_hidden_when_the_study_is_opened_again() {
    let home = tempfile::tempdir().unwrap();
    let mut window = demo(home.path(), View::Kinship);
    let order = doc(&window).models.iter().find(|m| m.name == "order");
    let hide = ModelEdit::Hide(vec![order.unwrap().id]);
    let own = window.state_mut().workbench_mut();
    own.apply(Command::Model(hide));
    own.save_if_changed();
    own.finish_saving();
    let path = own.path().unwrap().to_owned();
    drop(window);
    let mut again = bench(home.path());
    again.open_study(&path);
    let hidden = again.study().doc().models.iter().filter(|m| m.is_hidden);
    assert_eq!(hidden.count(), 1);
}

#[test]
fn words_about_the_study_take_no_room_from_a_table_unless_they_are_asked_for() {
    let home = tempfile::tempdir().unwrap();
    let mut window = demo(home.path(), View::Models);
    let edits = "Edit description";
    assert!(!says(&window, edits));
    press(&mut window, Modifiers::COMMAND, Key::I);
    assert!(says(&window, edits));
    press(&mut window, Modifiers::COMMAND, Key::I);
    assert!(!says(&window, edits));
    // Where a picture is clicked, its place stays what it is.
    press(&mut window, Modifiers::COMMAND, Key::Num2);
    assert!(says(&window, edits));
    // And what is selected is shown in any case.
    let first = Selection::Models(vec![doc(&window).models[1].id]);
    let own = window.state_mut().workbench_mut();
    own.apply(Command::Select(first));
    press(&mut window, Modifiers::COMMAND, Key::Num1);
    assert!(says(&window, "Search tensors"));
}

#[test]
fn a_mixture_is_kept_with_its_study() {
    let home = tempfile::tempdir().unwrap();
    let mut window = demo(home.path(), View::Models);
    let two: Vec<ModelId> = doc(&window)
        .models
        .iter()
        .skip(1)
        .take(2)
        .map(|m| m.id)
        .collect();
    let own = window.state_mut().workbench_mut();
    own.new_mixture(&two);
    let recipe = own.mixture().unwrap().recipe.clone();
    own.save_if_changed();
    own.finish_saving();
    let path = own.path().unwrap().to_owned();
    drop(window);
    let mut again = bench(home.path());
    again.open_study(&path);
    assert_eq!(again.mixture().unwrap().recipe, recipe);
    again.apply(Command::Undo);
    assert!(again.mixture().is_some(), "nothing to undo after opening");
}

#[test]
fn models_that_are_given_with_a_recipe_are_opened_too() {
    let home = tempfile::tempdir().unwrap();
    let models = [common::oracle("alder/base"), common::oracle("alder/c1")];
    let recipe = home.path().join("r.yaml");
    let text = format!(
        "merge_method: linear\nmodels:\n- model: {}\n  parameters: {{weight: 1}}\n",
        models[1].display()
    );
    std::fs::write(&recipe, text).unwrap();
    let files = [recipe].into_iter().chain(models).collect();
    let home = bench(home.path());
    let mut window = opened(WIDE, home, Prefs::default(), vec![], files);
    settle(&mut window);
    assert_eq!(doc(&window).models.len(), 2);
    assert_eq!(doc(&window).drafts.len(), 1);
}

#[cfg(feature = "built-in-evaluator")]
#[test]
fn the_button_that_cancels_stands_still_while_the_numbers_beside_it_change() {
    let home = tempfile::tempdir().unwrap();
    let mut window = demo(home.path(), View::Models);
    let first = doc(&window).models[1].id;
    let own = window.state_mut().workbench_mut();
    own.evaluate_models(&[first]);
    let (mut places, mut numbers) = (Vec::new(), std::collections::BTreeSet::new());
    for _ in 0..4_000 {
        let own = window.state_mut().workbench_mut();
        own.poll_within(std::time::Duration::from_millis(5));
        window.step();
        let Some(job) = window.state().workbench().jobs().running().first() else {
            break;
        };
        numbers.insert(job.ticket.progress().done);
        let cancel = window
            .query_all_by_label_contains("Cancel evaluating")
            .next();
        places.extend(cancel.map(|button| button.rect()));
        if numbers.len() > 4 && places.len() > 4 {
            break;
        }
    }
    assert!(numbers.len() > 4, "{numbers:?}");
    assert!(places.iter().all(|place| *place == places[0]), "{places:?}");
    window.state_mut().workbench_mut().stop_evaluating();
    settle(&mut window);
}

/// The dialog inside the window, over nothing.
#[test]
fn the_dialog_marks_checkpoints_and_offers_places() {
    use egui_kittest::Harness;
    use kinfolk::ui::dialogs::{FilePicker, InApp, PickKind, PickRequest};

    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(home.path().join("notes")).unwrap();
    let model = home.path().join("a-model");
    std::fs::create_dir_all(&model).unwrap();
    std::fs::write(model.join("model.safetensors"), b"").unwrap();
    let request = PickRequest {
        title: "Add models".to_owned(),
        kind: PickKind::OpenFolders,
        start_dir: Some(home.path().to_owned()),
        places: vec![("Hub cache".to_owned(), home.path().to_owned())],
    };
    let mut picker = InApp::default();
    let mut asked = Some(request);
    let size = eframe::egui::vec2(900.0, 620.0);
    let mut window = Harness::builder().with_size(size).build_ui(move |ui| {
        if let Some(request) = asked.take() {
            picker.start(request, ui.ctx());
        }
        picker.ui(ui.ctx());
    });
    window.run_steps(4);
    let icon_of = |part: &str| {
        let node = window.query_all_by_label_contains(part).next().unwrap();
        let label = node.accesskit_node().label().unwrap_or_default();
        label.chars().next()
    };
    let mark = egui_phosphor::regular::CUBE.chars().next();
    assert_eq!(icon_of("a-model"), mark);
    assert_ne!(icon_of("notes"), mark);
    window.get_by_label_contains("Hub cache");
}

#[test]
fn the_palette_and_charts_write_what_tells_a_model_from_the_others() {
    let home = tempfile::tempdir().unwrap();
    let mut window = demo(home.path(), View::Models);
    let ids: Vec<_> = doc(&window).models.iter().skip(1).map(|m| m.id).collect();
    let own = window.state_mut().workbench_mut();
    for (k, id) in ids.iter().enumerate() {
        let name = format!("our-very-own-mistral-instruct-of-the-year-{k}-x");
        own.apply(Command::Model(ModelEdit::Rename(*id, name)));
    }
    let (full, short) = (own.study().doc().name_of(ids[2]), own.short(ids[2]));
    assert_ne!(full, short);
    let (full, label) = (full.to_owned(), format!("{short}, Select model"));
    press(&mut window, Modifiers::COMMAND, Key::K);
    type_text(&mut window, &full);
    // It is found by its whole name, and written short.
    window.get_by_label(&label);
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert!(
        window
            .state()
            .workbench()
            .study()
            .selection()
            .contains(ids[2])
    );
}
