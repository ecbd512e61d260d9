//! Folders scanned for models, and two models asked whether they are related.

use egui_kittest::kittest::Queryable;

use crate::common;
use crate::harness::{Window, click, settle, window};

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
