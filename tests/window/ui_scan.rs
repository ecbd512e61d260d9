//! Folders scanned for models, and two models asked whether they are related.

use egui_kittest::kittest::Queryable;
use kinfolk::study::{Command, Selection};

use crate::common;
use crate::harness::{Window, click, command, says, settle, window};

fn names(window: &Window) -> Vec<&str> {
    let models = &window.state().workbench().study().doc().models;
    models.iter().map(|model| &model.name[..]).collect()
}

#[test]
fn a_scanned_folder_shows_families_and_opens_one_as_a_study() {
    let home = tempfile::tempdir().unwrap();
    let models = home.path().join("models");
    for (from, to) in [
        ("alder/base", "a/base"),
        ("alder/c1", "a/child"),
        ("cedar/base", "other"),
    ] {
        let to = models.join(to);
        std::fs::create_dir_all(&to).unwrap();
        for entry in std::fs::read_dir(common::oracle(from)).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
    std::fs::create_dir_all(models.join("broken")).unwrap();
    std::fs::write(models.join("broken/model.safetensors"), b"no header").unwrap();
    let mut window = window(home.path(), vec![vec![models]]);
    click(&mut window, "Scan a folder…");
    settle(&mut window);
    window.get_by_label("1 model cannot be opened");
    click(&mut window, "Choose child");
    click(&mut window, "Choose base");
    click(&mut window, "Open as a study");
    settle(&mut window);
    assert_eq!(names(&window), ["base", "child"]);
    // Nothing is asked again, and another scan begins with nothing ticked.
    assert!(window.query_by_label("Open as a study").is_none());
}

/// The demo with two of its models selected in the table.
fn two_of_the_demo(home: &std::path::Path) -> Window {
    let mut window = window(home, Vec::new());
    window.state_mut().workbench_mut().open_demo();
    settle(&mut window);
    click(&mut window, "Models");
    let models = &window.state().workbench().study().doc().models;
    let id = |name: &str| models.iter().find(|m| m.name == name).unwrap().id;
    let two = vec![id("mirror"), id("order")];
    let select = Command::Select(Selection::Models(two));
    window.state_mut().workbench_mut().apply(select);
    window.run_steps(3);
    window
}

#[test]
fn two_models_are_asked_whether_they_are_related_and_the_answer_stays() {
    let home = tempfile::tempdir().unwrap();
    let mut window = two_of_the_demo(home.path());
    // Below the table, and in the inspector.
    let mut asks = window.get_all_by_label("Are these related?");
    asks.next().unwrap().click();
    drop(asks);
    window.run_steps(3);
    assert!(says(&window, "Are mirror and order related?"));
    settle(&mut window);
    window.get_by_label("Related is the verdict");
    assert!(says(&window, "The weights differ by"));
    assert!(says(&window, "if trained independently"));
    click(&mut window, "Copy");
    click(&mut window, "Close");
    assert!(window.query_by_label("Related is the verdict").is_none());
    command(&mut window, "Show whether the last two are related");
    window.get_by_label("Related is the verdict");
}
