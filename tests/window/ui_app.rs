//! The window as a user meets it: found by label, clicked, typed into. No graphics card.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use eframe::egui::{DroppedFile, Event, Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use kinfolk::study::Role;

use crate::common;

use crate::harness::{Window, click, press, rest, settle, window};

fn names(window: &Window) -> Vec<String> {
    let doc = window.state().workbench().study().doc();
    doc.models.iter().map(|m| m.name.clone()).collect()
}

/// Folders with a base and two fine-tunes of it.
fn family(dir: &Path) -> Vec<PathBuf> {
    let family = common::oracle("alder/base").parent().unwrap().to_owned();
    ["base", "c1", "c2"]
        .iter()
        .map(|name| {
            let to = dir.join(name);
            std::fs::create_dir_all(&to).unwrap();
            for entry in std::fs::read_dir(family.join(name)).unwrap() {
                let entry = entry.unwrap();
                std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
            }
            to
        })
        .collect()
}

#[derive(Debug)]
struct Dropped(PathBuf);

impl DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }
    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("a folder".to_owned())
    }
}

#[test]
fn one_click_leads_from_the_welcome_screen_to_the_heat_map_of_the_demo() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), vec![]);
    click(&mut window, "Explore the demo");
    settle(&mut window);
    assert_eq!(names(&window).len(), 8);
    window.get_by_label("abacus × mirror 0.113");
    window.get_by_label("abacus × arith 0.932");
}

#[test]
fn the_same_way_by_keyboard_alone() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), vec![]);
    press(&mut window, Modifiers::COMMAND, Key::K);
    window
        .input_mut()
        .events
        .push(Event::Text("demo".to_owned()));
    window.run_steps(3);
    press(&mut window, Modifiers::NONE, Key::Enter);
    settle(&mut window);
    window.get_by_label("abacus × mirror 0.113");
    press(&mut window, Modifiers::COMMAND, Key::Num1);
    window.get_by_label("Select abacus");
    press(&mut window, Modifiers::COMMAND, Key::Num2);
    window.get_by_label("abacus × mirror 0.113");
}

#[test]
fn the_report_is_written_where_the_user_says() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("report.html");
    let mut window = window(home.path(), vec![vec![out.clone()]]);
    click(&mut window, "Explore the demo");
    settle(&mut window);
    click(&mut window, "Study Demo family");
    click(&mut window, "Save a report…");
    settle(&mut window);
    let page = std::fs::read_to_string(out).unwrap();
    for title in ["Kinship of the models of base", "Lineage of Demo family"] {
        assert!(page.contains(&format!("<h3>{title}</h3>")), "{title}");
    }
}

#[test]
fn a_window_at_rest_asks_for_no_repaint() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), vec![]);
    // `run` panics if the window still wants a frame after its steps.
    window.run();
    click(&mut window, "Explore the demo");
    settle(&mut window);
    rest(&mut window);
    click(&mut window, "Models");
    window.run();
}

#[test]
fn models_are_added_by_dialog_and_find_their_base() {
    let home = tempfile::tempdir().unwrap();
    let paths = family(&home.path().join("models"));
    let mut window = window(home.path(), vec![paths]);
    click(&mut window, "Open models…");
    settle(&mut window);
    assert_eq!(names(&window), ["base", "c1", "c2"]);
    let doc = window.state().workbench().study().doc();
    let roles: Vec<Role> = doc.models.iter().map(|m| doc.role(m)).collect();
    assert_eq!(roles, [Role::Base, Role::FineTune, Role::FineTune]);
}

#[test]
fn a_folder_of_checkpoints_is_dropped_and_taken_apart() {
    let home = tempfile::tempdir().unwrap();
    let models = home.path().join("my models 模型");
    family(&models);
    let mut window = window(home.path(), vec![]);
    window
        .input_mut()
        .dropped_files
        .push(Arc::new(Dropped(models)));
    settle(&mut window);
    assert_eq!(names(&window), ["base", "c1", "c2"]);
}

#[test]
fn pasted_paths_are_added() {
    let home = tempfile::tempdir().unwrap();
    let paths = family(&home.path().join("models"));
    let text: Vec<String> = paths
        .iter()
        .map(|p| format!("\"{}\"", p.display()))
        .collect();
    let mut window = window(home.path(), vec![]);
    window
        .input_mut()
        .events
        .push(Event::Paste(text.join("\n")));
    settle(&mut window);
    assert_eq!(names(&window).len(), 3);
}

#[test]
fn pasted_prose_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), vec![]);
    window
        .input_mut()
        .events
        .push(Event::Paste("the base\nof it all".to_owned()));
    settle(&mut window);
    assert!(!window.state().workbench().is_open());
}

#[test]
fn what_is_no_checkpoint_is_said_and_adds_nothing() {
    let home = tempfile::tempdir().unwrap();
    let bad = home.path().join("broken.safetensors");
    std::fs::write(&bad, b"not a checkpoint").unwrap();
    let mut window = window(home.path(), vec![vec![bad]]);
    click(&mut window, "Open models…");
    settle(&mut window);
    assert!(names(&window).is_empty());
    window.get_by_label_contains("Failed: ");
}

#[test]
fn removing_is_undone_and_done_again() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), vec![]);
    click(&mut window, "Explore the demo");
    settle(&mut window);
    click(&mut window, "Models");
    click(&mut window, "Select abacus");
    press(&mut window, Modifiers::NONE, Key::Delete);
    assert_eq!(names(&window).len(), 7);
    press(&mut window, Modifiers::COMMAND, Key::Z);
    settle(&mut window);
    assert_eq!(names(&window).len(), 8);
    press(&mut window, Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert_eq!(names(&window).len(), 7);
}

#[test]
fn a_study_opens_again_as_it_was_and_need_not_be_measured_again() {
    let home = tempfile::tempdir().unwrap();
    {
        let mut window = window(home.path(), vec![]);
        click(&mut window, "Explore the demo");
        settle(&mut window);
        click(&mut window, "Models");
        click(&mut window, "Select tally");
        press(&mut window, Modifiers::NONE, Key::Delete);
        press(&mut window, Modifiers::COMMAND, Key::S);
    }
    let mut window = window(home.path(), vec![]);
    click(&mut window, "Open study Demo family");
    settle(&mut window);
    assert_eq!(names(&window).len(), 7);
    click(&mut window, "Kinship");
    window.run_steps(3);
    window.get_by_label("abacus × mirror 0.113");
}

#[test]
fn a_model_whose_files_vanished_is_shown_and_found_again() {
    let home = tempfile::tempdir().unwrap();
    let paths = family(&home.path().join("models"));
    let moved = home.path().join("elsewhere");
    let mut window = window(home.path(), vec![paths.clone(), vec![moved.clone()]]);
    click(&mut window, "Open models…");
    settle(&mut window);
    std::fs::rename(&paths[1], &moved).unwrap();
    // Coming back to the window is when it looks.
    for focused in [false, true] {
        window.input_mut().focused = focused;
        window.step();
    }
    settle(&mut window);
    window.get_by_label_contains("files gone");
    window.get_by_label_contains(", its files are gone");
    press(&mut window, Modifiers::NONE, Key::Escape);
    click(&mut window, "Select c1");
    click(&mut window, "Find again…");
    settle(&mut window);
    assert!(window.query_by_label_contains("files gone").is_none());
}

#[test]
fn every_button_has_a_name() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), vec![]);
    click(&mut window, "Explore the demo");
    settle(&mut window);
    for view in ["Models", "Kinship", "Settings"] {
        click(&mut window, view);
        let role = eframe::egui::accesskit::Role::Button;
        let nameless = window
            .get_all_by_role(role)
            .filter(|node| {
                node.accesskit_node()
                    .label()
                    .is_none_or(|l| l.trim().is_empty())
            })
            .count();
        assert_eq!(nameless, 0, "in {view}");
    }
}

#[test]
fn escape_in_a_menu_leaves_the_selection_alone() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), vec![]);
    click(&mut window, "Explore the demo");
    settle(&mut window);
    click(&mut window, "Models");
    click(&mut window, "Select abacus");
    click(&mut window, "Menu");
    window.get_by_label_contains("Program");
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(
        window.query_by_label_contains("Program").is_none(),
        "the menu is closed"
    );
    let selected = |window: &Window| {
        window
            .state()
            .workbench()
            .study()
            .selection()
            .models()
            .len()
    };
    assert_eq!(selected(&window), 1);
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert_eq!(selected(&window), 0);
}

#[test]
fn a_rename_that_is_cancelled_keeps_name_and_selection() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), vec![]);
    click(&mut window, "Explore the demo");
    settle(&mut window);
    click(&mut window, "Models");
    click(&mut window, "Select abacus");
    press(&mut window, Modifiers::NONE, Key::F2);
    window.input_mut().events.push(Event::Text("x".to_owned()));
    window.run_steps(2);
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(names(&window).contains(&"abacus".to_owned()));
    assert_eq!(
        window
            .state()
            .workbench()
            .study()
            .selection()
            .models()
            .len(),
        1
    );
}

#[test]
fn f2_renames_in_place() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), vec![]);
    click(&mut window, "Explore the demo");
    settle(&mut window);
    click(&mut window, "Models");
    click(&mut window, "Select abacus");
    press(&mut window, Modifiers::NONE, Key::F2);
    press(&mut window, Modifiers::COMMAND, Key::A);
    window
        .input_mut()
        .events
        .push(Event::Text("soroban".to_owned()));
    window.run_steps(2);
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert!(
        names(&window).contains(&"soroban".to_owned()),
        "{:?}",
        names(&window)
    );
}

#[test]
fn the_keyboard_goes_through_the_table_and_shift_widens() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), vec![]);
    click(&mut window, "Explore the demo");
    settle(&mut window);
    click(&mut window, "Models");
    press(&mut window, Modifiers::NONE, Key::Home);
    press(&mut window, Modifiers::NONE, Key::ArrowDown);
    press(&mut window, Modifiers::SHIFT, Key::ArrowDown);
    press(&mut window, Modifiers::SHIFT, Key::ArrowDown);
    let selected = |window: &Window| {
        window
            .state()
            .workbench()
            .study()
            .selection()
            .models()
            .len()
    };
    assert_eq!(selected(&window), 3);
    assert!(window.query_all_by_label("3 models selected").count() > 0);
    press(&mut window, Modifiers::NONE, Key::End);
    assert_eq!(selected(&window), 1);
}

#[test]
fn the_palette_changes_how_kinship_is_shown() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), vec![]);
    click(&mut window, "Explore the demo");
    settle(&mut window);
    press(&mut window, Modifiers::COMMAND, Key::K);
    window
        .input_mut()
        .events
        .push(Event::Text("measure by eucl".to_owned()));
    window.run_steps(3);
    press(&mut window, Modifiers::NONE, Key::Enter);
    window.run_steps(3);
    window.get_by_label("abacus × arith 2.462");
}

/// A model as the hub's tools keep it.
fn cached(cache: &Path, name: &str, from: &Path) {
    let repository = cache.join(format!("models--{}", name.replace('/', "--")));
    let snapshot = repository.join("snapshots/0123");
    std::fs::create_dir_all(&snapshot).unwrap();
    std::fs::create_dir_all(repository.join("refs")).unwrap();
    std::fs::write(repository.join("refs/main"), "0123").unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), snapshot.join(entry.file_name())).unwrap();
    }
}

#[test]
fn models_of_the_hubs_cache_are_ticked_and_added() {
    let home = tempfile::tempdir().unwrap();
    let cache = home.path().join("hub");
    cached(&cache, "org/base", &common::oracle("alder/base"));
    cached(&cache, "org/child", &common::oracle("alder/c1"));
    std::fs::create_dir_all(cache.join("models--org--broken/snapshots")).unwrap();
    std::fs::create_dir_all(cache.join("datasets--org--words")).unwrap();
    let mut window = window(home.path(), vec![]);
    window.state_mut().browse_hub_at(cache);
    settle(&mut window);
    assert!(window.query_by_label_contains("words").is_none());
    window.get_by_label_contains("has no snapshot");
    click(&mut window, "Add org/base");
    click(&mut window, "Add org/child");
    click(&mut window, "Add to the study");
    settle(&mut window);
    assert_eq!(names(&window), ["org/base", "org/child"]);
}
